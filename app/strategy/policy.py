"""The policy gate: rules in code that hold after every model and every past campaign.

Each rule is one function, and its parameters are all that it may read: no rule about offers sees the
customer, so no offer can depend on device, loyalty, spending power or place. A rule that changes something
says so.
"""

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Generic, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

import yaml
from pydantic import Field, ValidationError

from app.errors import InvalidInput
from app.narrative.schemas import Claim, Predicate
from app.privacy.consent import ConsentLike, may_contact
from app.retrieval.schemas import Campaign, Channel, Offer
from app.retrieval.situation import speaks_to
from app.schema import Frozen
from app.text.taxonomy import Taxonomy

Share = Annotated[float, Field(gt=0, lt=1)]
T = TypeVar("T")

_WHOLE_UNIT = 100
"""Thresholds are raised to whole hundreds of minor units, as a shop would print them."""


class Rule(StrEnum):
    """The rules of the gate, in the order in which they apply."""

    COMPLAINT = "complaint"
    RELEVANCE = "relevance"
    CONSENT = "consent"
    FREQUENCY = "frequency"
    QUIET_HOURS = "quiet_hours"
    OFFER_CAP = "offer_cap"
    SENSITIVITY = "sensitivity"


@dataclass(frozen=True)
class Amount:
    """Money among the facts of a firing."""

    minor: int


Fact = int | Amount | time | datetime | tuple[Channel, ...] | tuple[str, ...]


class Firing(NamedTuple):
    """A rule that changed something, with the facts that its sentence tells."""

    rule: Rule
    facts: Mapping[str, Fact]


class Ruling(NamedTuple, Generic[T]):
    """What a rule leaves, and whether it fired."""

    value: T
    fired: tuple[Firing, ...] = ()


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


class OfferRule(Frozen):
    """What an offer must leave."""

    margin_floor: Share


class TimingRule(Frozen):
    """Where the search for a good hour starts and ends."""

    default_hour: Annotated[int, Field(ge=0, le=23)]
    lead_hours: Annotated[int, Field(ge=0)]
    horizon_days: Annotated[int, Field(ge=1)]
    cart_hours: Annotated[int, Field(ge=24)]
    """A word about a cart goes out within so many hours; a whole day, so that some hour is always allowed."""


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
    holdout_share: Share
    relative_effect: Share
    default_baseline: Share


class _File(Frozen):
    version: int
    purpose: str
    default_margin: Share
    contact_cost_minor: dict[Channel, Annotated[float, Field(ge=0)]]
    quiet_hours: QuietHours
    frequency: Frequency
    offer: OfferRule
    min_group: Annotated[int, Field(ge=2)]
    """Smallest group whose normal interval is believed; smaller trials are shown, never acted on."""
    holdout_share: Share
    timing: TimingRule
    complaint: ComplaintRule
    relevance: RelevanceRule
    themes: ThemeRule
    first_test: FirstTest


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
    if policy.offer.margin_floor >= policy.default_margin:
        raise InvalidInput(f"{path.name}: offer.margin_floor must lie below default_margin")
    if all(policy.quiet_hours.silence(c, time(h)) for c in policy.quiet_hours.channels for h in range(24)):
        raise InvalidInput(f"{path.name}: quiet_hours leave no hour to send in")
    if missing := set(Channel) - set(policy.contact_cost_minor):
        raise InvalidInput(f"{path.name}: contact_cost_minor lacks {', '.join(sorted(missing))}")
    return policy


def without_complaint(claims: Sequence[Claim], policy: Policy) -> Ruling[tuple[str, ...]]:
    """The claims (by id) that hold a complaint; while there is one, nothing is promoted."""
    rule = policy.complaint
    found = tuple(
        claim.claim_id
        for claim in claims
        if claim.reading in rule.readings
        or (claim.predicate is Predicate.REVIEWED and claim.value is not None and claim.value <= rule.max_rating)
    )
    return Ruling(found, (Firing(Rule.COMPLAINT, {"count": len(found)}),) if found else ())


def relevant_campaigns(campaigns: Sequence[Campaign], topics: Sequence[str]) -> Ruling[tuple[str, ...]]:
    """The campaigns (by id) that are about anything, or share a topic with the customer's; it fires for the rest."""
    left = tuple(dict.fromkeys(c.title for c in campaigns if not speaks_to(c, topics)))
    related = tuple(c.campaign_id for c in campaigns if speaks_to(c, topics))
    return Ruling(related, (Firing(Rule.RELEVANCE, {"campaigns": left}),) if left else ())


def with_consent(
    channels: Sequence[Channel], consents: Sequence[ConsentLike], policy: Policy
) -> Ruling[tuple[Channel, ...]]:
    """The channels that the customer allows for the policy's purpose."""
    allowed = tuple(c for c in channels if may_contact(consents, purpose=policy.purpose, channel=c))
    refused = tuple(c for c in channels if c not in allowed)
    return Ruling(allowed, (Firing(Rule.CONSENT, {"channels": refused}),) if refused else ())


def within_frequency(channels: Sequence[Channel], recent_contacts: int, policy: Policy) -> Ruling[tuple[Channel, ...]]:
    """All channels while the customer was written to less often than the cap, then only onsite."""
    cap = policy.frequency
    waiting = tuple(c for c in channels if c is Channel.ONSITE)
    if recent_contacts < cap.max_contacts or len(waiting) == len(channels):
        return Ruling(tuple(channels))
    facts: dict[str, Fact] = {"count": recent_contacts, "days": cap.window_days, "limit": cap.max_contacts}
    return Ruling(waiting, (Firing(Rule.FREQUENCY, facts),))


def outside_quiet_hours(at: datetime, channel: Channel, zone: ZoneInfo, policy: Policy) -> Ruling[datetime]:
    """`at`, or the end of the quiet hours that it falls into."""
    local, quiet = at.astimezone(zone), policy.quiet_hours
    if not quiet.silence(channel, local.time()):
        return Ruling(at)
    day = local.date() + timedelta(days=1 if local.time() >= quiet.end else 0)
    moved = datetime.combine(day, quiet.end, tzinfo=zone)
    facts: dict[str, Fact] = {
        "channels": (channel,),
        "start": quiet.start,
        "end": quiet.end,
        "was": local,
        "now": moved,
    }
    return Ruling(moved.astimezone(UTC), (Firing(Rule.QUIET_HOURS, facts),))


def capped_offer(offer: Offer | None, policy: Policy) -> Ruling[Offer | None]:
    """The offer with a threshold high enough to keep the margin floor.

    amount <= (default margin - floor) * threshold; a lower threshold is raised, the amount stays.
    """
    if offer is None:
        return Ruling(None)
    needed = offer.amount_minor / (policy.default_margin - policy.offer.margin_floor)
    # The tolerance keeps 60 / (0.30 - 0.10) at 300: in floating point it comes out a hair above.
    threshold = math.ceil(needed / _WHOLE_UNIT - 1e-9) * _WHOLE_UNIT
    if offer.threshold_minor >= needed - 1e-6:
        return Ruling(offer)
    facts: dict[str, Fact] = {
        "amount": Amount(offer.amount_minor),
        "was": Amount(offer.threshold_minor),
        "now": Amount(threshold),
    }
    return Ruling(offer.model_copy(update={"threshold_minor": threshold}), (Firing(Rule.OFFER_CAP, facts),))


def not_sensitive(subjects: Mapping[str, str], taxonomy: Taxonomy) -> Ruling[tuple[str, ...]]:
    """The subjects (key -> all that is said with it) that touch nothing on the sensitivity list, by key."""
    found = {key: taxonomy.forbidden_in(text) for key, text in subjects.items()}
    touched = tuple(sorted({name for names in found.values() for name in names}))
    allowed = tuple(key for key, names in found.items() if not names)
    return Ruling(allowed, (Firing(Rule.SENSITIVITY, {"subjects": touched}),) if touched else ())
