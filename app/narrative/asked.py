"""What measuring a claim takes and gives."""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from app.events.schemas import Event
from app.narrative.book import Book, Query
from app.narrative.schemas import ClaimKind, Period, Unit


class Asked(NamedTuple):
    """The parameters of one claim."""

    period: Period | None = None
    topic: str | None = None
    item_id: str | None = None
    event_id: str | None = None
    reading: str | None = None


class Measured(NamedTuple):
    """What the events say."""

    value: float | int | None
    query: Query
    events: list[Event]
    compared_to: float | int | None = None
    at: datetime | None = None
    order_id: str | None = None
    quote: str | None = None
    confidence: float | None = None
    name: str | None = None


Measure = Callable[[Book, Asked], Measured | None]
"""How one predicate is computed; None when the events support no such claim."""


class Spec(NamedTuple):
    """Kind, unit, computation and parameters of a predicate; `period` may be left out, the others may not."""

    kind: ClaimKind
    unit: Unit
    measure: Measure
    takes: tuple[str, ...] = ()

    def fits(self, asked: Asked) -> bool:
        """Whether a claim has the parameters that it needs and no others, which would say more than is measured."""
        given = {name for name, value in asked._asdict().items() if value is not None}
        return set(self.takes) - {"period"} <= given <= set(self.takes)
