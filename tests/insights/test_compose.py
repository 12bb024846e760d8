"""The composer's story: the narrative's own sentences, those that matter most, joined and never reordered."""

import re
from collections.abc import Sequence

import pytest

from app.insights.compose import ENOUGH, MOST, PER_SUBJECT, compose, fitting
from app.narrative.render import narrate
from app.narrative.schemas import Claim, Predicate, Sentence
from app.schema import Lang
from app.text.taxonomy import Taxonomy
from tests.factories import a_book, an_accepted
from tests.factories_claims import told
from tests.insights.customers import a_customer
from tests.insights.leaving import with_risk

LANGS: list[Lang] = ["zh", "en"]


def predicates(sentences: Sequence[Sentence], claims: Sequence[Claim]) -> list[set[str]]:
    by_id = {claim.claim_id: str(claim.predicate) for claim in claims}
    return [{by_id[claim_id] for claim_id in sentence.claim_ids} for sentence in sentences]


@pytest.mark.parametrize("lang", LANGS)
def test_a_story_has_five_to_nine_of_the_narratives_sentences_in_its_order(taxonomy: Taxonomy, lang: Lang) -> None:
    known = a_customer(taxonomy, lang)
    story = compose(known.narrative, known.claims)
    ids = [sentence.claim_ids for sentence in known.narrative.sentences]
    places = [ids.index(sentence.claim_ids) for sentence in story]
    assert 5 <= len(story) <= MOST < len(ids)
    assert places == sorted(places)


@pytest.mark.parametrize("lang", LANGS)
def test_who_they_are_what_they_want_their_rhythm_and_what_may_come_are_always_told(
    taxonomy: Taxonomy, lang: Lang
) -> None:
    known = with_risk(a_customer(taxonomy, lang), 0.1)
    said = set().union(*predicates(compose(known.narrative, known.claims), known.claims))
    assert {"order_count", "interest", "usual_gap", "churn_risk", "ltv", "no_purchase"} <= said


def test_a_sentence_falls_with_any_of_its_claims(taxonomy: Taxonomy) -> None:
    known = a_customer(taxonomy, "en")
    lost = known.claim("order_count")
    story = compose(known.narrative, [claim for claim in known.claims if claim != lost])
    assert any(lost.claim_id in sentence.claim_ids for sentence in compose(known.narrative, known.claims))
    assert not any(lost.claim_id in sentence.claim_ids for sentence in story)


def test_many_sentences_on_one_subject_do_not_drown_the_rest(taxonomy: Taxonomy) -> None:
    carts = [an_accepted("cart_add", 190, item_id=item) for item in ("milk", "cream", "case")]
    searches = [an_accepted("search", 190 + n / 10, text=f"帐篷 {n}") for n in range(4)]
    book = a_book(taxonomy, *carts, *searches)
    claims = (*told(book), *told(a_book(taxonomy, *searches[:2])))
    sentences = compose(narrate(claims, book, "zh"), claims)
    by_id = {c.claim_id: c.predicate for c in claims}
    subjects = [by_id[s.claim_ids[0]] for s in sentences if s.claim_ids]
    assert max(subjects.count(subject) for subject in set(subjects)) == PER_SUBJECT


def test_what_matters_less_only_fills_a_short_story(taxonomy: Taxonomy) -> None:
    known = a_customer(taxonomy, "zh")
    by_id = known.by_id()
    minor = [s for s in known.narrative.sentences if by_id[s.claim_ids[0]].predicate is Predicate.SEARCHED]
    matters = [s for s in compose(known.narrative, known.claims) if s not in minor]
    assert len(matters) >= ENOUGH
    assert not set(minor) & set(fitting([*minor, *matters], by_id))
    assert set(minor) <= set(fitting([*minor, *matters[: ENOUGH - len(minor)]], by_id))


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize(
    ("risk", "zh", "en"),
    [
        (0.29, "没有流失的迹象|看不出要流失", "no sign of|nothing points"),
        (0.59, "还说不上流失|离流失还远", "not drifting away yet|not yet drifting away"),
        (0.6, "可能正在|看来正在", "may be|seem to be"),
        (0.8, "很可能", "very probably|Everything points"),
    ],
)
def test_whether_they_are_drifting_away_is_said_at_the_shops_thresholds(
    taxonomy: Taxonomy, lang: Lang, risk: float, zh: str, en: str
) -> None:
    known = with_risk(a_customer(taxonomy, lang), risk)
    leaving = known.claim("churn_risk").claim_id
    (verdict,) = [s for s in compose(known.narrative, known.claims) if leaving in s.claim_ids]
    assert re.search(zh if lang == "zh" else en, verdict.text)
    assert f"{risk:.0%}" in verdict.text


def test_nothing_known_is_said_as_such(taxonomy: Taxonomy) -> None:
    empty = narrate((), a_book(taxonomy), "en")
    assert compose(empty, ()) == empty.sentences != ()
