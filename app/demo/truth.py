"""What is really so in the demo shop, for evaluations only. Product code never imports this module."""

from datetime import date, timedelta
from typing import Literal

from app.demo.calendar import Calendar
from app.demo.parameters import PhaseSpec
from app.demo.personas import Stage
from app.demo.plans import Plan
from app.demo.shop import DemoShop
from app.events.schemas import Identifier
from app.schema import Frozen

_CALM = PhaseSpec()


class Shift(Frozen):
    """The latest change of what a customer wants most."""

    from_topic: str
    to_topic: str
    on: date


class CustomerTruth(Frozen):
    """One customer as they are at the log's end, or were when they left."""

    index: int
    identifier: str
    """`user_id:...`, to which all their identifiers are linked in the log."""
    persona: str
    arc: str
    noise: str | None
    """How they live without an arc."""
    joined_on: date
    arc_started_on: date | None
    """None without an arc, or when they left before it began."""
    topic: str
    """What they want most."""
    interests: dict[str, float]
    """Share of interest by topic."""
    shift: Shift | None
    churned_on: date | None
    churn_reason: Literal["drift", "silent", "one_off"] | None
    price_sensitivity: float


def truth(shop: DemoShop) -> tuple[CustomerTruth, ...]:
    """The truth of every customer in the shop's log, in order of their number."""
    return tuple(_truth_of(shop.planner.plan(index), shop.calendar) for index in range(shop.customers))


def _truth_of(plan: Plan, calendar: Calendar) -> CustomerTruth:
    customer, leaving = plan.customer, plan.leaving
    last_day = calendar.days - 1 if leaving is None else leaving.day
    lived = tuple(stage for stage in customer.stages if customer.joined < stage.last and stage.first <= last_day)
    now = customer.stage_at(last_day)
    started = next((stage.first for stage in lived if stage.phase != _CALM), None)
    return CustomerTruth(
        index=customer.index,
        identifier=Identifier("user_id", customer.names.user_id).key,
        persona=customer.persona,
        arc=customer.arc,
        noise=customer.noise,
        joined_on=_date(calendar, customer.joined),
        arc_started_on=None if started is None else _date(calendar, started),
        topic=now.top,
        interests=now.topics,
        shift=_latest_shift(lived, calendar),
        churned_on=None if leaving is None else _date(calendar, leaving.day),
        churn_reason=None if leaving is None else leaving.reason,
        price_sensitivity=customer.sensitivity,
    )


def _latest_shift(lived: tuple[Stage, ...], calendar: Calendar) -> Shift | None:
    for before, after in zip(reversed(lived[:-1]), reversed(lived[1:]), strict=True):
        if before.top != after.top:
            return Shift(from_topic=before.top, to_topic=after.top, on=_date(calendar, after.first))
    return None


def _date(calendar: Calendar, day: int) -> date:
    return calendar.midnight.date() + timedelta(days=day)
