from datetime import timedelta

import pytest

from app.bootstrap import App
from app.predict.intent.learning import Intent
from app.views import NextPurchase


def a_reading(demo: App, place: int = 0, days_back: float = 0, lang: str = "en") -> NextPurchase:
    pipeline = demo.pipeline
    shop = pipeline.access.workspace("demo")
    now = pipeline.log.latest("demo")
    assert now is not None
    ref = pipeline.customers(shop, as_of=now, order_by="total", limit=place + 1).rows[place].customer_id
    return pipeline.next_purchase(shop, ref, as_of=now - timedelta(days=days_back), lang=lang)  # type: ignore[arg-type]


def test_the_next_purchase_agrees_with_the_churn_estimate_and_cites_events(demo: App) -> None:
    found = a_reading(demo)
    pipeline = demo.pipeline
    shop = pipeline.access.workspace("demo")
    churn = pipeline.reckoner.at(shop, found.as_of).model.churn(found.customer_id)
    intent = found.intent
    assert intent.status == "ok"
    assert churn.p_no_purchase is not None
    assert intent.windows[-1].days == intent.horizon_days == churn.horizon_days
    assert intent.windows[-1].probability == pytest.approx(1 - churn.p_no_purchase)
    assert intent.categories
    assert set(found.names) >= {category.category for category in intent.categories}
    cited = {e for category in intent.categories for reason in category.reasons for e in reason.evidence}
    assert cited
    assert cited == found.evidence.keys()
    assert all(event.occurred_at <= found.as_of for event in found.evidence.values())


def test_both_languages_name_the_same_categories(demo: App) -> None:
    zh, en = a_reading(demo, lang="zh"), a_reading(demo, lang="en")
    assert zh.intent == en.intent
    assert zh.names.keys() == en.names.keys()
    assert zh.names != en.names


def test_yesterday_is_answered_as_it_was_then(demo: App) -> None:
    """What came after the day, and who was asked for meanwhile, changes nothing."""
    first = a_reading(demo, days_back=20)
    a_reading(demo, place=1)
    assert a_reading(demo, days_back=20) == first
    assert first.intent.learned_until is not None
    assert first.intent.learned_until < first.as_of.date() + timedelta(days=1)


def test_habits_are_learned_once_a_week(demo: App) -> None:
    pipeline = demo.pipeline
    shop, now = pipeline.access.workspace("demo"), pipeline.log.latest("demo")
    assert now is not None
    early, late = (pipeline.intents.learned(shop, now - timedelta(seconds=s), 90) for s in (60, 0))
    assert isinstance(early, Intent)
    assert early is late
