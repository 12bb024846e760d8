"""Past time as a question names it -> local days. It is told against the moment that is asked about."""

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from app.events.timestamps import end_of_day, start_of_day

_DAY = timedelta(days=1)
_LAST_DAYS = re.compile(r"last_(\d{1,4})_days")
_YEAR, _MONTH = re.compile(r"\d{4}"), re.compile(r"(\d{4})-(\d{2})")


class Span(NamedTuple):
    """Local days, both ends included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.last - self.first).days + 1

    def before(self) -> "Span":
        """As many days right before it."""
        return Span(self.first - self.days * _DAY, self.first - _DAY)

    def moments(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """Its first and its last moment."""
        return start_of_day(self.first, zone), end_of_day(self.last, zone)

    def asked(self, field: str) -> str:
        """The condition of a segment expression that a moment lies in it."""
        return f"{field} between {self.first} and {self.last}"


def span_of(period: str | None, *, as_of: datetime, zone: ZoneInfo) -> Span | None:
    """The days of a period, none after the day of `as_of`; None when it names none that we can read."""
    today = as_of.astimezone(zone).date()
    try:
        found = _read(period or "", today)
    except ValueError:
        return None
    if found is None or found.first > min(found.last, today):
        return None
    return Span(found.first, min(found.last, today))


def _read(period: str, today: date) -> Span | None:
    if known := _NAMED.get(period):
        return known(today)
    if match := _LAST_DAYS.fullmatch(period):
        return Span(today - (max(int(match[1]), 1) - 1) * _DAY, today)
    first, dots, last = period.partition("..")
    if dots:
        return Span(date.fromisoformat(first), date.fromisoformat(last))
    if _YEAR.fullmatch(period):
        return Span(date(int(period), 1, 1), date(int(period), 12, 31))
    if match := _MONTH.fullmatch(period):
        return _months(date(int(match[1]), int(match[2]), 1), 1)
    return Span(*(date.fromisoformat(period),) * 2) if period else None


def _months(first: date, count: int) -> Span:
    return Span(first, _shifted(first, count) - _DAY)


def _shifted(first: date, months: int) -> date:
    """The first of a month, so many months later."""
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    return date(year, month + 1, 1)


def _week(back: int) -> Callable[[date], Span]:
    def of(today: date) -> Span:
        monday = today - timedelta(days=today.weekday() + 7 * back)
        return Span(monday, monday + 6 * _DAY)

    return of


def _month(back: int) -> Callable[[date], Span]:
    return lambda today: _months(_shifted(today.replace(day=1), -back), 1)


def _quarter(back: int) -> Callable[[date], Span]:
    return lambda today: _months(_shifted(date(today.year, (today.month - 1) // 3 * 3 + 1, 1), -3 * back), 3)


def _year(back: int) -> Callable[[date], Span]:
    return lambda today: Span(date(today.year - back, 1, 1), date(today.year - back, 12, 31))


_NAMED: dict[str, Callable[[date], Span]] = {
    "today": lambda today: Span(today, today),
    "yesterday": lambda today: Span(today - _DAY, today - _DAY),
    "this_week": _week(0),
    "last_week": _week(1),
    "this_month": _month(0),
    "last_month": _month(1),
    "this_quarter": _quarter(0),
    "last_quarter": _quarter(1),
    "this_year": _year(0),
    "last_year": _year(1),
}
