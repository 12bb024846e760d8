"""The hashing embedder: stable, normalised, near for shared spelling in both languages."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.text.embedder import Embedder, HashingEmbedder

EMBEDDER = HashingEmbedder()


def cosine(a: str, b: str) -> float:
    first, second = EMBEDDER.embed([a, b])
    return float(first @ second)


@given(st.text(max_size=80))
def test_every_vector_has_length_one_or_is_zero(text: str) -> None:
    (vector,) = EMBEDDER.embed([text])
    assert vector.dtype == np.float32
    assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-5) or not vector.any()


@pytest.mark.parametrize("text", ["", "   ", "!!! --- ???"])
def test_a_text_without_words_is_the_zero_vector(text: str) -> None:
    assert not EMBEDDER.embed([text]).any()


def test_no_texts_give_no_rows() -> None:
    assert EMBEDDER.embed([]).shape == (0, EMBEDDER.dimension)


def test_a_row_does_not_depend_on_its_neighbours() -> None:
    alone = EMBEDDER.embed(["winter skincare"])[0]
    assert np.array_equal(alone, EMBEDDER.embed(["母婴", "winter skincare", ""])[1])


def test_the_vector_of_a_known_text_is_the_same_on_every_machine() -> None:
    (vector,) = HashingEmbedder(dimension=16).embed(["奶粉 milk"])
    pinned = [0, 0.148, 0, 0, 0, -0.295, 0, -0.492, 0.148, 0, -0.443, 0, 0.148, -0.64, 0, 0]
    assert vector.tolist() == pytest.approx(pinned, abs=0.001)


@pytest.mark.parametrize(
    ("query", "near", "far"),
    [
        ("宝宝奶粉促销", "婴儿奶粉满减促销", "户外露营帐篷"),
        ("winter skincare sale", "skin care for winter", "garden tools"),
        ("win back lapsed mothers", "winning back lapsed customers", "new phone launch"),
        ("ｓｋｉｎｃａｒｅ", "SKINCARE", "books"),
    ],
)
def test_shared_spelling_is_nearer_than_none(query: str, near: str, far: str) -> None:
    assert cosine(query, near) > cosine(query, far) + 0.1


def test_case_width_and_spaces_do_not_matter() -> None:
    assert cosine("Ｔｅａ   SET", "tea set") == pytest.approx(1.0, abs=1e-6)


def test_the_fingerprint_names_the_parameters() -> None:
    assert HashingEmbedder(64).fingerprint != HashingEmbedder(128).fingerprint


def test_it_is_an_embedder() -> None:
    embedder: Embedder = EMBEDDER
    assert embedder.dimension == 1024


def test_too_small_a_dimension_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 8"):
        HashingEmbedder(4)
