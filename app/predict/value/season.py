"""How much is bought in a stretch of days beside an average one: declared, and corrected by what was seen a year ago.

A shop that has not lived through an autumn cannot know what autumn brings. What it can have is a prior that somebody
declared (knowledge_base/calendar.yaml) and an interval that is wider where shops differ. A season that the shop itself
saw a year earlier counts as much as the prior, two years twice as much.
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, NamedTuple

import msgspec
import numpy as np
import yaml

from app.errors import InvalidInput
from app.predict.inputs.purchases import Floats

_SEEN_SPREAD = 0.08
"""How far a season differs from the one before (standard deviation of the logarithm)."""
_Factor = Annotated[float, msgspec.Meta(gt=0, le=10)]
_Months = Annotated[tuple[_Factor, ...], msgspec.Meta(min_length=12, max_length=12)]
_Spreads = Annotated[tuple[Annotated[float, msgspec.Meta(ge=0, le=1)], ...], msgspec.Meta(min_length=12, max_length=12)]
_Date = Annotated[str, msgspec.Meta(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$")]


class Stretch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Days of every year on which more (or less) is bought than in the rest of their month."""

    name: str
    first: _Date
    """Month and day, both ends included; within one year."""
    last: _Date
    factor: _Factor

    def __post_init__(self) -> None:
        """Refuse days in the wrong order; msgspec turns the ValueError into its own."""
        if self.first > self.last:
            raise ValueError(f"{self.name}: first {self.first} lies after last {self.last}; cut it at the year's end")


class Calendar(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One declared prior."""

    zones: tuple[str, ...] = ()
    """Time zones of the workspaces it is for."""
    months: _Months = (1.0,) * 12
    """Beside the average month, January first."""
    spread: _Spreads = (0.0,) * 12
    """Standard deviation of the logarithm between shops."""
    days: tuple[Stretch, ...] = ()

    def index(self, after: int, until: int) -> float:
        """Mean over the days in (after, until] of what is bought beside an average day; 1 for no day."""
        return _mean(_rates(self), after, until, empty=1.0)

    def doubt(self, after: int, until: int) -> float:
        """Mean spread over the days in (after, until]: shops that differ in one month differ in the next alike."""
        return _mean(_spreads(self), after, until, empty=0.0)


FLAT = Calendar()
"""No season at all."""


class Calendars(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All declared priors by name."""

    calendars: dict[str, Calendar]

    def of(self, zone: str) -> Calendar:
        """The calendar for a workspace in this time zone."""
        chosen = [c for c in self.calendars.values() if zone in c.zones]
        usual = [c for c in self.calendars.values() if not c.zones]
        return (chosen or usual or [FLAT])[0]


class Season(NamedTuple):
    """What is expected of a stretch beside the stretches that a model learned from."""

    factor: float
    doubt: float
    """Standard deviation of the logarithm of the factor."""
    years_seen: int
    """Earlier years in which the shop saw the same stretch."""


@cache
def load(path: Path) -> Calendars:
    """Read calendar.yaml; InvalidInput says what is wrong with it."""
    try:
        return msgspec.convert(yaml.safe_load(path.read_text(encoding="utf-8")), Calendars)
    except OSError as error:
        raise InvalidInput(f"{path}: {error.strerror}; the calendar of seasons is needed") from None
    except (yaml.YAMLError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise InvalidInput(f"{path}: not a calendar ({' '.join(str(error).split())[:200]})") from None


def season(calendar: Calendar, *, after: int, until: int, learned_on: float, seen: Sequence[float]) -> Season:
    """The factor for (after, until] of a model whose lessons fell where the declared index was `learned_on`.

    `seen` holds, per earlier year in which the shop saw this stretch, what was bought then beside what the same model
    expects of other stretches. Prior and years are averaged in logarithms, each with the same weight.
    """
    declared = float(np.log(calendar.index(after, until) / learned_on))
    shares = [declared, *(float(np.log(value)) for value in seen)]
    doubt = _SEEN_SPREAD if seen else calendar.doubt(after, until)
    return Season(float(np.exp(np.mean(shares))), doubt, len(seen))


@cache
def _rates(calendar: Calendar) -> Floats:
    """By month and day of month, shape [12, 31]."""
    table = np.repeat(np.array(calendar.months)[:, None], 31, axis=1)
    day_of_year = np.arange(12)[:, None] * 100 + np.arange(31)
    for stretch in calendar.days:
        first, last = (_place(text) for text in (stretch.first, stretch.last))
        table[(day_of_year >= first) & (day_of_year <= last)] *= stretch.factor
    return table


@cache
def _spreads(calendar: Calendar) -> Floats:
    return np.repeat(np.array(calendar.spread)[:, None], 31, axis=1)


def _place(text: str) -> int:
    month, day = text.split("-")
    return (int(month) - 1) * 100 + int(day) - 1


def _mean(table: Floats, after: int, until: int, *, empty: float) -> float:
    days = np.arange(after + 1, until + 1).astype("datetime64[D]")
    if not days.size:
        return empty
    months = days.astype("datetime64[M]")
    return float(table[months.astype(int) % 12, (days - months).astype(int)].mean())
