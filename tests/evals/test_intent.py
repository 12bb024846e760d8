from datetime import timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from app.errors import InvalidInput
from app.predict.inputs.tables import to_date
from app.predict.intent.baskets import Baskets
from evals.baselines import next_purchase
from evals.cli import main
from evals.scorers import intent as scorer
from evals.scorers.intent import Case
from evals.task import TaskResult
from evals.tasks.intent import IntentOptions, IntentTask
from tests.factories_intent import DAY, a_shop

CUT = DAY - 90


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    baskets, _ = a_shop(customers=240)
    names = [baskets.names[c] if c < baskets.other else None for c in baskets.category]
    path = tmp_path_factory.mktemp("intent") / "lines.parquet"
    days = [to_date(day) for day in baskets.day.tolist()]
    pl.DataFrame(
        {"who": baskets.customer, "at": days, "paid": np.rint(baskets.share * 100), "what": names}
    ).write_parquet(path)
    return path


def ran(path: Path, **changes: object) -> TaskResult:
    given = {"transactions": path, "customer": "who", "time": "at", "amount": "paid", "category": "what"}
    fixed = {"cut": (to_date(CUT),), "bootstrap": 40}
    return IntentTask().run(IntentOptions.model_validate(given | fixed | changes), lambda _: None)


@pytest.fixture(scope="module")
def result(table: Path) -> TaskResult:
    return ran(table)


def value(result: TaskResult, name: str, who: str = "") -> float:
    found = (result.baselines[who] if who else result.metrics)[name].value
    assert found is not None
    return found


def test_learned_habits_beat_popularity_and_every_figure_has_its_interval(result: TaskResult) -> None:
    found = result
    assert value(found, "top1") > value(found, "top1", "popularity") + 0.1
    assert value(found, "log_loss") < value(found, "log_loss", "popularity")
    for days in (7, 14, 30, 90):
        assert value(found, f"brier_{days}") < value(found, f"brier_{days}", "base_rate")
    for metric in found.metrics.values():
        assert metric.value is not None
        assert metric.low is not None
        assert metric.high is not None
        assert metric.low <= metric.high
    assert set(found.paired["popularity"]) >= {"top1", "top3", "log_loss"}
    assert found.n == 240


def test_nothing_after_the_cut_changes_a_forecast(result: TaskResult, table: Path, tmp_path: Path) -> None:
    frame = pl.read_parquet(table)
    later = pl.col("at") > to_date(CUT)
    moved = frame.with_columns(
        at=pl.when(later).then(pl.lit(to_date(CUT) + timedelta(days=5))).otherwise(pl.col("at")),
        what=pl.when(later).then(pl.lit("toys")).otherwise(pl.col("what")),
    )
    moved.write_parquet(tmp_path / "moved.parquet")
    before, after = result, ran(tmp_path / "moved.parquet")
    assert [s.output for s in before.samples] == [s.output for s in after.samples]
    assert [s.target for s in before.samples] != [s.target for s in after.samples]


def test_without_a_category_only_the_time_is_forecast(table: Path) -> None:
    found = ran(table, category="", horizon_days=60)
    assert set(found.metrics) == {f"{name}_{days}" for name in ("brier", "ece", "level") for days in (7, 14, 30, 60)}
    assert any("no category is foretold" in warning for warning in found.warnings)


def test_bad_input_is_one_line_and_exit_code_2(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = ["run", "intent", "--transactions", str(table), "--customer", "who", "--time", "at", "--amount", "paid"]
    for more in (["--cut", "1999-01-01"], ["--category", "colour"], ["--cut", str(to_date(DAY - 350))]):
        assert main([*given, *more]) == 2
        assert capsys.readouterr().err.splitlines()[-1].startswith("error: ")


def test_the_demo_shop_is_forecast_over_the_products_horizon_only() -> None:
    with pytest.raises(InvalidInput, match="90 days"):
        IntentTask().run(IntentOptions(horizon_days=60), lambda _: None)


def test_baselines_say_what_their_names_say() -> None:
    rows = [(0, 1, "tea"), (0, 2, "tea"), (0, 3, "toys"), (1, 3, "tea"), (2, 9, "books")]
    who, day, what = zip(*rows, strict=True)
    known = Baskets.from_columns(who, day, what, [1] * 5, ("books", "tea", "toys"))
    tea, toys = 1, 2
    both = np.array([0, 1])
    assert next_purchase.last_bought(known, both)[:, 0].tolist() == [toys, tea]
    assert next_purchase.most_frequent(known, both)[:, 0].tolist() == [tea, tea]
    assert next_purchase.popular(known, both)[:, 0].tolist() == [tea, tea]
    assert next_purchase.base_rates(known, both, (2,), 3).tolist() == [[1.0], [1.0]]
    assert next_purchase.base_rates(known, both, (5,), 8).tolist() == [[0.0], [0.0]]


def test_scores_are_those_of_hand_counted_cases() -> None:
    case = Case(
        cut=to_date(CUT),
        customer=np.array([0, 1, 2]),
        wait=np.array([3.0, 20.0, np.inf]),
        windows=(7, 30),
        chances={"ours": np.array([[1.0, 1.0], [0.0, 1.0], [0.5, 0.5]])},
        buyer=np.array([0, 1]),
        chosen=np.array([0, 1]),
        basket=np.array([[1.0, 0, 0], [1, 1, 0]]),
        ranked={"ours": np.array([[0, 1], [0, 1]])},
        shares={"ours": np.array([[0.5, 0.25, 0.25], [0.6, 0.4, 0.0]])},
    )
    drawn = scorer.figures(case, np.ones((1, 3), np.uint8)).drawn
    found = {name: float(values[0]) for (_, name), values in drawn.items()}
    assert found["brier_7"] == pytest.approx(0.25 / 3)
    assert found["level_7"] == pytest.approx(1.5)
    assert (found["top1"], found["top3"], found["in_basket"]) == (0.5, 1.0, 1.0)
    assert found["log_loss"] == pytest.approx(-(np.log(0.5) + np.log(0.4)) / 2)
    assert found["top1_claimed"] == pytest.approx(0.55)
