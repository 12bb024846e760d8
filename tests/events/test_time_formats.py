from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import InvalidInput
from app.events.time_formats import NAMED, UNITS, check_format
from app.events.timestamps import parse_moment

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 3, 1, 4, 30, 5, tzinfo=UTC)
"""12:30:05 on 1 March 2026 in Shanghai."""


def read(raw: str | float, fmt: str = "", zone: ZoneInfo = SHANGHAI) -> datetime:
    return parse_moment(raw, zone=zone, fmt=fmt)


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-01T12:30:05+08:00",
        "2026-03-01T12:30:05+0800",
        "2026-03-01T12:30:05+08",
        "2026-03-01 12:30:05 +08:00",
        "2026-03-01T04:30:05Z",
        "2026-03-01t04:30:05z",
        "20260301T043005Z",
        "2026-W09-7T12:30:05",
        "2026-060T12:30:05",
        "2026年3月1日 12:30:05",
        "2026年03月01日12时30分5秒",
        "2026年3月1日 下午 12:30:05",
        "2026/3/1 12:30:05",
        "2026.03.01 12:30:05",
        "2026-3-1 12:30:05",
        "  2026-03-01 12:30:05  ",
    ],
)
def test_forms_that_read_in_one_way_need_no_format(text: str) -> None:
    assert read(text) == NOON


@pytest.mark.parametrize(
    ("text", "micros"), [("05,123", 123_000), ("05.5", 500_000), ("05.123456789", 123_456), ("05,000001", 1)]
)
def test_fractions_are_kept_to_the_microsecond_with_comma_or_point(text: str, micros: int) -> None:
    assert read(f"2026-03-01T12:30:{text}+08:00") == NOON.replace(microsecond=micros)


@pytest.mark.parametrize(
    "text", ["03/04/2026", "3-4-2026 10:00", "31.12.2026", "1/2/26", "20260301123000", "202603011230"]
)
def test_what_reads_in_two_ways_is_refused_and_says_what_to_set(text: str) -> None:
    with pytest.raises(InvalidInput, match=r"ambiguous time: .*name the source's time format"):
        read(text)


@pytest.mark.parametrize(
    ("fmt", "raw"),
    [
        ("iso8601", "2026-03-01T12:30:05"),
        ("unix", "1772339405"),
        ("unix_s", 1772339405),
        ("unix_ms", "1772339405000"),
        ("unix_us", 1772339405000000),
        ("unix_ns", "1772339405000000000"),
        ("compact", "20260301123005"),
        ("compact", 20260301123005),
        ("cn_date", "2026年3月1日 12:30:05"),
        ("rfc2822", "Sun, 01 Mar 2026 12:30:05 +0800"),
        ("rfc2822", "Sun, 1 Mar 2026 04:30:05 -0000"),
        ("dmy", "01/03/2026 12:30:05"),
        ("dmy", "1.3.2026 12:30:05"),
        ("mdy", "3/1/2026 12:30:05 PM"),
        ("%d|%m|%Y %Hh%Mm%S", "01|03|2026 12h30m05"),
    ],
)
def test_a_format_that_the_source_names_is_followed(fmt: str, raw: str | int) -> None:
    assert read(raw, fmt) == NOON


@pytest.mark.parametrize("raw", ["46082.5", 46082.5])
def test_spreadsheet_days_count_from_the_end_of_1899(raw: str | float) -> None:
    assert read(raw, "excel_serial") == datetime(2026, 3, 1, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("fmt", "raw"),
    [
        ("iso8601", "01/03/2026"),
        ("unix", "2026-03-01"),
        ("unix_ms", "now"),
        ("compact", "2026030112"),
        ("compact", "20261301123000"),
        ("cn_date", "2026-03-01"),
        ("rfc2822", "1 March"),
        ("dmy", "2026-03-01"),
        ("mdy", "31/12/2026"),
        ("dmy", "01/03/26"),
        ("mdy", "3/1/2026 13:00 PM"),
        ("excel_serial", "0"),
        ("excel_serial", "1e300"),
        ("%d/%m/%Y", "2026-03-01"),
    ],
)
def test_another_form_than_the_named_one_is_refused(fmt: str, raw: str) -> None:
    with pytest.raises(InvalidInput, match="not a time"):
        read(raw, fmt)


def test_the_same_text_is_another_day_by_another_named_format() -> None:
    assert read("03/04/2026", "dmy") == datetime(2026, 4, 2, 16, tzinfo=UTC)
    assert read("03/04/2026", "mdy") == datetime(2026, 3, 3, 16, tzinfo=UTC)


def test_an_hour_of_24_is_the_next_midnight() -> None:
    assert read("2026-03-01T24:00:00Z") == datetime(2026, 3, 2, tzinfo=UTC)
    with pytest.raises(InvalidInput):
        read("2026-03-01T24:00:01Z")


def test_a_leap_second_is_the_second_after_it_and_occurs_only_at_the_end_of_a_month() -> None:
    assert read("2016-12-31T23:59:60Z") == read("2017-01-01T07:59:60+08:00") == datetime(2017, 1, 1, tzinfo=UTC)
    for text in ("2016-12-30T23:59:60Z", "2016-12-31T12:00:60Z", "2016-12-31T23:59:60"):
        with pytest.raises(InvalidInput):
            read(text)


@pytest.mark.parametrize(
    "text", ["2026-02-29", "2026-366", "2026-000", "2026年2月30日", "2026/13/1", "12:30", "0000-01-01"]
)
def test_days_that_never_were_are_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="not a time"):
        read(text)


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+08:00", "9999-12-31T23:59:59-08:00"])
def test_the_ends_of_the_calendar_are_refused_where_utc_has_no_such_time(text: str) -> None:
    with pytest.raises(InvalidInput, match="out of range"):
        read(text)


@pytest.mark.parametrize("fmt", ["", *NAMED, *UNITS, "%d/%m/%Y", "%Y%j", "%b %d %y %H:%M"])
def test_known_formats_and_patterns_of_whole_dates_may_be_set(fmt: str) -> None:
    assert check_format(fmt) == fmt


@pytest.mark.parametrize("fmt", ["ymd", "%", "%H:%M", "%d/%m", "%Q", "dd/mm/yyyy"])
def test_other_formats_may_not(fmt: str) -> None:
    with pytest.raises(ValueError, match="unknown time format"):
        check_format(fmt)


@given(st.datetimes(datetime(1990, 1, 1), datetime(2099, 12, 31), timezones=st.just(UTC)))
def test_every_moment_survives_being_written(moment: datetime) -> None:
    local = moment.astimezone(SHANGHAI)
    assert read(moment.isoformat()) == moment
    assert read(local.strftime("%Y-%m-%dT%H:%M:%S,%f%z")) == moment
    assert read(f"{local:%Y年%m月%d日 %H:%M:%S.%f}") == moment
    assert read(f"{local:%d/%m/%Y %H:%M:%S.%f}", "dmy") == moment


@given(st.text(max_size=40), st.sampled_from(["", *NAMED, *UNITS, "%d/%m/%Y"]))
def test_no_text_ends_in_anything_but_a_moment_or_a_refusal(text: str, fmt: str) -> None:
    try:
        moment = read(text, fmt)
    except InvalidInput:
        return
    assert moment.tzinfo is UTC
