"""A campaign from its approval to its result. Campaign and outcome themselves are the knowledge base's types."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from app.retrieval.schemas import Campaign, Lift, Outcome
from app.schema import Frozen
from app.strategy.schemas import Strategy, Theme

HOLDOUT = "holdout"
"""Stands for the arm in the log of somebody who is left in peace; no arm may be called so."""


class Status(StrEnum):
    """How far a strategy or its campaign has come. It follows from the log and the clock."""

    PROPOSED = "proposed"
    ABSTAINED = "abstained"
    """It proposes to do nothing: there is nothing to approve."""
    REJECTED = "rejected"
    APPROVED = "approved"
    """Its campaign begins later."""
    RUNNING = "running"
    FINISHED = "finished"
    """The window of its outcomes has closed."""
    STOPPED = "stopped"


class Said(Frozen):
    """Who decided something, when and why."""

    by: str
    at: datetime
    reason: str = ""


class Run(Frozen):
    """A campaign that somebody approved."""

    campaign: Campaign
    audience: str
    """The segment expression that its members met when it was approved; empty when they were given one by one."""
    decision_id: str | None
    """The strategy that it came from; None when it came from a plan."""
    texts: dict[str, tuple[Theme, ...]] = Field(default_factory=dict)
    """arm_id -> what is sent, the same to everybody, ready to send. Members of a plan have texts of their own."""
    send_at: datetime | None = None
    """When the messages are meant to go out."""
    ai_label: str = ""
    approved: Said
    stopped: Said | None = None

    @property
    def closes_at(self) -> datetime:
        """When the outcomes stop counting: the same moment for those written to and those left in peace.

        They begin to count at `starts_at` for both.
        """
        return self.campaign.ends_at + timedelta(days=self.campaign.window_days)

    def status(self, reached: datetime, now: datetime) -> Status:
        """How far it has come: it begins by the clock, and is over once the data reach the end of its window."""
        if self.stopped:
            return Status.STOPPED
        if max(reached, now) < self.campaign.starts_at:
            return Status.APPROVED
        return Status.RUNNING if reached < self.closes_at else Status.FINISHED


class Member(Frozen):
    """One customer's place in a campaign, drawn once and for good."""

    customer_id: str
    """Their id when they were drawn."""
    subject: str
    """`type:value` of the identifier that their events of ours are about."""
    decision_id: str
    """Joins outcomes to the draw."""
    arm_id: str | None
    """The arm drawn, or planned; None for somebody held out from all arms."""
    held: bool
    """Left in peace, to be compared with."""
    propensity: Annotated[float, Field(gt=0, le=1)]
    """Probability of just this draw."""
    segment: str | None
    """RFM class at the moment of the draw; None for who had not bought yet."""
    handed_at: datetime | None = None
    """When the message was handed out; None until then, and for who is held out."""


class ArmCount(Frozen):
    """How many are in one arm, or held out."""

    arm_id: str
    share: float
    """As declared."""
    assigned: int
    handed: int


class RunView(Frozen):
    """A campaign with where it stands."""

    run: Run
    status: Status
    closes_at: datetime
    counts: tuple[ArmCount, ...]
    known: bool
    """Whether its result is in the knowledge base."""


class Proposed(Frozen):
    """A logged strategy with what people said to it."""

    strategy: Strategy
    status: Status
    said: Said | None = None
    """The approval or the rejection."""
    campaign_id: str | None = None
    """The campaign that it became."""


class Balance(Frozen):
    """Whether the groups are as large as they should be (sample ratio mismatch)."""

    p_value: float
    expected: dict[str, float]
    counted: dict[str, int]
    ok: bool


class Adjusted(Frozen):
    """The lift with what was known before taken out of the noise (CUPED)."""

    lift: Lift
    theta: float
    variance_reduction: float
    """1 - variance of the adjusted lift over that of the plain one."""
    days_before: int
    """Length of the stretch before the campaign that it stands on."""


class Difference(Frozen):
    """Share of those written to who bought, minus that of those left in peace, with a 90% interval."""

    treated: float
    control: float
    mean: float
    low: float
    high: float


NoLift = Literal["nobody bought yet", "too few"]
"""Why there is no lift: no buyer on either side, or fewer than two customers on one."""


class Result(Frozen):
    """What one arm did to one segment: sums, and what follows from them."""

    arm_id: str
    segment: str
    outcome: Outcome
    lift: Lift | None
    """Order value per customer, net of refunds, minor units; None below two customers a side, or if nobody bought."""
    no_lift: NoLift | None = None
    """Why `lift` is null; null where there is one."""
    conversion: Difference | None
    adjusted: Adjusted | None
    """None where nobody bought before, or history is shorter than the window."""


Caution = Literal["preliminary", "unbalanced", "stopped", "nothing_handed_out", "merged", "too_small"]
"""What a reader of a result must know first; each has its sentence in the wording files."""


class RollUp(Frozen):
    """A campaign's outcomes at one moment, from the log alone: the same log gives the same roll-up."""

    campaign_id: str
    as_of: datetime
    closes_at: datetime
    preliminary: bool
    """The window has not closed: the interval holds for one look at its end and not for looks on the way."""
    balance: Balance
    contaminated: int
    """Members left out, because both sides reached one person: two of them turned out to be the same customer."""
    results: tuple[Result, ...]
    """Per arm: everybody first, then each segment."""
    cautions: tuple[Caution, ...]


class HandOutRow(Frozen):
    """One message for a sending tool."""

    decision_id: str
    campaign_id: str
    arm_id: str
    customer_id: str
    to: str
    """The address that the channel needs where it is known, else the customer's name in your systems."""
    channel: str
    offer: str
    """In words; the columns after it are what a sending tool makes a coupon from."""
    offer_type: str | None = None
    offer_amount_minor: int | None = None
    offer_threshold_minor: int | None = None
    offer_expires_in_days: int | None = None
    title: str
    text: str
    send_at: datetime | None
    ai_label: str


class HandOut(Frozen):
    """What was handed out, and who had to be left out."""

    campaign_id: str
    rows: tuple[HandOutRow, ...]
    withheld: dict[str, int]
    """Reason (`consent`, `frequency`) -> members that got nothing this time."""
