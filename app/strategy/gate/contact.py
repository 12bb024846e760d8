"""Whether a customer may be contacted at all, and on which channels: suppression, consent, frequency, big sales."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import NamedTuple
from zoneinfo import ZoneInfo

from app.events.schemas import Event, EventKind
from app.privacy.consent import ConsentLike, may_contact
from app.profile.schemas import Attribute
from app.retrieval.schemas import Channel
from app.strategy.gate.calendar import Window
from app.strategy.gate.policy import Policy
from app.strategy.gate.schemas import Fact, Firing, Rule, Ruling


class Contacts(NamedTuple):
    """What went out to the customer within the policy's frequency window; cards on the site do not count."""

    total: int = 0
    by_channel: Mapping[Channel, int] = MappingProxyType({})
    sale: Window | None = None
    """The big sale that is on, or begins before a message would go out: what we propose beside it is capped."""


def contacts_of(events: Iterable[Event], *, as_of: datetime, now: datetime, zone: ZoneInfo, policy: Policy) -> Contacts:
    """What a customer's events say was sent to them, by `as_of` or by `now`, whichever is more.

    Whoever looks back in time still may not write to somebody who was written to since.
    """
    days = timedelta(days=policy.frequency.window_days)
    sent = [e for e in events if e.kind == EventKind.CAMPAIGN_SENT and e.properties.get("channel") != Channel.ONSITE]
    counts = [
        Counter(str(e.properties.get("channel")) for e in sent if moment - days < e.occurred_at <= moment)
        for moment in (as_of, max(as_of, now))
    ]
    by_channel = {channel: max(count[channel] for count in counts) for channel in Channel}
    soon = as_of + timedelta(days=policy.timing.horizon_days)
    sale = policy.calendar.sale_at(as_of, zone) or policy.calendar.sale_at(soon, zone)
    return Contacts(max(c.total() for c in counts), by_channel, sale)


def suppressed(attributes: Iterable[Attribute], policy: Policy) -> Ruling[tuple[str, ...]]:
    """The attributes for which this customer is never contacted, whatever they consented to."""
    rule = policy.suppression
    names, denials = {_plain(name) for name in rule.attributes}, {_plain(value) for value in rule.denials}
    found = tuple(a.name for a in attributes if _plain(a.name) in names and _plain(a.value) not in denials)
    return Ruling(found, (Firing(Rule.SUPPRESSION, {"attributes": found}),) if found else ())


def open_channels(
    wanted: Iterable[Channel], consents: Sequence[ConsentLike], contacts: Contacts, policy: Policy
) -> Ruling[tuple[Channel, ...]]:
    """The wanted channels, best first, that consent and every cap leave open."""
    agreed = with_consent(tuple(dict.fromkeys(wanted)), consents, policy)
    left = within_frequency(agreed.value, contacts, policy)
    return Ruling(left.value, agreed.fired + left.fired)


def with_consent(
    channels: Sequence[Channel], consents: Sequence[ConsentLike], policy: Policy
) -> Ruling[tuple[Channel, ...]]:
    """The channels that the customer allows for the policy's purpose."""
    allowed = tuple(c for c in channels if may_contact(consents, purpose=policy.purpose, channel=c))
    refused = tuple(c for c in channels if c not in allowed)
    return Ruling(allowed, (Firing(Rule.CONSENT, {"channels": refused}),) if refused else ())


def within_frequency(channels: Sequence[Channel], contacts: Contacts, policy: Policy) -> Ruling[tuple[Channel, ...]]:
    """The channels below their own cap, while the customer was written to less often than allowed; else onsite."""
    waiting = tuple(c for c in channels if c is Channel.ONSITE)
    if waiting == tuple(channels):
        return Ruling(waiting)
    if fired := _over_all(contacts, policy):
        return Ruling(waiting, (fired,))
    cap = policy.frequency
    full = tuple(c for c in channels if c not in waiting and contacts.by_channel.get(c, 0) >= cap.limit(c))
    facts: dict[str, Fact] = {"channels": full, "days": cap.window_days}
    left = tuple(c for c in channels if c not in full)
    return Ruling(left, (Firing(Rule.CHANNEL_FREQUENCY, facts),) if full else ())


def _over_all(contacts: Contacts, policy: Policy) -> Firing | None:
    """The cap over all channels that is reached, if one is."""
    cap, count, sale = policy.frequency, contacts.total, contacts.sale
    if count >= cap.max_contacts:
        return Firing(Rule.FREQUENCY, {"count": count, "days": cap.window_days, "limit": cap.max_contacts})
    if sale is not None and count >= sale.max_contacts:
        facts: dict[str, Fact] = {"count": count, "days": cap.window_days, "limit": sale.max_contacts}
        return Firing(Rule.BIG_SALE, {**facts, "sale": sale.named})
    return None


def _plain(text: str) -> str:
    return text.strip().lower().replace(" ", "_").replace("-", "_")
