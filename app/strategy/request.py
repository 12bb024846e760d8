"""All that a proposal for one customer is made from."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.access.schemas import Workspace
from app.narrative.schemas import Claim, Predicate
from app.predict.schemas import ChurnEstimate, LtvEstimate
from app.profile.schemas import Profile
from app.retrieval.schemas import Retrieval
from app.retrieval.situation import carted_topics
from app.schema import Lang
from app.strategy.policy import Policy
from app.strategy.themes import Standing
from app.strategy.timing import Activity
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
    recent_contacts: int
    """Outgoing messages within the policy's frequency window."""
    policy: Policy
    taxonomy: Taxonomy
    decision_id: str
    lang: Lang
    item_topics: Mapping[str, str] = field(default_factory=dict)
    """Item id -> topic id, at least of the items left in the cart; items without a topic are absent."""
    audience_size: int | None = None
    """Customers of this customer's class, among whom the proposal would be measured; None when unknown."""

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
