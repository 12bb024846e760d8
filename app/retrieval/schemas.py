"""Campaigns, their outcomes, and matches. Outcomes keep sums; lift and intervals are derived from them."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from app.privacy.quoting import quotable
from app.profile.schemas import RfmClass
from app.profile.stages import PriceBand, Stage
from app.schema import Frozen, Lang

EvidenceKind = Literal["randomised", "observational", "reported", "simulated"]
Objective = Literal["win_back", "retain", "grow", "welcome", "cross_sell", "reactivate_cart"]
Stance = Literal["worked", "unclear", "failed"]


Count = Annotated[int, Field(ge=0, le=10**12)]
Total = Annotated[int, Field(ge=-(10**18), le=10**18)]
SquareTotal = Annotated[float, Field(ge=0, le=1e36, allow_inf_nan=False)]
Moment = Annotated[AwareDatetime, Field(ge=datetime(1990, 1, 1, tzinfo=UTC), lt=datetime(2100, 1, 1, tzinfo=UTC))]


class Channel(StrEnum):
    """Ways to reach a customer. `onsite` is a banner or in-app card that waits until they come."""

    SMS = "sms"
    EMAIL = "email"
    PUSH = "push"
    WECHAT = "wechat"
    ONSITE = "onsite"


class OfferType(StrEnum):
    """What an offer gives. All are discounts from one public price."""

    COUPON = "coupon"
    FREE_SHIPPING = "free_shipping"
    GIFT = "gift"
    POINTS = "points"


class Offer(Frozen):
    """An incentive, in minor units of the workspace's currency."""

    type: OfferType
    amount_minor: Count
    """What one redemption costs at most."""
    threshold_minor: Count = 0
    """Smallest basket it applies to."""
    expires_in: Annotated[int, Field(ge=1, le=365)] = 7
    """Days."""


class Audience(Frozen):
    """Whom a campaign addressed, as conditions on profile attributes. Empty lists do not filter."""

    rfm_classes: tuple[RfmClass, ...] = ()
    topics: tuple[str, ...] = ()
    """Topic ids of the taxonomy."""
    stages: tuple[Stage, ...] = ()
    price_bands: tuple[PriceBand, ...] = ()


class Titles(Frozen):
    """One title in both languages, as far as somebody wrote them."""

    zh: Annotated[str | None, Field(min_length=1, max_length=200)] = None
    en: Annotated[str | None, Field(min_length=1, max_length=200)] = None


class Themes(Frozen):
    """The same themes in both languages, as far as somebody wrote them."""

    zh: Annotated[tuple[str, ...], Field(max_length=3)] = ()
    en: Annotated[tuple[str, ...], Field(max_length=3)] = ()


class Arm(Frozen):
    """One variant of a campaign."""

    arm_id: str
    channel: Channel
    offer: Offer | None = None
    themes: Annotated[tuple[str, ...], Field(max_length=3)] = ()
    """What the messages spoke about, strongest first."""
    translated_themes: Themes | None = None
    timing: str = ""
    """When it was sent, in words: `Friday evening`, `three days after the cart`."""
    propensity: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Probability that an eligible customer was given this arm."""

    def themes_in(self, lang: Lang) -> tuple[str, ...]:
        """The themes in the reader's language, else as they were given."""
        known = self.translated_themes
        return (getattr(known, lang) if known else ()) or self.themes


class Campaign(Frozen):
    """One past or running campaign of this workspace."""

    campaign_id: Annotated[str, Field(min_length=1, max_length=120)]
    workspace_id: str = ""
    """Set from the credential on import. A file says here where it was exported; what the demo wrote stays there."""
    evidence_kind: EvidenceKind
    title: Annotated[str, Field(min_length=1, max_length=200)]
    titles: Titles | None = None
    """The title in either language; `title` stands for the one that is absent."""
    objective: Objective
    audience: Audience = Audience()
    eligible_n: Count
    arms: Annotated[tuple[Arm, ...], Field(min_length=1)]
    holdout_share: Annotated[float, Field(ge=0, lt=1)] = 0.0
    window_days: Annotated[int, Field(ge=1, le=365)]
    metric: Literal["order_value", "conversion"] = "order_value"
    starts_at: Moment
    ends_at: Moment
    cost_minor: Count = 0
    approved_by: str | None = None
    """Who made it retrievable; None is never retrieved."""

    def title_in(self, lang: Lang) -> str:
        """The title in the reader's language, else the one that was given; fit to stand between quotation marks."""
        return quotable((getattr(self.titles, lang) if self.titles else None) or self.title)


class Outcome(Frozen):
    """What one arm did to one segment, against its holdout, as sums over customers (minor units)."""

    campaign_id: str
    arm_id: str
    segment: str = "all"
    sent: Count
    treated_n: Count
    treated_conversions: Count
    treated_sum: Total
    treated_sumsq: SquareTotal
    control_n: Count
    control_conversions: Count
    control_sum: Total
    control_sumsq: SquareTotal
    cost_minor: Count = 0
    """All that the treated customers cost: sending and redeemed offers. 0 means unknown."""
    computed_at: Moment


class Case(Frozen):
    """A campaign with its outcomes: one line of knowledge_base/campaigns.jsonl."""

    campaign: Campaign
    outcomes: tuple[Outcome, ...] = ()


class Lift(Frozen):
    """Incremental value per treated customer, minor units, with a 90% interval."""

    mean: float
    low: float
    high: float
    treated_n: int
    control_n: int


class MatchParts(Frozen):
    """What the score is made of: score = family + reach * (aimed + age * evidence * own)."""

    dense: float
    """Cosine between the situation asked about and the arm in words, 0 to 1; what `similarity` says too."""
    lexical: float
    """BM25 as a share of the best arm's, 0 to 1."""
    structured: float
    """How well audience and objective meet the situation, 0 to 1; what `fit` says too."""
    fused: float
    """Reciprocal ranks in the three orders as a share of three first places, 0 to 1."""
    reach: float
    """Share of what it did to its own audience that reaches here, 0 to 1; 1 for an arm that was sent to anybody."""
    family: float
    """What arms of its kind bring when they are sent to anybody, minor units."""
    aimed: float
    """What such arms bring on top to those whose topic they speak of, minor units."""
    own: float
    """What sets this arm apart from its kind, shrunk by sample size, minor units."""
    age: float
    """Share that age has left of it, 0 to 1."""
    evidence: float
    """Share that is kept of evidence that was not randomised, 0 to 1."""


class CampaignMatch(Frozen):
    """One retrieved arm: how near it is, what it did, and what we expect of it here."""

    campaign: Campaign
    arm: Arm
    similarity: float
    """Cosine between the situation asked about and the campaign, 0 to 1."""
    fit: float
    """How well the campaign's audience and objective meet the situation, 0 to 1."""
    closeness: float
    """Mean of similarity and fit; retrieval abstains when the best one is too small."""
    lift: Lift
    """As measured."""
    expected: Lift
    """What to expect here: shrunk towards its kind of arm by sample size, faded by age, distance and evidence."""
    stance: Stance
    """What it did where it ran, by the 90% interval of its lift: `failed` should not be repeated."""
    parts: MatchParts
    reworded: Lift | None = None
    """What to expect when its message speaks of the customer's own topics; None when nothing is known of those."""
    plain: Lift | None = None
    """The same without its offer; None for an arm that has none."""
    age_days: int
    cost_per_customer: float | None = None
    """What a treated customer cost, sending and redemptions together; None when nobody recorded it."""
    conversion: float | None = None
    """Share of treated customers who bought within the window."""
    score: float
    """What the ranking sorts by: the mean of `expected`, which `parts` add up to."""


class KindLifts(Frozen):
    """What arms of each kind bring on average; errors that kinds share do not count when they are compared."""

    kinds: tuple[tuple[Channel, str], ...]
    """Channel and type of offer, empty without one."""
    means: tuple[float, ...]
    """Minor units per treated customer."""
    covariance: tuple[tuple[float, ...], ...]
    """Of the means' errors, in the order of `kinds`."""


class Retrieval(Frozen):
    """Matches, best first; or an abstention with its reason."""

    matches: tuple[CampaignMatch, ...]
    kinds: KindLifts | None = None
    """Of arms that speak of topics of the customer's own, where any are known; None without past outcomes."""
    warnings: tuple[CampaignMatch, ...] = ()
    """Near arms that failed and are not among the matches, nearest first: what not to repeat."""
    abstained: Literal["no_past_outcomes", "nearest_too_far"] | None = None
    nearest_similarity: float | None = None
    """Closeness of the nearest case, also when it was too far; None when there is no case."""
    without_meaning: bool = False
    """Whether the embedder did not answer, so that only words and structure were compared."""


class KnowledgeBaseReport(Frozen):
    """What an import did."""

    imported: int
    replaced: int
    """With other content than before: a new version, which needs an approval of its own."""
    unchanged: int
    waiting: int = 0
    """How many of these cases have a newest version that nobody has approved or rejected yet."""
    outcomes: int
    at: datetime
