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
    """The closed list of what can be claimed; `measures.py` and `standing.py` say how each is computed from events.

    An order is the lines of one order number of one source, or one line without a number; it begins with its first
    line in canonical order. Sums take lines with an amount. A day is a local day of the workspace.
    """

    FIRST_ORDER = "first_order"
    """Sum of the lines of the order that began first; `at` is when it began."""
    LAST_ORDER = "last_order"
    """Sum of the lines of the order that began last; `at` is when it began."""
    LARGEST_ORDER = "largest_order"
    """Sum of the lines of the dearest order, of equal ones the one that began first; `at` is when it began."""
    ORDER_COUNT = "order_count"
    """Orders that began in the period; cites all order lines in it."""
    ORDER_VALUE = "order_value"
    """Sum of the order lines in the period."""
    AVERAGE_ORDER_VALUE = "average_order_value"
    """ORDER_VALUE over ORDER_COUNT, rounded to whole minor units, halves to even."""
    REFUND_VALUE = "refund_value"
    """Sum of the refunds in the period."""
    USUAL_GAP = "usual_gap"
    """Median days between consecutive days with an order line."""
    DAYS_SINCE_LAST_ORDER = "days_since_last_order"
    """Days from the beginning of the order that began last to `as_of`."""
    TOPIC_SHARE = "topic_share"
    """Share of ORDER_VALUE in the period that falls on lines whose main topic is this one."""
    TOPIC_INTERACTIONS = "topic_interactions"
    """Searches, views, media, favourites, carts, orders and reviews in the period whose main topic is this one."""
    ITEM_ORDERS = "item_orders"
    """Orders with a line of this item in the period."""
    VIEW_COUNT = "view_count"
    """Product views in the period."""
    ORDER_COUNT_CHANGE = "order_count_change"
    """ORDER_COUNT in the period against that in as many whole days before it; cites the lines of both."""
    ORDER_VALUE_CHANGE = "order_value_change"
    """ORDER_VALUE in the period against that in as many whole days before it; cites the lines of both."""
    TOPIC_CHANGE = "topic_change"
    """TOPIC_INTERACTIONS in the period against those in as many whole days before it; cites the events of both."""
    CARTED_NOT_BOUGHT = "carted_not_bought"
    """Times one item was put in the cart in the period and later than its last order line; `at` is the last time.

    None if it was taken out later than that. What is put in at the very moment of the order line counts as bought.
    """
    SEARCHED = "searched"
    """One search, quoted."""
    REVIEWED = "reviewed"
    """One review, quoted; the value is its rating when it has one."""
    SUPPORT_CONTACT = "support_contact"
    """One message to support, quoted."""
    INTENT = "intent"
    """A reading of something the customer wrote, `name` the kind of event: always hedged, always quoted."""
    INTEREST = "interest"
    """A current interest: the topic's decayed weight (`weight`) over the sum of all weights at `as_of` (the value).

    Weights are those of `profile/wants/interests.py`; `at` is the topic's last event; cites the newest events that
    raised it.
    """
    INTEREST_SHIFT = "interest_shift"
    """Interest moved from `topic` to `to_topic` at `at`; `name` is the kind of `profile/schemas.py:ShiftKind`.

    The value counts visits since then that were about the new topic, of `out_of` visits; `compared_to` and
    `compared_out_of` are the same within the span before.
    """
    SIGNAL = "signal"
    """An early sign of leaving: `name` is the sign, the value now against `compared_to` usually; `detail` says of what.

    The definitions are those of `profile/signs/engagement.py`; `period` is the recent stretch, `out_of` and
    `compared_out_of` the observations behind both means, `size` their distance in standard errors.
    """
    DISCOUNT_SHARE = "discount_share"
    """Orders bought cheaper (`profile/sums/prices.py`) over all orders (`out_of`)."""
    BASKET = "basket"
    """Median order value, between `low` and `high`, the quarters' edges, as `profile/sums/prices.py` keeps them."""
    USUAL_HOUR = "usual_hour"
    """The local hour (0-23) round which most visits begin, as `profile/rhythm.py` defines it; `out_of` visits."""
    USUAL_WEEKDAY = "usual_weekday"
    """The local weekday (Monday is 0) on which most visits begin; `out_of` visits."""
    VISIT_GAP = "visit_gap"
    """Median days between local days with a visit."""
    ATTRIBUTE = "attribute"
    """What is known of the customer: attribute `name` is `detail`, on `authority`; inferred ones are inferences."""
    RFM_POSITION = "rfm_position"
    """Class (`name`) and quintiles (`scores`: recency, frequency, spend) among the workspace's buyers."""
    LTV = "ltv"
    """The estimator's expected value over its horizon."""
    NO_PURCHASE = "no_purchase"
    """The estimator's probability of no purchase over its horizon."""
    CHURN_RISK = "churn_risk"
    """The estimator's probability that the customer is leaving, relative to their own rhythm.

    `name` is what the shop's policy makes of it: `calm`, `watch`, `drifting` or `leaving`.
    """


class Unit(StrEnum):
    """What a claim's value counts."""

    COUNT = "count"
    MONEY_MINOR = "money_minor"
    DAYS = "days"
    SHARE = "share"
    PROBABILITY = "probability"
    RATING = "rating"
    SECONDS = "seconds"
    PAGES = "pages"
    CHARACTERS = "characters"
    HOUR = "hour"
    WEEKDAY = "weekday"
    NONE = "none"


class Period(Frozen):
    """A half-open stretch of time: start < t <= end, so that adjacent periods share no event.

    The last n days are today and the n - 1 local days before it: they start a microsecond before a local midnight
    and end at `as_of`. The days before a period that touches n local days are the n whole ones before the first.
    """

    start: datetime
    end: datetime


class QueryRef(Frozen):
    """Evidence by query: how to find the events, how many there are, and a hash of their ids.

    Count and hash are None while nobody has looked; `measures.ground` fills them in.
    """

    query: str
    """Closed grammar: `kinds=order,refund topic=baby item=SKU order=ID from=ISO to=ISO`; absent parts do not filter."""
    count: int | None = None
    hash: str | None = None
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
    """The value of the preceding period, for changes; the customer's usual one, for signs."""
    out_of: int | None = None
    """How many the value is a part or a mean of, where that says more."""
    compared_out_of: int | None = None
    """The same behind `compared_to`."""
    size: float | None = None
    """For signs: how far from the usual, in standard errors."""
    weight: float | None = None
    """For interests: the decayed weight."""
    scores: tuple[int, int, int] | None = None
    """For a place among buyers: quintiles of recency, frequency and spend, 5 best."""
    topic: str | None = None
    to_topic: str | None = None
    """For shifts: where interest went; `topic` is where it came from."""
    name: str | None = None
    """Which sign, attribute, kind of shift, class, kind of event or level of concern it is about."""
    detail: str | None = None
    """For attributes the value; for said dissatisfaction with what."""
    authority: str | None = None
    """For attributes: who says so."""
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


class Marker(Frozen):
    """What a marker such as `[e12]` in a narrative's text stands for."""

    marker: str
    """`e1`, `e2` ... in order of appearance."""
    events: tuple[str, ...] = ()
    query: QueryRef | None = None
    """Where there are more events than are listed."""


class Narrative(Frozen):
    """The customer's behaviour told in order, deterministically; input to models and readable as it is."""

    customer_id: str
    as_of: datetime
    lang: Lang
    claims: tuple[Claim, ...]
    sentences: tuple[Sentence, ...]
    """Every claim told, each sentence with the claims it stands on: what stories are composed of."""
    paragraphs: tuple[str, ...] = ()
    """The whole narrative: who this is, what happened, what changed, what may be inferred; with markers."""
    evidence: tuple[Marker, ...] = ()
    """What the markers stand for."""
    tokens: int = 0
    """Estimate of the paragraphs' size in tokens, never too low for the usual tokenizers."""

    @property
    def text(self) -> str:
        """The narrative as text: its paragraphs, or its sentences where only claims are told."""
        if self.paragraphs:
            return "\n".join(self.paragraphs)
        return ("" if self.lang == "zh" else " ").join(s.text for s in self.sentences)
