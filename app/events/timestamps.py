"""Any source's time -> an aware UTC moment.

Numbers are read by magnitude, never by "bigger than 1e9 means milliseconds": that rule turns ten-digit seconds
into January 1970. Times without a zone are read in the zone that the source declares.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.database.types import from_micros
from app.errors import InvalidInput

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
"""Anything before is an unset clock (1970, 1980), not behaviour."""
LATEST = datetime(2100, 1, 1, tzinfo=UTC)
"""No view reaches beyond."""
FUTURE_TOLERANCE = timedelta(hours=24)
"""How far ahead of its arrival an event may claim to have happened."""

_MICROS = {"s": 1_000_000, "ms": 1_000, "us": 1}


def parse_moment(raw: str | int | float | datetime, *, zone: ZoneInfo, unit: str = "auto", fmt: str = "") -> datetime:
    """Read one time.

    `unit` is auto, s, ms, us or ns and applies to numbers; `fmt` is a strptime format and applies to text.
    Raises InvalidInput with the reason when the value is no time.
    """
    if isinstance(raw, datetime):
        moment = raw
    elif isinstance(raw, str):
        text = raw.strip()
        if not fmt and _is_number(text):
            return _from_number(float(text) if "." in text else int(text), unit)
        moment = _from_text(text, fmt)
    else:
        return _from_number(raw, unit)
    aware = moment if moment.tzinfo else moment.replace(tzinfo=zone)
    try:
        return aware.astimezone(UTC)
    except OverflowError:
        raise InvalidInput(f"time out of range: {raw!r}") from None


def check_plausible(moment: datetime, *, received_at: datetime) -> None:
    """Raise InvalidInput for clocks that were never set and for events from the future."""
    if moment < EARLIEST:
        raise InvalidInput(f"time before 1990: {moment.isoformat()} (was the source's clock set?)")
    if moment > received_at + FUTURE_TOLERANCE:
        raise InvalidInput(f"time more than a day in the future: {moment.isoformat()}")


def end_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The last microsecond of a local day, in UTC."""
    return datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC) - timedelta(microseconds=1)


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


def _is_number(text: str) -> bool:
    body = text.removeprefix("-")
    return body.isascii() and body.replace(".", "", 1).isdigit() and 9 <= len(body) <= 30


def _from_text(text: str, fmt: str) -> datetime:
    try:
        return datetime.strptime(text, fmt) if fmt else datetime.fromisoformat(text)
    except (ValueError, re.error):
        raise InvalidInput(f"not a time in {fmt or 'ISO 8601'}: {text!r}") from None


def _from_number(value: int | float, unit: str) -> datetime:
    if isinstance(value, bool) or value != value or value in (float("inf"), float("-inf")):
        raise InvalidInput(f"not a time: {value!r}")
    unit = _band(abs(value)) if unit == "auto" else unit
    try:
        micros = int(value) // 1000 if unit == "ns" else round(value * _MICROS[unit])
        return from_micros(micros)
    except OverflowError:
        raise InvalidInput(f"time out of range: {value!r}") from None


def _band(magnitude: float) -> str:
    for limit, unit in ((1e11, "s"), (1e14, "ms"), (1e17, "us")):
        if magnitude < limit:
            return unit
    return "ns"
