"""All that a proposal for one customer is made from."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from app.access.schemas import Workspace
from app.narrative.schemas import Claim, Predicate, Sentence
from app.predict.schemas import ChurnEstimate, LtvEstimate
from app.profile.schemas import Profile
from app.retrieval.schemas import CampaignMatch, Retrieval
from app.retrieval.situation import carted_topics
from app.schema import Lang
from app.strategy.gate.contact import Contacts
from app.strategy.gate.margins import UNKNOWN, Margins
from app.strategy.gate.offers import NOTHING_SPENT, Spent
from app.strategy.gate.policy import Policy
from app.strategy.themes import Standing
from app.strategy.timing import Activity, Due, next_due
from app.strategy.weigh import Terms, action_of
from app.text.taxonomy import Taxonomy


@dataclass(frozen=True, kw_only=True)
class StrategyRequest:
    """All that a proposal for one customer is made from. The moment is the profile's `as_of`."""

    workspace: Workspace
    profile: Profile
    ltv: LtvEstimate
    churn: ChurnEstimate
    claims: tuple[Claim, ...]
    retrieval: Retrieval
    purchase_rate: float | None
    """Share of such customers (same class) who buy within the horizon without contact; None when unknown."""
    activity: Activity
    contacts: Contacts
    """Outgoing messages within the policy's frequency window."""
    policy: Policy
    taxonomy: Taxonomy
    decision_id: str
    lang: Lang
    item_topics: Mapping[str, str] = field(default_factory=dict)
    """Item id -> topic id, at least of the items left in the cart; items without a topic are absent."""
    audience_size: int | None = None
    """Customers of this customer's class, among whom the proposal would be measured; None when unknown."""
    answers: Mapping[str, float] = field(default_factory=dict)
    """Channel -> how this customer answers messages there, over the average one; absent where nothing is known."""
    usual_basket: float = 0.0
    """Mean order of all the shop's customers, minor units."""
    margins: Margins = UNKNOWN
    """What the catalogue says of prices and costs."""
    spent: Spent = NOTHING_SPENT
    """What offers have cost this month and per campaign."""
    segment: tuple[CampaignMatch, ...] = ()
    """Past arms by which all customers of this life cycle and stage are judged: the same for each of them."""
    told: tuple[Sentence, ...] = ()
    """The claims in prose; empty where nobody reads them."""
    spoken: Mapping[str, str] = field(default_factory=dict)
    """claim_id -> the claim as one plain sentence; empty where no model is asked."""

    @property
    def usable_claims(self) -> list[Claim]:
        """The claims that may be spoken of."""
        return [claim for claim in self.claims if claim.sensitivity == "none"]

    @property
    def relevant_topics(self) -> tuple[str, ...]:
        """The strongest interests and what lies in the cart: a campaign about other topics is none of theirs."""
        top = self.profile.interests[: self.policy.relevance.top_interests]
        carted = carted_topics(self.claims, self.item_topics)
        return tuple(dict.fromkeys((*(interest.topic for interest in top), *carted)))

    @property
    def terms(self) -> Terms:
        """What an action is worth with this customer."""
        return Terms(
            margin=self.margins.of(self.relevant_topics[:1], self.policy).share,
            reach=self._reach,
            response={action_of(m): self.answers.get(m.arm.channel, 1.0) for m in self.retrieval.matches},
        )

    @property
    def _reach(self) -> float:
        """The chance to come by within a card's days, 1 - exp(-days / gap), over the usual one; at most 1.

        The gap is the customer's own between visits, or half of the time that they have been away if that is longer.
        """
        onsite, rhythm = self.policy.onsite, self.profile.rhythm
        gap = rhythm.visit_gap_days if rhythm and rhythm.visit_gap_days else onsite.unknown_gap_days
        chance = 1.0 - math.exp(-onsite.window_days / max(gap, self.standing.unseen / 2))
        return min(1.0, chance / onsite.usual_reach)

    @property
    def due(self) -> Due | None:
        """When their next order is due by their own rhythm."""
        rfm = self.profile.rfm
        return next_due(rfm.last_order_at if rfm else None, self.profile.usual_gap_days)

    @property
    def standing(self) -> Standing:
        """How the customer stands to the shop now."""
        values = {claim.predicate: claim.value for claim in self.claims}
        rfm, seen, as_of = self.profile.rfm, self.profile.last_seen_at, self.profile.as_of
        since_order = (as_of - rfm.last_order_at).total_seconds() / 86_400 if rfm else None
        return Standing(
            orders=rfm.orders if rfm else 0,
            since_order=values.get(Predicate.DAYS_SINCE_LAST_ORDER) or since_order,
            usual_gap=values.get(Predicate.USUAL_GAP) or self.profile.usual_gap_days,
            unseen=(as_of - seen).total_seconds() / 86_400 if seen else 0.0,
        )
