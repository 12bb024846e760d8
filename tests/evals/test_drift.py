"""Doubles of those who leave, and the signals that count."""

from datetime import UTC, datetime, timedelta

from app.profile.schemas import Signal, SignalName
from evals.scorers.drift import FRESH, Pair, Standing, counted, pairs

AS_OF = datetime(2026, 6, 1, tzinfo=UTC)


def signal(name: SignalName, raised: datetime) -> Signal:
    return Signal(
        name=name, direction="down", now=1.0, usual=4.0, unit="pages", size=3.0, n_now=5, n_usual=20,
        since=raised, raised_at=raised,
    )  # fmt: skip


def test_the_double_is_the_nearest_and_is_used_once() -> None:
    standings = {1: Standing(100, 50), 2: Standing(98, 52), 7: Standing(99, 50), 8: Standing(40, 50)}
    found = pairs([(1, 30), (2, 30)], [8, 7], lambda customer, _: standings[customer])
    assert found == [Pair(1, 7, 30), Pair(2, 8, 30)]


def test_whoever_cannot_be_asked_about_that_day_has_no_double_and_is_none() -> None:
    known = {1: Standing(100, 50), 7: Standing(99, 50)}
    assert pairs([(1, 30), (2, 30)], [7], lambda customer, _: known.get(customer)) == [Pair(1, 7, 30)]
    assert pairs([(1, 30)], [9], lambda customer, _: known.get(customer)) == []


def test_events_count_on_the_log_scale() -> None:
    few, many = Standing(100, 10), Standing(100, 1_000)
    assert few.distance(Standing(100, 20)) > many.distance(Standing(100, 1_010))


def test_only_signals_of_the_last_sixty_days_count_and_each_name_once() -> None:
    fresh, old = AS_OF - FRESH, AS_OF - FRESH - timedelta(seconds=1)
    found = [
        signal(SignalName.SHORTER_DWELL, fresh),
        signal(SignalName.SHORTER_DWELL, AS_OF),
        signal(SignalName.RARER_VISITS, old),
    ]
    assert counted(found, AS_OF) == {"shorter_dwell"}
