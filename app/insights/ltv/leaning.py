"""A model's lean on an expected value: one of five words, which code maps into the estimate's own interval.

    much_lower      the lower end of the interval
    lower           half-way from there to the value
    as_estimated    the value
    higher          half-way from the value to the upper end
    much_higher     the upper end

Reading the interval as evenly spread between q10, the value and q90, these are its 10%, 30%, 50%, 70% and 90% points.
Where the value lies outside q10..q90, as that of somebody who most likely buys nothing does, it is itself the end on
that side: so leaning higher never lowers the number. The lean is written to `leaned_value` and to nothing else.
"""

from enum import StrEnum
from pathlib import Path

from pydantic import ValidationError

from app.errors import InvalidInput
from app.llm.ladder import Origin
from app.predict.schemas import LtvEstimate
from app.schema import Frozen


class Lean(StrEnum):
    """Where a model thinks the truth lies, beside the estimate."""

    MUCH_LOWER = "much_lower"
    LOWER = "lower"
    AS_ESTIMATED = "as_estimated"
    HIGHER = "higher"
    MUCH_HIGHER = "much_higher"


QUANTILES = {
    Lean.MUCH_LOWER: 0.1, Lean.LOWER: 0.3, Lean.AS_ESTIMATED: 0.5, Lean.HIGHER: 0.7, Lean.MUCH_HIGHER: 0.9,
}  # fmt: skip
"""Which point of the interval each word means."""
_REACH = 0.4
"""From the middle to q10 and q90."""


class EvaluatedLean(Frozen):
    """The evaluation that allows a model to lean: whose leans, and by how much they beat the estimate."""

    model: str
    prompt_fingerprint: str
    n: int
    helps: float
    """Share of the estimate's root mean squared error that leaning takes away."""
    low: float
    """Lower end of its 95% interval, above 0."""
    high: float


class ToldLean(Frozen):
    """What became of the lean."""

    lean: Lean | None = None
    quantile: float | None = None
    """The point of the interval that it means."""
    claim_ids: tuple[str, ...] = ()
    """What it stands on."""
    origin: Origin | None = None
    """Which model was asked, how, and what that cost; None when none was."""
    evaluated: EvaluatedLean | None = None
    """The evaluation that switched it on; None while it is off."""
    reason: str | None = None
    """Why there is none."""


def leaned_value(ltv: LtvEstimate, lean: Lean) -> int | None:
    """The amount that a lean means, in minor units; None without an estimate."""
    if ltv.value is None or ltv.q10 is None or ltv.q90 is None:
        return None
    beyond = QUANTILES[lean] - 0.5
    end = max(ltv.q90, ltv.value) if beyond > 0 else min(ltv.q10, ltv.value)
    return round(ltv.value + abs(beyond) / _REACH * (end - ltv.value))


class _Figure(Frozen, extra="ignore"):
    value: float | None
    low: float | None
    high: float | None
    n: int


class _Metrics(Frozen, extra="ignore"):
    helps: _Figure


class _Origin(Frozen, extra="ignore"):
    model: str | None = None
    prompt_fingerprint: str | None = None


class _Summary(Frozen, extra="ignore"):
    task: str
    metrics: _Metrics
    provenance: _Origin


def evaluated(path: Path) -> EvaluatedLean:
    """What `python -m evals run lean` found, from its summary.json. InvalidInput unless it shows that leaning helps."""
    try:
        found = _Summary.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise InvalidInput(
            f"lean_evaluation: {path.name} is no summary.json of `python -m evals run lean --json`"
        ) from error
    helps, origin = found.metrics.helps, found.provenance
    if found.task != "lean" or origin.model is None or origin.prompt_fingerprint is None:
        raise InvalidInput("lean_evaluation: use a run of `python -m evals run lean` with --base-url and --model")
    if helps.value is None or helps.low is None or helps.high is None or helps.low <= 0:
        raise InvalidInput("lean_evaluation: this run does not show that leaning helps, so it stays off")
    return EvaluatedLean(
        model=origin.model, prompt_fingerprint=origin.prompt_fingerprint, n=helps.n,
        helps=helps.value, low=helps.low, high=helps.high,
    )  # fmt: skip
