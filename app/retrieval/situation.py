"""What a strategy is wanted for, and how well a campaign was meant for it."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from app.narrative.schemas import Claim, Predicate
from app.profile.schemas import Profile, RfmClass
from app.retrieval.schemas import Campaign, Objective
from app.schema import Frozen

_OBJECTIVES: Mapping[RfmClass, Objective] = {
    RfmClass.IMPORTANT_VALUE: "cross_sell",
    RfmClass.GENERAL_VALUE: "cross_sell",
    RfmClass.IMPORTANT_DEVELOP: "grow",
    RfmClass.GENERAL_DEVELOP: "grow",
    RfmClass.IMPORTANT_KEEP: "retain",
    RfmClass.GENERAL_KEEP: "retain",
    RfmClass.IMPORTANT_WIN_BACK: "win_back",
    RfmClass.GENERAL_WIN_BACK: "win_back",
}


class Situation(Frozen):
    """A customer, or a group of customers, that one wants to do something for."""

    text: str = ""
    """Anything said about it in words: a brief, a question, a few words on the customer."""
    topics: tuple[str, ...] = ()
    """Topic ids, strongest first."""
    rfm_class: RfmClass | None = None
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
    """The situation of one customer: strongest topics, RFM class, the objective that it suggests, the cart.

    `item_topics` (item id -> topic id) says what the carted items are about.
    """
    return Situation(
        text=text,
        topics=tuple(interest.topic for interest in profile.interests[:topics]),
        rfm_class=profile.rfm_class,
        objective=objective_of(profile.rfm_class),
        carted=any(claim.predicate is Predicate.CARTED_NOT_BOUGHT for claim in claims),
        carted_topics=carted_topics(claims, item_topics),
        has_ordered=profile.rfm is not None,
    )


def carted_topics(claims: Iterable[Claim], item_topics: Mapping[str, str]) -> tuple[str, ...]:
    """What the items left in the cart are about, as far as it is known."""
    left = [claim for claim in claims if claim.predicate is Predicate.CARTED_NOT_BOUGHT]
    found = (claim.topic or item_topics.get(claim.item_id or "") for claim in left)
    return tuple(dict.fromkeys(topic for topic in found if topic))


def speaks_to(campaign: Campaign, topics: Iterable[str]) -> bool:
    """Whether the campaign is about none in particular, or about one of these topics."""
    return not campaign.audience.topics or not set(campaign.audience.topics).isdisjoint(topics)


def objective_of(rfm_class: RfmClass | None) -> Objective:
    """What one would wish of such a customer; without an order yet, to welcome them."""
    return _OBJECTIVES[rfm_class] if rfm_class is not None else "welcome"


def applies(campaign: Campaign, situation: Situation) -> bool:
    """Whether the campaign makes sense at all: no cart reminder without a cart, no welcome after an order."""
    match campaign.objective:
        case "reactivate_cart":
            return situation.carted or situation.objective == "reactivate_cart"
        case "welcome":
            return not situation.has_ordered
        case _:
            return True


def fit(campaign: Campaign, situation: Situation) -> float:
    """How well audience and objective meet the situation, 0 to 1.

    Mean of topics (weight 0.5), segment (0.3) and objective (0.2) over what the situation tells; one half when
    it tells nothing. A cart reminder that applies serves, whatever else is wished.
    """
    parts: list[tuple[float, float]] = []
    if situation.topics:
        parts.append((0.5, _topic_fit(campaign.audience.topics, situation.topics)))
    if situation.rfm_class is not None:
        classes = campaign.audience.rfm_classes
        parts.append((0.3, float(situation.rfm_class in classes) if classes else 0.5))
    if situation.objective is not None:
        served = campaign.objective in (situation.objective, "reactivate_cart")
        parts.append((0.2, float(served)))
    total = sum(weight for weight, _ in parts)
    return sum(weight * value for weight, value in parts) / total if parts else 0.5


def _topic_fit(addressed: Sequence[str], wanted: Sequence[str]) -> float:
    """1 for the strongest wanted topic, 1/2 for the second, and so on; 1/2 for a campaign about anything."""
    if not addressed:
        return 0.5
    return max((1.0 / rank for rank, topic in enumerate(wanted, start=1) if topic in addressed), default=0.0)
