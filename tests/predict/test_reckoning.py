"""Sunday's model serves the week: from the log alone, anew when the past itself changed, and blind to what follows."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from app.access.schemas import Workspace
from app.bootstrap import App, build
from app.config import Settings
from app.events.schemas import IncomingEvent
from app.events.sources.mapping import Parsed
from app.predict.fitted import estimate, learn
from app.predict.model import CustomerModel
from app.predict.reckoning import Reckoning, last_sunday
from app.predict.value.season import Calendar
from tests.factories import ITEMS, RECEIVED, START, a_workspace, an_incoming

SHOP = a_workspace()
MONDAY = datetime(2026, 5, 11, 4, tzinfo=UTC)
"""Noon in Shanghai."""
SATURDAY, NEXT_MONDAY = MONDAY + timedelta(days=5), MONDAY + timedelta(days=7)


def day(moment: datetime) -> float:
    """Days after START."""
    return (moment - START) / timedelta(days=1)


def an_order(who: int, when: float, amount: int = 5000) -> IncomingEvent:
    return an_incoming(
        "order",
        when,
        identifiers={"user_id": f"u{who:03}"},
        amount_minor=amount,
        order_id=f"o{who}-{when}",
        item_id="milk",
    )


def a_view(who: int, when: float) -> IncomingEvent:
    return an_incoming("view", when, identifiers={"user_id": f"u{who:03}"}, item_id="milk")


def orders(customers: int = 120, until: float = 140) -> list[IncomingEvent]:
    """Everybody buys at a pace of their own; two in five stop."""
    rng = np.random.default_rng(5)
    found = []
    for who in range(customers):
        when, gap = rng.uniform(0, 40), rng.uniform(8, 40)
        end = rng.uniform(30, 120) if who % 5 < 2 else until
        while when < min(end, until):
            found.append(an_order(who, round(when, 3), int(rng.integers(1000, 9000))))
            when += rng.exponential(gap) + 1
    return found


def take(app: App, *incoming: IncomingEvent, workspace: Workspace = SHOP, now: datetime = RECEIVED) -> None:
    records = [Parsed(n, e, None, {"message_id": e.message_id}) for n, e in enumerate(incoming, start=1)]
    assert app.pipeline.ingest(workspace, "web", records, now=now).quarantined == 0
    app.pipeline.catch_up(workspace)


def opened(folder: Path) -> App:
    return build(Settings(_env_file=None, data_dir=folder, database_url="", llm_url=""))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("reckoning")


@pytest.fixture(scope="module")
def app(folder: Path, databases_where_asked: None) -> Iterator[App]:
    """A shop of orders; tests may add to it, and compare before and after."""
    app = opened(folder)
    app.pipeline.access.ensure(SHOP)
    app.pipeline.put_items(SHOP, list(ITEMS.values()))
    take(app, *orders())
    yield app
    app.database.close()


def at(app: App, moment: datetime, workspace: Workspace = SHOP) -> Reckoning:
    return app.pipeline.reckoner.at(workspace, moment)


def card(app: App, moment: datetime, workspace: Workspace = SHOP) -> str:
    found = at(app, moment, workspace).model
    assert found.missing == ()
    return found.card.model_card_id


def test_the_last_sunday_lies_before_the_day_itself() -> None:
    assert [last_sunday(n) for n in (4, 5, 10, 11, 17)] == [3, 3, 3, 10, 10]
    for n in range(20_000, 20_040):
        assert 1 <= n - last_sunday(n) <= 7
        assert np.datetime64(last_sunday(n), "D").astype(datetime).isoweekday() == 7


def test_one_model_serves_the_week_and_the_next_week_has_its_own(app: App) -> None:
    assert card(app, MONDAY) == card(app, SATURDAY) == card(app, SATURDAY + timedelta(days=1))
    assert card(app, MONDAY) != card(app, NEXT_MONDAY)
    assert at(app, MONDAY).model.card.fitted_until == datetime(2026, 5, 10, 15, 59, 59, 999999, tzinfo=UTC)


def test_customers_move_within_the_week_all_the_same(app: App) -> None:
    early, late = (at(app, moment) for moment in (MONDAY, SATURDAY))
    values = {name: early.model.ltv(name).value for name in early.cohort.buyers}
    assert any(late.model.ltv(name).value != value for name, value in values.items())


def test_it_is_what_anyone_learns_from_the_same_purchases(app: App) -> None:
    found = at(app, SATURDAY)
    fitted, purchases = found.model.fitted, found.cohort.purchases
    assert found.beside is None
    again = learn(
        purchases.until(fitted.day), day=fitted.day, horizon_days=90, currency=SHOP.currency,
        fitted_until=fitted.fitted_until, calendar=fitted.calendar, model_card_id=fitted.model_card_id,
    )  # fmt: skip
    assert again == fitted
    assert fitted.calendar != Calendar()
    told = CustomerModel(again, estimate(again, purchases, as_of_day=found.cohort.as_of_day))
    assert [told.ltv(name) for name in purchases.customer_ids] == [
        found.model.ltv(name) for name in purchases.customer_ids
    ]


def test_another_process_says_the_same(app: App, folder: Path) -> None:
    other = opened(folder)
    try:
        assert at(other, SATURDAY).model.card == at(app, SATURDAY).model.card
        assert at(other, SATURDAY).model.all().value.tolist() == at(app, SATURDAY).model.all().value.tolist()
    finally:
        other.database.close()


def test_asked_twice_it_is_reckoned_once(app: App) -> None:
    assert at(app, SATURDAY) is at(app, SATURDAY)


def test_what_follows_changes_no_model_and_a_late_order_does(app: App) -> None:
    before, value = card(app, SATURDAY), at(app, SATURDAY).model.all().value.sum()
    take(app, an_order(3, day(NEXT_MONDAY), 99_000))
    assert card(app, SATURDAY) == before
    assert at(app, SATURDAY).model.all().value.sum() == value
    take(app, an_order(3, day(MONDAY) + 1.5, 98_000))
    assert card(app, SATURDAY) == before
    assert at(app, SATURDAY).model.all().value.sum() != value
    take(app, an_order(3, day(MONDAY) - 20, 97_000))
    assert card(app, SATURDAY) != before


def test_a_merge_changes_it_and_its_undoing_brings_it_back(app: App) -> None:
    before = card(app, MONDAY)
    app.pipeline.merging.merge(SHOP, "u003", "u004", by="tester", reason="same person", now=RECEIVED)
    app.pipeline.catch_up(SHOP)
    merged = at(app, MONDAY)
    assert merged.model.card.model_card_id != before
    app.pipeline.merging.unmerge(SHOP, "u003", "u004", by="tester", reason="mistake", now=RECEIVED)
    app.pipeline.catch_up(SHOP)
    assert card(app, MONDAY) == before
    assert at(app, MONDAY).model.card.customers == merged.model.card.customers + 1


def test_a_shop_that_had_too_little_by_sunday_is_read_as_it_stands(app: App) -> None:
    """On Monday its first order is sixty days old."""
    young = a_workspace("young")
    app.pipeline.access.ensure(young)
    app.pipeline.put_items(young, list(ITEMS.values()))
    begun = day(MONDAY) - 60
    take(
        app, *(an_order(who, begun + back) for who in range(120) for back in (who % 7, 20 + who % 30)), workspace=young
    )
    found = at(app, MONDAY, young).model
    assert found.missing == ()
    assert found.card.fitted_until == MONDAY
    assert at(app, MONDAY - timedelta(days=1), young).model.missing == ("history_days>=60",)


def test_a_shop_without_any_order_lacks_everything(app: App) -> None:
    empty = a_workspace("empty")
    app.pipeline.access.ensure(empty)
    assert at(app, MONDAY, empty).model.missing == ("customers>=100", "repeat_customers>=30", "history_days>=60")


def test_acts_of_the_week_leave_the_weeks_model_as_it_was(app: App) -> None:
    """What customers do beside buying is learned from as it stood on Sunday."""
    busy = a_workspace("busy")
    app.pipeline.access.ensure(busy)
    app.pipeline.put_items(busy, list(ITEMS.values()))
    bought = orders()
    looked = [a_view(who, when) for who in range(120) for when in range(who % 9, int(day(MONDAY)), 9)]
    take(app, *bought, *looked, workspace=busy)
    before = card(app, MONDAY, busy)
    assert at(app, MONDAY, busy).beside is not None
    assert card(app, SATURDAY, busy) == before
    take(app, *(a_view(who, day(MONDAY) + 2 + who / 1000) for who in range(60)), workspace=busy)
    assert card(app, MONDAY, busy) == before
    assert card(app, SATURDAY, busy) == before
