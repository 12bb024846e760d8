"""A shop whose visitors are known: who comes how often, buys now and then, and leaves when."""

from typing import NamedTuple

import numpy as np

from app.events.activity import COLUMNS
from app.predict.behaviour.days import Behaviour
from app.predict.inputs.purchases import PurchaseDays

FIRST_DAY, DAYS = 20_000, 300


class Shop(NamedTuple):
    """What is on record, and who left when."""

    behaviour: Behaviour
    purchases: PurchaseDays
    left: np.ndarray
    """[customers] the day of the last act of who left, else far away."""

    @property
    def last_day(self) -> int:
        """The newest day."""
        return FIRST_DAY + DAYS - 1


def a_behaviour(rows: list[tuple[str, int, dict[str, int]]], ids: tuple[str, ...] = ()) -> Behaviour:
    """Of (customer, day, counts by column)."""
    names = tuple(sorted({name for name, _, _ in rows}.union(ids)))
    counts = np.array([[of.get(column, 0) for column in COLUMNS] for _, _, of in rows], np.int32)
    customer = np.array([names.index(name) for name, _, _ in rows], np.int64)
    day = np.array([day for _, day, _ in rows], np.int64)
    return Behaviour.from_rows(names, customer, day, counts.reshape(len(rows), len(COLUMNS)))


def a_shop(customers: int = 300, seed: int = 1) -> Shop:
    """Everybody visits at a pace of their own and buys at every fourth visit; two in five leave on some day."""
    rng = np.random.default_rng(seed)
    gap = rng.uniform(3, 15, customers)
    leaves = np.where(rng.random(customers) < 0.4, FIRST_DAY + rng.integers(60, DAYS, customers), 10**6)
    acts: list[tuple[str, int, dict[str, int]]] = []
    orders: list[tuple[str, int]] = []
    for who in range(customers):
        day = FIRST_DAY + rng.uniform(0, 30)
        while day < min(FIRST_DAY + DAYS, leaves[who]):
            buys = rng.random() < 0.25
            acts.append((f"c{who:04}", int(day), {"acts": 4, "presence": 4, "pages": 3, "orders": int(buys)}))
            orders += [(f"c{who:04}", int(day))] if buys else []
            day += max(1.0, rng.exponential(gap[who]))
    behaviour = a_behaviour(acts)
    place = np.array([behaviour.customer_ids.index(name) for name, _ in orders], np.int64)
    day_of = np.array([day for _, day in orders], np.int64)
    key = np.unique(place << 32 | day_of)
    purchases = PurchaseDays(
        behaviour.customer_ids,
        (key >> 32).astype(np.int32),
        (key & 0xFFFFFFFF).astype(np.int32),
        np.full(key.size, 5_000, np.int64),
    )
    return Shop(behaviour, purchases, leaves)
