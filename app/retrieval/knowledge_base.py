"""Past campaigns from a file: JSON Lines, one case a line, all or nothing.

A case that contradicts itself is refused here, so that everything behind this door can trust the sums.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from pydantic import ValidationError

from app.errors import InvalidInput
from app.retrieval.schemas import Campaign, Case, Outcome

_SHOWN = 3
"""Faults that one message lists."""


class Fault(NamedTuple):
    """What is wrong with one field of a case, and how to mend it."""

    field: str
    remedy: str


class _Line(NamedTuple):
    """One line of the file: a case, or why it is none."""

    number: int
    case: Case | None
    faults: tuple[Fault, ...]


def read_cases(path: Path) -> tuple[Case, ...]:
    """All cases of a JSONL file; or InvalidInput that names line and field of what is wrong."""
    lines = [_read(number, text) for number, text in _lines(path)]
    faults = [f"line {line.number}, field {f.field}: {f.remedy}" for line in lines for f in line.faults]
    faults += _repeated(lines)
    if faults:
        more = f"; and {len(faults) - _SHOWN} more" if len(faults) > _SHOWN else ""
        raise InvalidInput(f"{path.name}: {'; '.join(faults[:_SHOWN])}{more}. Nothing was imported")
    if not lines:
        raise InvalidInput(f"{path.name} holds no case: write one JSON object a line, {{campaign, outcomes}}")
    return tuple(line.case for line in lines if line.case is not None)


def faults_of(case: Case) -> list[Fault]:
    """Where a well-formed case contradicts itself."""
    faults = list(_campaign_faults(case.campaign))
    for position, outcome in enumerate(case.outcomes):
        found = [*_reference_faults(outcome, case.campaign), *_sum_faults(outcome)]
        faults += [Fault(f"outcomes.{position}.{fault.field}", fault.remedy) for fault in found]
    spoken = [(outcome.arm_id, outcome.segment) for outcome in case.outcomes]
    if len(set(spoken)) < len(spoken):
        faults.append(Fault("outcomes", "keep one outcome for each arm and segment; add their sums up"))
    return faults


def _campaign_faults(campaign: Campaign) -> Iterator[Fault]:
    if campaign.ends_at <= campaign.starts_at:
        yield Fault("campaign.ends_at", "must lie after starts_at")
    if len({arm.arm_id for arm in campaign.arms}) < len(campaign.arms):
        yield Fault("campaign.arms", "give every arm an arm_id of its own")


def _reference_faults(outcome: Outcome, campaign: Campaign) -> Iterator[Fault]:
    arms = [arm.arm_id for arm in campaign.arms]
    if outcome.campaign_id != campaign.campaign_id:
        yield Fault("campaign_id", f"must be {campaign.campaign_id!r}, as in its campaign")
    if outcome.arm_id not in arms:
        yield Fault("arm_id", f"must be one of the campaign's arms: {', '.join(arms)}")


def _sum_faults(outcome: Outcome) -> Iterator[Fault]:
    o = outcome
    groups = {
        "treated": (o.treated_n, o.treated_conversions, o.treated_sum, o.treated_sumsq),
        "control": (o.control_n, o.control_conversions, o.control_sum, o.control_sumsq),
    }
    for name, (n, conversions, total, squares) in groups.items():
        if conversions > n:
            yield Fault(f"{name}_conversions", f"cannot exceed {name}_n ({n})")
        # By Cauchy-Schwarz n * sum(x^2) >= (sum x)^2; a millionth of slack for sums kept in floating point.
        if n * squares < total * total * (1 - 1e-6):
            yield Fault(f"{name}_sumsq", f"is too small for {name}_sum: add up squared minor units")


def _read(number: int, text: str) -> _Line:
    try:
        case = Case.model_validate_json(text)
    except ValidationError as error:
        return _Line(number, None, tuple(_schema_faults(error)))
    return _Line(number, case, tuple(faults_of(case)))


def _schema_faults(error: ValidationError) -> Iterator[Fault]:
    for detail in error.errors():
        field = ".".join(str(part) for part in detail["loc"])
        yield Fault(field or "(whole line)", detail["msg"])


def _repeated(lines: Sequence[_Line]) -> Iterator[str]:
    first: dict[str, int] = {}
    for number, case, _ in lines:
        if case is None:
            continue
        campaign_id = case.campaign.campaign_id
        if (known := first.setdefault(campaign_id, number)) != number:
            yield f"line {number}, field campaign.campaign_id: {campaign_id!r} stands on line {known} too"


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InvalidInput(f"cannot read {path}: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{path.name} is not UTF-8 (byte {error.start}): save it as UTF-8") from None
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield number, line
