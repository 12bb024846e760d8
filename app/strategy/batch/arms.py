"""The messages of a plan by kind: one arm for each channel and offer, so that outcomes can be told apart."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from app.retrieval.schemas import Arm, Channel, Offer
from app.strategy.batch.offering import Offering
from app.strategy.batch.schemas import PlannedArm, PlannedCustomer
from app.strategy.batch.totals import Share, together

Kind = tuple[Channel, str]
"""Channel, and the offer as it is written; empty without one."""


class ArmKey(NamedTuple):
    """What makes two customers' messages the same arm."""

    arm_id: str
    channel: Channel
    offer: Offer | None


def arms_of(offerings: Sequence[Offering]) -> dict[str, ArmKey]:
    """customer_id -> their arm; ids are given in the order of what the arms are, so the same plan has the same ids."""
    kinds = {o.customer_id: kind_of(o) for o in offerings}
    offers = {kind_of(o): o.offer for o in offerings}
    keys: dict[Kind, ArmKey] = {}
    for number, kind in enumerate(sorted(offers), start=1):
        offer, channel = offers[kind], kind[0]
        keys[kind] = ArmKey(f"a{number}-{channel}-{offer.type if offer else 'plain'}", channel, offer)
    return {customer_id: keys[kind] for customer_id, kind in kinds.items()}


def kind_of(one: Offering | Arm) -> Kind:
    """What a message is, to be measured with others of its kind."""
    return one.channel, one.offer.model_dump_json() if one.offer else ""


def planned_arms(
    keys: Iterable[ArmKey], customers: Sequence[PlannedCustomer], stands_on: Mapping[str, str]
) -> tuple[PlannedArm, ...]:
    """The arms with what they cost and bring, largest first; `stands_on` is each customer's past campaign."""
    found = []
    for key in {key.arm_id: key for key in keys}.values():
        theirs = [c for c in customers if c.arm_id == key.arm_id]
        given = [c for c in theirs if not c.held]
        shares = (Share(stands_on[c.customer_id], c.profit.mean, c.profit.low, c.profit.high) for c in given)
        found.append(
            PlannedArm(
                arm_id=key.arm_id,
                stands_on=tuple(name for name, _ in Counter(stands_on[c.customer_id] for c in theirs).most_common()),
                channel=key.channel,
                offer=key.offer,
                given=len(given),
                held=len(theirs) - len(given),
                cost_minor=sum(c.cost_minor for c in given),
                profit=together(shares),
            )
        )
    return tuple(sorted(found, key=lambda arm: (-arm.given, arm.arm_id)))


def campaign_arms(arms: Sequence[PlannedArm], customers: Sequence[PlannedCustomer], holdout: float) -> tuple[Arm, ...]:
    """The arms of the campaign that the plan becomes; shares as planned, of what the holdout leaves."""
    sizes = Counter(c.arm_id for c in customers)
    themes = {c.arm_id: tuple(theme.title for theme in c.strategy.themes) for c in reversed(customers)}
    return tuple(
        Arm(
            arm_id=arm.arm_id,
            channel=arm.channel,
            offer=arm.offer,
            themes=themes[arm.arm_id],
            timing="own rhythm",
            propensity=(1 - holdout) * sizes[arm.arm_id] / len(customers),
        )
        for arm in arms
    )
