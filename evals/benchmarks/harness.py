"""Time peer, ours and limit in turn, in one process, after checking that peer and ours give the same answer.

Interleaving matters: a slow spell of the machine then hits all three alike. Figures are medians over the rounds.
"""

import statistics
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from time import perf_counter
from typing import Protocol

import msgspec

from app.errors import UnderstoryError
from evals.charts import short
from evals.task import Plain, Say

Work = Callable[[], int]
"""What is timed: does the work and says how many units it did."""

Side = Callable[[], AbstractContextManager[Work]]
"""One round of one side: sets up outside the clock, yields the work, takes down again."""


class GateFailedError(UnderstoryError):
    """Peer and ours disagree, so their times mean nothing."""


class Contest(msgspec.Struct, frozen=True, kw_only=True):
    """One path to be timed. All three do the same work on the same input, in a rate (units per second)."""

    path: str
    unit: str
    ours: Side
    limit: Side
    peer: Side | None
    """None when the peer's package is not installed."""
    peer_name: str
    gate: Callable[[], None]
    """Raises GateFailedError when the answers differ."""
    rounds: int = 5


class PathReport(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a bench. `ahead` = ours over peer, `within` = limit over ours; `spread` is that of ours."""

    path: str
    unit: str
    ours: float
    peer: float | None
    peer_name: str
    limit: float | None
    ahead: float | None
    within: float | None
    spread: float
    """(largest - smallest) / median of ours."""


class BenchReport(msgspec.Struct, frozen=True, kw_only=True):
    """The one JSON object of `bench`."""

    bench: str
    paths: list[PathReport]
    provenance: dict[str, Plain] = {}

    def as_text(self) -> str:
        """A table to read."""
        return "\n".join(_line(path) for path in self.paths)


class Bench(Protocol):
    """A named set of contests over one prepared world."""

    @property
    def name(self) -> str:
        """The word after `bench`."""
        ...

    @property
    def purpose(self) -> str:
        """One line: what is timed against what."""
        ...

    def prepare(self) -> AbstractContextManager[Sequence[Contest]]:
        """Set the world up (files, stores) and take it down again."""
        ...


def measure(benches: Sequence[Bench], say: Say) -> BenchReport:
    """Run benches one after the other; several names make one report."""
    paths: list[PathReport] = []
    for bench in benches:
        say(f"{bench.name}: preparing")
        with bench.prepare() as contests:
            paths += [run(contest, say) for contest in contests]
    return BenchReport(bench=",".join(bench.name for bench in benches), paths=paths)


def run(contest: Contest, say: Say) -> PathReport:
    """Gate, then the rounds: peer, ours, limit, peer, ours, limit ..."""
    contest.gate()
    say(f"{contest.path}: answers agree")
    rates: dict[str, list[float]] = {"peer": [], "ours": [], "limit": []}
    sides = {"peer": contest.peer, "ours": contest.ours, "limit": contest.limit}
    for turn in range(contest.rounds):
        for name, side in sides.items():
            if side is not None:
                rates[name].append(rate(side))
        say(f"{contest.path}: round {turn + 1}/{contest.rounds}  {_so_far(rates)}")
    return report(contest, rates)


def rate(side: Side) -> float:
    """Units per second of one round; setting up and taking down are not timed."""
    with side() as work:
        start = perf_counter()
        units = work()
        return units / (perf_counter() - start)


def report(contest: Contest, rates: dict[str, list[float]]) -> PathReport:
    """Medians and ratios."""
    ours, limit = statistics.median(rates["ours"]), statistics.median(rates["limit"])
    peer = statistics.median(rates["peer"]) if rates["peer"] else None
    return PathReport(
        path=contest.path,
        unit=contest.unit,
        ours=ours,
        peer=peer,
        peer_name=contest.peer_name,
        limit=limit,
        ahead=None if peer is None else ours / peer,
        within=limit / ours,
        spread=(max(rates["ours"]) - min(rates["ours"])) / ours,
    )


def _so_far(rates: dict[str, list[float]]) -> str:
    return "  ".join(f"{side} {values[-1]:,.0f}/s" for side, values in rates.items() if values)


def _line(path: PathReport) -> str:
    parts: Iterable[tuple[str, float | None]] = (
        ("ours", path.ours),
        (path.peer_name, path.peer),
        ("limit", path.limit),
    )
    figures = ", ".join(f"{name} {short(value)}" for name, value in parts)
    return (
        f"{path.path} [{path.unit}]: {figures}; {short(path.ahead)}x ahead of the peer, "
        f"within {short(path.within)}x of the limit, spread {path.spread:.0%}"
    )
