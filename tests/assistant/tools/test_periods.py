"""Periods as questions name them."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.assistant.tools.periods import Span, span_of

SHANGHAI = ZoneInfo("Asia/Shanghai")
AT = datetime(2026, 10, 31, 15, 38, tzinfo=UTC)
"""A Saturday, 23:38 in Shanghai."""
NAMES = ("today", "yesterday", "this_week", "last_week", "this_month", "last_month", "this_quarter", "last_quarter")


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [
        ("today", "2026-10-31", "2026-10-31"),
        ("yesterday", "2026-10-30", "2026-10-30"),
        ("this_week", "2026-10-26", "2026-10-31"),
        ("last_week", "2026-10-19", "2026-10-25"),
        ("this_month", "2026-10-01", "2026-10-31"),
        ("last_month", "2026-09-01", "2026-09-30"),
        ("this_quarter", "2026-10-01", "2026-10-31"),
        ("last_quarter", "2026-07-01", "2026-09-30"),
        ("last_year", "2025-01-01", "2025-12-31"),
        ("last_30_days", "2026-10-02", "2026-10-31"),
        ("2026-02", "2026-02-01", "2026-02-28"),
        ("2025", "2025-01-01", "2025-12-31"),
        ("2026-03-15", "2026-03-15", "2026-03-15"),
        ("2026-03-01..2026-03-15", "2026-03-01", "2026-03-15"),
    ],
)
def test_a_period_is_local_days_up_to_the_moment(period: str, first: str, last: str) -> None:
    expected = Span(date.fromisoformat(first), date.fromisoformat(last))
    assert span_of(period, as_of=AT, zone=SHANGHAI) == expected


@pytest.mark.parametrize(
    "period", [None, "", "soon", "2026-13", "2026-02-30", "2026-03-15..2026-03-01", "2031", "x..y"]
)
def test_what_is_no_past_period_is_none(period: str | None) -> None:
    assert span_of(period, as_of=AT, zone=SHANGHAI) is None


@given(at=st.datetimes(datetime(2000, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC)), name=st.sampled_from(NAMES))
def test_a_named_period_ends_by_today_and_the_one_before_touches_it(at: datetime, name: str) -> None:
    span = span_of(name, as_of=at, zone=SHANGHAI)
    assert span is not None
    assert span.last <= at.astimezone(SHANGHAI).date()
    before = span.before()
    assert before.days == span.days
    assert (span.first - before.last).days == 1


@given(text=st.text(max_size=40))
def test_no_text_is_an_error(text: str) -> None:
    span_of(text, as_of=AT, zone=SHANGHAI)
