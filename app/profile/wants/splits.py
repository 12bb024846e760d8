"""Where a run of wishes turns to something else, from one customer's own visits alone.

With the sequences before (b) and after (a) a split,

    log odds(s) = ln m(b) + ln m(a) - ln m(b, a) - ln(number of splits),

m the marginal likelihood of independent draws under a symmetric Dirichlet prior (Polya's urn; Barry and Hartigan 1993,
A Bayesian analysis for change point problems, uses the same product partition).
"""

from collections.abc import Sequence
from math import log
from typing import Final, NamedTuple

from app.profile.wants.wishes import Wish

_PRIOR: Final = 3.0
"""Weight of the even prior over all topics, on each side of a split."""


class Counts(NamedTuple):
    """Visits since a change and before it, and how many were about the new topic."""

    visits: int
    visits_to: int
    before: int
    before_to: int


class Split(NamedTuple):
    """The likeliest beginning of something new."""

    place: int
    odds: float


def best_split(rows: Sequence[Wish], topics: int) -> Split | None:
    """The split between two visits with the highest log odds; None with too few visits."""
    codes = [row.code for row in rows]
    places = [i for i in range(2, len(rows) - 1) if rows[i].visit != rows[i - 1].visit]
    if not places:
        return None
    ahead, back = _marginals(codes, topics), _marginals(codes[::-1], topics)[::-1]
    best = max(places, key=lambda i: ahead[i] + back[i])
    return Split(best, ahead[best] + back[best] - ahead[-1] - log(len(places)))


def _marginals(codes: Sequence[int], topics: int) -> list[float]:
    """[n + 1] ln m of the first 0, 1, ... n codes: each drawn with chance (count + a) / (n + A)."""
    counts: dict[int, int] = {}
    total, found, each = 0.0, [0.0], _PRIOR / topics
    for n, code in enumerate(codes):
        count = counts.get(code, 0)
        total += log((count + each) / (n + _PRIOR))
        counts[code] = count + 1
        found.append(total)
    return found


def most(rows: Sequence[Wish]) -> int:
    """The most frequent topic; among equals the newest."""
    codes = [row.code for row in rows][::-1]
    return max(codes, key=codes.count)


def counts_of(after: Sequence[Wish], before: Sequence[Wish], code: int) -> Counts:
    """Visits on both sides of a change, and those about the topic with this code."""
    return Counts(_visits(after), _visits(after, code), _visits(before), _visits(before, code))


def _visits(rows: Sequence[Wish], code: int | None = None) -> int:
    """Distinct visits; numbers come round after 256, which no remembered log spans."""
    return len({row.visit for row in rows if code is None or row.code == code})
