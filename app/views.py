"""What the pipeline hands to its fronts (API, console, command line): one customer read, one row of a list."""

from datetime import datetime

from app.insights.schemas import ProfileStory
from app.narrative.schemas import Narrative
from app.predict.schemas import ChurnEstimate, IntentEstimate, LtvEstimate, ModelCard
from app.profile.schemas import InterestShift, Profile, RfmClass
from app.retrieval.schemas import Retrieval
from app.schema import Frozen
from app.strategy.schemas import Decision, Strategy


class EvidenceEvent(Frozen):
    """One event as people may see it: named, priced, redacted."""

    event_id: str
    kind: str
    source: str
    occurred_at: datetime
    item_id: str | None
    item_title: str | None
    order_id: str | None
    amount_minor: int | None
    currency: str | None
    topic: str | None
    text: str | None
    """Free text, redacted; None also when it touches the sensitivity list."""


class CustomerReading(Frozen):
    """Everything believed about one customer at one moment, with its evidence."""

    workspace_id: str
    customer_id: str
    canonical_id: str
    """The id that stands; the same as `customer_id`, whatever name or alias was asked for."""
    aliases: tuple[str, ...]
    """customer_ids that were merged into this one and still answer."""
    identifiers: tuple[str, ...]
    """Masked where they are contact data."""
    as_of: datetime
    profile: Profile
    story: ProfileStory
    narrative: Narrative
    """What happened, told in order by code alone; its markers name events of `evidence`."""
    ltv: LtvEstimate
    churn: ChurnEstimate
    spoken: dict[str, str]
    """claim_id -> the claim as one plain sentence."""
    evidence: dict[str, EvidenceEvent]
    """event_id -> event, for every event that a claim or a marker lists."""
    topics: dict[str, str]
    """topic id -> its name in the reading's language."""


class NextPurchase(Frozen):
    """What one customer buys next, and when, with the events that speak for it."""

    customer_id: str
    canonical_id: str
    """The id that stands; the same as `customer_id`, whatever name or alias was asked for."""
    as_of: datetime
    intent: IntentEstimate
    names: dict[str, str]
    """category -> its name in the reading's language; a path of the shop's own stays as it is."""
    evidence: dict[str, EvidenceEvent]
    """event_id -> event, for every event that a reason lists."""


class CustomerRow(Frozen):
    """One line of the customer list."""

    customer_id: str
    name: str
    orders: int
    total_minor: int
    currency: str
    days_since_last: int | None
    rfm_class: RfmClass | None
    ltv: LtvEstimate
    churn: ChurnEstimate


class CustomerList(Frozen):
    """Rows with the moment they hold for and the model they stand on."""

    as_of: datetime
    total: int
    """Customers that match, of those who had come by then."""
    rows: tuple[CustomerRow, ...]
    model_card: ModelCard | None


class InterestCurve(Frozen):
    """The weight of one topic over time."""

    topic: str
    name: str
    points: tuple[tuple[datetime, float], ...]


class Move(Frozen):
    """A customer whose interests changed."""

    customer_id: str
    name: str
    """Masked where it is contact data."""
    shift: InterestShift
    from_name: str | None
    to_name: str | None


class MoveList(Frozen):
    """The customers who moved, newest change first."""

    as_of: datetime
    total: int
    """Customers that match."""
    rows: tuple[Move, ...]


class Recommendation(Frozen):
    """A strategy with the decision that was logged for it."""

    strategy: Strategy
    decision: Decision
    retrieval: Retrieval
    """The past campaigns that were weighed, with the parts of their scores, and those that warn."""
