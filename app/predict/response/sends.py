"""Logged sends, and how long their rewards take to come in.

Rewards that come late look like failures in the newest sends. The share of an action's rewards that has come in after
a time is 1 - S(t) over 1 - S(end), S the product-limit estimate of "no reward yet" (Kaplan, Meier 1958, J. Am. Stat.
Assoc. 53, 457-481), with sends that are still open counted as censored.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.predict.inputs.purchases import Floats, Ints

Flags = NDArray[np.bool_]


class Sends(NamedTuple):
    """One row per send, in order of time; `n` rows."""

    customer: Ints
    time: Floats
    """In any unit, the same throughout."""
    action: Ints
    """Place in `actions`."""
    actions: tuple[str, ...]
    reward: Floats
    """What came of it in the end; 0 for nothing. An answer may be worth nothing, too."""
    rewarded_at: Floats
    """When the answer came; NaN without one."""

    def known(self, at: Floats | float) -> Flags:
        """Whose answer had come before a moment."""
        return np.asarray(self.rewarded_at < at, np.bool_)


class Arrivals(NamedTuple):
    """For each action: after which times since the send its rewards came, and the share that had come by then."""

    times: tuple[Floats, ...]
    shares: tuple[Floats, ...]
    chance: Floats
    """Share of sends that bring a reward in the end, shape [actions]."""

    def share(self, action: Ints, elapsed: Floats) -> Floats:
        """Share of an action's rewards that has come in after `elapsed`; 1 for an action without any."""
        found = np.ones(len(action))
        for place, (times, shares) in enumerate(zip(self.times, self.shares, strict=True)):
            if len(times):
                rows = action == place
                found[rows] = np.append(0.0, shares)[np.searchsorted(times, elapsed[rows], side="right")]
        return found

    def oldest_open(self, sends: Sends, until: float, least: float) -> float:
        """The time from which on some action has had less than `least` of its rewards by `until`.

        Sends before it are ripe to learn from, all actions alike.
        """
        latest = until
        for times, shares in zip(self.times, self.shares, strict=True):
            if len(times):
                latest = min(latest, until - float(times[np.searchsorted(shares, least)]))
        return latest


def arrivals(sends: Sends, until: float) -> Arrivals:
    """Learn from all sends before `until`, with the rewards that had come by then."""
    before = sends.time < until
    known = sends.known(until)
    fitted = [
        _product_limit(sends, before & (sends.action == place), known, until) for place in range(len(sends.actions))
    ]
    times, shares, chance = zip(*fitted, strict=True)
    return Arrivals(times, shares, np.array(chance))


def _product_limit(sends: Sends, rows: Flags, known: Flags, until: float) -> tuple[Floats, Floats, float]:
    rewarded = known[rows]
    waited = np.where(rewarded, sends.rewarded_at[rows], until) - sends.time[rows]
    if not rewarded.any():
        return np.zeros(0), np.zeros(0), 0.0
    waited_sorted = np.sort(waited)
    times, came = np.unique(waited[rewarded], return_counts=True)
    at_risk = len(waited) - np.searchsorted(waited_sorted, times, side="left")
    left = np.cumprod(1.0 - came / at_risk)
    return times, (1.0 - left) / (1.0 - left[-1]), float(1.0 - left[-1])
