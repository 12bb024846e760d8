"""Nearest vectors: FAISS and the exact index agree and cannot be misread."""

from concurrent.futures import ThreadPoolExecutor

import faiss
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from app.errors import InvalidInput
from app.retrieval.gpu import MOST, copy_to_gpu
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


@given(rows(1, 30), st.data())
def test_only_chosen_rows_are_found_by_both(stored: Vectors, data: st.DataObject) -> None:
    among = np.array(data.draw(st.lists(st.booleans(), min_size=len(stored), max_size=len(stored))))
    for index in (ExactIndex(stored), FaissIndex(stored)):
        (found,) = index.search(stored[:1], 5, among)
        assert len(found.positions) == min(5, among.sum())
        assert among[list(found.positions)].all()
        best = sorted((float(stored[row] @ stored[0]) for row in np.flatnonzero(among)), reverse=True)[:5]
        assert list(found.scores) == pytest.approx(best, abs=1e-5)


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


@given(rows(0, 20), rows(1, 2))
def test_written_and_read_an_index_answers_the_same(stored: Vectors, queries: Vectors) -> None:
    index = FaissIndex(stored)
    read = FaissIndex.from_bytes(index.to_bytes())
    assert np.array_equal(read.vectors, stored)
    assert read.search(queries, 5) == index.search(queries, 5)


@pytest.mark.parametrize("kind", ["HNSW8", "PQ3"])
def test_another_kind_of_index_is_refused(kind: str) -> None:
    other = faiss.index_factory(DIMENSION, kind, faiss.METRIC_INNER_PRODUCT)
    with pytest.raises(InvalidInput, match="no flat index"):
        FaissIndex.from_bytes(bytes(faiss.serialize_index(other)))


def test_distances_are_not_taken_for_inner_products() -> None:
    with pytest.raises(InvalidInput, match="no flat index of inner products"):
        FaissIndex.from_bytes(bytes(faiss.serialize_index(faiss.IndexFlatL2(DIMENSION))))


@pytest.mark.parametrize("junk", [b"", b"IxFI", b"junk" * 40])
def test_bytes_that_are_no_index_are_refused_in_one_line(junk: bytes) -> None:
    with pytest.raises(InvalidInput, match=r"^FAISS cannot read this index: [^\n]+$"):
        FaissIndex.from_bytes(junk)


def test_threads_may_search_one_index_at_once() -> None:
    stored = np.random.default_rng(3).normal(size=(500, DIMENSION)).astype(np.float32)
    index, exact = FaissIndex(stored), ExactIndex(stored)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda row: index.search(stored[row : row + 1], 3)[0].positions, range(200)))
    assert found == [answer.positions for answer in exact.search(stored[:200], 3)]


@pytest.mark.skipif(faiss.get_num_gpus() == 0, reason="no GPU here (or faiss-cpu): faiss.get_num_gpus() is 0")
def test_the_gpu_answers_as_the_processor_does() -> None:
    stored = np.random.default_rng(4).normal(size=(5000, DIMENSION)).astype(np.float32)
    index, exact = FaissIndex(stored), ExactIndex(stored)
    assert copy_to_gpu(faiss.IndexFlatIP(DIMENSION)) is not None
    for k in (1, 10, MOST, MOST + 1):
        for ours, theirs in zip(index.search(stored[:20], k), exact.search(stored[:20], k), strict=True):
            assert ours.scores == pytest.approx(theirs.scores, abs=1e-4)
    few, most = np.arange(5000) % 50 == 0, np.arange(5000) % 50 > 0
    for among in (few, most):
        (ours,), (theirs,) = index.search(stored[:1], 60, among), exact.search(stored[:1], 60, among)
        assert ours.scores == pytest.approx(theirs.scores, abs=1e-4)


def test_without_a_gpu_the_processor_searches() -> None:
    if faiss.get_num_gpus() > 0:
        pytest.skip("there is a GPU here")
    assert copy_to_gpu(faiss.IndexFlatIP(DIMENSION)) is None
