"""The ltv task on a small made-up shop: baselines by hand, no look ahead, figures over cuts."""

import random
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from app.errors import InvalidInput
from app.predict.purchases import PurchaseDays, rfm
from evals.task import TaskResult
from evals.tasks.ltv import Ltv, LtvOptions
from evals.tasks.naive import baselines, training_mean
from evals.transactions import to_day

START = date(2025, 1, 1)
CUT = date(2025, 9, 30)


def say(_: str) -> None:
    pass


def a_shop(path: Path, *, customers: int = 150, days: int = 365, after_cut: float = 1.0) -> Path:
    """Orders of customers who differ in rate and basket; amounts after the cut are scaled by `after_cut`."""
    dice = random.Random(5)
    rows = ["customer_id,time,amount"]
    for who in range(customers):
        rate, basket = dice.gammavariate(1, 0.03), dice.gammavariate(4, 10)
        day = dice.randrange(120)
        while day < days:
            when = START + timedelta(days=day)
            amount = basket * dice.gammavariate(5, 0.2) * (after_cut if when > CUT else 1)
            rows.append(f"c{who},{when},{amount:.2f}")
            day += 1 + int(dice.expovariate(rate + 1e-3))
    path.write_text("\n".join(rows), encoding="utf-8")
    return path


def run(path: Path, **options: object) -> TaskResult:
    return Ltv().run(LtvOptions.model_validate({"transactions": path, "bootstrap": 20} | options), say)


def test_baselines_are_what_their_names_say() -> None:
    purchases = PurchaseDays.from_rows(["a", "a", "a", "b"], [0, 250, 295, 290], [1000, 300, 200, 500])
    seen = rfm(purchases, 300)
    found = {name: values.tolist() for name, values in baselines(purchases, seen, cut=300, horizon=60).items()}
    assert found["raw_past_spend"] == [1500, 500]
    assert found["naive_rate"] == [1500 / 300 * 60, 500 / 30 * 60]
    assert found["last_horizon_days"] == [500, 500]
    assert found["half_last_horizon"] == [250, 250]
    assert found["last_180_days"] == pytest.approx([500 / 3, 500 / 3])
    assert found["zero"] == [0, 0]
    assert found["constant"] == [500, 500]  # only a was known when the last horizon began


def test_the_constant_is_scaled_where_the_past_is_shorter_than_two_horizons() -> None:
    purchases = PurchaseDays.from_rows(["a", "a"], [0, 30], [100, 100])
    assert training_mean(purchases, rfm(purchases, 40), cut=40, horizon=60) == pytest.approx(300)


def test_all_figures_of_the_contract_are_there(tmp_path: Path) -> None:
    result = run(a_shop(tmp_path / "t.csv"), cut=[CUT])
    means = {"rmse", "tweedie", "spearman", "gini", "lift10", "level", "mae"}
    assert result.metrics.keys() == means | {"pit_above_q90", "pinball90", "inside_q10_q90"}
    assert result.baselines.keys() >= {
        "constant", "naive_rate", "raw_past_spend", "last_horizon_days", "half_last_horizon",
    }  # fmt: skip
    assert all(figures.keys() == means for figures in result.baselines.values())
    assert result.baselines["constant"]["spearman"].value is None
    assert result.n == len(result.samples) == result.cuts[0].n
    for name, metric in result.metrics.items():
        assert metric.low is not None, name
        assert metric.high is not None, name
        assert metric.value is not None, name


def test_predictions_do_not_change_when_the_future_does(tmp_path: Path) -> None:
    one = run(a_shop(tmp_path / "a.csv"), cut=[CUT])
    two = run(a_shop(tmp_path / "b.csv", after_cut=7.0), cut=[CUT])
    assert [s.output for s in one.samples] == [s.output for s in two.samples]
    assert [s.target for s in one.samples] != [s.target for s in two.samples]


def test_several_cuts_are_averaged_and_shown_one_by_one(tmp_path: Path) -> None:
    cuts = [CUT, CUT - timedelta(days=60)]
    result = run(a_shop(tmp_path / "t.csv"), cut=cuts, horizon_days=60)
    assert [c.cut for c in result.cuts] == sorted(cuts)
    levels = [c.metrics["level"].value for c in result.cuts]
    assert result.metrics["level"].value == pytest.approx(np.mean([v for v in levels if v is not None]))
    assert result.n == sum(c.n for c in result.cuts)


def test_without_a_cut_the_last_whole_horizon_is_predicted(tmp_path: Path) -> None:
    result = run(a_shop(tmp_path / "t.csv"), horizon_days=30)
    end = str(result.provenance["data_end"])
    assert to_day(date.fromisoformat(end)) - to_day(result.cuts[0].cut) == 30


def test_the_same_seed_gives_the_same_result(tmp_path: Path) -> None:
    path = a_shop(tmp_path / "t.csv")
    assert run(path, cut=[CUT]) == run(path, cut=[CUT])


@pytest.mark.parametrize(
    ("options", "reason"),
    [({"cut": [date(2024, 1, 1)]}, "leave days on both sides"), ({"cut": [date(2030, 1, 1)]}, "both sides")],
)
def test_a_cut_outside_the_data_is_refused(tmp_path: Path, options: dict[str, object], reason: str) -> None:
    with pytest.raises(InvalidInput, match=reason):
        run(a_shop(tmp_path / "t.csv"), **options)


def test_one_customer_is_too_little_and_says_so(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="too little data to fit"):
        run(a_shop(tmp_path / "t.csv", customers=1), cut=[CUT])
