"""The ltv task on a small made-up shop: no look ahead, figures over cuts, classes of confidence."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from app.errors import InvalidInput
from app.predict.inputs.tables import to_day
from evals.plain import result_text
from evals.report import render
from evals.rolling import RollingOptions
from evals.scorers import spend
from evals.scorers.paired import OURS
from evals.scorers.spend import Case
from evals.task import TaskResult
from evals.tasks.ltv import Ltv
from tests.factories_tables import CUT, a_shop

MEANS = {"rmse", "tweedie", "spearman", "gini", "lift10", "level", "mae"}
ASKED = {
    "constant", "naive_rate", "raw_past_spend", "last_horizon_days", "half_last_horizon", "bg_nbd_gg",
    "boosted_trees", "logistic_rfm", "zero", "last_180_days",
}  # fmt: skip


def say(_: str) -> None:
    pass


def run(path: Path, **options: object) -> TaskResult:
    return Ltv().run(RollingOptions.model_validate({"transactions": path, "bootstrap": 20} | options), say)


@pytest.fixture(scope="module")
def two_cuts(tmp_path_factory: pytest.TempPathFactory) -> TaskResult:
    path = a_shop(tmp_path_factory.mktemp("shop") / "t.csv")
    return run(path, cut=[CUT, CUT - timedelta(days=60)], horizon_days=60)


def test_all_figures_of_the_contract_are_there(two_cuts: TaskResult) -> None:
    errors = {"error_high", "error_medium", "error_low"}
    assert two_cuts.metrics.keys() == MEANS | {"pit_above_q90", "pinball90", "inside_q10_q90"} | errors
    assert two_cuts.baselines.keys() == ASKED
    assert all(figures.keys() == MEANS for figures in two_cuts.baselines.values())
    assert two_cuts.baselines["constant"]["spearman"].value is None
    for name, metric in two_cuts.metrics.items():
        if name not in errors:
            assert None not in (metric.value, metric.low, metric.high), name


def test_every_cut_names_its_own_best_baseline(two_cuts: TaskResult) -> None:
    for cut in two_cuts.cuts:
        best = {metric: who for who, gaps in cut.differences.items() for metric in gaps}
        assert best.keys() == MEANS - {"level"}
        for metric in ("tweedie", "mae"):
            least = min(ASKED, key=lambda who: cut.baselines[who][metric].value or np.inf)
            assert best[metric] == least
            gap = cut.differences[least][metric].value
            ours, theirs = cut.metrics[metric].value, cut.baselines[least][metric].value
            assert None not in (gap, ours, theirs)
            assert gap == pytest.approx((ours or 0) - (theirs or 0))
        assert cut.paired.keys() == ASKED


def test_predictions_do_not_change_when_the_future_does(tmp_path: Path) -> None:
    one = run(a_shop(tmp_path / "a.csv"), cut=[CUT])
    two = run(a_shop(tmp_path / "b.csv", after_cut=7.0), cut=[CUT])
    assert [s.output for s in one.samples] == [s.output for s in two.samples]
    assert [s.target for s in one.samples] != [s.target for s in two.samples]
    level = {who: (one.baselines[who]["level"].value, two.baselines[who]["level"].value) for who in ASKED - {"zero"}}
    assert all(a and b and a > 3 * b for a, b in level.values())  # the same numbers, beside seven times the spend


def test_several_cuts_are_averaged_and_shown_one_by_one(two_cuts: TaskResult) -> None:
    assert [c.cut for c in two_cuts.cuts] == [CUT - timedelta(days=60), CUT]
    levels = [c.metrics["level"].value for c in two_cuts.cuts]
    assert two_cuts.metrics["level"].value == pytest.approx(np.mean([v for v in levels if v is not None]))
    assert two_cuts.n == sum(c.n for c in two_cuts.cuts) == len(two_cuts.samples)


def test_a_horizon_that_the_data_do_not_cover_is_marked_and_warned_of(tmp_path: Path) -> None:
    path = a_shop(tmp_path / "t.csv")
    found = run(path, cut=[CUT, CUT - timedelta(days=60)], horizon_days=120)
    whole, short = found.cuts
    assert (whole.horizon_seen_days, whole.warnings) == (120, [])
    assert short.horizon_seen_days == 92  # to the end of the year
    assert "92 of 120 days" in short.warnings[0]
    assert found.warnings == short.warnings
    assert found.warnings[0] in result_text(found)
    assert found.warnings[0].split(":")[0] in render(found, "p")


def test_a_date_far_from_all_others_is_told_of(tmp_path: Path) -> None:
    path = a_shop(tmp_path / "t.csv")
    path.write_text(path.read_text() + "\nc1,2031-01-01,5.00")
    found = run(path, cut=[CUT])
    assert "nobody bought between 2025-12-31 and 2031-01-01" in found.warnings[0]
    assert found.cuts[0].warnings == []


def test_a_prior_season_is_visible_once_the_horizon_lies_a_year_back(tmp_path: Path) -> None:
    path = a_shop(tmp_path / "t.csv", days=600)
    cuts = [date(2025, 12, 30), date(2025, 12, 31)]
    assert [cut.prior_season for cut in run(path, cut=cuts, horizon_days=30).cuts] == [False, True]


def test_what_was_left_out_is_told(tmp_path: Path) -> None:
    path = a_shop(tmp_path / "t.csv")
    path.write_text(path.read_text() + "\nc1,2025-03-03,-5.00\nc1,someday,5.00" + "\nc1,2025-03-04,5.00" * 2)
    found = run(path, cut=[CUT])
    told = found.provenance
    assert (told["negative_rows_left_out"], told["unusable_rows_left_out"], told["duplicate_rows_kept"]) == (1, 1, 1)
    assert str(told["basis"]).startswith("gross")
    assert len(found.warnings) == 3


def test_the_text_and_the_report_show_differences_and_classes(two_cuts: TaskResult) -> None:
    text, page = result_text(two_cuts), render(two_cuts, "p")
    assert "ours minus the best baseline" in text
    assert str(CUT) in text
    assert "error of the median by width" in page
    assert "Ours minus the best baseline" in page


def test_error_of_a_class_is_its_error_over_its_value() -> None:
    case = Case(
        cut=CUT,
        customer=np.arange(4),
        actual=np.array([10.0, 0.0, 30.0, 5.0]),
        means={OURS: np.array([10.0, 5.0, 20.0, 5.0])},
        median=np.array([8.0, 1.0, 10.0, 0.0]),
        q10=np.zeros(4),
        q90=np.full(4, 40.0),
        p_zero=np.full(4, 0.5),
        confidence=np.array(["high", "high", "low", "low"]),
        floor=0.1,
    )
    found = spend.figures(case, np.array([[1, 1, 1, 1], [0, 1, 1, 0]], dtype=np.uint8))
    assert found.drawn[OURS, "error_high"].tolist() == [5 / 15, 5 / 5]
    assert found.drawn[OURS, "error_low"].tolist() == [10 / 25, 10 / 20]
    assert np.isnan(found.drawn[OURS, "error_medium"]).all()
    assert found.of_some == {"error_high": 2, "error_medium": 0, "error_low": 2}


def test_without_a_cut_the_last_whole_horizon_is_predicted(tmp_path: Path) -> None:
    result = run(a_shop(tmp_path / "t.csv"), horizon_days=30)
    end = str(result.provenance["data_end"])
    assert to_day(date.fromisoformat(end)) - to_day(result.cuts[0].cut) == 30


def test_the_same_seed_gives_the_same_result(tmp_path: Path) -> None:
    path = a_shop(tmp_path / "t.csv")
    assert run(path, cut=[CUT]) == run(path, cut=[CUT])


@pytest.mark.parametrize("cut", [date(2024, 1, 1), date(2030, 1, 1)])
def test_a_cut_outside_the_data_is_refused(tmp_path: Path, cut: date) -> None:
    with pytest.raises(InvalidInput, match="leave days on both sides"):
        run(a_shop(tmp_path / "t.csv"), cut=[cut])


def test_one_customer_is_too_little_and_says_so(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="too little data to fit"):
        run(a_shop(tmp_path / "t.csv", customers=1), cut=[CUT])
