"""Who gets which arm: a keyed hash of the customer, so that a draw can be repeated and depends on nobody else.

The key is workspace and campaign: one customer's draws in two campaigns have nothing to do with each other, and who
joins or leaves changes nobody's arm.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from app.retrieval.schemas import Arm, Campaign
from app.strategy.running.schemas import Member

_BITS = 64


class Draw(NamedTuple):
    """The outcome of one customer's draw."""

    arm_id: str | None
    """None: held out from all arms."""
    held: bool
    propensity: float


def draw(campaign: Campaign, workspace_id: str, customer_id: str) -> Draw:
    """The arm whose stretch of [0, 1) the customer's number falls into; the holdout comes first."""
    number = _number(workspace_id, campaign.campaign_id, customer_id)
    if number < campaign.holdout_share:
        return Draw(None, True, campaign.holdout_share)
    edge = campaign.holdout_share
    for arm in campaign.arms[:-1]:
        edge += arm.propensity
        if number < edge:
            return Draw(arm.arm_id, False, arm.propensity)
    return Draw(campaign.arms[-1].arm_id, False, campaign.arms[-1].propensity)


def hold_or_give(campaign: Campaign, workspace_id: str, customer_id: str, arm_id: str) -> Draw:
    """Of a planned arm: given, or held out to be compared with those who were given it."""
    held = _number(workspace_id, campaign.campaign_id, customer_id) < campaign.holdout_share
    return Draw(arm_id, held, campaign.holdout_share if held else 1.0 - campaign.holdout_share)


def share_out(arms: Sequence[Arm], holdout_share: float) -> tuple[Arm, ...]:
    """The arms with equal shares of what the holdout leaves."""
    share = (1.0 - holdout_share) / len(arms)
    return tuple(arm.model_copy(update={"propensity": share}) for arm in arms)


class Standing(NamedTuple):
    """Who counts in a comparison, by the customer that they are now."""

    members: Mapping[str, Member]
    """Today's customer_id -> the draw that holds for them."""
    contaminated: frozenset[str]
    """Customers on both sides, or in two arms: they belong to no group any more."""


def standing(members: Iterable[Member], now_called: Mapping[str, str]) -> Standing:
    """Members as the customers that they are now; `now_called` (id -> today's id) holds those who were merged.

    Of several draws of one person the one that was exposed first holds: handed out first, then the older id, which is
    the one that merges keep. Where the draws differ, both sides reached that person, and they count for neither.
    """
    groups: dict[str, list[Member]] = {}
    for member in members:
        groups.setdefault(now_called.get(member.customer_id, member.customer_id), []).append(member)
    first = {name: min(theirs, key=lambda m: _exposure(m, name)) for name, theirs in groups.items()}
    mixed = {name for name, theirs in groups.items() if len({(m.arm_id, m.held) for m in theirs}) > 1}
    return Standing(first, frozenset(mixed))


def _exposure(member: Member, name: str) -> tuple[bool, float, bool, str]:
    handed = member.handed_at
    since = handed.timestamp() if handed else 0.0
    return (handed is None, since, member.customer_id != name, member.customer_id)


def _number(workspace_id: str, campaign_id: str, customer_id: str) -> float:
    """The customer's number in [0, 1): 64 bits of BLAKE2b (RFC 7693), keyed with workspace and campaign."""
    key = hashlib.sha256(f"{workspace_id}\x1f{campaign_id}".encode()).digest()
    digest = hashlib.blake2b(customer_id.encode(), digest_size=_BITS // 8, key=key).digest()
    return int.from_bytes(digest, "big") / float(1 << _BITS)
