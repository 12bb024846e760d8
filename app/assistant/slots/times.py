"""Times in questions: past periods by their names, and how many days ahead something is asked for.

A number of days that says neither past nor future ("within 30 days") is left to the intent: a forecast looks ahead.
"""

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from app.assistant.slots.found import Found, Text, apart
from app.assistant.slots.numerals import number
from app.assistant.slots.time_words import PERIOD, UNIT_DAYS, named, shapes
from app.insights.lexicon import lexicon


class Times:
    """Reads times against the moment that is asked about, in the workspace's zone."""

    def __init__(self, as_of: datetime, zone: ZoneInfo) -> None:
        """Relative dates count from the local day of `as_of`."""
        self._today = as_of.astimezone(zone).date()

    def read(self, text: Text) -> list[Found]:
        """All times of a question, in order."""
        return apart(self._all(text.low))

    def _all(self, low: str) -> Iterator[Found]:
        for slot, value, pattern in named():
            yield from (Found(slot, value, *match.span()) for match in pattern.finditer(low))
        for kind, pattern in shapes():
            for match in pattern.finditer(low):
                try:
                    found = self._read(kind, match)
                except (ValueError, OverflowError):
                    continue
                if found:
                    yield Found(*found, *match.span())

    def _read(self, kind: str, match: re.Match[str]) -> tuple[str, str | int] | None:
        match kind:
            case "day":
                return PERIOD, _name(*self._span(match))
            case "since":
                return PERIOD, f"{self._span(match)[0]}..{self._today}"
            case "range":
                return self._range(match)
            case "quarter":
                return self._quarter(match)
            case "year":
                return PERIOD, match["y"]
        return _days(kind, match)

    def _span(self, match: re.Match[str], side: str = "") -> tuple[date, date]:
        said = {key.removesuffix(side): part for key, part in match.groupdict().items() if key.endswith(side)}
        month = _month(said["m"])
        year, day = self._year(said.get("y"), month), said.get("d")
        if day:
            return (on := date(year, month, int(day))), on
        return date(year, month, 1), _last_of(year, month)

    def _year(self, said: str | None, month: int) -> int:
        """The year as said, else that of the latest such month which has begun."""
        if said in ("去", "last year"):
            return self._today.year - 1
        if said and said[0].isdigit():
            return int(said) + (2000 if len(said) == 2 else 0)
        return self._today.year - (month > self._today.month and said not in ("今", "this year"))

    def _range(self, match: re.Match[str]) -> tuple[str, str]:
        first, last = self._span(match, "_a")[0], self._span(match, "_b")[1]
        if first > last:
            first = first.replace(year=first.year - 1)
        return PERIOD, f"{first}..{last}"

    def _quarter(self, match: re.Match[str]) -> tuple[str, str]:
        quarter = int(number(match["q"]))
        if not 1 <= quarter <= 4:
            raise ValueError(quarter)
        year = self._year(match["y"], 3 * quarter - 2)
        return PERIOD, f"{date(year, 3 * quarter - 2, 1)}..{_last_of(year, 3 * quarter)}"


def _days(slot: str, match: re.Match[str]) -> tuple[str, str | int] | None:
    number_of, unit = number(match["n"]), UNIT_DAYS[match["u"]]
    days = 180 if (number_of, unit) == (0.5, 365) else round(number_of * unit)
    if not 1 <= days <= 3660:
        return None
    return slot, (f"last_{days}_days" if slot == PERIOD else min(days, 730))


def _name(first: date, last: date) -> str:
    if first == last:
        return first.isoformat()
    return f"{first:%Y-%m}" if last == _last_of(first.year, first.month) else f"{first}..{last}"


def _last_of(year: int, month: int) -> date:
    return date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)


def _month(said: str) -> int:
    return lexicon().file.months.get(said) or int(number(said))
