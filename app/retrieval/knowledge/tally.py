"""From a sending tool's report to outcomes: sums over customers, for each arm and each segment. Pure.

A customer who stands on several rows counts once, with what they spent in all. Whoever was drawn to be written to
is treated, whether or not the message arrived: leaving out those who were not reached would flatter the campaign.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from app.profile.schemas import RfmClass
from app.retrieval.knowledge.faults import FaultyFile, LineFault
from app.retrieval.knowledge.report_rows import Contact, Total
from app.retrieval.schemas import Campaign, Outcome
from app.schema import Frozen

SPREAD = 1.0
"""Standard deviation of what buyers spend over its mean, assumed where a report has no sum of squares."""


class Reached(Frozen):
    """How far the messages of one arm came; what a report does not tell is 0."""

    arm_id: str
    sent: int
    delivered: int
    opened: int
    clicked: int


@dataclass
class _Customer:
    """What the report says of one customer, over all their rows."""

    line: int
    arm_id: str | None
    held_out: bool
    revenue: int = 0
    cost: int = 0
    bought: bool = False
    messages: set[str] = field(default_factory=set)
    reached: set[str] = field(default_factory=set)

    def add(self, row: Contact) -> None:
        self.revenue += row.revenue
        self.cost += row.cost
        self.bought = self.bought or (row.revenue > 0 if row.converted is None else row.converted)
        if row.sent:
            self.messages.add(row.moment)
        steps = {"delivered": row.delivered, "opened": row.opened, "clicked": row.clicked}
        self.reached |= {step for step, done in steps.items() if done}


@dataclass
class _Sums:
    """Sums over the customers of one group."""

    n: int = 0
    conversions: int = 0
    total: int = 0
    squares: float = 0
    """Whole numbers stay exact: they are added up as integers."""
    sent: int = 0
    cost: int = 0

    def add(self, customer: _Customer) -> None:
        self.n += 1
        self.conversions += customer.bought
        self.total += customer.revenue
        self.squares += customer.revenue**2
        self.sent += len(customer.messages)
        self.cost += customer.cost

    def add_total(self, row: Total) -> None:
        self.n += row.n
        self.conversions += row.conversions
        self.total += row.revenue
        self.squares += _assumed(row) if row.squares is None else row.squares
        self.sent += row.sent
        self.cost += row.cost


class Tally(NamedTuple):
    """What a report adds up to."""

    outcomes: tuple[Outcome, ...]
    reached: tuple[Reached, ...]
    segmented: int
    """Customers whose segment is known."""
    spread_assumed: bool
    """Whether amounts came without their squares, so that the interval rests on SPREAD."""


Parts = Mapping[tuple[str, str, bool], _Sums]
"""Sums by (arm_id, segment, held out)."""


def tally_contacts(
    name: str,
    contacts: Sequence[Contact],
    campaign: Campaign,
    *,
    customers: Mapping[str, str],
    segments: Mapping[str, str],
    now: datetime,
) -> Tally:
    """Add up rows about recipients; FaultyFile when a customer is in two arms, or both written to and held out.

    `customers` (recipient -> customer_id) and `segments` (customer_id -> RFM class) hold those that are known.
    """
    people = _people(name, contacts, customers)
    addressed = {one.arm_id for one in people.values() if one.arm_id}
    parts: defaultdict[tuple[str, str, bool], _Sums] = defaultdict(_Sums)
    for who, customer in people.items():
        for arm_id in [customer.arm_id] if customer.arm_id else addressed:
            for segment in ("all", segments[who]) if who in segments else ("all",):
                parts[arm_id, segment, customer.held_out].add(customer)
    reached = [_reached(arm.arm_id, people.values()) for arm in campaign.arms if arm.arm_id in addressed]
    known = sum(who in segments for who in people)
    return Tally(_outcomes(campaign, parts, now), tuple(reached), known, spread_assumed=False)


def tally_totals(totals: Sequence[Total], campaign: Campaign, *, now: datetime) -> Tally:
    """Add up rows that are totals already."""
    addressed = {row.arm_id for row in totals if row.arm_id}
    # RFM classes do not overlap, so where a report tells of nothing else they make up everybody.
    by_class = all(row.segment in set(RfmClass) for row in totals)
    parts: defaultdict[tuple[str, str, bool], _Sums] = defaultdict(_Sums)
    for row in totals:
        for arm_id in [row.arm_id] if row.arm_id else addressed:
            for segment in ("all", row.segment) if by_class else (row.segment,):
                parts[arm_id, segment, row.held_out].add_total(row)
    reached = [_reached_total(arm.arm_id, totals) for arm in campaign.arms if arm.arm_id in addressed]
    assumed = any(row.squares is None and row.revenue for row in totals)
    return Tally(_outcomes(campaign, parts, now), tuple(reached), 0, spread_assumed=assumed)


def _people(name: str, contacts: Iterable[Contact], customers: Mapping[str, str]) -> dict[str, _Customer]:
    found: dict[str, _Customer] = {}
    faults: list[LineFault] = []
    for row in contacts:
        customer = found.setdefault(
            customers.get(row.recipient, f"recipient {row.recipient}"), _Customer(row.line, row.arm_id, row.held_out)
        )
        if (customer.arm_id, customer.held_out) != (row.arm_id, row.held_out):
            told = f"the customer of line {customer.line} again, in another arm or group: each can be in one only"
            faults.append(LineFault(row.line, "arm", told))
        customer.add(row)
    if faults:
        raise FaultyFile(name, faults)
    return found


def _outcomes(campaign: Campaign, parts: Parts, now: datetime) -> tuple[Outcome, ...]:
    arms = {arm.arm_id: place for place, arm in enumerate(campaign.arms)}
    spoken = sorted({(arms[arm_id], segment != "all", segment, arm_id) for arm_id, segment, _ in parts})
    found = (_outcome(campaign.campaign_id, arm_id, segment, parts, now) for _, _, segment, arm_id in spoken)
    return tuple(outcome for outcome in found if outcome.treated_n)


def _outcome(campaign_id: str, arm_id: str, segment: str, parts: Parts, now: datetime) -> Outcome:
    treated, control = (parts.get((arm_id, segment, held_out), _Sums()) for held_out in (False, True))
    return Outcome(
        campaign_id=campaign_id,
        arm_id=arm_id,
        segment=segment,
        sent=treated.sent,
        treated_n=treated.n,
        treated_conversions=treated.conversions,
        treated_sum=treated.total,
        treated_sumsq=float(treated.squares),
        control_n=control.n,
        control_conversions=control.conversions,
        control_sum=control.total,
        control_sumsq=float(control.squares),
        cost_minor=treated.cost,
        computed_at=now,
    )


def _assumed(row: Total) -> float:
    """E[x^2] = mean^2 (1 + SPREAD^2) for each buyer."""
    return row.revenue**2 / row.conversions * (1 + SPREAD**2) if row.revenue else 0.0


def _reached(arm_id: str, people: Iterable[_Customer]) -> Reached:
    written = [customer for customer in people if customer.arm_id == arm_id and not customer.held_out]
    steps = {step: sum(step in one.reached for one in written) for step in ("delivered", "opened", "clicked")}
    return Reached(arm_id=arm_id, sent=sum(len(customer.messages) for customer in written), **steps)


def _reached_total(arm_id: str, totals: Iterable[Total]) -> Reached:
    written = [row for row in totals if row.arm_id == arm_id and not row.held_out and row.segment == "all"]
    names = ("sent", "delivered", "opened", "clicked")
    return Reached(arm_id=arm_id, **{name: sum(getattr(row, name) for row in written) for name in names})
