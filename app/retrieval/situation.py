"""What a strategy is wanted for. It holds all that an offer may depend on, and nothing of what somebody spends."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from app.narrative.schemas import Claim, Predicate
from app.profile.schemas import Lifecycle, Profile, lifecycle_of
from app.profile.stages import PriceBand, Stage, price_band_of, stage_of
from app.retrieval.schemas import Campaign, Objective
from app.schema import Frozen

_OBJECTIVES: Mapping[Lifecycle, Objective] = {
    Lifecycle.VALUE: "cross_sell",
    Lifecycle.DEVELOP: "grow",
    Lifecycle.KEEP: "retain",
    Lifecycle.WIN_BACK: "win_back",
}


class Situation(Frozen):
    """A customer, or a group of customers, that one wants to do something for."""

    text: str = ""
    """Anything said about it in words: a brief, a question, a few words on the customer."""
    topics: tuple[str, ...] = ()
    """Topic ids, strongest first."""
    lifecycle: Lifecycle | None = None
    """None before the first order, and where nobody is meant in particular."""
    stage: Stage | None = None
    """None when it is not known."""
    price_band: PriceBand | None = None
    """None before the first order."""
    objective: Objective | None = None
    carted: bool = False
    """Whether something was put in the cart and not bought, so that reminding of it makes sense."""
    carted_topics: tuple[str, ...] = ()
    """Topic ids of what lies in the cart."""
    has_ordered: bool | None = None
    """None when it is not known."""


def situation_of(
    profile: Profile,
    *,
    claims: Sequence[Claim] = (),
    text: str = "",
    topics: int = 3,
    item_topics: Mapping[str, str] = MappingProxyType({}),
) -> Situation:
    """The situation of one customer: strongest topics, life cycle, stage, the objective that it suggests, the cart.

    `item_topics` (item id -> topic id) says what the carted items are about.
    """
    lifecycle = lifecycle_of(profile.rfm_class) if profile.rfm_class else None
    return Situation(
        text=text,
        topics=tuple(interest.topic for interest in profile.interests[:topics]),
        lifecycle=lifecycle,
        stage=_stage(profile),
        price_band=price_band_of(profile.prices.discount_share) if profile.prices else None,
        objective=objective_of(lifecycle),
        carted=any(claim.predicate is Predicate.CARTED_NOT_BOUGHT for claim in claims),
        carted_topics=carted_topics(claims, item_topics),
        has_ordered=profile.rfm is not None,
    )


def segment_of(situation: Situation) -> Situation:
    """What a situation has in common with all customers of its life cycle and stage: nothing of the customer's own."""
    shared = {"lifecycle", "stage", "objective", "has_ordered"}
    return Situation(**situation.model_dump(include=shared))


def carted_topics(claims: Iterable[Claim], item_topics: Mapping[str, str]) -> tuple[str, ...]:
    """What the items left in the cart are about, as far as it is known."""
    left = [claim for claim in claims if claim.predicate is Predicate.CARTED_NOT_BOUGHT]
    found = (claim.topic or item_topics.get(claim.item_id or "") for claim in left)
    return tuple(dict.fromkeys(topic for topic in found if topic))


def speaks_to(campaign: Campaign, topics: Iterable[str]) -> bool:
    """Whether the campaign is about none in particular, or about one of these topics."""
    return not campaign.audience.topics or not set(campaign.audience.topics).isdisjoint(topics)


def objective_of(lifecycle: Lifecycle | None) -> Objective:
    """What one would wish of such a customer; without an order yet, to welcome them."""
    return _OBJECTIVES[lifecycle] if lifecycle is not None else "welcome"


def applies(objective: Objective, situation: Situation) -> bool:
    """Whether campaigns with this objective make sense: no cart reminder without a cart, no welcome after an order."""
    match objective:
        case "reactivate_cart":
            return situation.carted or situation.objective == "reactivate_cart"
        case "welcome":
            return not situation.has_ordered
        case _:
            return True


def _stage(profile: Profile) -> Stage:
    rfm = profile.rfm
    if rfm is None:
        return Stage.VISITOR
    since = (profile.as_of - rfm.last_order_at).total_seconds() / 86_400
    return stage_of(rfm.orders, since, profile.usual_gap_days)
