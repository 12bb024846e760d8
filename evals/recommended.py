"""What the engine would do about every customer of a demo shop, and what its messages truly are."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from app.demo.response import Message
from app.demo.shop import DemoShop
from app.demo.truth import truth
from app.errors import NotFound
from app.retrieval.schemas import Channel, Offer
from app.strategy.gate.contact import open_channels
from app.strategy.generate import Proposal, propose
from app.strategy.request import StrategyRequest
from app.strategy.schemas import Theme
from app.strategy.weigh import NO_OFFER
from evals import shop as shops
from evals.scorers.profit import Contact, TrueProfit
from evals.shop import Open
from evals.task import Say


class Known(NamedTuple):
    """What the product knows of one customer, and what it would do."""

    request: StrategyRequest
    proposal: Proposal


class Asked(NamedTuple):
    """One customer of the shop."""

    known: Known | None = None
    """None when the product does not know them, or takes them for another who is asked about already."""
    channels: tuple[Channel, ...] = ()
    """Open to anybody's message: consent and frequency as the product sees them, and consent in truth too."""

    @property
    def refused(self) -> bool:
        """Whether the engine would write to somebody who in truth has not agreed to the channel."""
        channel = self.known.proposal.strategy.channel if self.known else None
        return channel is not None and channel not in self.channels

    def kinds_found(self) -> Iterator[tuple[Channel, Offer | None]]:
        """Channel and offer of the past arms that the engine found, on open channels."""
        arms = (match.arm for match in self.known.request.retrieval.matches) if self.known else ()
        return ((arm.channel, arm.offer) for arm in arms if arm.channel in self.channels)

    def contact(self, past: Mapping[str, Message]) -> Contact | None:
        """The engine's message as the truth sees it; `past` are the past arms by `campaign_id/arm_id`."""
        if self.known is None or self.refused:
            return None
        strategy = self.known.proposal.strategy
        if strategy.channel is None:
            return None
        first = next(iter(strategy.themes), None)
        topic = about(first, past.get(self.known.proposal.decision.chosen.removesuffix(NO_OFFER)))
        return Contact(strategy.channel, strategy.offer, topic)


def ask(opened: Open, shop: DemoShop, truly: TrueProfit, say: Say) -> list[Asked]:
    """One answer for each customer of the shop, by their number, as of the log's end. Nothing is logged."""
    refs = {one.index: ref for ref, one in shops.known(opened, truth(shop)).items()}
    say(f"asking the engine about {shop.customers:,} customers")
    return [_asked(opened, refs.get(who), who, truly) for who in range(shop.customers)]


def about(first: Theme | None, past: Message | None) -> str:
    """What a message truly speaks of, "" for nothing in particular.

    Its first theme's topic. A theme that names none but quotes the past arm that was chosen speaks of what that truly
    spoke of.
    """
    if first is None:
        return ""
    if first.topic is not None:
        return first.topic
    quoted = (*past.arm.themes_in("zh"), *past.arm.themes_in("en")) if past else ()
    return past.about if past and any(theme in first.title for theme in quoted) else ""


def _asked(opened: Open, ref: str | None, who: int, truly: TrueProfit) -> Asked:
    request = None if ref is None else _request(opened, ref)
    if request is None:
        return Asked()
    allowed = open_channels(Channel, request.profile.consents, request.contacts, request.policy).value
    agreed = tuple(channel for channel in allowed if truly.agrees(who, channel))
    return Asked(Known(request, propose(request)), agreed)


def _request(opened: Open, ref: str) -> StrategyRequest | None:
    try:
        return opened.pipeline.recommender.request(opened.workspace, ref, as_of=opened.now, now=opened.now, lang="zh")
    except NotFound:
        return None
