"""An index on disk: whole and the one that was asked for, or not loaded; the store makes it again."""

import multiprocessing
import time
from pathlib import Path

import faiss
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.retrieval.index import FaissIndex
from app.retrieval.index_folder import CURRENT, IDS, INDEX, LOCK, MANIFEST, IndexFolder
from app.text.embedder import Vectors

PROCESSES = multiprocessing.get_context("spawn")
IDS_OF_THREE = ("a" * 64, "b" * 64, "c" * 64)


def rows(n: int = 3, *, seed: int = 1) -> Vectors:
    return np.random.default_rng(seed).normal(size=(n, 4)).astype(np.float32)


def kept(root: Path, n: int = 3, *, embedder: str = "e1", seed: int = 1) -> IndexFolder:
    folder = IndexFolder(root, embedder=embedder)
    folder.save(IDS_OF_THREE[:n], FaissIndex(rows(n, seed=seed)))
    return folder


def files(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("*") if path.is_file() and path.name != LOCK)


def versions(root: Path) -> list[Path]:
    return [path for path in root.iterdir() if path.is_dir()]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that each example leaves as it was."""
    root = tmp_path_factory.mktemp("index")
    kept(root)
    return root


def test_what_was_kept_comes_back(tmp_path: Path) -> None:
    found = kept(tmp_path).load()
    assert found is not None
    assert found.ids == IDS_OF_THREE
    assert np.array_equal(found.index.vectors, rows())


def test_an_empty_index_comes_back_and_answers_with_nothing(tmp_path: Path) -> None:
    found = kept(tmp_path, 0).load()
    assert found is not None
    assert found.index.search(rows(1), 3) == [((), ())]


def test_where_nothing_was_kept_nothing_is_found_and_nothing_made(tmp_path: Path) -> None:
    assert IndexFolder(tmp_path / "none", embedder="e1").load() is None
    assert not (tmp_path / "none").exists()


def test_the_file_is_one_that_faiss_reads(tmp_path: Path) -> None:
    kept(tmp_path)
    (version,) = versions(tmp_path)
    assert faiss.read_index(str(version / INDEX)).ntotal == 3


@given(st.data())
def test_no_bit_changes_unseen(whole: Path, data: st.DataObject) -> None:
    folder = IndexFolder(whole, embedder="e1")
    path = data.draw(st.sampled_from(files(whole)), label="file")
    before = path.read_bytes()
    at, bit = data.draw(st.integers(0, len(before) - 1), label="byte"), data.draw(st.integers(0, 7), label="bit")
    damaged = bytearray(before)
    damaged[at] ^= 1 << bit
    path.write_bytes(damaged)
    assert folder.load() is None
    path.write_bytes(before)
    assert folder.load() is not None


@pytest.mark.parametrize("name", [CURRENT, MANIFEST, INDEX, IDS])
@pytest.mark.parametrize("length", [0, 1, -1])
def test_a_shortened_file_is_seen(tmp_path: Path, name: str, length: int) -> None:
    folder = kept(tmp_path)
    (path,) = [path for path in files(tmp_path) if path.name == name]
    path.write_bytes(path.read_bytes()[:length])
    assert folder.load() is None


@pytest.mark.parametrize("name", [CURRENT, MANIFEST, INDEX, IDS])
def test_a_missing_file_is_seen_and_a_new_version_mends_it(tmp_path: Path, name: str) -> None:
    folder = kept(tmp_path)
    (path,) = [path for path in files(tmp_path) if path.name == name]
    path.unlink()
    assert folder.load() is None
    kept(tmp_path)
    assert folder.load() is not None


def test_a_missing_folder_is_seen(tmp_path: Path) -> None:
    folder = kept(tmp_path)
    (tmp_path / CURRENT).write_text("0" * 64 + "\n")
    assert folder.load() is None


def test_damage_is_warned_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = kept(tmp_path)
    (version,) = versions(tmp_path)
    (version / INDEX).write_bytes(b"junk")
    assert folder.load() is None
    assert "will be made again" in caplog.text


def test_vectors_of_another_embedder_are_not_taken(tmp_path: Path) -> None:
    kept(tmp_path, embedder="e1")
    assert IndexFolder(tmp_path, embedder="e2").load() is None


def test_another_count_is_seen_although_every_hash_is_right(tmp_path: Path) -> None:
    """Whoever forges a version can compute hashes too; then the counts still have to agree."""
    folder = IndexFolder(tmp_path, embedder="e1")
    folder.save(IDS_OF_THREE[:2], FaissIndex(rows(3)))
    assert folder.load() is None


def test_older_versions_and_what_a_crash_left_are_removed(tmp_path: Path) -> None:
    kept(tmp_path, seed=1)
    (tmp_path / ".new-crashed").mkdir()
    kept(tmp_path, seed=2)
    (version,) = versions(tmp_path)
    assert (tmp_path / CURRENT).read_text() == f"{version.name}\n"


def test_the_same_rows_give_the_same_version(tmp_path: Path) -> None:
    for name in ("a", "b"):
        kept(tmp_path / name)
    assert files(tmp_path / "a")[0].read_bytes() == files(tmp_path / "b")[0].read_bytes()


def test_nothing_of_it_is_pickled(tmp_path: Path) -> None:
    kept(tmp_path)
    assert {path.name for path in files(tmp_path)} == {CURRENT, MANIFEST, INDEX, IDS}


@pytest.mark.parametrize("place", [CURRENT, MANIFEST, INDEX])
def test_a_place_that_cannot_be_read_is_no_error(tmp_path: Path, place: str) -> None:
    folder = kept(tmp_path)
    (path,) = [path for path in files(tmp_path) if path.name == place]
    path.unlink()
    path.mkdir()
    assert folder.load() is None


def test_a_disk_that_refuses_is_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("no folder")
    folder = kept(tmp_path / "file" / "index")
    assert "is not kept" in caplog.text
    assert folder.load() is None


def write_for_ever(root: Path) -> None:
    for seed in range(10**9):
        kept(root, seed=seed)


def test_a_writer_that_is_killed_leaves_a_whole_version(tmp_path: Path) -> None:
    kept(tmp_path)
    for pause in (0.0, 0.004):
        writer = PROCESSES.Process(target=write_for_ever, args=(tmp_path,))
        before = (tmp_path / CURRENT).read_bytes()
        writer.start()
        while (tmp_path / CURRENT).read_bytes() == before:
            time.sleep(0.001)
        time.sleep(pause)
        writer.kill()
        writer.join()
        assert IndexFolder(tmp_path, embedder="e1").load() is not None
    kept(tmp_path)
    assert len(versions(tmp_path)) == 1


def write_and_read(root: Path, seed: int) -> None:
    """At once with others; a reader sees some whole version, always."""
    for turn in range(12):
        kept(root, seed=seed * 100 + turn)
        assert IndexFolder(root, embedder="e1").load() is not None


def test_processes_that_write_at_once_leave_one_whole_version(tmp_path: Path) -> None:
    kept(tmp_path)
    running = [PROCESSES.Process(target=write_and_read, args=(tmp_path, seed)) for seed in (1, 2)]
    for process in running:
        process.start()
    for process in running:
        process.join()
    assert [process.exitcode for process in running] == [0, 0]
    assert len(versions(tmp_path)) == 1
