"""How well changes of interest were found: which report is which true change, and what that comes to.

Reports of one customer that lie at most WITHIN days apart are two stories of the same days: only the surest of them
counts. A report finds a true change when both topics are right and its day is at most WITHIN days off; each report
finds at most one change and each change is found once. Figures over customers c with weights v (bootstrap draws):

    recall = sum v found / sum v true,   false = sum v false / sum v quarters,  the latter over those without an arc.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

WITHIN = 10
"""Days by which the beginning of a change may be missed."""
QUARTER = 91
"""Days."""


class Change(NamedTuple):
    """Something else is wanted most from a day on."""

    before: str
    after: str
    day: int


def one_story(days: Sequence[int], confidence: Sequence[float]) -> list[int]:
    """Positions of one customer's reports that count, in their order; among equally sure ones the first goes first."""
    counted: list[int] = []
    for place in sorted(range(len(days)), key=lambda place: -confidence[place]):
        if all(abs(days[place] - days[other]) > WITHIN for other in counted):
            counted.append(place)
    return sorted(counted)


def matches(true: Sequence[Change], reported: Sequence[Change]) -> dict[int, int]:
    """Positions of true changes that were found, with those of their reports; the nearest days are paired first."""
    near = sorted(
        (abs(t.day - r.day), i, j)
        for i, t in enumerate(true)
        for j, r in enumerate(reported)
        if t[:2] == r[:2] and abs(t.day - r.day) <= WITHIN
    )
    found: dict[int, int] = {}
    for _, i, j in near:
        if i not in found and j not in found.values():
            found[i] = j
    return found


class Tally(NamedTuple):
    """Counts per customer, [C]: what was to be found, what was, and what was made up."""

    true: Floats
    found: Floats
    false: Floats
    """Reports about customers without an arc; zero for the others."""
    quarters: Floats
    """Time for which customers without an arc were watched; zero for the others."""

    def recall(self, weight: Floats) -> float:
        """NaN where there was nothing to be found."""
        return _ratio(float(weight @ self.found), float(weight @ self.true))

    def false_rate(self, weight: Floats) -> float:
        """Per quarter; NaN where nobody without an arc was watched."""
        return _ratio(float(weight @ self.false), float(weight @ self.quarters))


def tally(
    true: Sequence[Sequence[Change]], reported: Sequence[Sequence[Change]], quiet_quarters: Mapping[int, float]
) -> Tally:
    """`quiet_quarters` names the customers without an arc, with the quarters for which they were watched."""
    quarters = np.array([quiet_quarters.get(customer, 0.0) for customer in range(len(true))])
    return Tally(
        true=_counts(true),
        found=_counts([matches(t, r) for t, r in zip(true, reported, strict=True)]),
        false=_counts(reported) * (quarters > 0),
        quarters=quarters,
    )


def _counts(things: Iterable[Sequence[Change] | Mapping[int, int]]) -> Floats:
    return np.array([len(of) for of in things], dtype=np.float64)


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole > 0 else float("nan")


def gap_closed(ours: float, naive: float, oracle: float) -> float:
    """Share of the way from the naive ceiling to the oracle; NaN unless the oracle is the better one."""
    return (ours - naive) / (oracle - naive) if oracle > naive else float("nan")
