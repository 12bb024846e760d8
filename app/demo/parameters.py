"""The simulator's numbers, typed. `parameters.yaml` holds and explains them; this module only reads and checks."""

from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field

from app.retrieval.schemas import Channel, OfferType
from app.schema import Frozen

Share = Annotated[float, Field(ge=0, le=1)]
Factor = Annotated[float, Field(ge=0)]
Range = tuple[float, float]
Days = tuple[int, int]
Mood = Literal["fond", "cool"]

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


class CustomerSpread(Frozen):
    """How customers differ from each other."""

    order_rate_sigma: Factor
    visit_rate_sigma: Factor
    basket_sigma_between: Factor
    basket_sigma_within: Factor
    big_baskets: Share
    big_basket: Range
    regularity: Days
    buys_at_once: Share
    first_gap: Factor
    quits_per_order: Range
    forgives: Share
    never_orders: Share
    interest_sigma: Factor
    wander: Share
    gift_share: Share
    english_share: Share
    sensitivity: Range
    affinity_sigma: Factor
    quiet_every: Factor
    quiet_days: Days
    quiet_pace: Share


class IdentityHabits(Frozen):
    """How often names change hands, are replaced, or are no names at all."""

    neighbourhood: int
    shared_devices: Share
    tablet_used: Share
    recycled_phones: Share
    phone_rests: int
    new_device: Share
    cookie_days: Days
    stays_out: Share
    second_app: Share
    club_visits: Share
    social: Share
    store_tablets: tuple[str, ...]
    in_store: Share
    junk: Share
    junk_names: dict[str, tuple[dict[str, str], ...]]


class SocialHabits(Frozen):
    """What those who follow the shop on a social network do there."""

    posts: Share
    posts_cool: Share
    post_days: Range
    refers: Share


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


class Arc(Frozen):
    """What happens in a customer's life while the shop watches."""

    share: Share
    joins_within: int | None = None
    starts_after: Days | None = None
    """Days after joining."""
    starts_between: tuple[tuple[date, date], ...] = ()
    order_rate: Factor | None = None
    basket_factor: Factor = 1.0
    regularity: int | None = None
    quits_per_order: Share | None = None
    household: str | None = None
    phases: tuple[PhaseSpec, ...] = ()


class Noise(Frozen):
    """A way to have no arc."""

    share: Share
    wander: Share | None = None
    gift_share: Share | None = None
    quiet_rate: Factor = 1.0
    season_power: Factor = 1.0
    single: bool = False
    visits: Factor = 1.0


class BehaviourRates(Frozen):
    """Chances of each action within a visit or after an order."""

    search: Share
    second_search: Share
    impression: Share
    impression_taken: Share
    impression_taken_cool: Share
    zoom: Share
    favourite: Share
    cart_add: Share
    cart_remove: Share
    share: Share
    dwell_seconds: Factor
    dwell_sigma: Factor
    logged_out: Share
    straight_to_order: Share
    max_lines: int
    refund: Share
    refund_topics: dict[str, Share]
    refund_partly: Share
    unhappy: Share
    unhappy_cool: Share
    support: Share
    support_phone: Share
    typo: Share
    emoji: Share
    coupon_used: Share


class Delivery(Frozen):
    """How unreliably events arrive."""

    late: Share
    late_hours: Range
    duplicate: Share


class ConsentHabits(Frozen):
    """Who may be contacted, and who takes it back."""

    channels_granted: tuple[Share, ...]
    refused_aloud: Share
    withdraws: Share
    withdraws_cool: Share


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
    clicks: Share
    clicks_fit: Share
    clicks_offer: Share
    buys: Share
    offer_value: dict[OfferType, Share]
    generous_share: Share
    lapsed: Share
    cool: Share
    puts_off: dict[Channel, Share]
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
    joining: Joining
    seasons: tuple[Season, ...]
    weekend_rate: Factor
    hours: Annotated[tuple[Factor, ...], Field(min_length=24, max_length=24)]
    customer: CustomerSpread
    gift_topics: tuple[str, ...]
    personas: dict[str, Persona]
    arcs: dict[str, Arc]
    noise: dict[str, Noise]
    behaviour: BehaviourRates
    identities: IdentityHabits
    social: SocialHabits
    delivery: Delivery
    consent: ConsentHabits
    response: ResponseModel

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
