"""Strategies and the decisions behind them."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from app.llm.ladder import Origin
from app.predict.schemas import Confidence
from app.retrieval.schemas import Channel, Offer
from app.schema import Frozen, Lang


class Theme(Frozen):
    """One subject of the message with copy that can be sent as it is."""

    title: str
    draft: str
    topic: str | None = None
    """The topic that it speaks of; None when it names none."""
    personal: bool = False
    """It speaks of this customer's own cart, orders or absence, and would be wrong to most others."""


class Reason(Frozen):
    """One sentence of why, with what it stands on."""

    text: str
    claim_ids: tuple[str, ...] = ()
    campaign_ids: tuple[str, ...] = ()
    """Campaigns that were retrieved for this very request."""


class Timing(Frozen):
    """When to reach the customer, and why then."""

    at: datetime
    reason: str


class Metric(Frozen):
    """How success will be judged."""

    name: str
    baseline: float
    """Expected value of the metric without contact."""
    minimum_effect: float
    """Smallest absolute change worth finding."""
    sample_size: int
    """Customers per arm to find it with 80% power at 5% (two-sided)."""


class Candidate(Frozen):
    """One action that was weighed; expected incremental margin per customer in minor units, 90% interval."""

    action: str
    """`no_contact`, `first_test` or `campaign_id/arm_id`."""
    expected: float
    low: float
    high: float


class RuleFired(Frozen):
    """One rule of the policy gate and what it changed."""

    rule: str
    effect: str


class Decision(Origin):
    """What was chosen, from what, with which probability. Logged as an event, for outcomes to join."""

    decision_id: str
    customer_id: str
    as_of: datetime
    candidates: tuple[Candidate, ...]
    chosen: str
    propensity: float
    """Probability with which the policy chose `chosen`; 1 for a deterministic choice."""
    policy_version: str
    rules_fired: tuple[RuleFired, ...]
    evidence: tuple[str, ...]
    """claim_ids it rests on."""
    campaigns: tuple[str, ...]


class Strategy(Frozen):
    """A typed proposal for one customer. Abstention is a status with a reason."""

    decision_id: str
    customer_id: str
    as_of: datetime
    lang: Lang
    channel: Channel | None
    """None when the customer is left in peace."""
    themes: Annotated[tuple[Theme, ...], Field(min_length=3, max_length=3)]
    """Always three, each with a draft; those of an abstention are kept ready, without sender, and not sent."""
    timing: Timing
    """When to reach the customer; of an abstention, when to look at them again."""
    offer: Offer | None
    metric: Metric
    """How the proposal is judged; of an abstention, how one would be."""
    holdout_share: float
    rationale: tuple[str, ...]
    """claim_ids of the story that speak for it."""
    rationale_told: tuple[Reason, ...] = ()
    """The same in words, with what past campaigns say to it; empty in what was stored before there were any."""
    campaigns: tuple[str, ...]
    """campaign_ids it stands on."""
    risk: str
    confidence: Confidence
    why_for_customer: str
    """Answers "why am I getting this?" in the customer's words."""
    ai_label: str
    """The label that generated copy must carry."""
    status: Literal["proposed", "approved", "rejected", "running", "stopped", "abstained"]
    status_reason: str | None = None
    """A sentence for people; always set on abstention and first tests."""
    rules_fired: tuple[RuleFired, ...] = ()
    """What the policy gate changed, and by which rule."""
