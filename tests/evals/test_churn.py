"""The churn task on a small made-up shop: who bought nothing, beside those who only rank."""

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from evals.cli import main
from evals.report import render
from evals.rolling import RollingOptions
from evals.scorers import chances
from evals.scorers.chances import Case
from evals.scorers.paired import OURS
from evals.task import TaskResult
from evals.tasks.churn import Churn
from tests.factories_tables import CUT, a_shop

RANKS = {"raw_past_spend", "last_horizon_days", "half_last_horizon", "last_180_days"}


def say(_: str) -> None:
    pass


def run(path: Path, **options: object) -> TaskResult:
    return Churn().run(RollingOptions.model_validate({"transactions": path, "bootstrap": 20} | options), say)


@pytest.fixture(scope="module")
def two_cuts(tmp_path_factory: pytest.TempPathFactory) -> TaskResult:
    path = a_shop(tmp_path_factory.mktemp("shop") / "t.csv")
    return run(path, cut=[CUT, CUT - timedelta(days=60)], horizon_days=60)


def test_all_figures_of_the_contract_are_there(two_cuts: TaskResult) -> None:
    assert two_cuts.metrics.keys() == {"auc", "pr_auc", "brier", "ece", "churn_risk_auc"}
    for name, metric in two_cuts.metrics.items():
        assert None not in (metric.value, metric.low, metric.high), name
    assert two_cuts.baselines.keys() == RANKS | {
        "zero", "constant", "naive_rate", "bg_nbd_gg", "boosted_trees", "logistic_rfm",
    }  # fmt: skip


def test_who_only_ranks_has_an_order_and_no_calibration(two_cuts: TaskResult) -> None:
    for who in RANKS:
        assert two_cuts.baselines[who]["auc"].value is not None
        assert two_cuts.baselines[who]["brier"].value is None
        assert two_cuts.baselines[who]["ece"].value is None


def test_every_cut_is_compared_with_every_baseline(two_cuts: TaskResult) -> None:
    for cut in two_cuts.cuts:
        assert sorted(metric for gaps in cut.differences.values() for metric in gaps) == [
            "auc",
            "brier",
            "ece",
            "pr_auc",
        ]
        gap = cut.paired["logistic_rfm"]["auc"]
        ours, theirs = cut.metrics["auc"].value, cut.baselines["logistic_rfm"]["auc"].value
        assert None not in (ours, theirs, gap.low)
        assert gap.value == pytest.approx((ours or 0) - (theirs or 0))


def test_chances_do_not_change_when_the_future_does(tmp_path: Path) -> None:
    path = a_shop(tmp_path / "a.csv")
    head, *rows = path.read_text().splitlines()
    fewer = [row for row in rows if row.split(",")[1] <= "2025-10-17"]
    (tmp_path / "b.csv").write_text("\n".join([head, *fewer]))
    one, two = (run(file, cut=[CUT], horizon_days=60) for file in (path, tmp_path / "b.csv"))
    assert [s.output for s in one.samples] == [s.output for s in two.samples]
    assert [s.target for s in one.samples] != [s.target for s in two.samples]


def test_pictures_are_calibration_and_order(two_cuts: TaskResult) -> None:
    titles = [picture.title for picture in two_cuts.curves]
    assert sum("by tenth of its predicted chance" in title for title in titles) == 2
    assert "by tenth of its predicted chance" in render(two_cuts, "p")
    roc = next(picture for picture in two_cuts.curves if "found first" in picture.title)
    assert {OURS, "churn_risk"} <= roc.lines.keys()
    assert all(line[0] == (0, 0) and line[-1] == pytest.approx((1, 1)) for line in roc.lines.values())


def test_a_sure_and_right_forecast_scores_best() -> None:
    silent = np.array([1.0, 0.0, 1.0, 0.0])
    case = Case(CUT, np.arange(4), silent, {OURS: silent, "half": np.full(4, 0.5)}, {"amount": -silent}, 1 - silent)
    found = chances.figures(case, np.ones((1, 4), dtype=np.uint8)).drawn
    assert [found[OURS, metric][0] for metric in ("auc", "pr_auc", "brier", "ece")] == [1, 1, 0, 0]
    assert [found["half", metric][0] for metric in ("auc", "brier", "ece")] == [0.5, 0.25, 0]
    assert found["amount", "auc"][0] == found[OURS, "churn_risk_auc"][0] == 0
    assert np.isnan(found["amount", "brier"]).all()


def test_the_command_runs_on_a_table_with_names_and_dates_of_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = a_shop(tmp_path / "t.csv").read_text().splitlines()[1:]
    cells = [row.split(",") for row in rows]
    lines = ["Wer,Wann,Wieviel", *(f"{who},{day[8:]}.{day[5:7]}.{day[:4]} 8:05,{amount}" for who, day, amount in cells)]
    (tmp_path / "u.csv").write_text("\n".join(lines))
    given = ["--transactions", str(tmp_path / "u.csv"), "--customer", "Wer", "--time", "Wann", "--amount", "Wieviel"]
    form = ["--time-format", "%d.%m.%Y %H:%M", "--cut", str(CUT), "--horizon-days", "60", "--bootstrap", "20"]
    assert main(["run", "churn", *given, *form, "--out", str(tmp_path / "o")]) == 0
    assert "churn_risk_auc" in capsys.readouterr().out
