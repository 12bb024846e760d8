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
    micros: bool = False
    """Report microseconds per unit; `ahead` and `within` stay ratios of speed."""


class Flatness(msgspec.Struct, frozen=True, kw_only=True):
    """A path whose price should not grow: the same work on a small and on a large world, in turn."""

    path: str
    unit: str
    low: Side
    high: Side
    gate: Callable[[], None]
    rounds: int = 5


class Size(msgspec.Struct, frozen=True, kw_only=True):
    """A path that is measured and not timed: how large something is, which has to stay within a limit."""

    path: str
    unit: str
    size: Callable[[], float]
    limit: float


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """A path that is counted and not timed: which share of something is saved, which has to reach a floor."""

    path: str
    share: Callable[[], float]
    floor: float
    bound: Callable[[], float]
    """The largest share that anybody could reach on this input."""


Path = Contest | Flatness | Size | Share


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

    def prepare(self) -> AbstractContextManager[Sequence[Path]]:
        """Set the world up (files, stores) and take it down again."""
        ...


def measure(benches: Sequence[Bench], say: Say) -> BenchReport:
    """Run benches one after the other; several names make one report."""
    paths: list[PathReport] = []
    for bench in benches:
        say(f"{bench.name}: preparing")
        with bench.prepare() as contests:
            paths += [_measured(contest, say) for contest in contests]
    return BenchReport(bench=",".join(bench.name for bench in benches), paths=paths)


def _measured(path: Path, say: Say) -> PathReport:
    match path:
        case Contest():
            return run(path, say)
        case Flatness():
            return compare(path, say)
        case Size():
            return weigh(path)
        case Share():
            return count(path)


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


def compare(flatness: Flatness, say: Say) -> PathReport:
    """Gate, then the rounds: low, high, low, high ... The figure is the large world's price over the small one's."""
    flatness.gate()
    ratios: list[float] = []
    for turn in range(flatness.rounds):
        ratios.append(rate(flatness.low) / rate(flatness.high))
        say(f"{flatness.path}: round {turn + 1}/{flatness.rounds}  {short(ratios[-1])}x")
    middle = statistics.median(ratios)
    return PathReport(
        path=flatness.path,
        unit=flatness.unit,
        ours=middle,
        peer=None,
        peer_name="",
        limit=1.0,
        ahead=None,
        within=middle,
        spread=(max(ratios) - min(ratios)) / middle,
    )


def weigh(size: Size) -> PathReport:
    """Gate and figure in one: GateFailedError beyond the limit."""
    found = size.size()
    if found > size.limit:
        raise GateFailedError(f"{size.path}: {short(found)} {size.unit}, the limit is {short(size.limit)}")
    return PathReport(
        path=size.path,
        unit=size.unit,
        ours=found,
        peer=None,
        peer_name="",
        limit=size.limit,
        ahead=None,
        within=size.limit / found if found else None,
        spread=0.0,
    )


def count(share: Share) -> PathReport:
    """Gate and figure in one: GateFailedError below the floor."""
    found, bound = share.share(), share.bound()
    if found < share.floor:
        raise GateFailedError(f"{share.path}: {found:.3f}, the floor is {share.floor}")
    return PathReport(
        path=share.path,
        unit="share",
        ours=found,
        peer=None,
        peer_name="",
        limit=bound,
        ahead=None,
        within=bound / found,
        spread=0.0,
    )


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
    shown = _micros if contest.micros else float
    return PathReport(
        path=contest.path,
        unit=contest.unit,
        ours=shown(ours),
        peer=None if peer is None else shown(peer),
        peer_name=contest.peer_name,
        limit=shown(limit),
        ahead=None if peer is None else ours / peer,
        within=limit / ours,
        spread=(max(rates["ours"]) - min(rates["ours"])) / ours,
    )


def _micros(rate: float) -> float:
    return 1e6 / rate


def _so_far(rates: dict[str, list[float]]) -> str:
    return "  ".join(f"{side} {values[-1]:,.0f}/s" for side, values in rates.items() if values)


def _line(path: PathReport) -> str:
    if path.peer is None and not path.peer_name:
        return f"{path.path} [{path.unit}]: {short(path.ours)}, spread {path.spread:.0%}"
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
