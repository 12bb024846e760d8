"""Explanations in words: figures by code, drivers in order, risks all told, advice from the closed list alone."""

import json
from collections.abc import Sequence
from string import Formatter
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest

from app.bootstrap import PROMPTS
from app.errors import ModelUnavailable
from app.insights.churn.schemas import ChurnVerdict
from app.insights.drivers import CustomerExplanation, tell_explanation
from app.insights.ltv.advice import Standing
from app.insights.ltv.asking import PROMPT
from app.insights.ltv.lean import Leaner
from app.insights.ltv.schemas import AdviceAction, LtvDraft, LtvStory
from app.insights.ltv.shares import shares_of
from app.insights.ltv.tell import LtvTeller
from app.insights.ltv.wording import wording
from app.insights.schemas import DraftSentence
from app.insights.sift import sift
from app.llm.chat_model import ChatModel
from app.llm.examples import load_examples
from app.llm.prompts import LANGUAGES
from app.llm.scripted import ScriptedModel
from app.narrative.schemas import Claim, Predicate, Unit
from app.predict.schemas import Contribution, DriverGroup, Explanation, LtvEstimate
from app.schema import Lang
from app.text.taxonomy import Taxonomy
from tests.factories_explained import AS_OF, LIBRARY, a_claim, a_risk, a_sign, a_word, cited_in, grounded, known

LTV = LtvEstimate(
    value=42_000, median=30_000, q10=0, q90=90_000, horizon_days=90, currency="CNY", model_card_id="card",
    calibration=None, confidence="medium",
)  # fmt: skip
ORDERS = a_claim(Predicate.AVERAGE_ORDER_VALUE, 52_000, unit=Unit.MONEY_MINOR, currency="CNY")
SILENT = a_claim(Predicate.DAYS_SINCE_LAST_ORDER, 90, unit=Unit.DAYS)
GAP = a_claim(Predicate.USUAL_GAP, 10, unit=Unit.DAYS)
SIGN = a_sign("shallower_visits", 3)
RISK = a_risk(0.9)
CLAIMS = (ORDERS, SILENT, GAP, SIGN, RISK)
SHARES = (("order", 1.5, 40_000), ("season", 1.2, 5_000), ("recently", 0.8, -13_000), ("tenure", 1.01, 900))
OPEN = Standing(ChurnVerdict.LEAVING, reachable=True, uncertain=False)


def explained(
    claims: tuple[Claim, ...], taxonomy: Taxonomy, lang: Lang, shares: Sequence[tuple[str, float, int]] = SHARES
) -> CustomerExplanation:
    contributions = tuple(
        Contribution.model_validate(
            {"group": g, "factor": f, "amount_minor": a, "odds_factor": 1.0, "no_purchase_points": 0.0}
        )
        for g, f, a in shares
    )
    numbers = Explanation(
        horizon_days=90, currency="CNY", value_minor=42_000, p_no_purchase=0.5, typical_value_minor=9_100,
        typical_p_no_purchase=0.8, compared_with=48, contributions=contributions,
    )  # fmt: skip
    given, _ = known(claims, taxonomy, lang)
    return tell_explanation(
        "c1", numbers, claims, given.spoken, {}, zone=ZoneInfo("Asia/Shanghai"), as_of=AS_OF, lang=lang
    )


def told(
    taxonomy: Taxonomy,
    model: ChatModel | None = None,
    *,
    claims: tuple[Claim, ...] = CLAIMS,
    standing: Standing = OPEN,
    lang: Lang = "en",
    **more: Any,
) -> LtvStory:
    given, speaker = known(claims, taxonomy, lang)
    teller = LtvTeller(model, LIBRARY, Leaner(model, LIBRARY, None))
    return teller.tell(given, explained(claims, taxonomy, lang, **more), LTV, standing, speaker)


def share_id(taxonomy: Taxonomy, group: str) -> str:
    found = shares_of(explained(CLAIMS, taxonomy, "en"))
    return next(share.claim.claim_id for share in found if share.reason.group == group)


def an_answer(
    drivers: Sequence[tuple[str, str, Sequence[str]]] = (),
    risks: Sequence[tuple[str, Sequence[str]]] = (),
    advice: Sequence[tuple[str, str, Sequence[str]]] = (),
) -> str:
    return json.dumps({
        "drivers": [{"driver": d, "text": text, "claims": ids} for d, text, ids in drivers],
        "risks": [{"text": text, "claims": ids} for text, ids in risks],
        "advice": [{"action": action, "reason": reason, "claims": ids} for action, reason, ids in advice],
    })  # fmt: skip


def true_drivers(taxonomy: Taxonomy) -> list[tuple[str, str, Sequence[str]]]:
    order, season, recently = (share_id(taxonomy, group) for group in ("order", "season", "recently"))
    return [
        ("order", "How much they pay per order adds CN¥400 to the expected value.", [order]),
        ("season", "The season ahead adds CN¥50 to the expected value.", [season]),
        ("recently", "How long ago they bought takes CN¥130 off the expected value.", [recently]),
    ]


def test_the_composer_tells_the_largest_first_and_what_points_the_other_way_last(taxonomy: Taxonomy) -> None:
    found = told(taxonomy)
    assert [driver.group for driver in found.drivers] == ["order", "season", "recently"]
    assert found.drivers[0].text.startswith("How much they pay per order adds most to the expected value, CN¥400")
    assert found.drivers[2].text.startswith("On the other hand, how long ago they bought takes off CN¥130")
    assert [driver.amount for driver in found.drivers] == ["+CN¥400", "+CN¥50", "−CN¥130"]
    assert found.provenance.rung == "composer"


def test_three_to_five_drivers_are_told(taxonomy: Taxonomy) -> None:
    groups = get_args(DriverGroup)
    equal = [(group, 1.1, 1_000 - place) for place, group in enumerate(groups)]
    assert len(told(taxonomy, shares=equal).drivers) == 5
    slight = [(group, 1.1, 1_000 if place == 0 else 2) for place, group in enumerate(groups)]
    assert len(told(taxonomy, shares=slight).drivers) == 3


def test_all_that_is_cited_is_given_with_its_plain_sentence(taxonomy: Taxonomy) -> None:
    found = told(taxonomy, lang="zh")
    given = {c.claim_id for c in (*found.claims, *found.told_claims)}
    cited = [one.claim_ids for one in (*found.drivers, *found.told_risks)] + [one.claim_ids for one in found.advice]
    assert {claim_id for ids in cited for claim_id in ids} <= given
    assert given == found.spoken.keys() | found.told_spoken.keys()


def test_a_model_words_the_drivers_beside_figures_that_are_codes(taxonomy: Taxonomy) -> None:
    found = told(taxonomy, ScriptedModel([an_answer(true_drivers(taxonomy))]))
    assert found.provenance.rung == "large"
    assert [d.text for d in found.drivers] == [text for _, text, _ in true_drivers(taxonomy)]
    assert [d.amount for d in found.drivers] == ["+CN¥400", "+CN¥50", "−CN¥130"]
    assert found.dropped == ()


@pytest.mark.parametrize(
    ("driver", "text"),
    [
        ("order", "How much they pay per order takes CN¥400 off the expected value."),
        ("recently", "How long ago they bought adds CN¥130 to the expected value."),
        ("order", "How much they pay per order adds CN¥99,999,999 to the expected value."),
        ("order", "How much they pay per order adds CN¥400 to the expected value; confidence is high."),
        ("order", "How much they pay per order adds CN¥400 to the expected value, see www.evil.example."),
        ("order", "How much they pay per order adds CN¥400 to the expected value: call 13912345678."),
        ("order", "How much they pay per order adds CN¥400 to the expected value, with 100% off."),
        ("order", "How much they pay per order adds CN¥400 to the value."),
    ],
)
def test_a_wrong_direction_or_figure_a_link_or_an_offer_does_not_pass(
    taxonomy: Taxonomy, driver: str, text: str
) -> None:
    rest = [row for row in true_drivers(taxonomy) if row[0] != driver]
    found = told(taxonomy, ScriptedModel([an_answer([*rest, (driver, text, [share_id(taxonomy, driver)])])]))
    assert text not in [d.text for d in found.drivers]
    assert driver in [d.group for d in found.drivers]
    assert len(found.dropped) == 1
    assert found.ltv == LTV


def test_a_driver_may_not_borrow_what_another_stands_on(taxonomy: Taxonomy) -> None:
    ids = [share_id(taxonomy, "season"), ORDERS.claim_id]
    rows = [*true_drivers(taxonomy)[:1], ("season", "The season ahead adds CN¥50 to the expected value.", ids)]
    found = told(taxonomy, ScriptedModel([an_answer(rows)] * 2))
    assert any("does not belong to it" in reason for reason in found.dropped)


def test_every_risk_is_told_also_those_that_the_model_leaves_out(taxonomy: Taxonomy) -> None:
    kinds = [risk.kind for risk in explained(CLAIMS, taxonomy, "en").risks]
    assert kinds == ["overdue", "sign"]
    said = [("A sign of leaving: 2 pages now, 5 pages usually.", [SIGN.claim_id])]
    found = told(taxonomy, ScriptedModel([an_answer(true_drivers(taxonomy), said)]))
    cited = {claim_id for one in found.told_risks for claim_id in one.claim_ids}
    assert {SIGN.claim_id, SILENT.claim_id, GAP.claim_id} <= cited


def test_advice_is_chosen_from_what_code_allows_with_a_reason_that_cites_it(taxonomy: Taxonomy) -> None:
    good = ("invite_back", "It is 90 days since the latest order.", [SILENT.claim_id])
    found = told(taxonomy, ScriptedModel([an_answer(true_drivers(taxonomy), advice=[good])]))
    assert [(a.action, a.reason) for a in found.advice] == [(AdviceAction.INVITE_BACK, good[1])]
    assert found.advice[0].do == wording("en").advice[AdviceAction.INVITE_BACK].do


@pytest.mark.parametrize(
    ("action", "reason", "claim"),
    [
        ("wait", "It is 90 days since the latest order.", SILENT),
        ("invite_back", "It is 90 days since the latest order, so give them a discount.", SILENT),
        ("invite_back", "It is 90 days since the latest order, so offer CN¥50.", SILENT),
        ("invite_back", "2 pages now, 5 pages usually.", SIGN),
        ("invite_back", "It is 90 days since the latest order; see www.evil.example.", SILENT),
    ],
)
def test_an_action_that_does_not_fit_or_a_reason_with_an_offer_is_left_out(
    taxonomy: Taxonomy, action: str, reason: str, claim: Claim
) -> None:
    advice = [(action, reason, [claim.claim_id])]
    found = told(taxonomy, ScriptedModel([an_answer(true_drivers(taxonomy), advice=advice)]))
    assert len(found.dropped) == 1
    assert reason not in [a.reason for a in found.advice]
    assert [a.action for a in found.advice] == [a.action for a in told(taxonomy).advice]


def test_what_a_customer_said_of_a_refund_may_be_quoted_as_a_reason(taxonomy: Taxonomy) -> None:
    angry = a_word(Predicate.REVIEWED, "broken, I want a refund", 1)
    given, _ = known((angry,), taxonomy, "en")
    advice = [("settle_first", given.spoken[angry.claim_id], [angry.claim_id])]
    model = ScriptedModel([an_answer(true_drivers(taxonomy), advice=advice)])
    found = told(taxonomy, model, claims=(*CLAIMS, angry))
    assert found.advice[0].reason == given.spoken[angry.claim_id]
    assert found.dropped == ()


def test_what_must_be_advised_comes_first_whatever_a_model_chooses(taxonomy: Taxonomy) -> None:
    angry = (*CLAIMS, a_word(Predicate.REVIEWED, "broken again", 1))
    advice = [("get_in_touch", "A sign of leaving: 2 pages now, 5 pages usually.", [SIGN.claim_id])]
    model = ScriptedModel([an_answer(true_drivers(taxonomy), advice=advice)] * 2)
    found = told(taxonomy, model, claims=angry)
    assert [a.action for a in found.advice] == [AdviceAction.SETTLE_FIRST, AdviceAction.GET_IN_TOUCH]
    assert AdviceAction.INVITE_BACK not in [a.action for a in told(taxonomy, claims=angry).advice]


def test_nobody_is_written_to_whom_no_channel_is_open(taxonomy: Taxonomy) -> None:
    closed = OPEN._replace(reachable=False)
    assert [a.action for a in told(taxonomy, standing=closed).advice] == [AdviceAction.DO_NOT_WRITE]


def test_a_model_that_is_down_leaves_everything_to_the_composer(taxonomy: Taxonomy) -> None:
    found = told(taxonomy, ScriptedModel([ModelUnavailable("refused")]))
    assert (found.provenance.rung, found.provenance.fallback_reason) == ("composer", "refused")
    assert [d.text for d in found.drivers] == [d.text for d in told(taxonomy).drivers]


def test_the_lean_is_off_and_the_estimate_untouched(taxonomy: Taxonomy) -> None:
    found = told(taxonomy, ScriptedModel([an_answer(true_drivers(taxonomy))]))
    assert (found.ltv, found.lean.lean) == (LTV, None)
    assert found.lean.reason == wording("en").lean["off"]


def test_both_languages_have_the_same_words_with_the_same_slots() -> None:
    zh, en = (wording(lang).model_dump() for lang in get_args(Lang))
    assert _slots(zh) == _slots(en)
    assert set(zh["advice"]) == set(AdviceAction)
    assert set(zh["what"]) == {*get_args(DriverGroup), "no_signs"}


def _slots(node: object) -> object:
    if isinstance(node, dict):
        return {key: _slots(value) for key, value in node.items()}
    return sorted({field for _, field, _, _ in Formatter().parse(str(node)) if field})


def test_the_examples_of_the_prompt_pass_the_products_own_checks() -> None:
    header = LIBRARY.header(PROMPT)
    examples = load_examples(PROMPTS / "examples" / f"{PROMPT}.yaml", LtvDraft, header.variables)
    for example in examples:
        draft = LtvDraft.model_validate(example.answer)
        spoken = cited_in("\n".join(example.values[part] for part in ("actions", "drivers", "risks")))
        reasons = [DraftSentence(text=one.reason, claims=one.claims) for one in draft.advice]
        for drafts in (draft.drivers, draft.risks, reasons):
            assert sift(drafts, grounded(spoken)).faults == ()
    assert {example.values["language"] for example in examples} == {*LANGUAGES.values()}
