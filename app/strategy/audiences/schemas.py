"""What audiences publish: counts, the RFM matrix, members, saved segments, exports. Amounts are minor units."""

from datetime import datetime
from enum import StrEnum
from typing import Literal

from app.profile.schemas import RfmClass
from app.profile.segments.fields import FieldType
from app.retrieval.schemas import Channel
from app.schema import Frozen

ExportFormat = Literal["csv", "jsonl"]


class FieldValue(Frozen):
    """One value of a closed list."""

    value: str
    name: str


class FieldInfo(Frozen):
    """One field as it is shown."""

    name: str
    type: FieldType
    unit: str
    argument: tuple[str, ...]
    description: str
    example: str
    path: str
    """Where a profile, an estimate or the identity graph has it; works as another name."""
    values: tuple[FieldValue, ...]
    """What it may be; empty where anything may stand."""


class FieldGroup(Frozen):
    """Fields that belong together."""

    name: str
    title: str
    listing: bool
    """Whether they are those of a list's entries, asked with `any NAME(...)`."""
    example: str
    fields: tuple[FieldInfo, ...]


class FieldList(Frozen):
    """Every field that an expression may name."""

    groups: tuple[FieldGroup, ...]


class ClassCount(Frozen):
    """Customers of one RFM class, or without one, among those who were counted."""

    rfm_class: RfmClass | None
    """None: no order yet."""
    customers: int
    share: float
    spend_minor: int
    spend_share: float


class SegmentCount(Frozen):
    """How many are in a segment."""

    expression: str
    """As it was understood."""
    as_of: datetime
    customers: int
    of: int
    """All customers by then."""
    share: float
    undecided: int
    """Customers of whom something that matters is not known; they are not in the segment."""
    currency: str
    spend_minor: int
    spend_share: float
    classes: tuple[ClassCount, ...]


class MatrixCell(ClassCount):
    """One RFM class among all customers."""

    ltv_minor: int | None
    """Sum of the expected spend; None without estimates."""
    ltv_share: float | None


class RfmMatrix(Frozen):
    """The quantitative frame: the eight classes and those without an order."""

    as_of: datetime
    currency: str
    customers: int
    cells: tuple[MatrixCell, ...]
    recent_days: float | None
    """Days since the last purchase up to which somebody is recent: the buyers' median; None without buyers."""
    median_orders: float | None
    """Orders above which somebody is frequent."""
    median_spend_minor: float | None
    """Spend above which somebody is important."""


class AudienceMember(Frozen):
    """One customer of a segment."""

    customer_id: str
    name: str
    """Masked where it is contact data."""
    rfm_class: RfmClass | None
    orders: int
    spend_minor: int
    days_since_order: int | None
    ltv_minor: int | None
    churn_risk: float | None


class MemberPage(Frozen):
    """Some members, by customer_id."""

    expression: str
    as_of: datetime
    currency: str
    total: int
    rows: tuple[AudienceMember, ...]
    next_after: str | None
    """Ask for the members after this one; None when these are the last."""


class SavedSegment(Frozen):
    """An expression under a name."""

    segment_id: str
    name: str
    expression: str
    created_by: str
    created_at: datetime
    changed_at: datetime


class CountedSegment(Frozen):
    """A saved segment with its count now."""

    segment: SavedSegment
    count: SegmentCount | None
    fault: str | None
    """Why it cannot be counted any more, e.g. a topic that there is no longer."""


class LeftOut(StrEnum):
    """Why a member of the segment is not in the export."""

    SUPPRESSED = "suppressed"
    NO_CONSENT = "no_consent"
    FREQUENCY = "frequency"
    NO_ADDRESS = "no_address"


class ExportRecord(Frozen):
    """Who handed out which audience, when, to be used for what. It names no customer."""

    export_id: str
    exported_at: datetime
    exported_by: str
    expression: str
    segment_id: str | None
    as_of: datetime
    channel: Channel | None
    """None: no contact data; everybody who agreed to be contacted on some channel."""
    purpose: str
    format: ExportFormat
    members: int
    """In the segment."""
    customers: int
    """In the file."""
    left_out: dict[LeftOut, int]
    sha256: str
    """Of the file."""
