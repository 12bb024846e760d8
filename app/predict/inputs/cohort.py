"""All buyers of a workspace at one moment: what estimators are fitted on and thresholds are taken from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

import numpy as np

from app.database.types import from_micros
from app.events.activity import DayCounts
from app.events.store import OrderTotal
from app.identity.schemas import Owners
from app.predict.behaviour.days import Behaviour
from app.predict.inputs.purchases import PurchaseDays
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
    behaviour: Behaviour | None = None
    """What everybody did on which day, non-buyers included; None where nothing but orders is on record."""

    def of_class(self, wanted: RfmClass) -> set[str]:
        """The buyers of one class."""
        limits = self.limits
        return {c for c, b in self.buyers.items() if limits and classify(b, limits) is wanted}

    def class_of(self, customer_id: str) -> RfmClass | None:
        """The class of one customer; None for who has not bought."""
        buyer = self.buyers.get(customer_id)
        return classify(buyer, self.limits) if buyer and self.limits else None

    @classmethod
    def build(
        cls,
        orders: Sequence[OrderTotal],
        owners: Owners,
        *,
        zone: ZoneInfo,
        as_of: datetime,
        activity: DayCounts | None = None,
    ) -> "Cohort":
        """Group orders and activity by customer; `owners` knows whose each subject was at the time."""
        today = as_of.astimezone(zone).toordinal() - _EPOCH
        names = [owners.of(order.subject, order.occurred_at) for order in orders]
        days = [order.occurred_at.astimezone(zone).toordinal() - _EPOCH for order in orders]
        amounts = [order.amount for order in orders]
        placed: dict[str, list[tuple[int, str, int]]] = {}
        for name, day, order in zip(names, days, orders, strict=True):
            placed.setdefault(name, []).append((day, order.order_id, order.amount))
        buyers = {name: _standing(rows, today) for name, rows in placed.items()}
        purchases = PurchaseDays.from_rows(names, days, amounts)
        behaviour = None if activity is None else _behaviour(activity, owners, purchases)
        if behaviour is not None:
            purchases = among(behaviour.customer_ids, purchases)
        return cls(today, buyers, purchases, limits_of(buyers.values()), behaviour)


def _behaviour(activity: DayCounts, owners: Owners, purchases: PurchaseDays) -> Behaviour | None:
    """None where nobody did anything but buy."""
    whose = _owners_of(activity, owners)
    names = tuple(sorted({name for name in whose if name is not None}.union(purchases.customer_ids)))
    index = {name: place for place, name in enumerate(names)}
    customer = np.fromiter((-1 if name is None else index[name] for name in whose), np.int64, len(whose))
    found = Behaviour.from_rows(names, customer, activity.day, activity.counts)
    return found if found.first_day is not None else None


def _owners_of(activity: DayCounts, owners: Owners) -> list[str | None]:
    """Whose each row is; None where nobody is known. Only names that changed hands are looked up row by row."""
    ever = [owners.ever(subject) if subject in owners else set() for subject in activity.subjects]
    only = [next(iter(found)) if len(found) == 1 else None for found in ever]
    whose = [only[subject] for subject in activity.subject.tolist()]
    passed_on = np.array([len(found) > 1 for found in ever], dtype=bool)
    for row in np.flatnonzero(passed_on[activity.subject]).tolist():
        subject = activity.subjects[activity.subject[row]]
        whose[row] = owners.of(subject, from_micros(int(activity.first_at[row])))
    return whose


def among(names: tuple[str, ...], purchases: PurchaseDays) -> PurchaseDays:
    """The same purchases with `names`, which hold all buyers in the same order, as customers."""
    index = {name: place for place, name in enumerate(names)}
    place = np.array([index[name] for name in purchases.customer_ids], np.int32)
    return PurchaseDays(names, place[purchases.customer], purchases.day, purchases.amount)


def _standing(rows: Sequence[tuple[int, str, int]], today: int) -> Standing:
    """Of (day, order_id, amount) rows; an order seen under two identifiers is one order."""
    days, order_ids, amounts = zip(*rows, strict=True)
    return Standing(today - max(days), len(set(order_ids)), sum(amounts))
