"""The composer's story: the narrative's own sentences, selected and never reordered."""

import pytest

from app.insights.compose import PER_SUBJECT, compose
from app.narrative.render import narrate
from app.schema import Lang
from app.text.taxonomy import Taxonomy
from tests.factories import a_book, an_accepted
from tests.factories_claims import told
from tests.insights.customers import a_customer


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_with_all_claims_the_story_is_the_narrative(taxonomy: Taxonomy, lang: Lang) -> None:
    known = a_customer(taxonomy, lang)
    assert compose(known.narrative, known.claims) == known.narrative.sentences


def test_a_sentence_falls_with_any_of_its_claims(taxonomy: Taxonomy) -> None:
    known = a_customer(taxonomy, "en")
    lost = known.claim("order_count")
    told = compose(known.narrative, [c for c in known.claims if c != lost])
    gone = [s for s in known.narrative.sentences if s not in told]
    assert gone
    assert all(lost.claim_id in s.claim_ids for s in gone)
    assert list(told) == [s for s in known.narrative.sentences if s not in gone]


def test_many_sentences_on_one_subject_do_not_drown_the_rest(taxonomy: Taxonomy) -> None:
    carts = [an_accepted("cart_add", 190, item_id=item) for item in ("milk", "cream", "case")]
    searches = [an_accepted("search", 190 + n / 10, text=f"帐篷 {n}") for n in range(4)]
    book = a_book(taxonomy, *carts, *searches)
    claims = (*told(book), *told(a_book(taxonomy, *searches[:2])))
    sentences = compose(narrate(claims, book, "zh"), claims)
    by_id = {c.claim_id: c.predicate for c in claims}
    subjects = [by_id[s.claim_ids[0]] for s in sentences if s.claim_ids]
    assert max(subjects.count(subject) for subject in set(subjects)) == PER_SUBJECT


def test_nothing_known_is_said_as_such(taxonomy: Taxonomy) -> None:
    empty = narrate((), a_book(taxonomy), "en")
    assert compose(empty, ()) == empty.sentences != ()
