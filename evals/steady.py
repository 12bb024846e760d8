"""Shops in which nothing changes, and the same with a change from one day on: what a drift check is judged by.

New customers come all the time, buy at their own rates and leave for good at their own odds (BG/NBD, with parameters
drawn anew for every shop); what they spend has its own level. None of it knows a season.
"""

from typing import Literal

import numpy as np

from app.predict.inputs.purchases import Floats, Ints, PurchaseDays

Change = Literal["nothing", "half_purchases", "half_baskets"]


def shop(*, customers: int, days: int, change: Change, after: int, seed: int) -> PurchaseDays:
    """The purchases of `days` days; `change` holds for all that lies after day `after`."""
    random = np.random.default_rng(seed)
    rate = random.gamma(random.uniform(0.4, 1.2), 1 / random.uniform(15, 60), customers)
    leaves = random.beta(random.uniform(0.5, 1.2), random.uniform(2.5, 6), customers)
    worth = random.gamma(random.uniform(3, 6), 1 / 3000.0, customers)
    who, at = _visits(random, rate, leaves, float(days))
    day = at.astype(np.int64)
    amount = random.gamma(5.0, 1.0, who.size) / worth[who] + 1
    late = day > after
    kept = ~late | (random.random(who.size) < 0.5) if change == "half_purchases" else np.ones(who.size, bool)
    amount = np.where(late, amount / 2, amount) if change == "half_baskets" else amount
    names = [f"c{i:06}" for i in who[kept]]
    return PurchaseDays.from_rows(names, day[kept], amount[kept].astype(np.int64))


def _visits(random: np.random.Generator, rate: Floats, leaves: Floats, days: float) -> tuple[Ints, Floats]:
    """Who bought when: all first purchases, then all second ones, and so on until nobody is left."""
    here = np.arange(rate.size)
    at = random.uniform(0, days, rate.size)
    found: list[tuple[Ints, Floats]] = []
    while here.size:
        found.append((here, at))
        stays = random.random(here.size) >= leaves[here] if len(found) > 1 else np.ones(here.size, bool)
        here, at = here[stays], at[stays]
        at = at + np.maximum(random.exponential(1 / rate[here]), 1e-9)
        here, at = here[at < days], at[at < days]
    return np.concatenate([who for who, _ in found]), np.concatenate([times for _, times in found])
