"""A case's life in the knowledge base: its versions, who approved which, and what its arms measured."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from app.retrieval.schemas import Case, Lift, Outcome
from app.schema import Frozen

Ruling = Literal["approved", "rejected"]


class CaseState(StrEnum):
    """Where one version of a case stands."""

    PENDING = "pending"
    """The newest one, and nobody has decided on it."""
    APPROVED = "approved"
    """The one that is retrieved and cited."""
    REJECTED = "rejected"
    """Refused, or taken back after an approval."""
    REPLACED = "replaced"
    """A later one took its place."""


class CaseRuling(Frozen):
    """What a person decided on a version."""

    ruling: Ruling
    by: str
    at: datetime
    note: str = ""


class CaseVersion(Frozen):
    """One version of a case, as it was brought in. Its content never changes."""

    campaign_id: str
    version: int
    """1 for the first."""
    content_hash: str
    """SHA-256 of the content, in hex."""
    imported_at: datetime
    imported_by: str
    state: CaseState
    rulings: tuple[CaseRuling, ...] = ()
    """Oldest first."""


class CaseEntry(Frozen):
    """A case as the knowledge base lists it: the newest version, and which one is retrieved."""

    case: Case
    version: CaseVersion
    approved_version: int | None
    """The version that retrieval and strategies see; None when there is none."""


class WantedRuling(Frozen):
    """A decision on one case."""

    campaign_id: Annotated[str, Field(min_length=1, max_length=120)]
    version: Annotated[int, Field(ge=1)] | None = None
    """The version that was looked at; a newer one then refuses the decision. None: the newest, whatever it is."""


class MeasuredOutcome(Frozen):
    """What one arm did to one segment, with what follows from its sums."""

    outcome: Outcome
    lift: Lift | None
    """Incremental value per treated customer, minor units; None where the sums allow none."""
    treated_rate: float | None
    """Share of the treated who bought."""
    control_rate: float | None
    """None without a control group."""


class CaseDetail(CaseEntry):
    """An entry with everything that follows from its sums."""

    outcomes: tuple[MeasuredOutcome, ...]
    age_days: int
    """Whole days since the campaign ended."""

    @property
    def overall(self) -> tuple[MeasuredOutcome, ...]:
        """Of each arm what it did to everybody."""
        return tuple(found for found in self.outcomes if found.outcome.segment == "all")
