"""What behaviour says of every customer at the end of a day, as columns that estimators learn from and serve with.

Nothing after that day is read: the same builder makes the rows of earlier cuts and those of today.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from app.predict.behaviour.days import Behaviour
from app.predict.behaviour.signs import SIGNALS, Acts, Signs
from app.predict.inputs.purchases import Floats, Ints

WINDOWS = (7, 30, 90)
"""Days back over which active days are counted."""
RECENT = 30
"""Days of which the counts are set beside those of as many days before."""
_COUNTED = ("pages", "searches", "wants", "answers", "talks", "refunds", "messages")
_USUAL_GAP_DAYS = 14.0
"""A gap that is broadly usual, for a customer with few of their own: it weighs as one of them."""
_BEFORE_ALL = -1
"""A day before all that is on record."""
_NEVER = 10_000.0
"""Days since what has never happened."""


class Rhythm(NamedTuple):
    """The days on which each customer did something, by the end of a day; shape [customers]."""

    first: Floats
    last: Floats
    """Both -inf for who has done nothing."""
    active: Ints
    """Days with acts."""

    @property
    def gap(self) -> Floats:
        """Usual days between them, leaning on what is broadly usual where there are few."""
        span = np.subtract(self.last, self.first, where=self.active > 0, out=np.zeros(self.active.size))
        return (span + _USUAL_GAP_DAYS) / np.maximum(self.active, 1)


@dataclass(frozen=True)
class BehaviourColumns:
    """The columns of one cohort's behaviour at the end of any day."""

    behaviour: Behaviour

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Of the columns; the same on every day."""
        return behaviour_features(self.behaviour.until(_BEFORE_ALL), _BEFORE_ALL)[0]

    def at(self, day: int) -> Floats:
        """[customers, names]; NaN all over where acts were not on record for long enough before that day."""
        if not self.behaviour.tells(day):
            return np.full((len(self.behaviour.customer_ids), len(self.names)), np.nan)
        return behaviour_features(self.behaviour, day)[1]


def behaviour_features(behaviour: Behaviour, day: int) -> tuple[tuple[str, ...], Floats]:
    """Names and [customers, names]; NaN where something is not known. Days since what never happened are 10,000."""
    size = len(behaviour.customer_ids)
    acts, visits = behaviour.acts.until(day), behaviour.visits.until(day)
    found = _pace("act", acts, size, day) | _pace("visit", visits, size, day)
    found |= _counts(behaviour, day)
    if behaviour.signs is not None:
        found |= _signs(behaviour.signs, day)
    return tuple(found), np.column_stack(list(found.values()))


def rhythm(acts: Acts, size: int) -> Rhythm:
    """Of `size` customers; `acts` are cut at the day of the view."""
    first, last = np.full(size, -np.inf), np.full(size, -np.inf)
    begins = np.flatnonzero(np.diff(acts.customer, prepend=-1))
    ends = np.append(begins[1:], acts.customer.size)[: begins.size] - 1
    who = acts.customer[begins]
    first[who], last[who] = acts.day[begins], acts.day[ends]
    return Rhythm(first, last, np.bincount(acts.customer, minlength=size))


def _pace(name: str, acts: Acts, size: int, day: int) -> dict[str, Floats]:
    """When they last came, how often they come, and how long that is for them."""
    own = rhythm(acts, size)
    silent, gap = np.minimum(day - own.last, _NEVER), own.gap
    recent = {
        days: np.bincount(acts.customer[acts.day > day - days], minlength=size) for days in (*WINDOWS, 2 * RECENT)
    }
    return {
        f"{name}_silence": silent,
        f"{name}_gap": gap,
        f"{name}_silence_in_gaps": silent / gap,
        f"{name}_tenure": np.minimum(day - own.first, _NEVER),
        f"{name}_days": own.active.astype(np.float64),
        **{f"{name}_days_{days}": recent[days].astype(np.float64) for days in WINDOWS},
        f"{name}_days_change": (2 * recent[RECENT] - recent[2 * RECENT]).astype(np.float64),
    }


def _counts(behaviour: Behaviour, day: int) -> dict[str, Floats]:
    """Of the last days, and for what is common enough its change against as many days before."""
    size = len(behaviour.customer_ids)
    now = (behaviour.day <= day) & (behaviour.day > day - RECENT)
    before = (behaviour.day <= day - RECENT) & (behaviour.day > day - 2 * RECENT)
    found: dict[str, Floats] = {}
    for name in _COUNTED:
        column = behaviour.column(name)
        recent = np.bincount(behaviour.customer[now], column[now], size).astype(np.float64)
        earlier = np.bincount(behaviour.customer[before], column[before], size).astype(np.float64)
        found[f"{name}_{RECENT}"], found[f"{name}_change"] = recent, recent - earlier
    return found


def _signs(signs: Signs, day: int) -> dict[str, Floats]:
    """Each early sign: its size (0 where it does not stand) and the days since it was raised.

    NaN for all where they are unknown for too many: an estimator must not learn from half of the signs.
    """
    size, days = signs.at(day)
    if not signs.known(day):
        size, days = np.full_like(size, np.nan), np.full_like(days, np.nan)
    standing = np.where(np.isnan(size).all(axis=1), np.nan, (size > 0).sum(axis=1))
    found = {"signs_standing": standing}
    for place, name in enumerate(SIGNALS):
        found[f"sign_{name.value}"] = size[:, place]
        found[f"sign_{name.value}_days"] = days[:, place]
    return found
