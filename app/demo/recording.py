"""Turns what a customer does into the records that the shop's sources would send, with their habits and faults.

Each source stamps time in its own way; a few records arrive late or twice, a few name nobody beside somebody.
Records are handed over in the order in which they arrive, not in which they happened.
"""

from collections.abc import Callable
from datetime import UTC
from typing import NamedTuple, TypedDict, Unpack

from app.demo.calendar import HOUR_MS, Calendar
from app.demo.dice import Dice
from app.demo.parameters import Parameters
from app.events.schemas import EventKind, IncomingEvent

WEB, APP, MINI_PROGRAM = "web", "app", "mini_program"
SUPPORT_DESK, REVIEWS, MARKETING, SOCIAL = "support_desk", "reviews", "marketing", "social"

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
    """A record on its way; sorts by arrival, then by customer and the order in which it was noted."""

    at_ms: int
    customer: int
    number: int
    source: str
    event: IncomingEvent


class Recorder:
    """The records of one customer."""

    def __init__(self, customer: int, calendar: Calendar, parameters: Parameters, dice: Dice) -> None:
        """Nothing is recorded yet; no record will tell the customer's number."""
        self._customer = customer
        self._calendar = calendar
        self._delivery = parameters.delivery
        self._habits = parameters.identities
        self._dice = dice
        self._arrivals: list[Arrival] = []
        self._noted = 0

    def note(self, source: str, at_ms: int, kind: EventKind, who: Identifiers, **details: Unpack[Details]) -> None:
        """Record something; what would happen after the log's end never does."""
        if at_ms >= self._calendar.end_ms:
            return
        self._noted += 1
        chance = self._dice.random()
        if "amount_minor" in details:
            details["currency"] = "CNY"
        event = IncomingEvent(
            message_id=f"{source}-{self._dice.code(16)}",
            kind=kind.value,
            occurred_at=_STAMPS[source](self._calendar, at_ms),
            identifiers=self._with_junk(source, who) if chance < self._habits.junk else who,
            **details,
        )
        self._send(source, at_ms, event, 1.0 - chance)

    def arrivals(self) -> list[Arrival]:
        """All records in order of arrival."""
        return sorted(self._arrivals, key=in_order)

    def _with_junk(self, source: str, who: Identifiers) -> Identifiers:
        """A name of nobody is added, or takes the place of a device beside a better name."""
        possible = [junk for junk in self._habits.junk_names[source] if _leaves_a_name(who, junk)]
        return {**who, **self._dice.pick(possible)} if possible else who

    def _send(self, source: str, at_ms: int, event: IncomingEvent, chance: float) -> None:
        """Once, late or twice, by one throw: most records have no fault at all."""
        late = chance < self._delivery.late
        self._arrive(at_ms + (self._delay() if late else 0), source, event)
        if self._delivery.late <= chance < self._delivery.late + self._delivery.duplicate:
            self._arrive(at_ms + self._delay(), source, event)

    def _arrive(self, at_ms: int, source: str, event: IncomingEvent) -> None:
        self._arrivals.append(Arrival(at_ms, self._customer, self._noted, source, event))

    def _delay(self) -> int:
        return round(self._dice.between(*self._delivery.late_hours) * HOUR_MS)


def _leaves_a_name(who: Identifiers, junk: dict[str, str]) -> bool:
    return not (who.keys() & junk.keys() - {"device"}) and bool(who.keys() - junk.keys())


def in_order(arrival: Arrival) -> tuple[int, int, int]:
    """What arrivals are sorted by."""
    return arrival[:3]


def _local_iso(calendar: Calendar, at_ms: int) -> str:
    return f"{calendar.wall_clock(at_ms)}.{at_ms % 1000:03d}+08:00"


def _utc_iso(calendar: Calendar, at_ms: int) -> str:
    return calendar.at(at_ms).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _local_without_zone(calendar: Calendar, at_ms: int) -> str:
    return calendar.wall_clock(at_ms, " ")


def _epoch_seconds(calendar: Calendar, at_ms: int) -> int:
    return calendar.epoch_ms(at_ms) // 1000


def _epoch_text(calendar: Calendar, at_ms: int) -> str:
    return str(calendar.epoch_ms(at_ms))


_STAMPS: dict[str, Callable[[Calendar, int], str | int]] = {
    WEB: _local_iso,
    APP: Calendar.epoch_ms,
    MINI_PROGRAM: _epoch_seconds,
    SUPPORT_DESK: _utc_iso,
    REVIEWS: _local_without_zone,
    MARKETING: _utc_iso,
    SOCIAL: _epoch_text,
}
