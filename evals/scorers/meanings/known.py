"""What every recomputation starts from, and what it says: rows, local days, orders, and the words of a finding."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from types import MappingProxyType
from typing import NamedTuple
from zoneinfo import ZoneInfo

from app.narrative.schemas import Claim, Period
from app.text.taxonomy import Taxonomy
from evals.scorers.ledger import Row
from evals.scorers.meanings.standings import Standings
from evals.scorers.meanings.visits import Placed, placed

NOTHING: Mapping[str, object] = MappingProxyType({})
INSTANT = timedelta(microseconds=1)


class Known:
    """What a claim is judged by: the customer's rows up to `as_of`, the zone of its days, the taxonomy, the others."""

    def __init__(
        self,
        rows: Sequence[Row],
        as_of: datetime,
        zone: ZoneInfo,
        taxonomy: Taxonomy,
        *,
        customer_id: str = "",
        standings: Callable[[], Standings] | None = None,
    ) -> None:
        """`standings` is where the workspace's buyers stand among each other; a place cannot be checked without."""
        self.rows, self.as_of, self.zone, self.taxonomy = rows, as_of, zone, taxonomy
        self.customer_id, self.standings = customer_id, standings

    @cached_property
    def placed(self) -> list[Placed]:
        """Every row with the visit that it belongs to."""
        return placed(self.rows)

    def day(self, moment: datetime) -> int:
        """Ordinal of the local day of a moment."""
        return moment.astimezone(self.zone).toordinal()

    def begin_of(self, day: int) -> datetime:
        """The first moment of a local day."""
        return datetime.combine(date.fromordinal(day), time(), self.zone).astimezone(UTC)

    def lines(self, period: Period | None = None, kind: str = "order") -> list[Row]:
        """Rows of one kind within a period."""
        return [row for row in self.rows if row.kind == kind and holds(period, row.at)]

    def orders(self, period: Period | None = None) -> list[list[Row]]:
        """Whole orders, as lists of their lines, that began in the period."""
        by_order: dict[str, list[Row]] = {}
        for line in self.lines():
            by_order.setdefault(line.order, []).append(line)
        return [lines for lines in by_order.values() if holds(period, lines[0].at)]

    def before(self, period: Period) -> Period:
        """As many local days as a period touches, just before it."""
        first, last = self.day(period.start + INSTANT), self.day(period.end)
        return Period(start=self.begin_of(2 * first - last - 1) - INSTANT, end=self.begin_of(first) - INSTANT)


class Found(NamedTuple):
    """What the rows say. `at` None means that the moment is not part of the claim."""

    value: float | int | None
    rows: Sequence[Row]
    """All events that the claim stands on; with `newest`, those of which it cites the last ones."""
    before: float | int | None = None
    at: datetime | None = None
    newest: bool = False
    direction: str | None = None
    """For claims whose direction is not simply where the value lies from what it is compared with."""
    also: Mapping[str, object] = NOTHING
    """Further fields of the claim by name."""


Meaning = Callable[[Claim, Known], Found | None]
"""None: the rows do not support any such claim."""


def holds(period: Period | None, moment: datetime) -> bool:
    """Whether a moment lies in a period: start < t <= end."""
    return period is None or period.start < moment <= period.end


def total(lines: Sequence[Row]) -> int:
    """Sum of amounts."""
    return sum(line.amount for line in lines)


def cited_row(claim: Claim, known: Known) -> Row | None:
    """The one row that a claim cites."""
    return next((row for row in known.rows if list(claim.evidence) == [row.event_id]), None)
