"""A shop whose truth is known: customers simulated from the very model that the estimators assume."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from app.predict.fitted import Estimates, Fitted, estimate
from app.predict.inputs.purchases import PurchaseDays
from app.predict.model import CustomerModel
from app.predict.value.bg_nbd import BgNbd
from app.predict.value.gamma_gamma import GammaGamma
from tests.factories_shops import FIRST_DAY, MONEY, TRUTH, learned_from, simulate

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"


@pytest.fixture(scope="session")
def shop() -> PurchaseDays:
    """3,000 customers over 300 days; the last day is `FIRST_DAY` + 299."""
    return simulate(3000)


@pytest.fixture(scope="session")
def model(shop: PurchaseDays) -> CustomerModel:
    """What the shop's last day knows."""
    fitted = learned_from(shop, FIRST_DAY + 299)
    return CustomerModel(fitted, estimate(fitted, shop, as_of_day=FIRST_DAY + 299))


@pytest.fixture(scope="session")
def small() -> PurchaseDays:
    """500 customers over 300 days."""
    return simulate(500)


@pytest.fixture(scope="session")
def learned(small: PurchaseDays) -> Fitted:
    """From the small shop, at the end of its last day."""
    return learned_from(small, FIRST_DAY + 299)


@pytest.fixture(scope="session")
def told(small: PurchaseDays, learned: Fitted) -> Estimates:
    """Of the small shop, at the end of its last day."""
    return estimate(learned, small, as_of_day=FIRST_DAY + 299)


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
