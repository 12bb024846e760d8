"""`run profile` from the command line, and its figures on cases small enough to know the answer."""

import json
from pathlib import Path

import numpy as np
import pytest

from evals.ceilings.cases import Case
from evals.cli import main
from evals.scorers.profile import TopAnswers, drift_figures, middle, shift_figures, top_figures
from evals.scorers.shifts import Change, tally

METRICS = {
    "top_interest_accuracy", "top_interest_gap_closed", "shift_recall_10d", "shift_gap_closed",
    "false_shifts_per_customer_quarter", "drift_signals_14d", "drift_false_alarms",
}  # fmt: skip
SHARED = {"top_interest_accuracy", "shift_recall_10d", "false_shifts_per_customer_quarter"}


def test_one_object_holds_all_figures_and_both_ceilings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = ["run", "profile", "--seed", "105", "--customers", "16", "--wording", "B"]
    assert main([*given, "--json", "--out", str(tmp_path / "run")]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["task"], found["seed"], found["n"]) == ("profile", 105, 16)
    assert found["metrics"].keys() >= METRICS
    assert all(side.keys() >= SHARED for side in found["ceilings"].values())
    assert (
        found["metrics"]["top_interest_accuracy"]["n"] == found["ceilings"]["oracle"]["top_interest_accuracy"]["n"] > 0
    )
    assert found["metrics"]["shift_recall_10d"]["n"] > 0


def test_a_shop_without_customers_ends_with_one_line_and_exit_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "profile", "--customers", "0"]) == 2
    assert capsys.readouterr().err.startswith("error: --customers:")


def case(topics: list[int], asked: list[bool]) -> Case:
    nobody = np.zeros(len(topics), dtype=np.bool_)
    return Case(120, np.array(asked), np.array(topics), nobody, nobody, nobody, nobody)


def test_top_interest_is_asked_of_those_with_ten_events_and_told_by_number_of_events() -> None:
    one = case([0, 1, 2, 0], [True, True, True, False])
    answers = {
        "ours": [np.array([0, 1, 0, 1])],
        "naive": [np.array([0, 0, 0, 1])],
        "oracle": [np.array([0, 1, 2, 1])],
    }
    found = top_figures(TopAnswers(answers, [one], [np.array([10, 30, 9, 400])]), seed=1)
    assert found["ours"]["top_interest_accuracy"].value == 1.0
    assert found["ours"]["top_interest_accuracy"].n == 2
    assert found["naive"]["top_interest_accuracy"].value == 0.5
    assert found["ours"]["top_interest_accuracy_1_9_events"].value == 0.0
    assert found["oracle"]["top_interest_accuracy_1_9_events"].value == 1.0
    assert found["ours"]["top_interest_accuracy_from_51_events"].value is None
    assert found["ours"]["top_interest_gap_closed"].value == 1.0


def test_a_customer_who_is_not_known_has_no_right_answer() -> None:
    found = top_figures(
        TopAnswers(
            {who: [np.array([-1])] for who in ("ours", "naive", "oracle")}, [case([0], [True])], [np.array([12])]
        ),
        seed=1,
    )
    assert found["ours"]["top_interest_accuracy"].value == 0.0
    assert found["ours"]["top_interest_gap_closed"].value is None


def test_the_share_of_the_gap_is_that_of_the_same_changes() -> None:
    true = [[Change("a", "b", 50)], [Change("b", "c", 70)], [Change("c", "d", 90)], [Change("d", "a", 90)]]
    sides = {
        "ours": [*true[:3], []],
        "naive": [true[0], [], [], []],
        "oracle": true,
    }
    found = shift_figures({who: tally(true, said, {}) for who, said in sides.items()}, seed=1)
    assert found["ours"]["shift_recall_10d"].value == 0.75
    assert found["ours"]["shift_gap_closed"].value == pytest.approx(2 / 3)
    assert found["ours"]["false_shifts_per_customer_quarter"].value is None


def test_two_signals_of_different_names_tell_of_leaving() -> None:
    two, one = frozenset({"shorter_dwell", "rarer_visits"}), frozenset({"shorter_dwell"})
    found = drift_figures([(two, one), (one, frozenset()), (two, two), (two, one)])
    assert found["drift_signals_14d"].value == 0.75
    assert found["drift_false_alarms"].value == 0.25
    assert drift_figures([])["drift_signals_14d"].value is None


def test_the_middle_is_over_values_and_redraws_customers() -> None:
    found = middle([[1.0, 9.0], [], [5.0]], seed=1)
    assert (found.value, found.n) == (5.0, 3)
    assert found.low is not None
    assert found.low >= 1.0
    assert middle([[], []], seed=1).value is None
