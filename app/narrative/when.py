"""When something happened, as people say it on the day of the reading."""

from bisect import bisect_right
from datetime import date, datetime
from typing import Final

from app.narrative.formats import formats
from app.narrative.phrases import wording
from app.schema import Lang

_PARTS: Final = (5, 9, 12, 14, 18, 23)
"""Hours at which the parts of a day begin after the small hours."""
_NAMES: Final = ("small_hours", "early", "morning", "noon", "afternoon", "evening", "night")
_COUNTED_TO: Final = 9
"""Days of the week before the last that are counted; those beyond are about ten."""
_WEEKS_FROM: Final = 12
"""Days from which weeks are counted ..."""
_MONTHS_FROM: Final = 46
"""... and from which months are named."""


class When:
    """Relative time words of one reading."""

    def __init__(self, now: datetime, lang: Lang) -> None:
        """`now` is local."""
        self._today, self._year, self._words = now.date().toordinal(), now.year, wording(lang).when
        self._months = formats(lang).months
        self._numbers = wording(lang).names["numbers"]
        self._weekdays = wording(lang).names["weekdays"]
        self._monday = self._today - now.weekday()

    def said(self, local: datetime) -> str:
        """The words for a local moment that is not after the reading."""
        day = local.toordinal()
        past = self._today - day
        if past >= _WEEKS_FROM:
            return self.day(local)
        part = part_of_day(local)
        if past <= 1:
            return self._words[f"{'today' if past <= 0 else 'yesterday'}_{part}"]
        return self._near(local.weekday(), day, self._words[part])

    def day(self, day: datetime | date) -> str:
        """The same without the part of the day."""
        ordinal = day.toordinal()
        past = self._today - ordinal
        if past <= 1:
            return self._words["today" if past <= 0 else "yesterday"]
        if past < _WEEKS_FROM:
            return self._near(day.weekday(), ordinal, "")
        if past < _MONTHS_FROM:
            return self._words["weeks"].format(n=self._numbers[str(round(past / 7))])
        third = "begin" if day.day <= 10 else ("middle" if day.day <= 20 else "end")
        year = "" if day.year == self._year else ("_last_year" if day.year == self._year - 1 else "_year")
        return self._words[f"{third}{year}"].format(month=self._months[day.month], year=day.year)

    def _near(self, weekday: int, day: int, part: str) -> str:
        """A day of this week or the last; eight, nine or about ten days ago beyond."""
        name = self._weekdays[str(weekday)]
        if day >= self._monday:
            return self._words["this_week"].format(weekday=name, part=part)
        if day >= self._monday - 7:
            return self._words["last_week"].format(weekday=name, part=part)
        if (past := self._today - day) <= _COUNTED_TO:
            return self._words["days_ago"].format(n=self._numbers[str(past)])
        return self._words["ten_days"]


def part_of_day(local: datetime) -> str:
    """Which part of the day an hour belongs to."""
    return _NAMES[bisect_right(_PARTS, local.hour)]
