"""Shops of purchases whose truth is known, and what is learned from them."""

from datetime import UTC, datetime

import numpy as np

from app.predict.fitted import Fitted, learn
from app.predict.inputs.purchases import PurchaseDays
from app.predict.value.bg_nbd import BgNbd
from app.predict.value.gamma_gamma import GammaGamma
from app.predict.value.season import FLAT, Calendar

TRUTH = BgNbd(r=0.6, alpha=20.0, a=0.8, b=3.0)
MONEY = GammaGamma(p=5.0, q=4.0, gamma=3000.0)
FIRST_DAY = 19_000
UNTIL = datetime(2026, 1, 1, tzinfo=UTC)


def simulate(customers: int, days: int = 300, seed: int = 1) -> PurchaseDays:
    """Purchase days of `customers` who arrive over the first 100 days and are watched for `days` days.

    They are drawn from the very model that BG/NBD and Gamma-Gamma assume.
    """
    rng = np.random.default_rng(seed)
    rate = rng.gamma(TRUTH.r, 1 / TRUTH.alpha, customers)
    leaves = rng.beta(TRUTH.a, TRUTH.b, customers)
    worth = rng.gamma(MONEY.q, 1 / MONEY.gamma, customers)
    start = rng.integers(0, 100, customers)
    rows: list[tuple[str, int, int]] = []
    for i in range(customers):
        at = float(start[i])
        while at < days:
            rows.append((f"c{i:05}", FIRST_DAY + int(at), int(rng.gamma(MONEY.p) / worth[i]) + 1))
            if at > start[i] and rng.random() < leaves[i]:
                break
            at += max(rng.exponential(1 / rate[i]), 1e-9)
    return bought(rows)


def steady(
    customers: int, first: int, last: int, *, busy: tuple[int, int], factor: float, seed: int = 1
) -> PurchaseDays:
    """Customers who never leave and buy at rates of their own, `factor` times as often from month `busy` to month."""
    rng = np.random.default_rng(seed)
    days = np.arange(first, last + 1)
    month = days.astype("datetime64[D]").astype("datetime64[M]").astype(int) % 12 + 1
    season = np.where((month >= busy[0]) & (month <= busy[1]), factor, 1.0)
    rate = rng.gamma(2.0, 0.01, customers)
    who, when = np.nonzero(rng.random((customers, days.size)) < np.minimum(rate[:, None] * season, 1))
    amount = rng.integers(1000, 9000, who.size)
    return bought(list(zip((f"c{i:05}" for i in who), days[when].tolist(), amount.tolist(), strict=True)))


def bought(rows: list[tuple[str, int, int]]) -> PurchaseDays:
    """Of (customer, day, amount in minor units)."""
    ids, day, amount = zip(*rows, strict=True)
    return PurchaseDays.from_rows(ids, day, amount)


def some_of(purchases: PurchaseDays, kept: list[int]) -> PurchaseDays:
    """Only these customers (indices, ascending), as if nobody else had ever bought."""
    rows = np.isin(purchases.customer, kept)
    place = np.searchsorted(kept, purchases.customer[rows]).astype(np.int32)
    names = tuple(purchases.customer_ids[i] for i in kept)
    return PurchaseDays(names, place, purchases.day[rows], purchases.amount[rows])


def with_later_rows(purchases: PurchaseDays, day: int) -> PurchaseDays:
    """What happened after `day` is turned upside down: other amounts, and everybody buys on the next day."""
    known = purchases.until(day)
    later = len(purchases.customer_ids)
    return PurchaseDays.add_up(
        purchases.customer_ids,
        np.concatenate([known.customer, np.arange(later)]),
        np.concatenate([known.day, np.full(later, day + 1)]),
        np.concatenate([known.amount, np.full(later, 10**9)]),
    )


def learned_from(
    purchases: PurchaseDays, day: int, *, horizon_days: int = 90, calendar: Calendar = FLAT, card: str = "card_test"
) -> Fitted:
    """What `learn` makes of them at the end of `day`."""
    return learn(
        purchases,
        day=day,
        horizon_days=horizon_days,
        currency="CNY",
        fitted_until=UNTIL,
        calendar=calendar,
        model_card_id=card,
    )
