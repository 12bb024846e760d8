"""The profile of one customer at one moment."""

from datetime import datetime
from enum import StrEnum

from app.schema import Frozen


class Interest(Frozen):
    """How strongly one topic of the taxonomy speaks from the customer's behaviour, after decay."""

    topic: str
    """Topic id in knowledge_base/taxonomy.yaml."""
    weight: float
    """Sum over events of impact * 2^(-age / half-life), at the profile's `as_of`."""
    share: float
    """This weight over the sum of all weights."""
    last_event_at: datetime
    """When the topic was last touched."""


class RfmSummary(Frozen):
    """Purchases in the meanings of lifetimes and pymc-marketing. A purchase day is a local day with an order."""

    frequency: int
    """Purchase days after the first (repeat purchases)."""
    recency: float
    """Age in days at the last purchase: last minus first purchase day."""
    T: float
    """Age in days at `as_of`: `as_of` day minus first purchase day."""
    monetary_value: float
    """Mean spend per repeat purchase day, minor units; 0 when there is none."""
    orders: int
    """Distinct order ids."""
    total: int
    """Sum of all order lines, minor units, gross of refunds."""
    refunded: int
    """Sum of all refunds, minor units."""
    first_order_at: datetime
    last_order_at: datetime


class RfmClass(StrEnum):
    """The eight classes: recency, frequency and spend each above (1) or below (0) the workspace's median."""

    IMPORTANT_VALUE = "important_value"
    IMPORTANT_DEVELOP = "important_develop"
    IMPORTANT_KEEP = "important_keep"
    IMPORTANT_WIN_BACK = "important_win_back"
    GENERAL_VALUE = "general_value"
    GENERAL_DEVELOP = "general_develop"
    GENERAL_KEEP = "general_keep"
    GENERAL_WIN_BACK = "general_win_back"


class ConsentState(Frozen):
    """The latest word of the customer on one purpose and channel."""

    purpose: str
    channel: str
    granted: bool
    event_id: str
    at: datetime


class Trait(Frozen):
    """A stated attribute (city, birthday month, device ...) with where it came from."""

    name: str
    value: str
    source: str
    event_id: str
    at: datetime


class Profile(Frozen):
    """Everything believed about one customer at `as_of`, without words. Same events, same profile, always."""

    workspace_id: str
    customer_id: str
    as_of: datetime
    fold_version: int
    taxonomy_hash: str
    identity_version: int
    events: int
    """Number of events that sources sent of this customer."""
    first_seen_at: datetime | None
    """When they first did something; what was done to them (messages, refunds, our decisions) does not count."""
    last_seen_at: datetime | None
    interests: tuple[Interest, ...]
    """Strongest first; forgotten ones (below the taxonomy's threshold) are left out."""
    unclassified_share: float
    """Share of item and search events that the taxonomy gives no topic."""
    rfm: RfmSummary | None
    """None before the first order."""
    rfm_class: RfmClass | None
    usual_gap_days: float | None
    """Median days between purchase days; None below two."""
    counts: dict[str, int]
    """Events by kind."""
    consents: tuple[ConsentState, ...]
    traits: tuple[Trait, ...]
