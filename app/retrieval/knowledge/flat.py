"""A case as flat rows and back: one row for each campaign, arm and segment, the same columns in CSV and Parquet.

Columns of a campaign repeat on each of its rows, those of an arm on each of the arm's. An arm without an outcome has
one row with an empty segment. Nothing is lost: `cases_of(rows_of(cases)) == cases`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError

from app.retrieval.knowledge.faults import Fault, FaultyFile, LineFault, faults_of, schema_faults
from app.retrieval.schemas import Audience, Case, Outcome

Value = str | int | float | list[str] | None
Place = tuple[str, ...]

CAMPAIGN: Mapping[str, Place] = {
    "campaign_id": ("campaign_id",),
    "workspace_id": ("workspace_id",),
    "evidence_kind": ("evidence_kind",),
    "title": ("title",),
    "title_zh": ("titles", "zh"),
    "title_en": ("titles", "en"),
    "objective": ("objective",),
    **{f"audience_{name}": ("audience", name) for name in Audience.model_fields},
    "eligible_n": ("eligible_n",),
    "holdout_share": ("holdout_share",),
    "window_days": ("window_days",),
    "metric": ("metric",),
    "starts_at": ("starts_at",),
    "ends_at": ("ends_at",),
    "campaign_cost_minor": ("cost_minor",),
    "approved_by": ("approved_by",),
}
ARM: Mapping[str, Place] = {
    "arm_id": ("arm_id",),
    "channel": ("channel",),
    "offer_type": ("offer", "type"),
    "offer_amount_minor": ("offer", "amount_minor"),
    "offer_threshold_minor": ("offer", "threshold_minor"),
    "offer_expires_in": ("offer", "expires_in"),
    "themes": ("themes",),
    "themes_zh": ("translated_themes", "zh"),
    "themes_en": ("translated_themes", "en"),
    "timing": ("timing",),
    "propensity": ("propensity",),
}
OUTCOME: Mapping[str, Place] = {name: (name,) for name in Outcome.model_fields if name not in ("campaign_id", "arm_id")}
ARM_NO = "arm_no"
"""The arm's place in its campaign, from 1. Without the column arms come in the order of their first rows."""
COLUMNS: tuple[str, ...] = (*CAMPAIGN, ARM_NO, *ARM, *OUTCOME)
LISTS = frozenset(("themes", "themes_zh", "themes_en", *(f"audience_{name}" for name in Audience.model_fields)))
NEEDED = ("campaign_id", "evidence_kind", "title", "objective", "eligible_n", "window_days", "starts_at", "ends_at",
          "arm_id", "channel")  # fmt: skip
"""Columns without which no row is a case."""


class FlatRow(NamedTuple):
    """One row: where it stood, and its values. Absent ones are None."""

    line: int
    values: Mapping[str, Value]


class _Group(NamedTuple):
    """The rows of one campaign, those of each arm together."""

    rows: list[FlatRow]
    arms: dict[str, list[FlatRow]]


def rows_of(cases: Iterable[Case]) -> Iterator[dict[str, Value]]:
    """Flat rows, all with all columns."""
    for case in cases:
        campaign = _flat(case.campaign, CAMPAIGN)
        places = {arm.arm_id: place for place, arm in enumerate(case.campaign.arms, start=1)}
        arms = {arm.arm_id: {ARM_NO: places[arm.arm_id]} | _flat(arm, ARM) for arm in case.campaign.arms}
        for outcome in case.outcomes:
            yield campaign | arms[outcome.arm_id] | _flat(outcome, OUTCOME)
        measured = {outcome.arm_id for outcome in case.outcomes}
        yield from (campaign | arm | dict.fromkeys(OUTCOME) for arm_id, arm in arms.items() if arm_id not in measured)


def cases_of(name: str, rows: Iterable[FlatRow]) -> tuple[Case, ...]:
    """The cases that the rows of the file `name` make up, or FaultyFile."""
    groups, faults = _grouped(rows)
    cases: list[Case] = []
    for group in groups.values():
        found = [*_disagreements(group.rows, CAMPAIGN)]
        found += [fault for arm in group.arms.values() for fault in _disagreements(arm, (ARM_NO, *ARM))]
        if not found:
            case, found = _case_of(group)
            cases += [case] if case else []
        faults += found
    if faults:
        raise FaultyFile(name, faults)
    return tuple(cases)


def _flat(value: BaseModel, places: Mapping[str, Place]) -> dict[str, Value]:
    dumped = value.model_dump(mode="json")
    return {column: _at(dumped, place) for column, place in places.items()}


def _at(tree: Any, place: Place) -> Value:
    for step in place:
        tree = tree.get(step) if tree else None
    found: Value = tree
    return found if found not in ("", []) else None


def _grouped(rows: Iterable[FlatRow]) -> tuple[dict[str, _Group], list[LineFault]]:
    groups: dict[str, _Group] = {}
    faults: list[LineFault] = []
    for row in rows:
        empty = [
            LineFault(row.line, name, "must not be empty", "missing") for name in NEEDED if row.values.get(name) is None
        ]
        faults += empty
        if not empty:
            group = groups.setdefault(str(row.values["campaign_id"]), _Group([], {}))
            group.rows.append(row)
            group.arms.setdefault(str(row.values["arm_id"]), []).append(row)
    return groups, faults


def _disagreements(rows: Sequence[FlatRow], columns: Iterable[str]) -> Iterator[LineFault]:
    first = rows[0]
    for row in rows[1:]:
        for column in columns:
            if row.values.get(column) != first.values.get(column):
                said = f"must be as on line {first.line}, which is about the same"
                yield LineFault(row.line, column, said, "differs", {"line": first.line})


def _case_of(group: _Group) -> tuple[Case | None, list[LineFault]]:
    arms = sorted(group.arms.values(), key=lambda rows: _number(rows[0].values.get(ARM_NO)))
    measured = [row for row in group.rows if any(row.values.get(column) is not None for column in OUTCOME)]
    tree = _tree(group.rows[0], CAMPAIGN) | {"arms": [_tree(rows[0], ARM) for rows in arms]}
    ids = ("campaign_id", "arm_id")
    outcomes = [_tree(row, OUTCOME) | {name: str(row.values[name]) for name in ids} for row in measured]
    try:
        case = Case.model_validate({"campaign": tree, "outcomes": outcomes})
        found = faults_of(case)
    except ValidationError as error:
        case, found = None, list(schema_faults(error))
    return (None if found else case), [_where(fault, group.rows, arms, measured) for fault in found]


def _number(value: Value) -> float:
    try:
        return float(value) if isinstance(value, str | int | float) else 0.0
    except ValueError:
        return 0.0


def _tree(row: FlatRow, places: Mapping[str, Place]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for column, (first, *rest) in places.items():
        value = row.values.get(column)
        if value is None:
            continue
        if rest:
            tree.setdefault(first, {})[rest[0]] = value
        else:
            tree[first] = value
    return tree


def _where(
    fault: Fault, rows: Sequence[FlatRow], arms: Sequence[Sequence[FlatRow]], measured: Sequence[FlatRow]
) -> LineFault:
    """The line and column of a field of the nested case."""
    match fault.field.split("."):
        case ["campaign", "arms", place, *rest] if place.isdigit():
            return LineFault(arms[int(place)][0].line, _column(rest, ARM), *fault[1:])
        case ["outcomes", place, *rest]:
            return LineFault(measured[int(place)].line, _column(rest, OUTCOME), *fault[1:])
        case ["campaign", *rest]:
            return LineFault(rows[0].line, _column(rest, CAMPAIGN), *fault[1:])
        case _:
            return LineFault(rows[0].line, "segment", *fault[1:])


def _column(rest: Sequence[str], places: Mapping[str, Place]) -> str:
    """The column of a field; list items stand in the column of their list."""
    for column, place in places.items():
        if place == tuple(rest[: len(place)]):
            return column
    return ".".join(rest) or "arm_id"
