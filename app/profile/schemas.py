"""The profile of one customer at one moment."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import ConfigDict, Field

from app.schema import Frozen


class Interest(Frozen):
    """How strongly one topic of the taxonomy speaks from the customer's behaviour, after decay."""

    topic: str
    """Topic id in knowledge_base/taxonomy.yaml."""
    weight: float
    """Sum over events of impact * 2^(-age / half-life), at the profile's `as_of`; 0 when it comes from the segment."""
    share: float
    """Share of present interest: own behaviour, shrunk to that of customers like this one; all shares sum to one."""
    own_share: float
    """This weight over the sum of all weights: what own behaviour says alone."""
    last_event_at: datetime | None
    """When the topic was last touched; None when only the segment speaks for it."""
    evidence: tuple[str, ...] = ()
    """The newest events that raised it."""


class ShiftKind(StrEnum):
    """What became of interests."""

    FADING = "fading"
    """An interest fell below the threshold and stayed there: forgotten."""
    EMERGING = "emerging"
    """A new interest stands beside what was wanted most."""
    SHIFT = "shift"
    """Something else is wanted most than before."""
    SEASONAL = "seasonal"
    """The same, towards a topic in its season (taxonomy.yaml)."""


class ShiftReason(Frozen):
    """The counts that a shift stands on; words are made of them in each language."""

    visits: int
    """Visits since it began ..."""
    visits_to: int
    """... and how many of them were about the new topic."""
    before: int
    """Visits within the span of comparison before it began ..."""
    before_to: int
    """... and how many of them were about the new topic."""


class InterestShift(Frozen):
    """A change of what a customer wants: typed, dated, with evidence. Sent as `from` and `to`."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, validate_by_name=True, serialize_by_alias=True
    )

    from_topic: Annotated[str | None, Field(alias="from")]
    """Topic wanted most before; None for an emerging interest that pushes nothing aside."""
    to_topic: Annotated[str | None, Field(alias="to")]
    """Topic wanted now; None for a fading interest."""
    kind: ShiftKind
    since: datetime
    """When it began, as far as the events show."""
    noticed_at: datetime
    """When the events had shown enough; never before `since`."""
    evidence: tuple[str, ...]
    """Events that speak for it, newest last."""
    reason: ShiftReason
    confidence: float
    """Chance of just this change within ten days of `since`; the rest is another topic, another time, or noise."""


class SignalName(StrEnum):
    """Early signs of leaving, each measured against the customer's own past."""

    SHORTER_DWELL = "shorter_dwell"
    """Seconds on a product page."""
    SHALLOWER_VISITS = "shallower_visits"
    """Product pages per visit."""
    RARER_VISITS = "rarer_visits"
    """Days between visits."""
    BROADER_SEARCHES = "broader_searches"
    """Share of searches that name no product."""
    IGNORED_RECOMMENDATIONS = "ignored_recommendations"
    """Share of recommendations that were not followed."""
    LONGER_ORDER_GAP = "longer_order_gap"
    """Days since the last purchase day, against the usual gap."""
    SHORTER_REVIEWS = "shorter_reviews"
    """Characters of a review, or reviews per order."""
    POORER_REVIEWS = "poorer_reviews"
    """Rating and sentiment of reviews."""
    DISSATISFACTION = "dissatisfaction"
    """Said so: recommendations, service, quality or price."""
    HARSHER_SUPPORT = "harsher_support"
    """Tone towards the support desk."""
    CONSENT_WITHDRAWN = "consent_withdrawn"
    """Took back a consent to marketing."""


class Signal(Frozen):
    """One sign that stands at `as_of`: how much, in which direction, against the customer's own usual."""

    name: SignalName
    direction: str
    """`up` or `down`: where `now` lies from `usual`."""
    now: float
    """The mean over the recent stretch, in `unit`."""
    usual: float | None
    """The mean over the customer's own past before it; None where a single word is the sign."""
    unit: str
    """`seconds`, `pages`, `days`, `share`, `characters`, `rating` or `count`."""
    size: float
    """How far from the usual, in standard errors of the difference; at least the threshold."""
    n_now: int
    """Observations behind `now`."""
    n_usual: int
    """Observations behind `usual`."""
    since: datetime
    """Beginning of the recent stretch."""
    raised_at: datetime
    """When it was raised for the first time since it last did not stand."""
    detail: str | None = None
    """For dissatisfaction: with what (recommendations, service, quality, price, delivery)."""
    evidence: tuple[str, ...] = ()
    """The newest events behind it, at most eight, newest last."""


class Rhythm(Frozen):
    """When the customer is there, in the workspace's time zone."""

    timezone: str
    hours: tuple[int, ...]
    """Visits by local hour of their beginning, 24 counts."""
    weekdays: tuple[int, ...]
    """Visits by local weekday, Monday first, 7 counts."""
    usual_hour: int | None
    """The hour round which most visits begin (counts of three neighbouring hours); None below five visits."""
    usual_weekday: int | None
    """Monday is 0; None below five visits."""
    visit_gap_days: float | None
    """Median days between days with a visit; None below two."""
    purchase_gap_days: float | None
    """Median days between purchase days; None below two."""


class PriceBehaviour(Frozen):
    """What the customer pays and whether discounts move them. Amounts in minor units."""

    orders: int
    discounted_orders: int
    """Orders with a coupon, a discount, or a line below its catalogue price."""
    discount_share: float
    """Discounted orders over orders."""
    basket_low: int
    """Lower edge of the usual basket: about the 25% quantile."""
    basket_median: int
    basket_high: int
    """About the 75% quantile."""


class RfmScores(Frozen):
    """Quintiles among the workspace's buyers, 1 (lowest) to 5 (best)."""

    recency: int
    frequency: int
    monetary: int


class Authority(StrEnum):
    """Who says so; higher ones win whatever their time, among equals the newest wins."""

    CORRECTION = "correction"
    VERIFIED = "verified"
    BEHAVIOUR = "behaviour"
    INFERENCE = "inference"


class Attribute(Frozen):
    """One attribute with who says so, since when, and from which events."""

    name: str
    value: str
    authority: Authority
    source: str
    """The event's source; for inferences the model or `lexicon`."""
    at: datetime
    evidence: tuple[str, ...]
    """Event ids, newest last."""
    confidence: float | None = None
    """For inferences."""
    quote: str | None = None
    """For inferences: the words that they were read from, redacted."""
    inferred: bool = False
    """True for whatever is not a fact: marked as such wherever it is shown."""


class Tombstone(Frozen):
    """An inference that the customer, or an operator for them, rejected: it does not come back."""

    name: str
    value: str | None
    """None: no inference of this name is wanted at all."""
    at: datetime
    event_id: str
    by: str


class UpdateMode(StrEnum):
    """What brought a profile up to date."""

    INCREMENTAL = "incremental"
    """Events folded as they came: one entry per day, with their number."""
    TRIGGERED = "triggered"
    """A reflection because the profile had moved enough."""
    PERIODIC = "periodic"
    """A reflection because it was time."""


class Conclusion(Frozen):
    """One sentence that a reflection concluded: an inference, never a fact."""

    text: str
    quote: str | None
    """The customer's words that it reads something from, redacted."""
    evidence: tuple[str, ...]
    """Events that it stands on."""
    model: str | None
    """Who worded it; None when code did."""


class Update(Frozen):
    """One entry of the profile's history."""

    mode: UpdateMode
    at: datetime
    events: int
    """Events folded since the entry before of the same mode."""
    score: float | None
    """For reflections: how far the profile had moved since the last one."""
    threshold: float | None
    """For reflections: from which score one is triggered."""
    event_id: str | None
    """The event that records a reflection."""
    conclusions: tuple[Conclusion, ...] = ()
    """For the newest reflections: what changed and what it may have to do with, unless it was rejected."""
    changes: tuple[str, ...] = ()
    """What changed, as codes: `shift:baby_care>travel`, `signal:shorter_dwell`, `attribute:city`, `class:...`."""


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


class Lifecycle(StrEnum):
    """The eight classes without spend: recency and frequency each above or below the median.

    Offers and past outcomes are chosen by this, so that what somebody spends never changes what they are offered.
    """

    VALUE = "value"
    DEVELOP = "develop"
    KEEP = "keep"
    WIN_BACK = "win_back"


def lifecycle_of(rfm_class: RfmClass) -> Lifecycle:
    """The class without its spend: `important_keep` and `general_keep` are both `keep`."""
    return Lifecycle(rfm_class.value.partition("_")[2])


class ConsentState(Frozen):
    """The latest word of the customer on one purpose and channel."""

    purpose: str
    channel: str
    granted: bool
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
    """Strongest share first; forgotten ones (below the taxonomy's threshold) are left out."""
    own_weight: float
    """How much of the interests' shares stands on own behaviour; the rest is what customers like this one want."""
    segment: str | None
    """Whom the shares are shrunk to; None when own behaviour speaks alone."""
    shifts: tuple[InterestShift, ...]
    """Newest first."""
    signals: tuple[Signal, ...]
    """Those that stand at `as_of`, strongest first."""
    rhythm: Rhythm
    prices: PriceBehaviour | None
    """None before the first order."""
    unclassified_share: float
    """Share of item and search events that the taxonomy gives no topic."""
    rfm: RfmSummary | None
    """None before the first order."""
    rfm_scores: RfmScores | None
    rfm_class: RfmClass | None
    usual_gap_days: float | None
    """Median days between purchase days; None below two."""
    counts: dict[str, int]
    """Events by kind."""
    consents: tuple[ConsentState, ...]
    attributes: tuple[Attribute, ...]
    """What is known of them, best authority only, by name."""
    tombstones: tuple[Tombstone, ...]
    history: tuple[Update, ...]
    """How the profile came to be as it is, newest first."""
