"""A plan for a segment: who gets what, what it should bring and cost, and what measuring it can show."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from app.retrieval.schemas import Channel, Objective, Offer
from app.schema import Frozen, Lang
from app.strategy.batch.comparing import Comparison
from app.strategy.batch.totals import Expected
from app.strategy.schemas import Decision, Strategy

MAX_SEGMENT = 4_000
MAX_BUDGET = 10**15

WhyNot = Literal[
    "unknown",
    "nearest_too_far",
    "unrelated",
    "nothing_pays",
    "too_small",
    "no_moment",
    "unfit",
    "complaint",
    "suppressed",
    "no_consent",
    "frequency",
    "channel",
    "channel_full",
    "small_arm",
    "budget",
]
"""Why somebody of the segment gets nothing; each has its sentence in the wording files."""


class PlanWish(Frozen):
    """What a plan is wanted for."""

    segment: Annotated[str, Field(min_length=1, max_length=MAX_SEGMENT)]
    """A segment expression, or the name or id of a saved segment."""
    budget_minor: Annotated[int, Field(ge=0, le=MAX_BUDGET)]
    """What contacts and redeemed offers may be expected to cost in all, minor units."""
    channels: tuple[Channel, ...] = ()
    """Only these; empty: all."""
    limits: dict[Channel, Annotated[int, Field(ge=0, le=10**9)]] = Field(default_factory=dict)
    """At most so many messages on a channel."""
    holdout_share: Annotated[float, Field(gt=0, lt=1)] | None = None
    """Share that is left in peace to compare with; the policy's when null."""
    window_days: Annotated[int, Field(ge=1, le=365)] | None = None
    """For how long orders count; as in the past campaigns when null."""


class PlannedArm(Frozen):
    """One message kind of the plan."""

    arm_id: str
    stands_on: tuple[str, ...]
    """Past campaigns whose outcomes speak for it, most customers first; `first_test` where there is none."""
    channel: Channel
    offer: Offer | None
    given: int
    held: int
    cost_minor: float
    """Expected, of those who get it."""
    profit: Expected
    """Expected margin less cost, of those who get it."""


class PlannedCustomer(Frozen):
    """One customer of the plan, with all that is sent and logged once it is confirmed."""

    customer_id: str
    name: str
    """Masked where it is contact data."""
    arm_id: str
    held: bool
    """Left in peace, to be compared with."""
    cost_minor: float
    profit: Expected
    lift: Expected
    """Additional order value."""
    strategy: Strategy
    decision: Decision


class PlannedRow(Frozen):
    """One customer of the plan, as it is shown."""

    customer_id: str
    name: str
    arm_id: str
    held: bool
    channel: Channel
    offer: Offer | None
    cost_minor: float
    profit: Expected
    send_at: datetime | None
    title: str
    text: str


class Reason(Frozen):
    """Why some of the segment get nothing."""

    reason: WhyNot
    customers: int
    told: str
    """In words."""


class Plan(Frozen):
    """A plan as it was drafted; nothing is logged or sent before somebody confirms it."""

    plan_id: str
    """The campaign's id once it is confirmed."""
    wish: PlanWish
    expression: str
    """What the segment stood for."""
    made_at: AwareDatetime
    as_of: AwareDatetime
    lang: Lang
    currency: str
    objective: Objective
    holdout_share: float
    window_days: int
    customers: int
    """In the segment."""
    given: int
    held: int
    cost_minor: float
    """Expected, of those who get something: never above the budget."""
    profit: Expected
    """Expected margin less cost, of those who get something, with the errors that they share."""
    lift: Expected
    """Expected additional order value, likewise."""
    bound_minor: float
    """No other choice of recipients would be expected to bring more profit under this budget."""
    comparison: Comparison
    arms: tuple[PlannedArm, ...]
    reasons: tuple[Reason, ...]
    """Why the others get nothing, most frequent first."""
    status: Literal["draft", "confirmed"] = "draft"


class PlanPage(Frozen):
    """A plan with the first of its customers, best first."""

    plan: Plan
    rows: tuple[PlannedRow, ...]
    total: int
    """Customers of the plan, those held out among them."""
