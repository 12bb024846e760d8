"""Campaign texts are embedded once, whatever restarts; what is asked stays in memory; a silent embedder is no error."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import ModelUnavailable
from app.retrieval.index import ExactIndex, FaissIndex
from app.retrieval.index_folder import CURRENT, INDEX
from app.retrieval.vectors import CampaignVectors
from app.text.embedder import HashingEmbedder, Vectors

TEXTS = ("cat food 猫粮", "garden tools", "skincare 护肤", "garden seeds")


class CountingEmbedder(HashingEmbedder):
    """Remembers every text that it was asked to embed, and can be switched off."""

    def __init__(self, dimension: int = 64) -> None:
        super().__init__(dimension)
        self.seen: list[str] = []
        self.answers = True

    def embed(self, texts: Sequence[str]) -> Vectors:
        if not self.answers:
            raise ModelUnavailable("nobody there")
        self.seen += texts
        return super().embed(texts)


def vectors(embedder: HashingEmbedder, folder: Path | None) -> CampaignVectors:
    return CampaignVectors(embedder, FaissIndex, folder)


def asked(
    vectors: CampaignVectors, texts: tuple[str, ...] = TEXTS, query: str = "seeds for the garden"
) -> dict[int, float]:
    """The two nearest texts with their cosines, nearest first."""
    found = vectors.cosines("shop", texts, query, k=2, among=np.ones(len(texts), dtype=np.bool_))
    assert found is not None
    return {int(place): float(found[place]) for place in np.argsort(-found, kind="stable") if found[place]}


def embedded_again(folder: Path, embedder: CountingEmbedder, texts: tuple[str, ...] = TEXTS) -> list[str]:
    """What a process that starts now embeds of the campaigns."""
    embedder.seen.clear()
    asked(vectors(embedder, folder), texts)
    return [text for text in embedder.seen if text in texts]


def test_the_nearest_texts_come_by_their_places(tmp_path: Path) -> None:
    assert list(asked(vectors(HashingEmbedder(), tmp_path))) == [3, 1]


def test_without_a_folder_it_answers_the_same_and_leaves_nothing(tmp_path: Path) -> None:
    assert asked(vectors(HashingEmbedder(), None)) == asked(vectors(HashingEmbedder(), tmp_path / "kept"))
    assert {path.name for path in tmp_path.iterdir()} == {"kept"}


def test_any_index_answers_alike(tmp_path: Path) -> None:
    exact = CampaignVectors(HashingEmbedder(), ExactIndex, tmp_path / "exact")
    assert asked(exact) == pytest.approx(asked(vectors(HashingEmbedder(), tmp_path / "faiss")), abs=1e-6)


def test_unchanged_texts_are_never_embedded_again_also_over_restarts(tmp_path: Path) -> None:
    embedder = CountingEmbedder()
    running = vectors(embedder, tmp_path)
    asked(running)
    asked(running, (*TEXTS,))
    assert [embedder.seen.count(text) for text in TEXTS] == [1, 1, 1, 1]
    assert embedded_again(tmp_path, embedder) == []


def test_of_changed_campaigns_only_what_is_new_is_embedded(tmp_path: Path) -> None:
    embedder = CountingEmbedder()
    running = vectors(embedder, tmp_path)
    asked(running)
    embedder.seen.clear()
    assert list(asked(running, ("new seeds", *TEXTS[1:]))) == [3, 0]
    assert embedder.seen == ["new seeds"]
    assert embedded_again(tmp_path, embedder, ("new seeds", *TEXTS[1:], "newer")) == ["newer"]


def test_the_kept_index_answers_as_the_fresh_one(tmp_path: Path) -> None:
    fresh = asked(vectors(HashingEmbedder(), tmp_path))
    assert asked(vectors(HashingEmbedder(), tmp_path)) == fresh


def test_a_damaged_index_is_made_again_without_an_error(tmp_path: Path) -> None:
    embedder = CountingEmbedder()
    fresh = asked(vectors(embedder, tmp_path))
    (path,) = tmp_path.rglob(INDEX)
    path.write_bytes(path.read_bytes()[:-1])
    assert embedded_again(tmp_path, embedder) == list(TEXTS)
    assert asked(vectors(embedder, tmp_path)) == fresh
    assert embedded_again(tmp_path, embedder) == []


def test_another_embedder_starts_anew_and_leaves_the_first_one_its_vectors(tmp_path: Path) -> None:
    first, other = CountingEmbedder(64), CountingEmbedder(32)
    asked(vectors(first, tmp_path))
    assert embedded_again(tmp_path, other) == list(TEXTS)
    assert embedded_again(tmp_path, first) == []


def test_workspaces_do_not_share_an_index(tmp_path: Path) -> None:
    running = vectors(HashingEmbedder(), tmp_path)
    asked(running)
    assert running.cosines("other", ("pans",), "pans", k=5, among=np.array([True])) == pytest.approx(1.0)
    assert {path.name for path in tmp_path.iterdir()} == {"shop", "other"}


def test_what_was_asked_is_embedded_once_and_never_kept(tmp_path: Path) -> None:
    embedder = CountingEmbedder()
    running = vectors(embedder, tmp_path)
    for _ in range(3):
        asked(running, query="a customer's words")
    assert embedder.seen.count("a customer's words") == 1
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    asked(running, query="other words")
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_texts_that_say_the_same_are_embedded_once_and_all_found(tmp_path: Path) -> None:
    embedder = CountingEmbedder()
    assert asked(vectors(embedder, tmp_path), (*TEXTS, TEXTS[3])).keys() == {1, 3, 4}
    assert embedder.seen.count(TEXTS[3]) == 1


def test_looking_back_on_fewer_campaigns_finds_only_those_and_writes_nothing(tmp_path: Path) -> None:
    embedder = CountingEmbedder()
    running = vectors(embedder, tmp_path)
    asked(running)
    (current,) = tmp_path.rglob(CURRENT)
    before = current.stat().st_mtime_ns
    assert list(asked(running, TEXTS[:2])) == [1, 0]
    assert 1 in asked(vectors(embedder, tmp_path), TEXTS[2:])
    assert current.stat().st_mtime_ns == before
    assert embedded_again(tmp_path, embedder) == []


def test_versions_of_campaigns_do_not_drive_each_other_out(tmp_path: Path) -> None:
    embedder, earlier = CountingEmbedder(), ("cat food, before it was reworded", *TEXTS[1:])
    running = vectors(embedder, tmp_path)
    for texts in (TEXTS, earlier, TEXTS, earlier):
        asked(running, texts)
    assert embedded_again(tmp_path, embedder) == []
    assert embedded_again(tmp_path, embedder, earlier) == []


def test_texts_that_nobody_asks_for_go_once_they_are_the_greater_part(tmp_path: Path) -> None:
    embedder = CountingEmbedder()
    asked(vectors(embedder, tmp_path))
    asked(vectors(embedder, tmp_path), ("all", "new"))
    assert embedded_again(tmp_path, embedder) == list(TEXTS)


@given(st.lists(st.tuples(st.sampled_from(TEXTS), st.booleans()), max_size=8), st.integers(1, 9))
def test_only_flagged_texts_are_found_and_the_nearest_of_them(part: list[tuple[str, bool]], k: int) -> None:
    embedder = HashingEmbedder(64)
    texts, among = tuple(text for text, _ in part), np.array([flag for _, flag in part], dtype=np.bool_)
    found = CampaignVectors(embedder, FaissIndex).cosines("shop", texts, "garden cat", k=k, among=among)
    exact = np.where(among, embedder.embed(texts) @ embedder.embed(["garden cat"])[0], 0.0)
    least = sorted({text: value for text, value in zip(texts, exact, strict=True) if value}.values())[-k:]
    expected = np.where(exact >= min(least, default=0.0), exact, 0.0)
    assert found == pytest.approx(expected, abs=1e-6)


def test_no_texts_are_an_empty_answer(tmp_path: Path) -> None:
    assert asked(vectors(HashingEmbedder(), tmp_path), ()) == {}


def test_a_silent_embedder_is_none_and_a_warning_until_it_speaks(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    embedder = CountingEmbedder()
    running = vectors(embedder, tmp_path)
    embedder.answers = False
    assert running.cosines("shop", TEXTS, "garden", k=2, among=np.ones(4, dtype=np.bool_)) is None
    assert "nobody there" in caplog.text
    embedder.answers = True
    assert list(asked(running)) == [3, 1]


def test_threads_that_ask_at_once_embed_once(tmp_path: Path) -> None:
    embedder = CountingEmbedder()
    running = vectors(embedder, tmp_path)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: asked(running), range(32)))
    assert found == found[:1] * 32
    assert [embedder.seen.count(text) for text in TEXTS] == [1, 1, 1, 1]
