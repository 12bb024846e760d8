"""Nearest vectors: FAISS and the exact index agree and cannot be misread."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from app.errors import InvalidInput
from app.retrieval.index import ExactIndex, FaissIndex, IndexFactory
from app.text.embedder import Vectors

BOTH = pytest.mark.parametrize("index", [ExactIndex, FaissIndex])
DIMENSION = 6


def rows(low: int, high: int) -> st.SearchStrategy[Vectors]:
    numbers = st.floats(-1, 1, width=32)
    return st.integers(low, high).flatmap(lambda n: arrays(np.float32, (n, DIMENSION), elements=numbers))


@given(rows(0, 30), rows(1, 3), st.integers(1, 40))
def test_both_indexes_agree(stored: Vectors, queries: Vectors, k: int) -> None:
    exact, faiss = ExactIndex(stored).search(queries, k), FaissIndex(stored).search(queries, k)
    for query, ours, theirs in zip(queries, exact, faiss, strict=True):
        assert theirs.scores == pytest.approx(ours.scores, abs=1e-5)
        # Ties may be broken either way, so the rows are compared by what they score.
        assert [float(stored[p] @ query) for p in theirs.positions] == pytest.approx(ours.scores, abs=1e-5)
        assert len(set(theirs.positions)) == len(theirs.positions) == min(k, len(stored))


@BOTH
def test_an_empty_index_answers_with_nothing(index: IndexFactory) -> None:
    (found,) = index(np.zeros((0, 4), dtype=np.float32)).search(np.ones((1, 4), dtype=np.float32), 3)
    assert found == ((), ())


@BOTH
def test_asking_for_more_than_there_is_gives_all_and_no_placeholder(index: IndexFactory) -> None:
    (found,) = index(np.eye(3, dtype=np.float32)).search(np.ones((1, 3), dtype=np.float32), 10)
    assert sorted(found.positions) == [0, 1, 2]


@BOTH
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_number_that_is_not_finite_is_refused(index: IndexFactory, bad: float) -> None:
    built = index(np.eye(3, dtype=np.float32))
    with pytest.raises(InvalidInput, match="NaN or infinity"):
        built.search(np.array([[1, bad, 0]], dtype=np.float32), 1)
    with pytest.raises(InvalidInput, match="NaN or infinity"):
        index(np.array([[bad, 0, 0]], dtype=np.float32))


@BOTH
def test_a_query_of_another_length_is_refused(index: IndexFactory) -> None:
    with pytest.raises(InvalidInput, match="length 3"):
        index(np.eye(3, dtype=np.float32)).search(np.ones((1, 4), dtype=np.float32), 1)
