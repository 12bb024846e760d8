"""Any source's time -> an aware UTC moment.

Numbers are read by magnitude, never by "bigger than 1e9 means milliseconds": that rule turns ten-digit seconds
into January 1970. Times without a zone are read in the zone that the source declares.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from math import isfinite
from zoneinfo import ZoneInfo

from app.database.types import from_micros
from app.errors import InvalidInput
from app.events.time_formats import UNITS, looks_compact, read_named, read_plain

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
FOREVER = datetime(9999, 1, 1, tzinfo=UTC)
"""Anything before is an unset clock (1970, 1980), not behaviour."""
LATEST = datetime(2100, 1, 1, tzinfo=UTC)
"""No view reaches beyond."""
FUTURE_TOLERANCE = timedelta(hours=24)
"""How far ahead of its arrival an event may claim to have happened."""

_NUMBER = re.compile(r"-?\d{1,30}(\.\d{1,9})?")
_LONGEST = 10**40
_MICROS = {"s": 1_000_000, "ms": 1_000, "us": 1}


def parse_moment(raw: str | int | float | datetime, *, zone: ZoneInfo, unit: str = "auto", fmt: str = "") -> datetime:
    """Read one time.

    `unit` is auto, s, ms, us or ns and applies to numbers; `fmt` is a named format or a strptime pattern (see
    time_formats.py). A local time that a clock change skips is moved forward by as much as the clock was; of one
    that occurs twice the first is meant. Raises InvalidInput with the reason when the value is no time.
    """
    if not fmt and type(raw) is str and raw[4:5] == "-":  # first, because it is the commonest shape by far
        try:
            return _to_utc(datetime.fromisoformat(raw), zone)
        except ValueError:
            pass  # what fromisoformat leaves out of ISO 8601 is read below
    if fmt in UNITS:
        raw, unit, fmt = _as_number(raw, fmt), UNITS[fmt], ""
    if isinstance(raw, datetime):
        return _to_utc(raw, zone)
    if fmt:
        return _to_utc(read_named(str(raw).strip(), fmt), zone)
    if isinstance(raw, str):
        text = raw.strip()
        return _from_digits(text, unit) if _is_number(text) else _to_utc(read_plain(text), zone)
    return _from_number(raw, unit)


def check_plausible(moment: datetime, *, received_at: datetime) -> None:
    """Raise InvalidInput for clocks that were never set and for events from the future."""
    if moment < EARLIEST:
        raise InvalidInput(f"time before 1990: {moment.isoformat()} (was the source's clock set?)")
    if moment > received_at + FUTURE_TOLERANCE:
        raise InvalidInput(f"time more than a day in the future: {moment.isoformat()}")


def start_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The first moment of a local day, in UTC; where a clock change skips midnight, the first that there is."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def end_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The last microsecond of a local day, in UTC. Days of a clock change have 23 or 25 hours."""
    return start_of_day(day + timedelta(days=1), zone) - timedelta(microseconds=1)


def parse_as_of(text: str, zone: ZoneInfo) -> datetime:
    """A moment to look from: an ISO 8601 time, or a bare date, meaning the end of that day in the workspace's zone."""
    try:
        moment = _as_of(text, zone)
    except (ValueError, OverflowError):
        raise InvalidInput(f"as-of {text!r}: use a date (2026-03-31) or an ISO 8601 time") from None
    if not EARLIEST <= moment < LATEST:
        raise InvalidInput(f"as-of {text!r}: use a moment between {EARLIEST.year} and {LATEST.year}")
    return moment


def _as_of(text: str, zone: ZoneInfo) -> datetime:
    try:
        return end_of_day(date.fromisoformat(text), zone)
    except ValueError:
        return parse_moment(datetime.fromisoformat(text), zone=zone)


def _to_utc(moment: datetime, zone: ZoneInfo) -> datetime:
    """Aware and in UTC; `zone` is that of a moment that carries none."""
    if moment.tzinfo is UTC:
        return moment
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except OverflowError:
        raise InvalidInput(f"time out of range: {moment.isoformat()!r}") from None


def _is_number(text: str) -> bool:
    body = text.removeprefix("-")
    return body.isascii() and body.replace(".", "", 1).isdigit() and 9 <= len(body) <= 30


def _as_number(raw: str | int | float | datetime, fmt: str) -> int | float:
    text = str(raw).strip()
    if isinstance(raw, datetime | bool) or not _NUMBER.fullmatch(text):
        raise InvalidInput(f"not a time: {text[:60]!r} is not {fmt}")
    return float(text) if "." in text else int(text)


def _from_digits(text: str, unit: str) -> datetime:
    if unit == "auto" and looks_compact(text):
        raise InvalidInput(f"ambiguous time: {text!r} (name the source's time format: compact, unix or unix_ms)")
    return _from_number(float(text) if "." in text else int(text), unit)


def _from_number(value: int | float, unit: str) -> datetime:
    if isinstance(value, bool) or (isinstance(value, float) and not isfinite(value)):
        raise InvalidInput(f"not a time: {value!r}")
    unit = _band(abs(value)) if unit == "auto" else unit
    try:
        return from_micros(int(value) // 1000 if unit == "ns" else round(value * _MICROS[unit]))
    except OverflowError:
        shown = repr(value) if abs(value) < _LONGEST else "a number of that size"
        raise InvalidInput(f"time out of range: {shown}") from None


def _band(magnitude: float) -> str:
    """Seconds until the year 5138, milliseconds from 1973 on, microseconds, nanoseconds: 1990 to 2100 never overlap."""
    if magnitude < 1e11:
        return "s"
    if magnitude < 1e14:
        return "ms"
    return "us" if magnitude < 1e17 else "ns"
