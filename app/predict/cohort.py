"""All buyers of a workspace at one moment: what estimators are fitted on and thresholds are taken from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from app.events.store import OrderTotal
from app.identity.schemas import Owners
from app.predict.purchases import PurchaseDays
from app.profile.schemas import RfmClass
from app.profile.sums.rfm import Limits, Standing, classify, limits_of

_EPOCH = date(1970, 1, 1).toordinal()


@dataclass(frozen=True)
class Cohort:
    """The buyers, their standing and their purchase days."""

    as_of_day: int
    """Local day since 1970-01-01."""
    buyers: dict[str, Standing]
    purchases: PurchaseDays
    limits: Limits | None
    """Where the buyers are divided; None when there are none."""

    def of_class(self, wanted: RfmClass) -> set[str]:
        """The buyers of one class."""
        limits = self.limits
        return {c for c, b in self.buyers.items() if limits and classify(b, limits) is wanted}

    @classmethod
    def build(cls, orders: Sequence[OrderTotal], owners: Owners, *, zone: ZoneInfo, as_of: datetime) -> "Cohort":
        """Group orders by customer; `owners` knows whose each subject was at the time."""
        today = as_of.astimezone(zone).toordinal() - _EPOCH
        names = [owners.of(order.subject, order.occurred_at) for order in orders]
        days = [order.occurred_at.astimezone(zone).toordinal() - _EPOCH for order in orders]
        amounts = [order.amount for order in orders]
        placed: dict[str, list[tuple[int, str, int]]] = {}
        for name, day, order in zip(names, days, orders, strict=True):
            placed.setdefault(name, []).append((day, order.order_id, order.amount))
        buyers = {name: _standing(rows, today) for name, rows in placed.items()}
        return cls(today, buyers, PurchaseDays.from_rows(names, days, amounts), limits_of(buyers.values()))


def _standing(rows: Sequence[tuple[int, str, int]], today: int) -> Standing:
    """Of (day, order_id, amount) rows; an order seen under two identifiers is one order."""
    days, order_ids, amounts = zip(*rows, strict=True)
    return Standing(today - max(days), len(set(order_ids)), sum(amounts))
