"""The profile's signs as columns: what a profile says of one customer and day, said of all of them."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import numpy as np
import pytest

from app.bootstrap import App
from app.events.timestamps import end_of_day
from app.predict.behaviour.days import with_signs
from app.predict.behaviour.signs import SIGNALS, Acts, Signs, signs
from app.predict.inputs.cohort import Cohort
from app.profile.fold import State, advance
from app.profile.schemas import SignalName
from app.profile.seen import Context
from app.profile.signs import engagement
from app.profile.signs.days import Days
from app.profile.signs.said import Said, Word
from app.profile.telltales import Heard, Telltale
from tests.factories import SHANGHAI

START = datetime(2026, 3, 1, 4, tzinfo=UTC)
DAY = (START - datetime(1970, 1, 1, tzinfo=UTC)).days
NOBODY = Acts(np.zeros(0, np.int64), np.zeros(0, np.int64))


class Shop(NamedTuple):
    cohort: Cohort
    signs: Signs
    as_of: datetime


@pytest.fixture(scope="module")
def shop(demo: App) -> Shop:
    return shop_at(demo, datetime(2026, 10, 31, 15, 59, tzinfo=UTC))


def shop_at(demo: App, as_of: datetime) -> Shop:
    log, owners = demo.pipeline.log, demo.pipeline.identity.owners("demo")
    cohort = Cohort.build(
        log.order_totals("demo", until=as_of), owners, zone=SHANGHAI, as_of=as_of,
        activity=log.day_counts("demo", until=as_of, zone=SHANGHAI),
    )  # fmt: skip
    assert cohort.behaviour is not None
    told = demo.pipeline.profiles.telltales("demo")
    found = with_signs(cohort.behaviour, cohort.purchases, told, zone=SHANGHAI, as_of=as_of).signs
    assert found is not None
    return Shop(cohort, found, as_of)


def a_telltale(**said: list[Word]) -> Telltale:
    raw = dict.fromkeys(Telltale.__struct_fields__)
    heard = Heard(said=Said(**said))
    return Telltale(**(raw | {"fold_version": 1, "taxonomy_hash": "", "days": Days(), "engagement": heard}))  # type: ignore[arg-type]


def test_nearly_every_sign_of_a_profile_stands_in_the_columns_and_hardly_any_other(demo: App, shop: Shop) -> None:
    ids, pipeline = shop.cohort.purchases.customer_ids, demo.pipeline
    told: set[tuple[int, int, SignalName]] = set()
    columns: set[tuple[int, int, SignalName]] = set()
    for place, customer in enumerate(pipeline.identity.customers("demo", ids[:60])):
        history = pipeline.log.history("demo", customer.members, until=shop.as_of)
        context = Context(pipeline.taxonomy, SHANGHAI, history.items, history.texts)
        state, rest = State(taxonomy_hash=context.taxonomy.fingerprint), list(history.events)
        for day in (shop.cohort.as_of_day - 90, shop.cohort.as_of_day - 30, shop.cohort.as_of_day):
            until = end_of_day((datetime(1970, 1, 1) + timedelta(days=day)).date(), SHANGHAI)
            due = sum(event.occurred_at <= until for event in rest)
            advance(state, rest[:due], context)
            rest = rest[due:]
            seen = engagement.view(state.engagement, state.days, state.purchases, until, SHANGHAI)
            told |= {(place, day, signal.name) for signal in seen}
            size = shop.signs.at(day).size[ids.index(customer.customer_id)]
            columns |= {(place, day, SIGNALS[code]) for code in np.flatnonzero(size > 0)}
    assert len(told) > 80
    assert len(told & columns) > 0.95 * len(told)
    assert len(columns - told) < 0.05 * len(told)


def test_a_past_moment_knows_nothing_of_what_came_later(demo: App, shop: Shop) -> None:
    """Whole days before it are told as they were told then; of its own day states may know too much."""
    then = shop_at(demo, shop.as_of - timedelta(days=40))
    names = then.cohort.purchases.customer_ids
    rows = [shop.cohort.purchases.customer_ids.index(name) for name in names]
    for day in (then.cohort.as_of_day - 50, then.cohort.as_of_day - 1):
        before, after = then.signs.at(day), shop.signs.at(day)
        np.testing.assert_allclose(before.size, after.size[rows])
        np.testing.assert_allclose(before.days, after.days[rows])


def test_cutting_at_a_day_changes_nothing_up_to_it(shop: Shop) -> None:
    day = shop.cohort.as_of_day - 60
    cut, whole = shop.signs.until(day), shop.signs
    assert cut.stretches.first.max() <= day
    for earlier in (day - 30, day):
        np.testing.assert_array_equal(cut.at(earlier).size, whole.at(earlier).size)


def test_a_complaint_stands_for_two_months_from_its_day() -> None:
    told = a_telltale(complaints=[Word("e1", START, "service"), Word("e2", START + timedelta(days=10), "price")])
    found = signs([("c", told)], ["c"], NOBODY, NOBODY, zone=SHANGHAI, as_of=START + timedelta(days=200))
    code = SIGNALS.index(SignalName.DISSATISFACTION)
    sizes = [found.at(DAY + day).size[0, code] for day in (-1, 0, 9, 10, 70, 71)]
    assert sizes == pytest.approx([0, 2, 2, 2 * 2**0.5, 2 * 2**0.5, 0])
    assert [found.at(DAY + day).days[0, code] for day in (0, 10, 70)] == [0, 10, 70]


def test_words_after_the_moment_are_not_heard() -> None:
    told = a_telltale(withdrawals=[Word("e1", START + timedelta(days=1), "sms")])
    found = signs([("c", told)], ["c"], NOBODY, NOBODY, zone=SHANGHAI, as_of=START)
    assert found.stretches.first.size == 0


def test_a_silence_stands_until_they_come_back_and_grows_until_then() -> None:
    visits = Acts(np.zeros(6, np.int64), DAY + np.array([0, 5, 10, 15, 20, 60]))
    found = signs([], ["c"], visits, NOBODY, zone=SHANGHAI, as_of=START + timedelta(days=100))
    code = SIGNALS.index(SignalName.RARER_VISITS)
    sizes = [found.at(DAY + day).size[0, code] for day in (20, 24, 40, 59, 60)]
    assert sizes[0] == sizes[1] == sizes[4] == 0
    assert 1.2 < sizes[2] < sizes[3]


def test_an_order_gap_is_told_unless_the_customer_is_away_altogether() -> None:
    """Long from day 61 on: told while they still come, hidden once they stay away since before that."""
    orders = Acts(np.zeros(4, np.int64), DAY + np.array([0, 10, 20, 30]))
    coming = Acts(np.zeros(18, np.int64), DAY + np.arange(0, 90, 5))
    gone = Acts(np.zeros(7, np.int64), DAY + np.arange(0, 35, 5))
    code = SIGNALS.index(SignalName.LONGER_ORDER_GAP)

    def told(visits: Acts) -> bool:
        found = signs([], ["c"], visits, orders, zone=SHANGHAI, as_of=START + timedelta(days=100))
        return bool(found.at(DAY + 80).size[0, code] > 0)

    assert told(coming)
    assert not told(gone)


def test_comparisons_are_unknown_where_days_were_let_go() -> None:
    known = Signs(signs([], ["a", "b"], NOBODY, NOBODY, zone=SHANGHAI, as_of=START).stretches, np.array([DAY, 0]))
    size = known.at(DAY - 1).size
    assert np.isnan(size[0, SIGNALS.index(SignalName.SHORTER_DWELL)])
    assert size[0, SIGNALS.index(SignalName.RARER_VISITS)] == 0
    assert not np.isnan(size[1]).any()
    assert not known.known(DAY - 1)
    assert known.known(DAY)
