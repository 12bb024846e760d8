from datetime import UTC, date, datetime
from typing import get_args
from zoneinfo import ZoneInfo

import pytest

from app.console.format import Formatter
from app.console.intent_lines import categories, headline, measured, reason, replenishments, when, windows
from app.console.wording import wording
from app.predict.schemas import (
    CategoryChance,
    CategoryReason,
    IntentCalibration,
    IntentEstimate,
    IntentReason,
    PurchaseWindow,
    Replenishment,
    WindowCalibration,
)
from app.schema import Lang
from app.views import NextPurchase

AT = datetime(2026, 3, 31, tzinfo=UTC)
SPANS = (PurchaseWindow(days=7, probability=0.2), PurchaseWindow(days=30, probability=0.6))


def a_purchase(likely: bool = True, **changes: object) -> NextPurchase:
    skincare = CategoryChance(
        category="skincare",
        share=0.5,
        within=(PurchaseWindow(days=7, probability=0.1), PurchaseWindow(days=30, probability=0.3)),
        reasons=(CategoryReason(name="due", factor=2.34, evidence=("e1",)),),
    )
    fields: dict[str, object] = {
        "horizon_days": 30,
        "windows": SPANS,
        "likely_window": SPANS[1] if likely else None,
        "earliest_days": 4,
        "median_days": 25 if likely else None,
        "categories": (skincare,),
        "other_share": 0.5,
        "replenishments": (
            Replenishment(category="skincare", every_days=30.4, purchases=3, last_days_ago=26, due_in_days=4),
            Replenishment(category="skincare", every_days=30.4, purchases=3, last_days_ago=40, due_in_days=0),
        ),
        "learned_until": date(2026, 3, 30),
    }
    intent = IntentEstimate.model_validate(fields | changes)
    return NextPurchase(
        customer_id="c1", canonical_id="c1", as_of=AT, intent=intent, names={"skincare": "护肤"}, evidence={}
    )


def show(lang: Lang) -> Formatter:
    return Formatter(lang, ZoneInfo("Asia/Shanghai"))


def test_the_headline_names_category_window_and_the_chance_of_both() -> None:
    assert headline(a_purchase(), show("zh")) == "护肤，30 天内：30%"
    assert headline(a_purchase(categories=()), show("en")) == "A purchase within 30 days: 60%"


def test_an_unlikely_purchase_is_called_so() -> None:
    said = when(a_purchase(likely=False).intent, show("en"))
    assert said == "Rather no purchase within 30 days: the chance of one is 60%. It reaches 10% after 4 days."


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_rows_carry_their_shares_and_the_rest_is_other(lang: Lang) -> None:
    found = a_purchase()
    assert [row.share for row in windows(found.intent, show(lang))] == [0.2, 0.6]
    assert [row.share for row in categories(found, show(lang))] == [0.5, 0.5]
    assert categories(a_purchase(categories=()), show(lang)) == []
    due, over = replenishments(found, show(lang))
    assert due != over


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_reason_has_words(lang: Lang) -> None:
    known = wording(lang).lines()
    assert {f"intent.reason.{name}" for name in get_args(IntentReason)} <= known.keys()
    assert "×2.3" in reason(CategoryReason(name="due", factor=2.34), show(lang))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_record_is_told_or_its_absence(lang: Lang) -> None:
    (none,) = measured(None, show(lang))
    assert none
    windows_ = (WindowCalibration(days=30, brier=0.1234, predicted=0.3, observed=0.25),)
    record = IntentCalibration(
        set="backtest, cut 2026-01-01, 90 d",
        n=1200,
        windows=windows_,
        purchases=300,
        top1=0.4,
        top3=0.7,
        top1_popular=0.2,
        top1_predicted=0.41,
    )
    first, second = measured(record, show(lang))
    for figure in ("2026-01-01", "0.123", "30%", "25%", "1,200"):
        assert figure in first
    for figure in ("40%", "70%", "20%", "41%", "300"):
        assert figure in second
    assert len(measured(record.model_copy(update={"top1": None}), show(lang))) == 1
