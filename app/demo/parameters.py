"""The simulator's numbers, typed. `parameters.yaml` holds and explains them; this module only reads and checks."""

from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field

from app.demo.habits import (
    BehaviourRates,
    ConsentHabits,
    Days,
    Delivery,
    Factor,
    IdentityHabits,
    Range,
    Share,
    SocialHabits,
    WritingHabits,
)
from app.retrieval.schemas import Channel, OfferType
from app.schema import Frozen

Mood = Literal["fond", "cool"]
Cause = Literal["recommendations", "service", "quality", "price", "elsewhere", "need_over"]
"""Why somebody leaves."""
Manner = Literal["drift", "silent", "one_off"]
"""How somebody leaves."""
Year = Annotated[tuple[Factor, ...], Field(min_length=12, max_length=12)]

_HERE = Path(__file__).parent


class Joining(Frozen):
    """When customers first appear."""

    early_share: Share
    early_days: int
    latest_day: int


class Season(Frozen):
    """A stretch of the calendar in which everybody buys more, or less."""

    name: str
    first: date
    last: date
    rate: Factor
    sale_price: Factor


class CatalogueSpread(Frozen):
    """How products differ from their entry in the files, and which of them are drawn."""

    price_factor: Range
    cost_share: Range
    popularity: Factor
    level_tilt: tuple[float, float, float]
    out_of_season: Share
    months: dict[str, tuple[int, ...]]
    """Months by a part of the product's name."""


class CustomerSpread(Frozen):
    """How customers differ from each other."""

    order_rate_sigma: Factor
    arc_rate_sigma: Factor
    visit_rate_sigma: Factor
    basket_sigma_between: Factor
    basket_sigma_within: Factor
    big_baskets: Share
    big_basket: Range
    regularity: Days
    buys_at_once: Share
    first_gap: Factor
    at_once_days: int
    quits_per_order: Range
    forgives: Share
    quits_at_most: Share
    causes: dict[Manner, dict[Cause, Share]]
    lingers: int
    never_orders: Share
    interest_sigma: Factor
    wander: Share
    gift_share: Share
    english_share: Share
    reviews_sigma: Factor
    reviews_at_most: Share
    sensitivity: Range
    sensitivity_spread: Share
    sensitivity_levels: tuple[float, float, float]
    sale_pull: Range
    affinity_sigma: Factor
    quiet_every: Factor
    quiet_days: Days
    quiet_pace: Share


class Persona(Frozen):
    """A kind of customer: interests, pace, purse and habits. Rates per 30 days, basket in yuan."""

    share: Share
    topics: dict[str, Factor]
    orders: Factor
    visits: Factor
    basket: Factor
    depth: Factor
    reviews: Share
    price_level: tuple[Share, Share, Share]
    """Shares that buy cheap, middling and dear things."""
    sensitivity: Share
    surfaces: dict[str, Share]
    households: dict[str, Share]
    channels: dict[Channel, Factor]


class PhaseSpec(Frozen):
    """One stretch of an arc; factors on the customer's own rates and a blend into their interests."""

    days: Days | None = None
    topics: dict[str, Factor] = Field(default_factory=dict)
    one_of: tuple[str, ...] = ()
    strength: Share = 0.0
    visits: Factor = 1.0
    orders: Factor = 1.0
    depth: Factor = 1.0
    basket: Factor = 1.0
    mood: Mood = "fond"
    nights: bool = False
    complains: bool = False
    event: str | None = None
    """What happens in their life on the first day."""


class Custom(Frozen):
    """How an arc, or a way to have none, buys; what is None is the persona's or the usual."""

    order_rate: Factor | None = None
    basket_factor: Factor = 1.0
    regularity: int | None = None
    quits_per_order: Share | None = None


class Arc(Custom):
    """What happens in a customer's life while the shop watches."""

    share: Share
    joins_within: int | None = None
    starts_after: Days | None = None
    """Days after joining."""
    starts_between: tuple[tuple[date, date], ...] = ()
    household_before: str | None = None
    household: str | None = None
    """From the first phase on."""
    phases: tuple[PhaseSpec, ...] = ()


class Noise(Custom):
    """A way to have no arc."""

    share: Share
    wander: Share | None = None
    gift_share: Share | None = None
    quiet_rate: Factor = 1.0
    season_power: Factor = 1.0
    single: bool = False
    visits: Factor = 1.0


class Ageing(Frozen):
    """How repetition and time take the pull out of messages."""

    tires: Share
    tires_within: int
    families: dict[str, tuple[str, ...]]
    drift_days: int
    channels_keep: dict[Channel, Share]
    offers_keep: dict[OfferType, Share]


class ResponseModel(Frozen):
    """How customers truly answer messages; costs in yuan per message."""

    reads: dict[Channel, Share]
    reads_at_most: Share
    read_minutes: Factor
    read_sigma: Factor
    clicks: Share
    clicks_fit: Share
    clicks_offer: Share
    buys: Share
    buys_days: Days
    offer_value: dict[OfferType, Share]
    generous_share: Share
    within_reach: Factor
    out_of_reach: Share
    lapsed: Share
    cool: Share
    puts_off: dict[Channel, Share]
    puts_off_cool: Factor
    puts_off_days: int
    cost: dict[Channel, Factor]
    ageing: Ageing


class Parameters(Frozen):
    """Everything that decides how the shop behaves, apart from the seed and the number of customers."""

    first_day: date
    last_day: date
    rfm_sample: int
    campaign_kinds: int
    campaign_likenesses: int
    campaign_cap: int
    campaign_cap_days: int
    campaign_interest: Share
    joining: Joining
    seasons: tuple[Season, ...]
    weekend_rate: Factor
    hours: Annotated[tuple[Factor, ...], Field(min_length=24, max_length=24)]
    topic_months: dict[str, Year]
    catalogue: CatalogueSpread
    customer: CustomerSpread
    gift_topics: tuple[str, ...]
    household_topics: dict[str, dict[str, Share]]
    personas: dict[str, Persona]
    arcs: dict[str, Arc]
    noise: dict[str, Noise]
    behaviour: BehaviourRates
    writing: WritingHabits
    identities: IdentityHabits
    social: SocialHabits
    delivery: Delivery
    consent: ConsentHabits
    response: ResponseModel

    def topic_pull(self, topic: str, month: int) -> float:
        """Factor on the usual weight of a topic in a month, 1 to 12."""
        year = self.topic_months.get(topic)
        return 1.0 if year is None else year[month - 1]

    @property
    def days(self) -> int:
        """Length of the log in days."""
        return (self.last_day - self.first_day).days + 1


def load_yaml(name: str) -> Any:
    """The content of one of this folder's YAML files, by the fast loader where there is one."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load((_HERE / name).read_text(encoding="utf-8"), Loader=loader)


@cache
def parameters() -> Parameters:
    """The shop's parameters."""
    return Parameters.model_validate(load_yaml("parameters.yaml"))
