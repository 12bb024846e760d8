"""Written times -> a datetime: ISO 8601, Chinese and year-first forms, and the formats that a source may name.

A form that reads in two ways (03/04/2026, 20260301123000) is refused unless the source names its format.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from app.errors import InvalidInput

UNITS = {"unix": "s", "unix_s": "s", "unix_ms": "ms", "unix_us": "us", "unix_ns": "ns"}
"""Formats of numbers since 1970, and the unit of each."""

_CLOCK = (
    r"(?:[Tt\s,]*(?P<half>上午|下午)?\s*(?<!\d)(?P<h>\d{1,2})"
    r"(?::(?P<mi>\d{1,2})(?::(?P<s>\d{1,2})(?P<f>[.,]\d{1,9})?)?"
    r"|[时点]((?P<cmi>\d{1,2})分((?P<cs>\d{1,2})秒)?)?)"
    r"\s*(?P<half2>[AaPp][Mm])?)?"
)
_ZONE = r"\s*(?P<zone>[Zz]|[+-]\d{2}(?::?\d{2})?)?"
_YEAR_FIRST = re.compile(rf"(?P<y>\d{{4}})([/.\-])(?P<mo>\d{{1,2}})\2(?P<d>\d{{1,2}}){_CLOCK}{_ZONE}")
_CHINESE = re.compile(rf"(?P<y>\d{{4}})年(?P<mo>\d{{1,2}})月(?P<d>\d{{1,2}})[日号]{_CLOCK}{_ZONE}")
_DAY_FIRST = re.compile(rf"(?P<d>\d{{1,2}})([/.\-])(?P<mo>\d{{1,2}})\2(?P<y>\d{{4}}){_CLOCK}{_ZONE}")
_MONTH_FIRST = re.compile(rf"(?P<mo>\d{{1,2}})([/.\-])(?P<d>\d{{1,2}})\2(?P<y>\d{{4}}){_CLOCK}{_ZONE}")
_TWO_WAYS = re.compile(r"\d{1,2}([/.\-])\d{1,2}\1(\d{4}|\d{2})(?!\d).*", re.DOTALL)
_ORDINAL = re.compile(r"(\d{4})-(\d{3})(?!\d)(.*)", re.DOTALL)
_LOOSE_ZONE = re.compile(r"\s+(?=[+-]\d{2}(:?\d{2})?$|[Zz]$)")
_END_OF_DAY = re.compile(r"(.*[Tt ])24(:?00(?::?00(?:[.,]0+)?)?)?(?=$|[Z+-])")
_LEAP = re.compile(r"(.*\d{2}:?59:?)60(?![\d])(.*)", re.DOTALL)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})?")
_SAMPLE = datetime(2001, 2, 3, 4, 5, 6, tzinfo=UTC)
_EXCEL_START = datetime(1899, 12, 30)
_EXCEL_DAYS = 2_958_465
"""31 December 9999, the last day that a spreadsheet knows."""


def check_format(fmt: str) -> str:
    """The format itself when it is one that we know or a strptime pattern of a whole date; ValueError otherwise."""
    if not fmt or fmt in UNITS or fmt in NAMED or _reads_dates(fmt):
        return fmt
    known = ", ".join([*NAMED, *UNITS])
    raise ValueError(f"unknown time format {fmt!r}; use {known}, or a pattern with year, month and day like %d/%m/%Y")


def _reads_dates(pattern: str) -> bool:
    """Whether what strptime reads by this pattern tells the day."""
    try:
        return datetime.strptime(_SAMPLE.strftime(pattern), pattern).date() == _SAMPLE.date()
    except (ValueError, re.error):
        return False


def read_named(text: str, fmt: str) -> datetime:
    """Read a text in the format that its source names; naive when it carries no zone."""
    reader = NAMED.get(fmt)
    try:
        moment = reader(text) if reader else datetime.strptime(text, fmt)
    except (ValueError, OverflowError, re.error):
        raise InvalidInput(f"not a time: {text[:60]!r} is not {fmt}") from None
    return moment


def read_plain(text: str) -> datetime:
    """Read a text whose source names no format: only what reads in one way."""
    if _TWO_WAYS.fullmatch(text):
        raise InvalidInput(f"ambiguous time: {text[:60]!r} (name the source's time format: dmy or mdy)")
    try:
        return _iso8601(text)
    except (ValueError, OverflowError):
        pass
    try:
        return _year_first(text)
    except (ValueError, OverflowError):
        raise InvalidInput(f"not a time: {text[:60]!r} is not ISO 8601 (or name the source's time format)") from None


def looks_compact(digits: str) -> bool:
    """True when a run of 12 or 14 digits is also a date and time without separators, as 20260301123000 is."""
    try:
        return _compact(digits).year >= 1970
    except ValueError:
        return False


def _iso8601(text: str) -> datetime:
    """ISO 8601, with what `datetime.fromisoformat` leaves out: ordinal dates, 24:00, leap seconds, a loose zone."""
    text = _LOOSE_ZONE.sub("", text.strip()).replace("z", "Z")
    if ordinal := _ORDINAL.fullmatch(text):
        day = datetime(int(ordinal[1]), 1, 1) + timedelta(days=int(ordinal[2]) - 1)
        if day.year != int(ordinal[1]) or ordinal[2] == "000":
            raise ValueError("no such day in that year")
        text = f"{day.date().isoformat()}{ordinal[3]}"
    if end := _END_OF_DAY.match(text):
        return datetime.fromisoformat(f"{end[1]}00{end[2] or ''}{text[end.end() :]}") + timedelta(days=1)
    if leap := _LEAP.fullmatch(text):
        return _after_leap(datetime.fromisoformat(f"{leap[1]}59{leap[2]}"))
    return datetime.fromisoformat(text)


def _after_leap(before: datetime) -> datetime:
    """A leap second is the second after it, as Unix time has it. Only a month's last UTC second can be one."""
    after = before.replace(microsecond=0) + timedelta(seconds=1)
    if before.tzinfo is None:
        raise ValueError("a leap second needs its zone")
    utc = after.astimezone(UTC)
    if (utc.day, utc.hour, utc.minute, utc.second) != (1, 0, 0, 0):
        raise ValueError("no leap second there")
    return after


def _year_first(text: str) -> datetime:
    return _of_parts(_CHINESE.fullmatch(text) or _YEAR_FIRST.fullmatch(text))


def _of_parts(found: re.Match[str] | None) -> datetime:
    if found is None:
        raise ValueError("another form")
    part = found.groupdict()
    fraction = ((part["f"] or "")[1:] + "000000")[:6]
    day = f"{part['y']}-{int(part['mo']):02d}-{int(part['d']):02d}"
    minute, second = int(part["mi"] or part["cmi"] or 0), int(part["s"] or part["cs"] or 0)
    clock = f"{_hour(part):02d}:{minute:02d}:{second:02d}.{fraction}"
    return datetime.fromisoformat(f"{day}T{clock}{(part['zone'] or '').upper()}")


def _hour(part: dict[str, str | None]) -> int:
    """The hour of 24; 下午3 is 15, 12 AM is 0."""
    hour, half = int(part["h"] or 0), (part["half"] or part["half2"] or "").upper()
    if not half:
        return hour
    if not 0 < hour <= 12:
        raise ValueError("no such hour of a half day")
    return hour % 12 + (12 if half in ("下午", "PM") else 0)


def _compact(text: str) -> datetime:
    found = _COMPACT.fullmatch(text)
    if found is None or not text.isascii():
        raise ValueError("not YYYYMMDDhhmm or YYYYMMDDhhmmss")
    return datetime(*(int(part or 0) for part in found.groups()))  # type: ignore[arg-type]


def _excel_serial(text: str) -> datetime:
    days = float(text)
    if not 1 <= days <= _EXCEL_DAYS + 1:
        raise ValueError("outside what spreadsheets know")
    return _EXCEL_START + timedelta(milliseconds=round(days * 86_400_000))


def _rfc2822(text: str) -> datetime:
    moment = parsedate_to_datetime(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)  # -0000 means UTC without a place


def _cn_date(text: str) -> datetime:
    return _of_parts(_CHINESE.fullmatch(text))


def _dmy(text: str) -> datetime:
    return _of_parts(_DAY_FIRST.fullmatch(text))


def _mdy(text: str) -> datetime:
    return _of_parts(_MONTH_FIRST.fullmatch(text))


NAMED: dict[str, Callable[[str], datetime]] = {
    "iso8601": _iso8601,
    "compact": _compact,
    "excel_serial": _excel_serial,
    "cn_date": _cn_date,
    "rfc2822": _rfc2822,
    "dmy": _dmy,
    "mdy": _mdy,
}
"""Formats that a source can name, beside the numbers of `UNITS` and strptime patterns."""
