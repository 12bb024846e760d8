"""Boosted trees: the same every time, plain text, and right about what is there to be learned."""

import numpy as np
import pytest

from app.predict.inputs.purchases import Floats
from app.predict.value import trees

RNG = np.random.default_rng(5)
COLUMNS = RNG.uniform(0, 1, (2000, 3))
COLUMNS[::7, 2] = np.nan
SPEND = np.where(RNG.random(2000) < 0.6, RNG.gamma(2.0, np.exp(2 * COLUMNS[:, 0])), 0.0)
HAPPENED = (RNG.random(2000) < np.where(COLUMNS[:, 0] > 0.5, 0.8, 0.1)).astype(np.float64)


def test_the_same_lessons_give_the_same_text() -> None:
    assert trees.fit("spend", COLUMNS, SPEND) == trees.fit("spend", COLUMNS.copy(), SPEND.copy())


def test_mean_spend_is_found_per_group_and_never_below_nothing() -> None:
    expected = np.exp(trees.predict(trees.fit("spend", COLUMNS, SPEND), COLUMNS))
    assert (expected > 0).all()
    for group in (COLUMNS[:, 0] < 0.3, COLUMNS[:, 0] > 0.7):
        assert expected[group].mean() == pytest.approx(SPEND[group].mean(), rel=0.15)


def test_a_chance_is_found_in_log_odds() -> None:
    odds = trees.predict(trees.fit("chance", COLUMNS, HAPPENED), COLUMNS)
    chance = 1 / (1 + np.exp(-odds))
    assert chance[COLUMNS[:, 0] > 0.6].mean() == pytest.approx(0.8, abs=0.1)
    assert chance[COLUMNS[:, 0] < 0.4].mean() == pytest.approx(0.1, abs=0.1)


def test_with_an_offset_only_the_correction_is_learned() -> None:
    truth = np.log(0.6 * 2 * np.exp(2 * COLUMNS[:, 0]))
    right = trees.predict(trees.fit("spend", COLUMNS, SPEND, truth), COLUMNS)
    half = trees.predict(trees.fit("spend", COLUMNS, SPEND, truth - np.log(2)), COLUMNS)
    assert right.mean() == pytest.approx(0, abs=0.1)
    assert half.mean() == pytest.approx(np.log(2), abs=0.1)


def test_what_may_only_raise_never_lowers() -> None:
    text = trees.fit("chance", COLUMNS, 1 - HAPPENED, monotone=(1, 0, 0))
    along = np.tile(COLUMNS[1], (50, 1))
    along[:, 0] = np.linspace(0, 1, 50)
    assert (np.diff(trees.predict(text, along)) >= 0).all()
    free = trees.predict(trees.fit("chance", COLUMNS, 1 - HAPPENED), along)
    assert free[0] > free[-1]


def test_a_row_reads_the_same_alone_as_among_others_and_no_row_is_no_answer() -> None:
    text = trees.fit("spend", COLUMNS, SPEND)
    together = trees.predict(text, COLUMNS[:20])
    alone = np.concatenate([trees.predict(text, COLUMNS[i : i + 1]) for i in range(20)])
    np.testing.assert_array_equal(together, alone)
    assert trees.predict(text, np.zeros((0, 3))).shape == (0,)


@pytest.mark.parametrize("columns", [np.ones((300, 2)), np.full((300, 2), np.nan)], ids=["all alike", "unknown"])
def test_columns_that_tell_nothing_give_everyone_the_mean(columns: Floats) -> None:
    spend = np.arange(300.0)
    found = np.exp(trees.predict(trees.fit("spend", columns, spend), columns))
    np.testing.assert_allclose(found, spend.mean(), rtol=1e-3)
