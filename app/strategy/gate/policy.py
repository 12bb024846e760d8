"""knowledge_base/policy.yaml as types: what strategies may do. What it lacks or contradicts is refused on reading."""

import hashlib
from datetime import time
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import Field, ValidationError

from app.errors import InvalidInput
from app.retrieval.schemas import Channel, OfferType
from app.schema import Frozen
from app.strategy.acting.rule import ActingRule
from app.strategy.gate.calendar import Calendar

Fraction = Annotated[float, Field(gt=0, lt=1)]
_LINK_SLOT = r"^\{\{\w+\}\}$"


class QuietHours(Frozen):
    """Local hours in which some channels stay silent; they may span midnight."""

    start: time
    end: time
    channels: tuple[Channel, ...]

    def silence(self, channel: Channel, local: time) -> bool:
        """Whether `channel` must stay silent at this local time."""
        if channel not in self.channels:
            return False
        if self.start <= self.end:
            return self.start <= local < self.end
        return local >= self.start or local < self.end


class Frequency(Frozen):
    """At most so many outgoing messages in so many days."""

    max_contacts: Annotated[int, Field(ge=1)]
    window_days: Annotated[int, Field(ge=1)]
    per_channel: dict[Channel, Annotated[int, Field(ge=1)]]
    """Of them on one channel; a channel that is not named has the overall limit."""

    def limit(self, channel: Channel) -> int:
        """Messages on one channel within the window."""
        return self.per_channel.get(channel, self.max_contacts)


class Suppression(Frozen):
    """Who is never contacted: whoever has one of these attributes, from a source or by an operator's correction."""

    attributes: Annotated[tuple[str, ...], Field(min_length=1)]
    denials: tuple[str, ...]
    """Values that say that it does not hold."""


class OfferRule(Frozen):
    """What an offer must leave."""

    margin_floor: Fraction
    """Share of the smallest basket that must remain after the offer."""
    min_costed_share: Fraction
    """Share of the items it applies to whose cost must be known, for their margin to be believed."""


class Budget(Frozen):
    """What redeemed offers may cost in all, minor units; None: no limit."""

    month_minor: Annotated[int, Field(ge=0)] | None = None
    """Per workspace and calendar month."""
    campaign_minor: Annotated[int, Field(ge=0)] | None = None
    """Per campaign."""
    take_up: Fraction
    """Share of customers who redeem an offer, where no past campaign says better."""


class TextRule(Frozen):
    """What a message must carry, and how long it may be."""

    max_title: Annotated[int, Field(ge=1)]
    max_length: dict[Channel, Annotated[int, Field(ge=20)]]
    """Characters of a message with all that it carries."""
    unsubscribe_link: Annotated[str, Field(pattern=_LINK_SLOT)]
    """The slot that the sending tool fills with each customer's own link."""
    promises: dict[OfferType, tuple[str, ...]]
    """Words that promise an offer of a type; a tested theme with one is said only with such an offer."""
    unkept: tuple[str, ...]
    """Words that promise what no offer keeps; a tested theme with one is not said again."""


class TimingRule(Frozen):
    """Where the search for a good hour starts and ends."""

    default_hour: Annotated[int, Field(ge=0, le=23)]
    lead_hours: Annotated[int, Field(ge=0)]
    horizon_days: Annotated[int, Field(ge=1)]
    cart_hours: Annotated[int, Field(ge=24)]
    """A word about a cart goes out within so many hours; a whole day, so that some hour is always allowed."""
    look_again_days: Annotated[int, Field(ge=1)]
    """Whoever is left in peace is looked at again after so many days, without an own rhythm to go by."""


class OnsiteRule(Frozen):
    """How cards on the site were met by those whom past ones were measured on."""

    window_days: Annotated[int, Field(ge=1)]
    usual_reach: Fraction
    """Share of customers who come by within these days."""
    least_reach: Fraction
    """Chance to come by, over the usual one, below which a card is no less of a step than a message."""
    unknown_gap_days: Annotated[float, Field(gt=0)]
    """Days between visits of a customer without a rhythm."""


class ComplaintRule(Frozen):
    """What makes us serve instead of sell."""

    max_rating: Annotated[float, Field(ge=0)]
    """Reviews rated so or lower."""
    readings: tuple[str, ...]
    """Readings of the taxonomy."""


class RelevanceRule(Frozen):
    """What a campaign about topics must meet."""

    top_interests: Annotated[int, Field(ge=1)]


class ThemeRule(Frozen):
    """When a subject may be spoken of."""

    restock_from: Annotated[float, Field(gt=0)]
    comeback_from: Annotated[float, Field(gt=0)]
    """Both over the usual gap between purchases."""
    away_days: Annotated[int, Field(ge=1)]
    unseen_days: Annotated[int, Field(ge=0)]
    regular_orders: Annotated[int, Field(ge=1)]
    regular_words: tuple[str, ...]


class FirstTest(Frozen):
    """How a workspace without past outcomes begins."""

    channels: Annotated[tuple[Channel, ...], Field(min_length=1)]
    holdout_share: Fraction
    relative_effect: Fraction
    default_baseline: Fraction


class _File(Frozen):
    version: int
    purpose: str
    default_margin: Fraction
    contact_cost_minor: dict[Channel, Annotated[float, Field(ge=0)]]
    quiet_hours: QuietHours
    calendar: Calendar
    frequency: Frequency
    suppression: Suppression
    offer: OfferRule
    budget: Budget
    texts: TextRule
    min_group: Annotated[int, Field(ge=2)]
    """Smallest group whose normal interval is believed; smaller trials are shown, never acted on."""
    holdout_share: Fraction
    least_arm: Annotated[int, Field(ge=1)]
    """Customers of a plan from which a message is an arm of its own; fewer move to a larger arm."""
    timing: TimingRule
    onsite: OnsiteRule
    complaint: ComplaintRule
    relevance: RelevanceRule
    themes: ThemeRule
    first_test: FirstTest
    acting: ActingRule


class Policy(_File):
    """knowledge_base/policy.yaml, with the hash of its content."""

    policy_version: str


def load_policy(path: Path) -> Policy:
    """Read the policy; InvalidInput names what is wrong with it."""
    text = path.read_text(encoding="utf-8")
    fingerprint = hashlib.sha256(text.encode()).hexdigest()[:12]
    try:
        policy = Policy.model_validate({**yaml.safe_load(text), "policy_version": fingerprint})
    except (yaml.YAMLError, TypeError, ValidationError) as error:
        raise InvalidInput(f"{path.name}: {' '.join(str(error).split())}") from None
    if fault := _contradiction(policy):
        raise InvalidInput(f"{path.name}: {fault}")
    return policy


def _contradiction(policy: Policy) -> str | None:
    """What cannot be kept together with the rest of the file."""
    if policy.offer.margin_floor >= policy.default_margin:
        return "offer.margin_floor must lie below default_margin"
    if all(policy.quiet_hours.silence(c, time(h)) for c in policy.quiet_hours.channels for h in range(24)):
        return "quiet_hours leave no hour to send in"
    if missing := set(Channel) - set(policy.contact_cost_minor):
        return f"contact_cost_minor lacks {', '.join(sorted(missing))}"
    if missing := set(Channel) - set(policy.texts.max_length):
        return f"texts.max_length lacks {', '.join(sorted(missing))}"
    return None
