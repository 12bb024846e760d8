"""Changes that are to be found, and those that counting sees, on hand-made logs."""

from datetime import timedelta

import numpy as np

from app.demo.shop import DemoShop
from app.demo.truth import truth
from app.events.schemas import EventKind
from evals.ceilings.asked import ENOUGH, Asked, ask
from evals.ceilings.cases import WINDOW
from evals.ceilings.changes import STEP, last_days, naive_changes, true_changes, visit_days
from evals.ceilings.watching import KINDS, Log, Seen, watch
from evals.scorers.shifts import Change

DAY_MS = 86_400_000


def view(customer: int, day: int, topic: int, *, session: int = 0) -> Seen:
    return Seen(customer, day * DAY_MS, KINDS.index(EventKind.VIEW), topic, session, np.nan, False, False, "")


def log(*views: Seen, customers: int = 1) -> Log:
    return Log(list(views), ("baby", "travel", "pets"), customers)


def test_counting_reports_a_change_once_and_dates_it_to_the_window_that_shows_it() -> None:
    seen = log(*(view(0, day, 0 if day < 100 else 1) for day in range(0, 200, 2)))
    (found,) = naive_changes(seen, np.array([199]))[0]
    assert found[:2] == ("baby", "travel")
    look = found.day + WINDOW - 1
    assert look % STEP == (2 * WINDOW) % STEP
    assert 100 + WINDOW // 2 - 2 <= look <= 100 + WINDOW // 2 + STEP


def test_counting_needs_views_in_both_windows() -> None:
    assert naive_changes(log(view(0, 10, 0), view(0, 100, 1)), np.array([199])) == [[]]


def test_counting_sees_nothing_after_the_reading() -> None:
    seen = log(*(view(0, day, 0 if day < 100 else 1) for day in range(0, 200, 2)))
    assert naive_changes(seen, np.array([105])) == [[]]


def test_a_change_is_asked_about_once_they_came_after_it() -> None:
    shop = DemoShop(101, 60)
    calendar, customers = shop.calendar, truth(shop)
    changed = next(c for c in customers if c.shift is not None)
    assert changed.shift is not None
    day = (changed.shift.on - calendar.midnight.date()).days
    latest = Change(changed.shift.from_topic, changed.shift.to_topic, day)
    assert true_changes(changed, np.array([0, day]), calendar)[-1] == latest
    assert latest not in true_changes(changed, np.array([0, day - 1]), calendar)
    assert true_changes(changed, np.array([], dtype=np.int64), calendar) == []


def test_who_left_is_read_on_that_day_and_the_others_at_the_end() -> None:
    shop = DemoShop(101, 60)
    customers = truth(shop)
    ends, seen = last_days(customers, shop.calendar), watch(shop)
    for customer, end in zip(customers, ends, strict=True):
        left = customer.churned_on
        on = shop.calendar.midnight.date() + timedelta(days=int(end))
        assert on == (left or shop.calendar.midnight.date() + timedelta(days=shop.calendar.days - 1))
    assert all((days <= end).all() for days, end in zip(visit_days(seen, ends), ends, strict=True))


def test_nobody_with_few_events_is_asked_and_doubles_never_left() -> None:
    shop = DemoShop(101, 120)
    seen = watch(shop)
    asked: Asked = ask(shop, seen)
    events = np.bincount(seen.customer[seen.day <= asked.ends[seen.customer]], minlength=120)
    assert all(not changes or events[index] >= ENOUGH for index, changes in enumerate(asked.changes))
    assert all(asked.truths[index].arc == "none" and events[index] >= ENOUGH for index in asked.quiet_quarters)
    assert asked.pairs
    for leaver, stayer, day in asked.pairs:
        assert asked.truths[leaver].churn_reason == "drift"
        assert day == asked.ends[leaver] - 14
        assert asked.truths[stayer].churned_on is None
    assert len({pair.stayer for pair in asked.pairs}) == len(asked.pairs)
