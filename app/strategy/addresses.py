"""Which identifiers of a customer a channel's sending tool can send to."""

from collections.abc import Iterable, Mapping

from app.events.schemas import Member
from app.retrieval.schemas import Channel

ADDRESSES: Mapping[Channel, tuple[str, ...]] = {
    Channel.SMS: ("phone",),
    Channel.EMAIL: ("email",),
    Channel.WECHAT: ("openid", "unionid"),
    Channel.PUSH: ("device", "user_id"),
    Channel.ONSITE: ("user_id", "anonymous"),
}
"""Types of identifier, best first."""


def addresses_of(members: Iterable[Member], channel: Channel) -> dict[str, str]:
    """Type -> identifier key, best first, of those that are still this customer's."""
    live = [member.key for member in members if member.valid_until is None]
    found: dict[str, str] = {}
    for kind in ADDRESSES[channel]:
        key = next((key for key in live if key.partition(":")[0] == kind), None)
        if key is not None:
            found[kind] = key
    return found
