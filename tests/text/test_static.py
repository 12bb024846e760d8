"""The shipped embedder: whole, bilingual, the same as what was trained, and clear about damage."""

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.config import ROOT
from app.errors import InvalidInput
from app.text.embedder import Embedder
from app.text.static import GRAMS, MANIFEST, WEIGHTS, StaticEmbedder, grams

FOLDER = ROOT / "knowledge_base" / "embedder"
EMBEDDER = StaticEmbedder(FOLDER)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(FOLDER, tmp_path / "embedder"))


def cosine(a: str, b: str) -> float:
    first, second = EMBEDDER.embed([a, b])
    return float(first @ second)


def test_it_is_an_embedder() -> None:
    embedder: Embedder = EMBEDDER
    assert embedder.embed([]).shape == (0, embedder.dimension)


def test_vectors_are_those_of_the_trained_model() -> None:
    """The manifest keeps what sentence-transformers gave for a few texts when the weights were written."""
    assert len(EMBEDDER.manifest.references) >= 5
    for reference in EMBEDDER.manifest.references:
        assert EMBEDDER.embed([reference.text])[0].tolist() == pytest.approx(reference.vector, abs=2e-5)


@given(st.text(max_size=80))
def test_every_vector_has_length_one_or_is_zero(text: str) -> None:
    (vector,) = EMBEDDER.embed([text])
    assert vector.dtype == np.float32
    assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-5) or not vector.any()


@pytest.mark.parametrize("text", ["", "  ", "12.5 %", "!?"])
def test_a_text_without_words_is_the_zero_vector(text: str) -> None:
    assert not EMBEDDER.embed([text]).any()


def test_a_row_does_not_depend_on_its_neighbours() -> None:
    alone = EMBEDDER.embed(["scented candle"])[0]
    assert np.array_equal(alone, EMBEDDER.embed(["母婴", "scented candle", ""])[1])


@pytest.mark.parametrize(
    ("chinese", "english", "other"),
    [
        ("帐篷", "tent", "口红"),
        ("猫粮", "cat food", "keyboard"),
        ("咖啡豆", "coffee beans", "tent"),
        ("儿童泳衣", "swimsuit for kids", "knitting yarn"),
    ],
)
def test_two_languages_meet(chinese: str, english: str, other: str) -> None:
    assert cosine(chinese, english) > cosine(chinese, other) + 0.3


def test_spelling_is_read_in_parts() -> None:
    assert list(grams("猫粮 Tea 5")) == ["猫", "粮", "猫粮", "=tea", "<te", "tea", "ea>", "<tea", "tea>"]


def test_a_damaged_file_is_named(copy: Path) -> None:
    weights = bytearray((copy / WEIGHTS).read_bytes())
    weights[-1] ^= 1
    (copy / WEIGHTS).write_bytes(weights)
    with pytest.raises(InvalidInput, match=r"weights\.npy is damaged"):
        StaticEmbedder(copy)


@pytest.mark.parametrize("name", [GRAMS, WEIGHTS, MANIFEST])
def test_a_missing_file_is_named(copy: Path, name: str) -> None:
    (copy / name).unlink()
    with pytest.raises(InvalidInput, match="embedder"):
        StaticEmbedder(copy)


@pytest.mark.parametrize("text", ["", "[]", '{"version": 1}'])
def test_a_broken_manifest_is_refused_in_one_line(copy: Path, text: str) -> None:
    (copy / MANIFEST).write_text(text, encoding="utf-8")
    with pytest.raises(InvalidInput, match=r"manifest\.json: [^\n]+$"):
        StaticEmbedder(copy)


def test_other_weights_have_another_fingerprint(copy: Path) -> None:
    manifest = json.loads((copy / MANIFEST).read_text(encoding="utf-8"))
    (copy / MANIFEST).write_text(json.dumps({**manifest, "version": 2}), encoding="utf-8")
    assert StaticEmbedder(copy).fingerprint != EMBEDDER.fingerprint


def test_it_stays_small() -> None:
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 4_000_000


def test_the_weights_belong_to_the_words_beside_them() -> None:
    """Who edits the word list trains again: `python -m evals.train.embedder`."""
    words = (FOLDER.parent / "vocabulary.yaml").read_bytes()
    assert EMBEDDER.manifest.trained["words"] == hashlib.sha256(words).hexdigest()
