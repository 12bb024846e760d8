from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import InvalidInput
from app.events.timestamps import FUTURE_TOLERANCE, check_plausible, end_of_day, parse_as_of, parse_moment, start_of_day

SHANGHAI = ZoneInfo("Asia/Shanghai")
MOMENT = datetime(2024, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("raw", [1704067200, 1704067200000, 1704067200000000, 1704067200000000000])
def test_seconds_to_nanoseconds_are_told_apart_by_magnitude(raw: int) -> None:
    assert parse_moment(raw, zone=SHANGHAI) == MOMENT
    assert parse_moment(str(raw), zone=SHANGHAI) == MOMENT


@given(st.integers(min_value=631_152_000, max_value=4_000_000_000))
def test_every_second_count_reads_the_same_in_all_units(seconds: int) -> None:
    read = [parse_moment(seconds * scale, zone=SHANGHAI) for scale in (1, 10**3, 10**6, 10**9)]
    assert set(read) == {datetime.fromtimestamp(seconds, UTC)}


def test_a_time_without_a_zone_is_read_in_the_source_s_zone() -> None:
    assert parse_moment("2024-01-01 08:00:00", zone=SHANGHAI) == MOMENT
    assert parse_moment("2024-01-01T00:00:00Z", zone=SHANGHAI) == MOMENT


def test_a_named_format_is_followed() -> None:
    assert parse_moment("01/02/2024 08:00", zone=SHANGHAI, fmt="%d/%m/%Y %H:%M") == datetime(2024, 2, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "raw",
    ["yesterday", "", "²²²²²²²²²²", "9" * 5000, "2024-13-01", float("nan"), float("inf"), True, 10**40, -(10**30)],
)
def test_what_is_no_time_is_refused(raw: object) -> None:
    with pytest.raises(InvalidInput):
        parse_moment(raw, zone=SHANGHAI)  # type: ignore[arg-type]


def test_unset_clocks_and_the_future_are_refused() -> None:
    check_plausible(MOMENT, received_at=MOMENT)
    for moment in (datetime(1970, 1, 20, tzinfo=UTC), MOMENT + timedelta(days=2)):
        with pytest.raises(InvalidInput, match="time "):
            check_plausible(moment, received_at=MOMENT)


def test_a_bare_as_of_date_means_the_end_of_that_local_day() -> None:
    as_of = parse_as_of("2026-03-31", SHANGHAI)
    assert as_of == end_of_day(date(2026, 3, 31), SHANGHAI)
    assert as_of + timedelta(microseconds=1) == datetime(2026, 3, 31, 16, tzinfo=UTC)
    assert parse_as_of("2026-03-31T10:00:00+00:00", SHANGHAI) == datetime(2026, 3, 31, 10, tzinfo=UTC)
    with pytest.raises(InvalidInput, match="use a date"):
        parse_as_of("soon", SHANGHAI)
    for far in ("0001-01-01", "9999-12-31", "1970-01-01T00:00:00"):
        with pytest.raises(InvalidInput, match="as-of"):
            parse_as_of(far, SHANGHAI)


LONDON, KATHMANDU, CAIRO = ZoneInfo("Europe/London"), ZoneInfo("Asia/Kathmandu"), ZoneInfo("Africa/Cairo")


def test_a_local_time_that_a_clock_change_skips_moves_forward_with_the_clock() -> None:
    skipped = parse_moment("2026-03-29 01:30:00", zone=LONDON)
    assert skipped == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert skipped.astimezone(LONDON).hour == 2


def test_of_a_local_time_that_occurs_twice_the_first_is_meant() -> None:
    assert parse_moment("2026-10-25 01:30:00", zone=LONDON) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert parse_moment("2026-10-25T01:30:00+00:00", zone=LONDON) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "day", "starts", "hours"),
    [
        (SHANGHAI, date(2026, 3, 31), datetime(2026, 3, 30, 16, tzinfo=UTC), 24),
        (KATHMANDU, date(2026, 3, 31), datetime(2026, 3, 30, 18, 15, tzinfo=UTC), 24),
        (LONDON, date(2026, 3, 29), datetime(2026, 3, 29, tzinfo=UTC), 23),
        (LONDON, date(2026, 10, 25), datetime(2026, 10, 24, 23, tzinfo=UTC), 25),
        (CAIRO, date(2026, 4, 24), datetime(2026, 4, 23, 22, tzinfo=UTC), 23),
    ],
)
def test_local_days_have_as_many_hours_as_the_clock_change_leaves_them(
    zone: ZoneInfo, day: date, starts: datetime, hours: int
) -> None:
    assert start_of_day(day, zone) == starts
    assert end_of_day(day, zone) + timedelta(microseconds=1) == starts + timedelta(hours=hours)
    assert end_of_day(day, zone).astimezone(zone).date() == day


def test_one_day_ahead_is_the_last_moment_that_is_taken() -> None:
    check_plausible(MOMENT + FUTURE_TOLERANCE, received_at=MOMENT)
    with pytest.raises(InvalidInput, match="more than a day in the future"):
        check_plausible(MOMENT + FUTURE_TOLERANCE + timedelta(microseconds=1), received_at=MOMENT)


@pytest.mark.parametrize("seconds", [0, 1, -1, 631_151_999])
def test_clocks_that_were_never_set_are_told_by_their_year(seconds: int) -> None:
    with pytest.raises(InvalidInput, match="time before 1990"):
        check_plausible(parse_moment(seconds, zone=SHANGHAI), received_at=MOMENT)
