"""Turns what a customer does into the records that the shop's sources would send, with their habits and faults.

Each source stamps time in its own way; a few records arrive late or twice. Records are handed over in the order in
which they arrive, not in which they happened.
"""

from collections.abc import Callable
from datetime import UTC
from typing import NamedTuple, TypedDict, Unpack

from app.demo.calendar import HOUR_MS, Calendar
from app.demo.dice import Dice
from app.demo.parameters import Delivery
from app.events.schemas import EventKind, IncomingEvent

WEB, APP, MINI_PROGRAM = "web", "app", "mini_program"
SUPPORT_DESK, REVIEWS, MARKETING = "support_desk", "reviews", "marketing"
SURFACES = (WEB, APP, MINI_PROGRAM)

Identifiers = dict[str, str | int]


class Details(TypedDict, total=False):
    """The fields of an event beyond who, when and what."""

    item_id: str
    campaign_id: str
    arm_id: str
    session_id: str
    order_id: str
    amount_minor: int
    currency: str
    text: str
    properties: dict[str, object]


class Arrival(NamedTuple):
    """A record on its way; sorts by arrival, then by the order in which it was noted."""

    at_ms: int
    number: int
    source: str
    event: IncomingEvent


class Recorder:
    """The records of one customer."""

    def __init__(self, customer: int, calendar: Calendar, delivery: Delivery, dice: Dice) -> None:
        """`customer` is the number that goes into message ids."""
        self._customer = customer
        self._calendar = calendar
        self._delivery = delivery
        self._dice = dice
        self._arrivals: list[Arrival] = []
        self._noted = 0

    def note(self, source: str, at_ms: int, kind: EventKind, who: Identifiers, **details: Unpack[Details]) -> None:
        """Record something; what would happen after the log's end never does."""
        if at_ms >= self._calendar.end_ms:
            return
        self._noted += 1
        if "amount_minor" in details:
            details["currency"] = "CNY"
        event = IncomingEvent(
            message_id=f"{source}-{self._customer:06d}-{self._noted:05d}",
            kind=kind.value,
            occurred_at=_STAMPS[source](self._calendar, at_ms),
            identifiers=who,
            **details,
        )
        self._send(source, at_ms, event)

    def stream(self) -> list[tuple[str, IncomingEvent]]:
        """(source, event) in order of arrival."""
        return [(arrival.source, arrival.event) for arrival in sorted(self._arrivals, key=lambda a: a[:2])]

    def _send(self, source: str, at_ms: int, event: IncomingEvent) -> None:
        late = self._dice.chance(self._delivery.late)
        twice = self._dice.chance(self._delivery.duplicate)
        self._arrivals.append(Arrival(at_ms + (self._delay() if late else 0), self._noted, source, event))
        if twice:
            self._arrivals.append(Arrival(at_ms + self._delay(), self._noted, source, event))

    def _delay(self) -> int:
        return round(self._dice.between(*self._delivery.late_hours) * HOUR_MS)


def _local_iso(calendar: Calendar, at_ms: int) -> str:
    return calendar.at(at_ms).isoformat(timespec="milliseconds")


def _utc_iso(calendar: Calendar, at_ms: int) -> str:
    return calendar.at(at_ms).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


_STAMPS: dict[str, Callable[[Calendar, int], str | int]] = {
    WEB: _local_iso,
    APP: Calendar.epoch_ms,
    MINI_PROGRAM: Calendar.epoch_ms,
    SUPPORT_DESK: _utc_iso,
    REVIEWS: _local_iso,
    MARKETING: _utc_iso,
}
