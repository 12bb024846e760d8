"""Forecasts without a model, by hand."""

import numpy as np
import pytest

from app.predict.inputs.purchases import PurchaseDays, rfm
from evals.baselines import naive

PURCHASES = PurchaseDays.from_rows(["a", "a", "a", "b"], [0, 250, 295, 290], [1000, 300, 200, 500])
SEEN = rfm(PURCHASES, 300)


def test_amounts_are_what_their_names_say() -> None:
    found = {name: v.tolist() for name, v in naive.spend(PURCHASES, SEEN, cut=300, horizon=60).items()}
    assert found["raw_past_spend"] == [1500, 500]
    assert found["naive_rate"] == [1500 / 300 * 60, 500 / 30 * 60]
    assert found["last_horizon_days"] == [500, 500]
    assert found["half_last_horizon"] == [250, 250]
    assert found["last_180_days"] == pytest.approx([500 / 3, 500 / 3])
    assert found["zero"] == [0, 0]
    assert found["constant"] == [500, 500]  # only a was known when the last horizon began


def test_chances_are_what_their_names_say() -> None:
    found = naive.no_purchase(PURCHASES, SEEN, cut=300, horizon=60)
    assert found["naive_rate"] == pytest.approx(np.exp([-3 / 300 * 60, -1 / 30 * 60]))
    assert found["zero"].tolist() == [1, 1]
    assert found["constant"].tolist() == [0, 0]  # a, the only one, bought


def test_a_past_shorter_than_two_horizons_is_scaled() -> None:
    purchases = PurchaseDays.from_rows(["a", "a", "b", "c", "d"], [0, 30, 1, 2, 3], [100] * 5)
    mean, silent = naive.last_period(purchases, rfm(purchases, 40), cut=40, horizon=60)
    assert mean == pytest.approx(100 / 4 * 3)  # 20 days for 60
    assert silent == pytest.approx(0.75**3)
