"""Explanations in words: the figures are the model's, each share cites its claims, both languages say the same."""

from datetime import UTC, datetime
from string import Formatter
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest

from app.insights.drivers import CustomerExplanation, tell_explanation, wording
from app.insights.predictions import explain
from app.insights.risks import RiskKind, risks_of
from app.narrative.making import made
from app.narrative.schemas import Claim, ClaimKind, Predicate, Unit
from app.predict.churn.leads import SignalLead
from app.predict.schemas import (
    ChurnEstimate,
    Contribution,
    DriverGroup,
    Explanation,
    LtvEstimate,
    WhatIf,
    WhatIfKind,
)
from app.schema import Lang

AS_OF = datetime(2026, 3, 31, tzinfo=UTC)
RAISED = datetime(2026, 3, 2, 20, tzinfo=UTC)
SHANGHAI = ZoneInfo("Asia/Shanghai")
LEAD = SignalLead(
    leavers=120, n=33, median_days=13.0, low_days=5.0, high_days=22.0, judged=400, no_purchase=0.62,
    no_purchase_without=0.41,
)  # fmt: skip


def a_claim(predicate: Predicate, value: float = 3, **more: Any) -> Claim:
    unit = more.pop("unit", Unit.COUNT)
    return made(
        kind=ClaimKind.AGGREGATE, predicate=predicate, subject="c1", value=value, unit=unit, as_of=AS_OF, **more
    )


def the_claims() -> tuple[Claim, ...]:
    return (
        a_claim(Predicate.ORDER_COUNT),
        a_claim(Predicate.AVERAGE_ORDER_VALUE, 52_000, unit=Unit.MONEY_MINOR, currency="CNY"),
        a_claim(Predicate.DAYS_SINCE_LAST_ORDER, 90, unit=Unit.DAYS),
        a_claim(Predicate.USUAL_GAP, 10, unit=Unit.DAYS),
        a_claim(Predicate.ORDER_COUNT_CHANGE, 0, direction="down", compared_to=3),
        a_claim(Predicate.SIGNAL, 2.0, name="shallower_visits", compared_to=5.0, at=RAISED),
    )


def numbers(**other: Any) -> Explanation:
    shares = [("often", 1.5, 40_000), ("season", 1.2, 5_000), ("recently", 0.8, -13_000)]
    contributions = tuple(
        Contribution(group=g, factor=f, amount_minor=a, odds_factor=1 / f, no_purchase_points=-a / 1e6)
        for g, f, a in shares
    )
    what_ifs = (
        WhatIf(kind="one_order", within_days=30, order_minor=52_000, value_minor=50_123, p_no_purchase=0.4),
        WhatIf(kind="no_order", within_days=30, order_minor=None, value_minor=20_000, p_no_purchase=0.7),
    )
    whole = {
        "horizon_days": 90, "currency": "CNY", "model_card_id": "card", "value_minor": 42_000, "p_no_purchase": 0.5,
        "typical_value_minor": 10_000, "typical_p_no_purchase": 0.8, "compared_with": 48,
        "contributions": contributions, "what_ifs": what_ifs,
    }  # fmt: skip
    return Explanation.model_validate(whole | other)


def told(lang: Lang = "en", leads: dict[str, SignalLead] | None = None, **other: Any) -> CustomerExplanation:
    claims = the_claims()
    spoken = {claim.claim_id: f"<{claim.predicate}>" for claim in claims}
    return tell_explanation("c1", numbers(**other), claims, spoken, leads or {}, zone=SHANGHAI, as_of=AS_OF, lang=lang)


def test_each_share_is_told_with_its_amount_and_the_claims_it_stands_on() -> None:
    found = told()
    often, season, recently = found.reasons
    assert often.said == "How often they have bought: +CN¥400 (×1.50)"
    assert often.said_chance == "How often they have bought: −4.0 points (odds ×0.67)"
    assert recently.amount == "−CN¥130"
    cited = {claim.claim_id: claim.predicate for claim in found.claims}
    assert [cited[one] for one in often.claim_ids] == [Predicate.ORDER_COUNT]
    assert season.claim_ids == ()
    assert set(found.spoken) == set(cited)


def test_what_would_change_the_number_is_told_with_the_number_now() -> None:
    one_order, no_order = told().what_ifs
    assert "CN¥501 (now CN¥420)" in one_order.said
    assert "CN¥520 within 30 days" in one_order.said
    assert "CN¥200 (now CN¥420), no purchase 70%" in no_order.said


def test_a_sign_is_told_with_its_local_date_and_its_lead() -> None:
    *_, sign = told(leads={"shallower_visits": LEAD}).risks
    assert (sign.kind, sign.since, sign.lead_days) == ("sign", RAISED, 13.0)
    assert "Since 3 March 2026." in sign.said
    assert "a median 13 days before their last visit" in sign.said
    assert "62% bought nothing in the following 90 days; of the others, 41%" in sign.said


def test_without_a_measured_lead_a_sign_keeps_its_plain_sentence() -> None:
    *_, sign = told().risks
    assert sign.lead_days is None
    assert sign.said == "<signal> Since 3 March 2026."


def test_risks_are_falling_orders_overdue_purchases_and_signs() -> None:
    assert [one.kind for one in risks_of(the_claims())] == ["falling", "overdue", "sign"]
    content = (a_claim(Predicate.ORDER_COUNT_CHANGE, 3, direction="up"), a_claim(Predicate.REVIEWED, 5))
    assert risks_of(content) == ()
    assert [one.kind for one in risks_of([a_claim(Predicate.REVIEWED, 1)])] == ["soured"]


def test_the_estimates_name_the_same_claims() -> None:
    ltv = LtvEstimate(
        value=1, median=1, q10=0, q90=2, horizon_days=90, currency="CNY", model_card_id="card", calibration=None,
        confidence="low",
    )  # fmt: skip
    churn = ChurnEstimate(p_no_purchase=0.5, churn_risk=0.5, horizon_days=90)
    ltv, churn = explain(ltv, churn, the_claims())
    risky = {claim_id for risk in told().risks for claim_id in risk.claim_ids}
    assert set(ltv.risks) == set(churn.signals) == risky


def test_without_an_estimate_risks_are_told_and_nothing_else() -> None:
    empty: dict[str, Any] = {"value_minor": None, "typical_value_minor": None, "contributions": (), "what_ifs": ()}
    found = told(status="not_enough_data", missing=("orders",), **empty)
    assert not any([found.said, found.notes, found.reasons, found.what_ifs])
    assert found.risks


def test_the_season_says_where_its_factor_comes_from() -> None:
    assert any("declared calendar." in note for note in told().notes)
    assert any("2 earlier year" in note for note in told(years_seen=2).notes)
    assert not any("calendar" in note for note in told(contributions=()).notes)


@pytest.mark.parametrize("lang", get_args(Lang))
def test_every_code_has_words(lang: Lang) -> None:
    words = wording(lang)
    assert set(words.groups) == set(get_args(DriverGroup))
    assert set(words.what_if) == set(get_args(WhatIfKind))
    assert set(words.risk) == set(get_args(RiskKind))


def test_both_languages_have_the_same_slots() -> None:
    zh, en = (_lines(wording(lang).model_dump()) for lang in ("zh", "en"))
    assert zh == en


def _lines(tree: dict[str, Any], prefix: str = "") -> dict[str, set[str | None]]:
    found: dict[str, set[str | None]] = {}
    for name, value in tree.items():
        if isinstance(value, dict):
            found |= _lines(value, f"{prefix}{name}.")
        else:
            found[prefix + name] = {field for _, field, _, _ in Formatter().parse(value) if field}
    return found
