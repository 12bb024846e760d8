"""The tables about a customer's paths, in words: the same on the page, in the report and in a terminal."""

from typing import NamedTuple

from app.console.format import Formatter
from app.predict.schemas import PathPoint, ValuePath
from app.strategy.told_paths import CustomerPaths, PathGround, PathSource


class Rows(NamedTuple):
    """A table: its headings, and its cells line by line."""

    head: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]


def summary(found: CustomerPaths, show: Formatter) -> Rows:
    """One line per action: the end of its path, what it adds with the interval, what it costs; a dash for unknown."""
    say, days = show.say, found.values.horizon_days
    columns = ("gain", "interval", "cost")
    head = ("", say("paths.expected", days=days), *(say(f"paths.{name}") for name in columns))
    currency = found.values.currency
    return Rows(head, tuple((ground.name, *_end(path, currency, show)) for path, ground in found.shown()))


def sources(ground: PathGround, currency: str, show: Formatter) -> Rows:
    """One line per past arm behind a path: what it was, how it was measured, on how many, what came of it."""
    columns = ("title", "kind", "treated", "control", "lift", "age")
    head = tuple(show.say(f"paths.source.{name}") for name in columns)
    return Rows(head, tuple(_source(source, currency, show) for source in ground.sources))


def by_day(found: CustomerPaths, show: Formatter) -> Rows:
    """One line per day of the paths, each amount with its interval where there is one."""
    paths = [path for path, _ in found.shown()]
    head = (show.say("paths.day"), *(ground.name for _, ground in found.shown()))
    lines = (
        (str(point.day), *(_amount(path.points[i], found, show) if path.points else "–" for path in paths))
        for i, point in enumerate(paths[0].points if paths else ())
    )
    return Rows(head, tuple(lines))


def _end(path: ValuePath, currency: str, show: Formatter) -> tuple[str, ...]:
    gain, cost = (path.gains or (None,))[-1], path.lift.cost_minor if path.lift else None
    return (
        show.exact(path.points[-1].expected_minor, currency) if path.points else "–",
        show.exact(gain.expected_minor, currency) if gain else "–",
        _from_to(gain.low_minor, gain.high_minor, currency, show) if gain else "–",
        "–" if cost is None else show.exact(round(cost), currency),
    )


def _source(source: PathSource, currency: str, show: Formatter) -> tuple[str, ...]:
    lift = source.measured
    return (
        f"{source.title} · {source.arm_id}",
        show.say(f"strategy.evidence_kind.{source.evidence_kind}"),
        show.number(lift.treated_n),
        show.number(lift.control_n),
        f"{show.exact(round(lift.mean), currency)} ({_from_to(lift.low, lift.high, currency, show)})",
        show.say("list.days_ago", days=source.age_days),
    )


def _amount(point: PathPoint, found: CustomerPaths, show: Formatter) -> str:
    mean, low, high = point.expected_minor, point.low_minor, point.high_minor
    said, currency = show.exact(mean, found.values.currency), found.values.currency
    return said if low == high else f"{said} ({_from_to(low, high, currency, show)})"


def _from_to(low: float, high: float, currency: str, show: Formatter) -> str:
    ends = {"low": show.exact(round(low), currency), "high": show.exact(round(high), currency)}
    return show.say("paths.from_to", **ends)
