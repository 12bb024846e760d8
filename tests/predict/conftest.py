"""A shop whose truth is known: customers simulated from the very model that the estimators assume."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from app.predict.bg_nbd import BgNbd
from app.predict.gamma_gamma import GammaGamma
from app.predict.purchases import PurchaseDays

TRUTH = BgNbd(r=0.6, alpha=20.0, a=0.8, b=3.0)
MONEY = GammaGamma(p=5.0, q=4.0, gamma=3000.0)
FIRST_DAY = 19_000
SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"


def simulate(customers: int, days: int = 300, seed: int = 1) -> PurchaseDays:
    """Purchase days of `customers` who arrive over the first 100 days and are watched for `days` days."""
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
    ids, day, amount = zip(*rows, strict=True)
    return PurchaseDays.from_rows(ids, day, amount)


@pytest.fixture(scope="session")
def shop() -> PurchaseDays:
    """3,000 customers over 300 days; the last day is `FIRST_DAY` + 299."""
    return simulate(3000)


@pytest.fixture(scope="session")
def truth() -> BgNbd:
    """The parameters that made the shop."""
    return TRUTH


@pytest.fixture(scope="session")
def money() -> GammaGamma:
    """The parameters that made its amounts."""
    return MONEY


@pytest.fixture(scope="session")
def first_day() -> int:
    """The shop's first day."""
    return FIRST_DAY


@pytest.fixture(scope="session")
def cdnow_sample() -> PurchaseDays:
    """The 1/10 CDNOW sample of the papers, in cents; skips where the shared data are absent."""
    path = SHARED / "cdnow" / "sample_2357.parquet"
    if not path.exists():
        pytest.skip("the CDNOW sample is not beside this checkout (../shared/data/cdnow)")
    frame = pl.read_parquet(path)
    return PurchaseDays.from_rows(
        frame["customer_id"].to_list(),
        frame["date"].cast(pl.Date).cast(pl.Int32).to_numpy(),
        np.rint(frame["amount"].to_numpy() * 100).astype(np.int64),
    )
