"""What the queue tells: who is reached today and by whom, who waits and why, and the curve behind it."""

from datetime import date, datetime
from enum import StrEnum

from app.retrieval.schemas import Channel
from app.schema import Frozen
from app.strategy.acting.rule import Level


class Hold(StrEnum):
    """Why somebody whose risk is high enough is not reached today."""

    NOT_DUE = "not_due"
    """They are still within their usual gap between purchases."""
    RESTING = "resting"
    """They were contacted not long ago."""
    SNOOZED = "snoozed"
    """Somebody said: not now."""
    NO_CONSENT = "no_consent"
    """No channel is open."""
    SUPPRESSED = "suppressed"
    """They are never to be contacted."""
    CAPACITY = "capacity"
    """The team's day is full with those for whom a contact is expected to keep more."""


class QueueItem(Frozen):
    """One customer to reach, largest expected gain first."""

    customer_id: str
    name: str
    """Masked where it is contact data."""
    level: Level
    team: str
    churn_risk: float
    threshold: float
    """The risk from which this level pays at this customer's value."""
    value_minor: int
    """Expected spend within the horizon."""
    gain_minor: int
    """Expected margin that the contact keeps, less its cost and annoyance."""
    days_since_order: int
    usual_gap_days: float | None
    """Their own, else the shop's; None where nobody has come twice."""
    channels: tuple[Channel, ...] = ()
    """On which they may be reached."""
    reason: str
    """In words."""


class WaitingItem(QueueItem):
    """One customer who would be reached if something did not stand in the way."""

    hold: Hold
    until: datetime | None
    """When it passes; None when it passes by no date."""
    hold_reason: str
    """In words."""


class TeamDay(Frozen):
    """One team's day."""

    team: str
    name: str
    level: Level
    per_day: int
    done: int
    """Taken off the queue today."""
    queued: int
    waiting: int
    """Who would be next if the day were longer."""


class CurvePoint(Frozen):
    """The thresholds at one value."""

    value_minor: float
    light: float
    strong: float


class CustomerPoint(Frozen):
    """One customer beside the curve."""

    customer_id: str
    value_minor: int
    churn_risk: float
    level: Level


class ActingCurve(Frozen):
    """The thresholds over value, and what they assume."""

    median_value_minor: float
    """Of the buyers with an estimate; None of them: 0."""
    margin: float
    """Share of order value that is taken for margin."""
    saved_light: float
    """Share of leaving customers that a light touch must keep for the thresholds to be right."""
    saved_strong: float
    points: tuple[CurvePoint, ...]


class Queue(Frozen):
    """One day: who is reached, who waits and why, who is not considered."""

    as_of: datetime
    day: date
    """In the workspace's zone."""
    currency: str
    horizon_days: int
    teams: tuple[TeamDay, ...]
    items: tuple[QueueItem, ...]
    waiting: tuple[WaitingItem, ...]
    """Largest expected gain first, at most as many as were asked for."""
    held: dict[Hold, int]
    """How many wait, by reason."""
    below: int
    """Customers whose risk is below their thresholds."""
    unknown: dict[str, int]
    """Customers without churn risk or value, by what is missing."""
    curve: ActingCurve
    assumptions: tuple[str, ...]
    """What a reader should know, in words."""


class ActingStanding(Frozen):
    """Where one customer stands."""

    customer_id: str
    as_of: datetime
    level: Level
    churn_risk: float | None
    value_minor: int | None
    light: float | None
    """The thresholds at their value; None without an estimate."""
    strong: float | None
    hold: Hold | None = None
    """What stands in the way of a contact; None when nothing does, or none is due."""
    until: datetime | None = None
    told: str
    """In words."""


class Verdict(StrEnum):
    """What became of somebody on the queue."""

    DONE = "done"
    """They were contacted."""
    LATER = "later"
    """Not now, because."""


class TakenOff(Frozen):
    """What was written when somebody was taken off the queue."""

    event_id: str
    customer_id: str
    verdict: Verdict
    level: Level
    team: str
    until: datetime
    """Before then they are not on the queue again."""
