"""How near a chosen sequence of claims comes to the composer's."""

from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple


class Agreement(NamedTuple):
    """One answer beside the composer's choice over the same claims."""

    named: int
    """Different numbers in the answer."""
    existing: int
    """Those of them under which a claim was shown."""
    same: bool
    """The same claims in the same order."""
    f1: float
    """Harmonic mean of precision and recall of the claims told, in any order."""
    tau: float | None
    """Kendall's tau-a over the claims that both tell, from -1 (reversed) to 1; None for fewer than two."""


def agreement(chosen: Sequence[int], wanted: Sequence[int], *, shown: int) -> Agreement:
    """`chosen` against `wanted`, numbers of `shown` claims; a number given twice counts where it came first."""
    numbers = tuple(dict.fromkeys(chosen))
    existing = [number for number in numbers if 1 <= number <= shown]
    common = set(existing) & set(wanted)
    return Agreement(
        named=len(numbers),
        existing=len(existing),
        same=existing == list(wanted),
        f1=2 * len(common) / max(len(existing) + len(wanted), 1),
        tau=_tau([n for n in existing if n in common], wanted),
    )


def _tau(order: Sequence[int], wanted: Sequence[int]) -> float | None:
    """(concordant - discordant) / pairs (Kendall 1938)."""
    place = {number: i for i, number in enumerate(wanted)}
    signs = [1 if place[a] < place[b] else -1 for a, b in combinations(order, 2)]
    return sum(signs) / len(signs) if signs else None
