"""The words of an evaluation, after inspect_ai: a Task runs Samples, each gets Scores, a Metric sums them up.

A sample that cannot be scored stays in the record with the value None: it is counted, and it is not a zero.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Protocol, TypeVar

import msgspec

from app.schema import Frozen

SCHEMA_VERSION = 1
"""Of the summary that `--json` prints."""

Plain = str | int | float | bool | None
"""What inputs, targets and provenance are made of, so that every record is one line of JSON."""

Say = Callable[[str], None]
"""Where progress goes; standard error when the command line runs a task."""


class Score(msgspec.Struct, frozen=True):
    """One judgement of one sample. `value` None means unscored, and `why` says why."""

    value: float | None
    why: str | None = None


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One case: what went in, what was expected, what came out and how it was judged."""

    id: str
    input: dict[str, Plain] = {}
    target: dict[str, Plain] = {}
    output: dict[str, Plain] = {}
    scores: dict[str, Score] = {}


class Metric(msgspec.Struct, frozen=True):
    """A figure with its 95% interval and the number of cases behind it. Without cases all three are None."""

    value: float | None
    low: float | None
    high: float | None
    n: int


Metrics = Mapping[str, Metric]


class CutResult(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of one cut date alone."""

    cut: date
    n: int
    metrics: dict[str, Metric]
    baselines: dict[str, dict[str, Metric]]
    differences: dict[str, dict[str, Metric]] = {}
    """Ours minus the best baseline of each metric at this cut, by that baseline's name; paired."""
    paired: dict[str, dict[str, Metric]] = {}
    """Ours minus every baseline."""
    horizon_seen_days: int | None = None
    """Days of the horizon that the data cover; fewer than asked for where they end before it does."""
    prior_season: bool | None = None
    """Whether the horizon's days a year earlier lie within the data up to the cut."""
    warnings: list[str] = []


class Curve(msgspec.Struct, frozen=True, kw_only=True):
    """A picture for the report: named lines over common axes."""

    title: str
    x: str
    y: str
    lines: dict[str, list[tuple[float, float]]]
    diagonal: bool = False
    """Draw the line where x equals y: the ideal of a calibration picture."""


class TaskResult(msgspec.Struct, frozen=True, kw_only=True):
    """All that a run has to say. `summary` is the part that `--json` prints; amounts are in major units."""

    task: str
    seed: int
    n: int
    metrics: dict[str, Metric]
    cuts: list[CutResult] = []
    baselines: dict[str, dict[str, Metric]] = {}
    ceilings: dict[str, dict[str, Metric]] = msgspec.field(default_factory=lambda: {"oracle": {}, "naive": {}})
    """What nobody can beat, and what one can say without understanding; empty where the truth is not known."""
    differences: dict[str, dict[str, Metric]] = {}
    """Per baseline: ours minus the baseline, paired on the same cases; of forecasts, the best one of each metric."""
    paired: dict[str, dict[str, Metric]] = {}
    """Of forecasts: ours minus every baseline."""
    counts: dict[str, dict[str, int]] = {}
    """Tallies behind a metric, e.g. claims recomputed by predicate."""
    provenance: dict[str, Plain] = {}
    warnings: list[str] = []
    """What a reader of the figures must know first."""
    samples: list[Sample] = []
    curves: list[Curve] = []


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """The one JSON object of a run."""

    schema_version: int
    task: str
    seed: int
    n: int
    cuts: list[CutResult]
    metrics: dict[str, Metric]
    baselines: dict[str, dict[str, Metric]]
    ceilings: dict[str, dict[str, Metric]]
    differences: dict[str, dict[str, Metric]]
    paired: dict[str, dict[str, Metric]] = {}
    counts: dict[str, dict[str, int]]
    provenance: dict[str, Plain]
    warnings: list[str] = []


O_contra = TypeVar("O_contra", bound=Frozen, contravariant=True)


class Task(Protocol[O_contra]):
    """A question about the product that a run answers with numbers."""

    @property
    def name(self) -> str:
        """The word after `run`."""
        ...

    @property
    def purpose(self) -> str:
        """One line: what a good answer would show."""
        ...

    @property
    def options(self) -> type[Frozen]:
        """The model of the task's options; its fields become command-line options."""
        ...

    def run(self, options: O_contra, say: Say) -> TaskResult:
        """Run the product on the cases and score them."""
        ...


def summary(result: TaskResult) -> Summary:
    """What is printed and kept: everything but the single samples and the pictures."""
    return Summary(
        schema_version=SCHEMA_VERSION,
        **{name: getattr(result, name) for name in Summary.__struct_fields__ if name != "schema_version"},
    )


def scored(samples: Iterable[Sample], name: str) -> list[float]:
    """The values of one score over the samples that have it; unscored ones are left out."""
    found = (sample.scores.get(name) for sample in samples)
    return [score.value for score in found if score is not None and score.value is not None]
