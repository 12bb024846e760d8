"""The best message there could be: of all kinds that were ever sent, about any topic, by the truth; or none."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from app.retrieval.schemas import Channel, Offer
from evals.scorers.profit import NOTHING, Contact, Profit, TrueProfit


class Best(NamedTuple):
    """The most profitable contact, None for no contact, and what it earns."""

    contact: Contact | None = None
    profit: Profit = NOTHING


class Lost(NamedTuple):
    """What a choice leaves on the table, by the reason, in minor units; adds up to the oracle's profit minus ours."""

    not_contacted: float = 0.0
    topic: float = 0.0
    """Another topic by the same channel and offer, or nothing rather than this kind of message."""
    channel: float = 0.0
    """Then another channel with the same offer, and the topic that suits it."""
    offer: float = 0.0
    """Then another offer."""


class ContactOracle:
    """Knows how every customer truly answers."""

    def __init__(self, truth: TrueProfit) -> None:
        """Collect the kinds of messages that the shop ever sent."""
        self._truth = truth
        arms = [message.arm for message in truth.past.values()]
        kinds = dict.fromkeys((arm.channel, arm.offer) for arm in arms if arm.offer is not None)
        self._offers = {channel: (None, *(offer for at, offer in kinds if at is channel)) for channel in Channel}

    def best(self, customer: int, channels: Sequence[Channel]) -> Best:
        """Of every kind on these channels, and of no contact."""
        return self.of_kinds(customer, [(channel, offer) for channel in channels for offer in self._offers[channel]])

    def of_kinds(self, customer: int, kinds: Iterable[tuple[Channel, Offer | None]]) -> Best:
        """Of some kinds, each about any topic, and of no contact."""
        topics = (*self._truth.wants(customer), "")
        contacts = (Contact(channel, offer, topic) for channel, offer in kinds for topic in topics)
        asked = (Best(contact, self._truth.of(customer, contact)) for contact in contacts)
        return max((Best(), *asked), key=lambda best: best.profit.total)

    def one_for_all(self, channels: Sequence[Sequence[Channel]]) -> Contact:
        """The past arm that earns most when everybody gets it who is open to it; `channels` by customer."""
        arms = dict.fromkeys(Contact(m.arm.channel, m.arm.offer, m.about) for m in self._truth.past.values())
        reached = {at: [who for who, of in enumerate(channels) if at in of] for at in Channel}
        return max(arms, key=lambda one: sum(self._truth.of(who, one).total for who in reached[one.channel]))

    def lost(self, customer: int, contact: Contact | None, channels: Sequence[Channel], best: Best) -> Lost:
        """Why this contact earns less than the best one on these channels."""
        if contact is None:
            return Lost(not_contacted=best.profit.total)
        ours = self._truth.of(customer, contact).total
        told = max(ours, self.of_kinds(customer, [(contact.channel, contact.offer)]).profit.total)
        sent = max(told, self.of_kinds(customer, [(at, contact.offer) for at in channels]).profit.total)
        return Lost(topic=told - ours, channel=sent - told, offer=best.profit.total - sent)
