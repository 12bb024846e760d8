"""The task that judges the drift check: shops that stay as they are, and shops that change on a known day."""

import numpy as np
import pytest

from evals.steady import shop
from evals.tasks.drift import Drift, DriftOptions


def test_a_change_holds_from_its_day_on_only() -> None:
    steady, fewer, smaller = (
        shop(customers=3000, days=400, change=change, after=300, seed=4)
        for change in ("nothing", "half_purchases", "half_baskets")
    )
    early = steady.until(300)
    for changed in (fewer, smaller):
        assert np.array_equal(changed.until(300).day, early.day)
        assert changed.until(300).amount.sum() == early.amount.sum()
    late = steady.day.size - early.day.size
    assert fewer.day.size - early.day.size == pytest.approx(late / 2, rel=0.15)
    assert smaller.day.size == steady.day.size
    spent = steady.amount.sum() - early.amount.sum()
    assert smaller.amount.sum() - early.amount.sum() == pytest.approx(spent / 2, rel=0.01)


def test_a_run_tells_alarms_from_finds() -> None:
    found = Drift().run(DriftOptions(replays=2, customers=600), lambda _: None)
    assert found.metrics["false_alarms"].value == 0
    assert found.metrics["false_alarms"].n == 2
    assert (found.metrics["found_half_purchases"].value or 0) >= 0.5
    assert found.n == len(found.samples) == 22
