"""Two runs of one task, B minus A.

Where both runs scored the same samples, the difference is that of the sample scores, paired. Otherwise it is the
difference of the two metrics, with an interval that takes the runs as independent (wider, and said so).
"""

from pathlib import Path
from typing import Literal

import msgspec
import numpy as np

from app.errors import InvalidInput
from evals.intervals import mean
from evals.runs import load_samples, load_summary
from evals.task import SCHEMA_VERSION, Metric, Sample, Summary

Ground = Literal["paired", "independent"]


class Difference(msgspec.Struct, frozen=True):
    """B minus A for one figure."""

    name: str
    a: Metric | None
    b: Metric | None
    difference: Metric
    ground: Ground


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """The one JSON object of `compare`."""

    schema_version: int
    task: str
    a: str
    b: str
    differences: list[Difference]


def compare(a: Path, b: Path) -> Comparison:
    """Compare the runs in two folders (or two summary files)."""
    one, two = load_summary(a), load_summary(b)
    if one.task != two.task:
        raise InvalidInput(f"these are runs of two tasks ({one.task}, {two.task}); compare runs of one")
    paired = _paired(load_samples(a), load_samples(b), seed=two.seed)
    return Comparison(
        schema_version=SCHEMA_VERSION,
        task=one.task,
        a=str(a),
        b=str(b),
        differences=paired + _independent(one, two, known={d.name for d in paired}),
    )


def _paired(a: list[Sample], b: list[Sample], *, seed: int) -> list[Difference]:
    before = {sample.id: sample for sample in a}
    pairs = [(before[sample.id], sample) for sample in b if sample.id in before]
    names = sorted({name for one, two in pairs for name in one.scores.keys() & two.scores.keys()})
    return [found for name in names if (found := _one_pair(name, pairs, seed)) is not None]


def _one_pair(name: str, pairs: list[tuple[Sample, Sample]], seed: int) -> Difference | None:
    both = []
    for one, two in pairs:
        before, after = one.scores.get(name), two.scores.get(name)
        if before and after and before.value is not None and after.value is not None:
            both.append((before.value, after.value))
    if not both:
        return None
    a, b = [x for x, _ in both], [y for _, y in both]
    change = mean([y - x for x, y in both], seed=seed)
    return Difference(name, mean(a, seed=seed), mean(b, seed=seed), change, "paired")


def _independent(a: Summary, b: Summary, *, known: set[str]) -> list[Difference]:
    names = [name for name in b.metrics if name in a.metrics and name not in known]
    return [
        Difference(name, a.metrics[name], b.metrics[name], _apart(a.metrics[name], b.metrics[name]), "independent")
        for name in names
    ]


def _apart(a: Metric, b: Metric) -> Metric:
    """Difference of two independent figures; half-widths add in quadrature (Newcombe 1998, method 10)."""
    n = min(a.n, b.n)
    if a.value is None or b.value is None:
        return Metric(None, None, None, 0)
    change = b.value - a.value
    if a.low is None or a.high is None or b.low is None or b.high is None:
        return Metric(change, None, None, n)
    down = float(np.hypot(b.value - b.low, a.high - a.value))
    up = float(np.hypot(b.high - b.value, a.value - a.low))
    return Metric(change, change - down, change + up, n)
