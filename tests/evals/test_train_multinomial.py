"""The regression behind the router: it learns what can be told apart, and scores families that it has not seen."""

import numpy as np
import pytest
import scipy.sparse

from evals.train.multinomial import cross_validated, fit, shares, tempered


def table(words: list[int]) -> scipy.sparse.csr_matrix:
    """Each question has its word's column, and a one."""
    rows = np.zeros((len(words), 4))
    rows[np.arange(len(words)), words] = 1.0
    rows[:, -1] = 1.0
    return scipy.sparse.csr_matrix(rows)


def test_what_differs_by_a_word_is_told_apart() -> None:
    words = [0, 1, 2] * 4
    weights = fit(table(words), np.array(words), ridge=0.01)
    assert (table([2, 0, 1]) @ weights.T).argmax(axis=1).tolist() == [2, 0, 1]


def test_a_stronger_ridge_means_smaller_weights() -> None:
    words = [0, 1, 2] * 4
    loose, tight = (fit(table(words), np.array(words), ridge=ridge) for ridge in (0.01, 10.0))
    assert np.abs(tight).max() < np.abs(loose).max()


def test_no_question_is_scored_by_weights_that_saw_its_family() -> None:
    words = [0] * 8 + [1] * 8
    scores = cross_validated(table(words), np.array(words), [f"family {word}" for word in words], ridge=0.1, seed=7)
    assert (scores[:8].argmax(axis=1) != 0).all() or (scores[8:].argmax(axis=1) != 1).all()


def test_scores_that_are_too_sure_are_cooled_down() -> None:
    scores = np.array([[9.0, 0.0]] * 4)
    assert tempered(scores, np.array([0, 0, 0, 1])) == pytest.approx(9 / np.log(3), rel=0.02)


def test_a_family_counts_as_one_question_however_many_paraphrases_it_has() -> None:
    assert shares(["a", "a", "b"]).tolist() == [0.5, 0.5, 1.0]
