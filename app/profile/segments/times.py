"""Times in words -> spans of microseconds, against the moment that is asked about, in the workspace's zone."""

from calendar import monthrange
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from app.database.types import to_micros
from app.errors import InvalidInput
from app.events.timestamps import end_of_day, parse_as_of, start_of_day
from app.profile.segments.fields import key_of
from app.profile.segments.tree import Ago, Unit

Span = tuple[float, float]
"""First and last microsecond; the same one for a moment."""
_Days = tuple[date, date]
_DAY = timedelta(days=1)


class Clock(NamedTuple):
    """When an expression is asked, and where days begin."""

    as_of: datetime
    zone: ZoneInfo

    def ago(self, value: Ago) -> Span | None:
        """So long before: hours by the clock, all else by local days, at the same local time; None beyond all dates."""
        try:
            return _moment(_back(self.as_of, value.number, value.unit, self.zone))
        except (OverflowError, ValueError):
            return None

    def named(self, text: str) -> Span | None:
        """A date, an ISO 8601 time, a named period or its start; None for anything else."""
        key = key_of(text)
        if key in _NOW:
            return _moment(self.as_of)
        if days := _PERIODS.get(key):
            first, last = days(self._today)
            return _micros(start_of_day(first, self.zone)), _micros(end_of_day(last, self.zone))
        if days := _STARTS.get(key):
            return _moment(start_of_day(days(self._today)[0], self.zone))
        return self._dated(text)

    @property
    def _today(self) -> date:
        return self.as_of.astimezone(self.zone).date()

    def _dated(self, text: str) -> Span | None:
        try:
            day = date.fromisoformat(text) if len(text) == len("2026-03-31") else None
            last = parse_as_of(text, self.zone)
        except (ValueError, InvalidInput):
            return None
        return (_micros(start_of_day(day, self.zone)), _micros(last)) if day else _moment(last)


def _back(as_of: datetime, number: int, unit: Unit, zone: ZoneInfo) -> datetime:
    if unit == "h":
        return as_of - timedelta(hours=number)
    local = as_of.astimezone(zone)
    match unit:
        case "d" | "w":
            day = local.date() - timedelta(days=number * (7 if unit == "w" else 1))
        case "mo" | "y":
            day = _months_before(local.date(), number * (12 if unit == "y" else 1))
    return datetime.combine(day, local.time(), zone)


def _months_before(day: date, months: int) -> date:
    """The same day of an earlier month, or its last one."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _day(back: int) -> Callable[[date], _Days]:
    return lambda today: (today - back * _DAY, today - back * _DAY)


def _week(back: int) -> Callable[[date], _Days]:
    """Monday to Sunday."""
    return lambda today: (
        (monday := today - timedelta(days=today.weekday() + 7 * back)),
        monday + 6 * _DAY,
    )


def _month(back: int) -> Callable[[date], _Days]:
    return lambda today: (
        (first := _months_before(today.replace(day=1), back)),
        _months_before(first, -1) - _DAY,
    )


def _year(back: int) -> Callable[[date], _Days]:
    return lambda today: (date(today.year - back, 1, 1), date(today.year - back, 12, 31))


_NOW = frozenset(map(key_of, ("now", "as_of", "现在")))
_NAMES: dict[str, tuple[Callable[[date], _Days], tuple[str, ...]]] = {
    "today": (_day(0), ("今天", "今日")),
    "yesterday": (_day(1), ("昨天", "昨日")),
    "this_week": (_week(0), ("本周", "这周")),
    "last_week": (_week(1), ("上周",)),
    "this_month": (_month(0), ("本月", "这个月")),
    "last_month": (_month(1), ("上月", "上个月")),
    "this_year": (_year(0), ("今年",)),
    "last_year": (_year(1), ("去年",)),
}
_PERIODS = {key_of(name): days for called, (days, others) in _NAMES.items() for name in (called, *others)}
_STARTS = {
    key_of(name): days
    for days, names in (
        (_day(0), ("start_of_day", "start_of_today", "今天开始")),
        (_week(0), ("start_of_week", "本周初", "周初")),
        (_month(0), ("start_of_month", "本月初", "月初")),
        (_year(0), ("start_of_year", "今年初", "年初")),
    )
    for name in names
}


def _moment(at: datetime) -> Span:
    return (_micros(at), _micros(at))


def _micros(at: datetime) -> float:
    return float(to_micros(at))
