"""Forecasters scored together: means over cuts, the best baseline, pairing."""

from datetime import date

import numpy as np
import pytest

from evals.intervals import over, weights
from evals.scorers.paired import OURS, CutDraws, differences, of_best, over_cuts, paired


def a_cut(day: int, n: int = 10, some: int = 4, **figures: list[float]) -> CutDraws:
    """`who_metric` -> the value and one draw."""
    drawn = {tuple(key.split("_")): np.array(values) for key, values in figures.items()}
    return CutDraws(date(2026, 1, day), n, {(k[0], k[1]): v for k, v in drawn.items()}, {"some": some})


CUTS = [
    a_cut(1, ours_gini=[0.5, 0.6], a_gini=[0.4, 0.4], b_gini=[0.1, 0.1], c_gini=[np.nan, np.nan]),
    a_cut(2, n=30, ours_gini=[0.7, 0.7], a_gini=[0.4, 0.5], b_gini=[0.9, 0.9], c_gini=[0.99, 0.99]),
]


def test_figures_are_means_over_cuts() -> None:
    ours = over_cuts(CUTS)[OURS]["gini"]
    assert (ours.value, ours.n) == (pytest.approx(0.6), 40)
    assert over_cuts(CUTS)["c"]["gini"].value is None  # no answer at one cut: no mean


def test_the_best_baseline_is_that_of_the_mean_and_of_each_cut_alone() -> None:
    assert {who: gap["gini"].value for who, gap in differences(CUTS, {"gini": 1}).items()} == {"b": pytest.approx(0.1)}
    assert list(differences(CUTS[:1], {"gini": 1})) == ["a"]
    assert list(differences(CUTS[1:], {"gini": 1})) == ["c"]


def test_less_can_be_better() -> None:
    assert list(differences(CUTS[:1], {"gini": -1})) == ["b"]


def test_differences_are_taken_draw_by_draw() -> None:
    gap = paired(CUTS[:1], {"gini": 1})["a"]["gini"]
    assert gap.value == pytest.approx(0.1)
    assert gap.low == gap.high == pytest.approx(0.2)


def test_a_figure_of_some_customers_is_averaged_over_the_cuts_that_have_any() -> None:
    cuts = [a_cut(1, some=0, ours_some=[np.nan, np.nan]), a_cut(2, some=7, ours_some=[0.3, 0.4])]
    found = over_cuts(cuts)[OURS]["some"]
    assert (found.value, found.n) == (0.3, 7)


def test_the_best_are_listed_by_metric() -> None:
    found = over_cuts(CUTS)
    assert [row[:2] for row in of_best({"z": {"b": found["a"]["gini"]}, "y": {"a": found["a"]["gini"]}})] == [
        ("a", "y"), ("b", "z"),
    ]  # fmt: skip


def test_redrawn_weights_begin_with_everybody_once_and_keep_the_number() -> None:
    drawn = list(weights(50, rounds=3, seed=1))
    assert drawn[0].tolist() == [1] * 50
    assert [w.sum() for w in drawn] == [50] * 4
    assert over(drawn, lambda weight: {"sum": float(weight.sum())})["sum"].tolist() == [50] * 4
