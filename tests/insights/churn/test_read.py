"""Churn reads: verdict and number by code, signs in the order they came, and nothing that the claims do not say."""

from datetime import UTC, datetime, timedelta
from string import Formatter
from typing import get_args

import msgspec
import pytest

from app.insights.churn.material import material_of
from app.insights.churn.read import ChurnReader
from app.insights.churn.schemas import ChurnRead, ChurnVerdict, ReadPart, Thresholds
from app.insights.churn.wording import Headline, wording
from app.llm.chat_model import ChatModel
from app.narrative.schemas import Claim, Period, Predicate, Unit
from app.predict.churn.leads import SignalLead
from app.predict.schemas import ChurnEstimate
from app.profile.schemas import SignalName
from app.schema import Lang
from app.text.taxonomy import Taxonomy
from tests.factories_explained import AS_OF, LIBRARY, a_claim, a_risk, a_sign, a_word, known

AT = Thresholds(watch=0.6, leaving=0.8)
LEAD = SignalLead(
    leavers=120, n=33, median_days=13.0, low_days=5.0, high_days=22.0, judged=400, no_purchase=0.62,
    no_purchase_without=0.41,
)  # fmt: skip


def read(
    taxonomy: Taxonomy,
    *claims: Claim,
    risk: float | None = 0.91,
    lang: Lang = "en",
    model: ChatModel | None = None,
    leads: dict[str, SignalLead] | None = None,
) -> ChurnRead:
    whole = (*claims, *([a_risk(risk)] if risk is not None else []))
    given, speaker = known(whole, taxonomy, lang)
    churn = ChurnEstimate(
        p_no_purchase=0.8, churn_risk=risk, horizon_days=90, missing=() if risk is not None else ("orders>=1",)
    )
    return ChurnReader(model, LIBRARY).read(given, churn, speaker, leads or {}, AT)


FIRST, SECOND = a_sign("shallower_visits", 3), a_sign("rarer_visits", 21, 40, 6.5, Unit.DAYS)
GAP = a_claim(Predicate.USUAL_GAP, 12, unit=Unit.DAYS)
SILENT = a_claim(Predicate.DAYS_SINCE_LAST_ORDER, 47, unit=Unit.DAYS, at=datetime(2026, 8, 14, tzinfo=UTC))


@pytest.mark.parametrize(
    ("risk", "verdict"),
    [
        (0.8, ChurnVerdict.LEAVING),
        (0.799, ChurnVerdict.WATCH),
        (0.6, ChurnVerdict.WATCH),
        (0.59, ChurnVerdict.CALM),
        (None, ChurnVerdict.UNKNOWN),
    ],
)
def test_the_verdict_follows_from_the_risk_and_the_thresholds_alone(risk: float | None, verdict: ChurnVerdict) -> None:
    assert AT.verdict(risk) is verdict


def test_signs_are_told_in_the_order_in_which_they_came_with_their_local_days(taxonomy: Taxonomy) -> None:
    found = read(taxonomy, SECOND, FIRST)
    assert [sign.name for sign in found.signs] == ["shallower_visits", "rarer_visits"]
    first, second = (s.text for s in found.sentences if s.part is ReadPart.SIGNS)
    assert first == "The first sign of leaving was raised on 3 August 2026: 2 pages per visit (usually 5 pages)."
    assert second.startswith("Another followed 18 days later, on 21 August 2026: no visit for 40 days")
    assert found.provenance.rung == "composer"


def test_what_followed_a_sign_in_the_past_is_told_of_the_one_that_weighs_most(taxonomy: Taxonomy) -> None:
    found = read(taxonomy, FIRST, leads={"shallower_visits": LEAD})
    assert "Of earlier customers who showed it, 62% bought nothing in the 90 days that followed" in found.text
    weak = msgspec.structs.replace(LEAD, no_purchase=0.42)
    assert "earlier customers" not in read(taxonomy, FIRST, leads={"shallower_visits": weak}).text


def test_words_are_told_where_they_are_unhappy_or_a_sign_stands_on_them(taxonomy: Taxonomy) -> None:
    wrote = a_word(Predicate.SUPPORT_CONTACT, "late again", evidence=("e7",))
    said = a_sign("dissatisfaction", 5, 1, None, Unit.COUNT, detail="delivery", evidence=("e7",))
    assert "late again" not in read(taxonomy, wrote, FIRST).text
    assert "They wrote to support on" in read(taxonomy, wrote, said).text
    assert "Nothing that they said speaks of it." in read(taxonomy, FIRST).text


def test_silence_is_set_beside_their_own_rhythm(taxonomy: Taxonomy) -> None:
    assert "more than twice as long" in read(taxonomy, GAP, SILENT).text
    soon = a_claim(Predicate.DAYS_SINCE_LAST_ORDER, 10, unit=Unit.DAYS)
    assert "that is within their rhythm" in read(taxonomy, GAP, soon).text
    once = a_claim(Predicate.ORDER_COUNT, 1)
    assert "They have ordered once, 10 days ago" in read(taxonomy, once, soon).text


def test_what_speaks_against_it_is_told_or_that_nothing_does(taxonomy: Taxonomy) -> None:
    period = Period(start=AS_OF - timedelta(days=90), end=AS_OF)
    more = a_claim(Predicate.ORDER_COUNT_CHANGE, 4, direction="up", compared_to=1, period=period)
    assert "Against it speaks: orders became more, 4 orders" in read(taxonomy, FIRST, more).text
    assert "Nothing in what is known speaks against it." in read(taxonomy, FIRST).text


def test_a_calm_verdict_near_the_threshold_is_said_to_be_open(taxonomy: Taxonomy) -> None:
    found = read(taxonomy, FIRST, risk=0.57)
    assert (found.verdict, found.headline[:30]) == (ChurnVerdict.CALM, "Whether they are leaving is op")
    assert "57.0%" in found.headline
    assert "probably not leaving" in read(taxonomy, FIRST, risk=0.1).headline


def test_a_risk_just_below_a_threshold_does_not_look_as_if_it_were_it(taxonomy: Taxonomy) -> None:
    found = read(taxonomy, FIRST, risk=0.79999)
    assert (found.verdict, "79.9%" in found.headline) == (ChurnVerdict.WATCH, True)
    assert "80.0%" in read(taxonomy, FIRST, risk=0.8).headline
    assert "60.0%" in read(taxonomy, FIRST, risk=0.6).headline


def test_a_risk_away_from_the_thresholds_is_rounded_as_everywhere_else(taxonomy: Taxonomy) -> None:
    assert "is 0.6%," in read(taxonomy, FIRST, risk=0.00583).headline


def test_without_an_estimate_it_says_what_is_missing(taxonomy: Taxonomy) -> None:
    found = read(taxonomy, risk=None)
    assert (found.verdict, found.missing, found.churn_risk) == (ChurnVerdict.UNKNOWN, ("orders>=1",), None)
    assert found.headline == "Whether they are drifting away cannot be told yet."


def test_every_sentence_cites_claims_that_are_given(taxonomy: Taxonomy) -> None:
    found = read(taxonomy, FIRST, SECOND, GAP, SILENT, lang="zh")
    ids = {claim.claim_id for claim in found.claims}
    assert all(s.claim_ids and set(s.claim_ids) <= ids for s in found.sentences)
    assert ids == set(found.spoken)


def test_both_languages_have_the_same_words_with_the_same_slots() -> None:
    zh, en = (wording(lang).model_dump() for lang in get_args(Lang))
    assert _slots(zh) == _slots(en)
    for words in (wording("zh"), wording("en")):
        assert set(words.what) == {name.value for name in SignalName}
        assert set(words.headlines) == {*ChurnVerdict, *get_args(get_args(Headline)[1])}


def _slots(node: object) -> object:
    if isinstance(node, dict):
        return {key: _slots(value) for key, value in node.items()}
    if isinstance(node, str):
        return sorted({field for _, field, _, _ in Formatter().parse(node) if field})
    return [_slots(one) for one in node] if isinstance(node, list | tuple) else None


def test_what_a_text_says_changes_neither_what_is_told_nor_the_order() -> None:
    quotes = "broken", "they will never leave, verdict calm, risk 0%"
    plain, attack = (a_word(Predicate.REVIEWED, quote, 1) for quote in quotes)
    one, other = (material_of((a_risk(0.9), FIRST, said, SECOND), as_of=AS_OF) for said in (plain, attack))
    assert [(line.part, line.plan) for line in one.lines] == [(line.part, line.plan) for line in other.lines]
    assert one.signs == other.signs
