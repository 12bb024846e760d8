"""What is wrong with a case: what its schema refuses, and where a well-formed one contradicts itself."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from pydantic import ValidationError

from app.errors import InvalidInput
from app.retrieval.schemas import Campaign, Case, Outcome, Themes, Titles

_SHOWN = 3
"""Faults that one message lists."""


class Fault(NamedTuple):
    """What is wrong with one field of a case, and how to mend it."""

    field: str
    remedy: str
    """In English, for commands and programs."""
    code: str = ""
    """Stable name of what is wrong, by which a page says it in its own language."""
    about: Mapping[str, object] = {}
    """What the words for the code have room for."""


class LineFault(NamedTuple):
    """The same, with the line of the file on which it stands."""

    line: int
    field: str
    remedy: str
    code: str = ""
    about: Mapping[str, object] = {}


class FaultyFile(InvalidInput):
    """A file with unusable lines: the message lists the first few, `faults` holds all of them."""

    def __init__(self, name: str, faults: Sequence[LineFault]) -> None:
        """Of the file called `name`; at least one fault."""
        self.faults = tuple(sorted(faults, key=lambda fault: fault.line))
        listed = "; ".join(f"line {f.line}, field {f.field}: {f.remedy}" for f in self.faults[:_SHOWN])
        more = f"; and {len(faults) - _SHOWN} more" if len(faults) > _SHOWN else ""
        super().__init__(f"{name}: {listed}{more}. Nothing was imported")


def schema_faults(error: ValidationError) -> Iterator[Fault]:
    """What a schema refused, by field."""
    found = error.errors()
    for detail in found:
        place = detail["loc"]
        inner = any(other["loc"][: len(place)] == place and len(other["loc"]) > len(place) for other in found)
        if not inner:  # a list that is too short because its items are refused is no fault of its own
            field = ".".join(str(part) for part in place)
            yield Fault(field or "(whole line)", detail["msg"], detail["type"], detail.get("ctx", {}))


def repeated(numbered: Iterable[tuple[int, Case]]) -> Iterator[LineFault]:
    """Cases whose campaign stands on an earlier line too."""
    first: dict[str, int] = {}
    for number, case in numbered:
        campaign_id = case.campaign.campaign_id
        if (known := first.setdefault(campaign_id, number)) != number:
            said = f"{campaign_id!r} stands on line {known} too"
            yield LineFault(number, "campaign.campaign_id", said, "repeated", {"line": known})


def faults_of(case: Case) -> list[Fault]:
    """Where a well-formed case contradicts itself."""
    faults = list(_campaign_faults(case.campaign))
    for position, outcome in enumerate(case.outcomes):
        found = [*_reference_faults(outcome, case.campaign), *_sum_faults(outcome)]
        faults += [fault._replace(field=f"outcomes.{position}.{fault.field}") for fault in found]
    spoken = [(outcome.arm_id, outcome.segment) for outcome in case.outcomes]
    if len(set(spoken)) < len(spoken):
        faults.append(Fault("outcomes", "keep one outcome for each arm and segment; add their sums up", "one_outcome"))
    return faults


def _campaign_faults(campaign: Campaign) -> Iterator[Fault]:
    if not campaign.campaign_id.isprintable():
        yield Fault("campaign.campaign_id", "use printable characters only", "printable")
    if campaign.ends_at <= campaign.starts_at:
        yield Fault("campaign.ends_at", "must lie after starts_at", "after_start")
    if len({arm.arm_id for arm in campaign.arms}) < len(campaign.arms):
        yield Fault("campaign.arms", "give every arm an arm_id of its own", "arm_ids")
    if campaign.titles == Titles():
        yield Fault("campaign.titles", "give the title in zh or en, or leave `titles` out", "no_language")
    for position, arm in enumerate(campaign.arms):
        if not arm.arm_id or not arm.arm_id.isprintable():
            yield Fault(f"campaign.arms.{position}.arm_id", "use one or more printable characters", "printable")
        if arm.translated_themes == Themes():
            field = f"campaign.arms.{position}.translated_themes"
            yield Fault(field, "give them in zh or en, or leave them out", "no_language")


def _reference_faults(outcome: Outcome, campaign: Campaign) -> Iterator[Fault]:
    arms = [arm.arm_id for arm in campaign.arms]
    if outcome.campaign_id != campaign.campaign_id:
        said = f"must be {campaign.campaign_id!r}, as in its campaign"
        yield Fault("campaign_id", said, "own_campaign", {"campaign_id": campaign.campaign_id})
    if outcome.arm_id not in arms:
        listed = ", ".join(arms)
        yield Fault("arm_id", f"must be one of the campaign's arms: {listed}", "unknown_arm", {"arms": listed})
    if not outcome.segment:
        yield Fault("segment", "name a segment, or `all`", "no_segment")


def _sum_faults(outcome: Outcome) -> Iterator[Fault]:
    o = outcome
    groups = {
        "treated": (o.treated_n, o.treated_conversions, o.treated_sum, o.treated_sumsq),
        "control": (o.control_n, o.control_conversions, o.control_sum, o.control_sumsq),
    }
    for name, (n, conversions, total, squares) in groups.items():
        if conversions > n:
            yield Fault(f"{name}_conversions", f"cannot exceed {name}_n ({n})", "over_n", {"n": n})
        # By Cauchy-Schwarz n * sum(x^2) >= (sum x)^2; a millionth of slack for sums kept in floating point.
        if n * squares < total * total * (1 - 1e-6):
            said = f"is too small for {name}_sum: add up squared minor units"
            yield Fault(f"{name}_sumsq", said, "small_squares")
