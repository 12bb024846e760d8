"""Claims, the atoms of truth, and the sentences that tell them."""

from datetime import datetime
from enum import StrEnum

from app.schema import Frozen, Lang

MAX_EVIDENCE = 50
"""Above this many events a claim cites a query over the log instead of listing ids."""


class ClaimKind(StrEnum):
    """How a claim may be known. Facts, aggregates and changes are recomputed; the others are marked as such."""

    FACT = "fact"
    AGGREGATE = "aggregate"
    CHANGE = "change"
    INFERENCE = "inference"
    PREDICTION = "prediction"
    LINK = "link"


class Predicate(StrEnum):
    """The closed list of what can be claimed; `measures.py` says how each is computed from events."""

    FIRST_ORDER = "first_order"
    """Value of the customer's first order."""
    LAST_ORDER = "last_order"
    """Value of the latest order."""
    LARGEST_ORDER = "largest_order"
    """Value of the dearest single order."""
    ORDER_COUNT = "order_count"
    """Distinct orders in the period."""
    ORDER_VALUE = "order_value"
    """Sum of order lines in the period."""
    AVERAGE_ORDER_VALUE = "average_order_value"
    """Sum of order lines over distinct orders in the period."""
    REFUND_VALUE = "refund_value"
    """Sum of refunds in the period."""
    USUAL_GAP = "usual_gap"
    """Median days between purchase days."""
    DAYS_SINCE_LAST_ORDER = "days_since_last_order"
    """Local days from the latest order to `as_of`."""
    TOPIC_SHARE = "topic_share"
    """Share of order value in the period that falls on one topic."""
    TOPIC_INTERACTIONS = "topic_interactions"
    """Searches, views, media, favourites, carts, orders and reviews in the period whose main topic is this one."""
    ITEM_ORDERS = "item_orders"
    """Distinct orders in the period that contain one item."""
    VIEW_COUNT = "view_count"
    """Product views in the period."""
    ORDER_COUNT_CHANGE = "order_count_change"
    """Distinct orders in the period against the period of equal length before."""
    ORDER_VALUE_CHANGE = "order_value_change"
    """Order value in the period against the period of equal length before."""
    TOPIC_CHANGE = "topic_change"
    """Interactions with one topic in the period against the period of equal length before."""
    CARTED_NOT_BOUGHT = "carted_not_bought"
    """Times one item was put in the cart in the period, with no order of it since and not taken out after the last."""
    SEARCHED = "searched"
    """One search, quoted."""
    REVIEWED = "reviewed"
    """One review, quoted; the value is its rating when it has one."""
    SUPPORT_CONTACT = "support_contact"
    """One message to support, quoted."""
    INTENT = "intent"
    """A reading of something the customer wrote: always hedged, always quoted."""
    LTV = "ltv"
    """The estimator's expected value over its horizon."""
    NO_PURCHASE = "no_purchase"
    """The estimator's probability of no purchase over its horizon."""
    CHURN_RISK = "churn_risk"
    """The estimator's probability that the customer is leaving, relative to their own rhythm."""


class Unit(StrEnum):
    """What a claim's value counts."""

    COUNT = "count"
    MONEY_MINOR = "money_minor"
    DAYS = "days"
    SHARE = "share"
    PROBABILITY = "probability"
    RATING = "rating"
    NONE = "none"


class Period(Frozen):
    """A half-open stretch of time: start < t <= end, so that adjacent periods share no event."""

    start: datetime
    end: datetime


class QueryRef(Frozen):
    """Evidence of more than MAX_EVIDENCE events: how to find them, how many there are, and a hash of their ids."""

    query: str
    """Closed grammar: `kinds=order,refund topic=baby item=SKU order=ID from=ISO to=ISO`; absent parts do not filter."""
    count: int
    hash: str
    """First 16 hex digits of SHA-256 over the sorted event ids, one a line."""


class Claim(Frozen):
    """One statement that code can recompute from the events it cites."""

    claim_id: str
    kind: ClaimKind
    predicate: Predicate
    subject: str
    """The customer_id it is about."""
    value: float | int | None
    unit: Unit
    as_of: datetime
    currency: str | None = None
    direction: str | None = None
    """`up`, `down` or `flat`, for changes."""
    period: Period | None = None
    compared_to: float | int | None = None
    """The value of the preceding period, for changes."""
    topic: str | None = None
    item_id: str | None = None
    order_id: str | None = None
    at: datetime | None = None
    """When the cited event happened, for facts about one event or order."""
    quote: str | None = None
    """What the customer wrote, redacted and shortened."""
    reading: str | None = None
    """For inferences: which reading of the taxonomy was made of the quote."""
    low: float | int | None = None
    """For predictions: the 10% quantile."""
    high: float | int | None = None
    """For predictions: the 90% quantile."""
    horizon_days: int | None = None
    """For predictions."""
    evidence: tuple[str, ...] = ()
    query_ref: QueryRef | None = None
    confidence: float | None = None
    """For inferences and predictions only."""
    sensitivity: str = "none"


class Sentence(Frozen):
    """One sentence and the claims it stands on."""

    text: str
    kind: ClaimKind
    claim_ids: tuple[str, ...]


class Narrative(Frozen):
    """The customer's behaviour told in order, deterministically; input to models and readable as it is."""

    customer_id: str
    as_of: datetime
    lang: Lang
    claims: tuple[Claim, ...]
    sentences: tuple[Sentence, ...]

    @property
    def text(self) -> str:
        """The narrative as one paragraph."""
        return ("" if self.lang == "zh" else " ").join(s.text for s in self.sentences)
