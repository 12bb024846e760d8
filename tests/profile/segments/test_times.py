from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from app.database.types import from_micros
from app.profile.segments.times import Clock
from app.profile.segments.tree import Ago, Unit
from tests.factories_segments import AS_OF, SHANGHAI

CLOCK = Clock(AS_OF, SHANGHAI)


def local(micros: float) -> str:
    return f"{from_micros(int(micros)).astimezone(SHANGHAI):%Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("today", "2026-03-18 00:00", "2026-03-18 23:59"),
        ("今天", "2026-03-18 00:00", "2026-03-18 23:59"),
        ("yesterday", "2026-03-17 00:00", "2026-03-17 23:59"),
        ("this_week", "2026-03-16 00:00", "2026-03-22 23:59"),
        ("last_week", "2026-03-09 00:00", "2026-03-15 23:59"),
        ("this_month", "2026-03-01 00:00", "2026-03-31 23:59"),
        ("上个月", "2026-02-01 00:00", "2026-02-28 23:59"),
        ("this_year", "2026-01-01 00:00", "2026-12-31 23:59"),
        ("2026-03-05", "2026-03-05 00:00", "2026-03-05 23:59"),
        ("start_of_month", "2026-03-01 00:00", "2026-03-01 00:00"),
        ("now", "2026-03-18 12:30", "2026-03-18 12:30"),
        ("2026-03-05T08:00:00Z", "2026-03-05 16:00", "2026-03-05 16:00"),
    ],
)
def test_named_times_are_local_spans(name: str, first: str, last: str) -> None:
    span = CLOCK.named(name)
    assert span is not None
    assert (local(span[0]), local(span[1])) == (first, last)


@pytest.mark.parametrize(
    ("number", "unit", "expected"),
    [
        (1, "d", "2026-03-17 12:30"),
        (2, "w", "2026-03-04 12:30"),
        (36, "h", "2026-03-17 00:30"),
        (1, "mo", "2026-02-18 12:30"),
        (25, "mo", "2024-02-18 12:30"),
        (1, "y", "2025-03-18 12:30"),
    ],
)
def test_times_before_go_back_by_local_days(number: int, unit: Unit, expected: str) -> None:
    span = CLOCK.ago(Ago(number, unit))
    assert span is not None
    assert local(span[0]) == expected


def test_a_month_before_its_31st_is_the_last_day_there_is() -> None:
    clock = Clock(datetime(2026, 3, 31, 4, tzinfo=UTC), SHANGHAI)
    span = clock.ago(Ago(1, "mo"))
    assert span is not None
    assert local(span[0]) == "2026-02-28 12:00"


def test_a_day_of_a_clock_change_is_as_long_as_it_is() -> None:
    span = Clock(AS_OF, ZoneInfo("Europe/London")).named("2026-03-29")
    assert span is not None
    assert round((span[1] - span[0]) / 3.6e9) == 23


def test_what_is_no_time_is_none() -> None:
    assert CLOCK.named("soon") is None
    assert CLOCK.named("2026-02-30") is None
    assert CLOCK.ago(Ago(999_999_999, "y")) is None
    assert CLOCK.ago(Ago(999_999_999, "h")) is None
