"""Do decayed interests know what a customer buys next? On any log of events, beside three simpler rankings.

The ranking is the product's: its decay (app/profile/wants/interests.py), its impact by kind of event
(taxonomy.yaml), with items as topics. The half-life is fitted on purchases before each customer's last one, so nothing
of a target is seen.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
from pydantic import AfterValidator, Field

from app.access.schemas import known_zone
from app.bootstrap import shipped_taxonomy
from app.errors import InvalidInput
from app.events.schemas import EventKind
from app.events.time_formats import check_format
from app.schema import Frozen
from app.text.taxonomy import Taxonomy
from evals.event_log import Columns, EventLog, TimeUnit, kinds_in, our_kind, read
from evals.intervals import Floats, draw, interval, wilson
from evals.provenance import file_hash
from evals.scorers import next_item as scorer
from evals.scorers.next_item import DECAYED, HALF_LIVES, LAST_TOUCHED, POPULARITY, RANKINGS, UNDECAYED, Fit, Person
from evals.task import Curve, Metric, Plain, Sample, Say, Score, TaskResult

ROUNDS = 1000
MOST_SAMPLES = 100_000
"""Customers kept one by one; figures always stand on all of them."""
_BASELINES = (POPULARITY, LAST_TOUCHED, UNDECAYED)


class NextItemOptions(Frozen):
    """Options of `run next-item`."""

    events: Path | None = None
    """Parquet or CSV file with one row per event"""
    user: str = "user_id"
    """column that names the customer"""
    item: str = "item_id"
    """column that names the item"""
    event: str = "event"
    """column that says what was done"""
    time: str = "time"
    """column with the moment"""
    kinds: str = ""
    """what counts as history, as the log names it, separated by commas; without it every kind whose name is known"""
    target: str = "purchase"
    """what is predicted, as the log names it"""
    map: tuple[str, ...] = ()
    """name=kind, which of our kinds a name of the log means, where its name does not say so"""
    repeat: bool = False
    """items already bought stay in the rankings: for shops in which people buy the same again"""
    time_format: str = ""
    """format of the time column as a mapping names it: dmy, compact, %d/%m/%Y ...; without it what reads in one way"""
    time_unit: TimeUnit = "auto"
    """of numbers: s, ms, us, ns, hours, days; without it by their size, below 100,000 days"""
    zone: Annotated[str, AfterValidator(known_zone)] = "UTC"
    """zone of times that carry none"""
    limit: int | None = Field(default=None, ge=1)
    """score this many customers, drawn by the seed; without it all"""
    seed: int = Field(default=7, ge=0)
    """seed of the draw and of the bootstrap"""


class _Kinds(NamedTuple):
    """Names in the log, history first, and the impact of each that is history."""

    names: tuple[str, ...]
    impact: Mapping[int, float]
    target: int
    said: str


class NextItem:
    """The task."""

    name = "next-item"
    purpose = "Whether decayed interests rank what a customer buys next, on any log of events."
    options = NextItemOptions

    def run(self, options: NextItemOptions, say: Say) -> TaskResult:
        """Rank, fit on earlier purchases, score on the last ones."""
        path, columns = _asked(options)
        taxonomy = shipped_taxonomy()
        kinds = _kinds(kinds_in(path, columns), options, taxonomy)
        say(f"reading {path}")
        log = read(path, columns, kinds.names)
        everybody = scorer.people(log, history=list(kinds.impact), target=kinds.target)
        if not everybody:
            raise InvalidInput(f"{path}: no customer has {options.target!r} events with an earlier event to go by")
        fitted = scorer.fit(
            log,
            everybody,
            impact=kinds.impact,
            target=kinds.target,
            repeat=options.repeat,
            seed=options.seed,
            default=taxonomy.half_life_days(""),
        )
        persons = _drawn(everybody, options)
        say(f"half-life {fitted.days:.3g} days; ranking {len(log.items):,} items for {len(persons):,} customers")
        places = scorer.places(
            log, persons, impact=kinds.impact, target=kinds.target, repeat=options.repeat, days=fitted.days
        )
        figures = _figures((places == 1).astype(np.float64), (places > 0).astype(np.float64), seed=options.seed)
        touched = [_touched(log, person, options.repeat) for person in persons]
        return TaskResult(
            task=self.name,
            seed=options.seed,
            n=len(persons),
            metrics=_ours(figures) | {"target_touched_before": wilson(sum(touched), len(touched))},
            baselines={name: {at: figures[name, at] for at in ("hr1", "hr10")} for name in _BASELINES},
            differences={name: {at: figures[f"{DECAYED}-{name}", at] for at in ("hr1", "hr10")} for name in _BASELINES},
            provenance=_provenance(path, log, kinds, fitted),
            samples=[_sample(log, p, row) for p, row in zip(persons[:MOST_SAMPLES], places.tolist(), strict=False)],
            curves=_curves(fitted),
        )


def _asked(options: NextItemOptions) -> tuple[Path, Columns]:
    if options.events is None:
        raise InvalidInput(
            "name the log of events with --events FILE, its columns with --user, --item, --event, --time"
        )
    try:
        check_format(options.time_format)
    except ValueError as error:
        raise InvalidInput(f"--time-format: {error}") from None
    zone = ZoneInfo(options.zone)
    given = (options.user, options.item, options.event, options.time)
    return options.events, Columns(*given, zone=zone, time_format=options.time_format, time_unit=options.time_unit)


def _kinds(present: Sequence[str], options: NextItemOptions, taxonomy: Taxonomy) -> _Kinds:
    said = _said(options.map)
    asked = tuple(dict.fromkeys(filter(None, (name.strip() for name in options.kinds.split(",")))))
    history = asked or tuple(name for name in present if our_kind(name, said))
    for option, names in (("--kinds", asked), ("--target", (options.target,))):
        for name in names:
            if name not in present:
                raise InvalidInput(f"{option} {name!r}: the log has no such event (it has: {', '.join(present[:20])})")
    ours = {name: our_kind(name, said) for name in history}
    for name, kind in ours.items():
        if kind is None:
            raise InvalidInput(f"--kinds {name!r}: which of our kinds is that? Say so with --map {name}=view")
    names = tuple(dict.fromkeys((*history, options.target)))
    impact = {names.index(name): taxonomy.impact(kind) for name, kind in ours.items() if kind}
    words = ", ".join(f"{name} ({kind}) {taxonomy.impact(kind):g}" for name, kind in ours.items() if kind)
    return _Kinds(names, impact, names.index(options.target), words)


def _said(pairs: Sequence[str]) -> dict[str, str]:
    said = dict(pair.rpartition("=")[::2] for pair in pairs)
    for name, kind in said.items():
        if not name or kind not in list(EventKind):
            raise InvalidInput(f"--map {name}={kind}: write name=kind with one of {', '.join(EventKind)}")
    return said


def _drawn(persons: Sequence[Person], options: NextItemOptions) -> list[Person]:
    if options.limit is None or options.limit >= len(persons):
        return list(persons)
    chosen = np.random.default_rng(options.seed).permutation(len(persons))[: options.limit]
    return [persons[i] for i in sorted(chosen.tolist())]


def _touched(log: EventLog, person: Person, repeat: bool) -> bool:
    seen = person.targets.intersection(log.item[person.first : person.cut].tolist())
    return bool(seen if repeat else seen - person.bought)


def _figures(first: Floats, among: Floats, *, seed: int) -> dict[tuple[str, str], Metric]:
    """HR@1 and HR@10 of every ranking, and ours minus each; all redrawn together, so differences are paired."""
    columns = {
        (name, at): hits[:, i] for at, hits in (("hr1", first), ("hr10", among)) for i, name in enumerate(RANKINGS)
    }
    for name in _BASELINES:
        for at in ("hr1", "hr10"):
            columns[f"{DECAYED}-{name}", at] = columns[DECAYED, at] - columns[name, at]
    table, n = np.column_stack(list(columns.values())), len(first)
    drawn = draw(
        lambda weight: dict(zip(columns, (weight @ table / n).tolist(), strict=True)), n, rounds=ROUNDS, seed=seed
    )
    return {key: interval(values, n) for key, values in drawn.items()}


def _ours(figures: Mapping[tuple[str, str], Metric]) -> dict[str, Metric]:
    pairs = (
        (f"{DECAYED}_minus_{name}_{at}", figures[f"{DECAYED}-{name}", at])
        for at in ("hr1", "hr10")
        for name in (LAST_TOUCHED, UNDECAYED)
    )
    return {at: figures[DECAYED, at] for at in ("hr1", "hr10")} | dict(pairs)


def _provenance(path: Path, log: EventLog, kinds: _Kinds, fitted: Fit) -> dict[str, Plain]:
    return {
        "data": path.name,
        "data_sha256": file_hash(path),
        "events": len(log.item),
        "items": len(log.items),
        "unusable_rows": log.unusable,
        "kinds": kinds.said,
        "half_life_days": round(fitted.days, 4),
        "half_life_from": fitted.origin,
    }


def _sample(log: EventLog, person: Person, row: Sequence[int]) -> Sample:
    places = dict(zip(RANKINGS, row, strict=True))
    return Sample(
        id=log.customers[person.number],
        target={"items": " ".join(sorted(log.items[item] for item in person.targets)[:20])},
        output=dict(places),
        scores={"hr1": Score(float(places[DECAYED] == 1)), "hr10": Score(float(places[DECAYED] > 0))},
    )


def _curves(fitted: Fit) -> list[Curve]:
    if not fitted.reciprocal_ranks:
        return []
    points = list(zip(HALF_LIVES.tolist(), fitted.reciprocal_ranks, strict=True))
    return [
        Curve(
            title="What came before the targets, ranked by half-life",
            x="half-life, days",
            y="mean reciprocal rank",
            lines={"fit": points},
        )
    ]
