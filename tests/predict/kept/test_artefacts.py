"""A model's folder is whole and genuine, or refused in one line that says what to do."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.config import ROOT
from app.errors import Conflict, InvalidInput, NotFound
from app.predict.kept.artefacts import MANIFEST, Artefact, Shelf, Stamp, read, write

MONDAY = datetime(2026, 3, 30, tzinfo=UTC)
PARTS = {"model.json": b'{"r":0.24}', "card.json": b'{"n":1}', "card.md": "# 模型卡\n".encode()}


def made(number: int = 1, *, days: int = 0, horizon_days: int = 90, basis: str = "gross") -> Artefact:
    until = MONDAY + timedelta(days=days)
    stamp = Stamp(f"card_{number:020x}", f"inputs_{number}", 3, "0.1.0", until, until, horizon_days, "CNY", basis)  # type: ignore[arg-type]
    return Artefact(stamp, dict(PARTS))


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "models", model_version=3)


def test_what_is_written_comes_back_as_it_was(tmp_path: Path) -> None:
    write(tmp_path / "model", made())
    assert read(tmp_path / "model", model_version=3) == made()
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_a_folder_is_written_once(tmp_path: Path) -> None:
    write(tmp_path / "model", made())
    with pytest.raises(Conflict, match="never changed"):
        write(tmp_path / "model", made(2))
    assert read(tmp_path / "model", model_version=3) == made()


def test_nothing_is_left_of_a_model_that_could_not_be_written(tmp_path: Path) -> None:
    broken = made()._replace(parts=PARTS | {"model.json": "not bytes"})  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        write(tmp_path / "model", broken)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", [*PARTS, MANIFEST])
def test_a_changed_byte_anywhere_is_found(tmp_path: Path, name: str) -> None:
    write(tmp_path / "model", made())
    path = tmp_path / "model" / name
    whole = path.read_bytes()
    for at in range(len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(InvalidInput, match=r"damaged|format") as refused:
            read(tmp_path / "model", model_version=3)
        assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", [*PARTS, MANIFEST])
def test_a_cut_or_missing_file_is_found(tmp_path: Path, name: str) -> None:
    write(tmp_path / "model", made())
    path = tmp_path / "model" / name
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(InvalidInput, match="damaged"):
        read(tmp_path / "model", model_version=3)
    path.unlink()
    with pytest.raises(InvalidInput, match=r"missing"):
        read(tmp_path / "model", model_version=3)


def test_a_file_that_was_not_written_with_the_others_is_found(tmp_path: Path) -> None:
    write(tmp_path / "model", made())
    (tmp_path / "model" / "extra.json").write_text("{}")
    with pytest.raises(InvalidInput, match=r"extra\.json"):
        read(tmp_path / "model", model_version=3)


def test_another_format_and_another_estimator_are_named(tmp_path: Path) -> None:
    write(tmp_path / "model", made())
    with pytest.raises(InvalidInput, match="version 3 of the estimator; this is version 4"):
        read(tmp_path / "model", model_version=4)
    manifest = tmp_path / "model" / MANIFEST
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"format": 2, "new_field": True}))
    with pytest.raises(InvalidInput, match="format 2; this version reads format 1"):
        read(tmp_path / "model", model_version=3)


def test_a_folder_that_is_none_of_ours_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no such folder"):
        read(tmp_path / "nowhere", model_version=3)
    with pytest.raises(InvalidInput, match="holds no model"):
        read(tmp_path, model_version=3)


def test_a_model_is_found_by_its_card_and_by_what_it_was_fitted_on(shelf: Shelf) -> None:
    shelf.save(made(1))
    assert shelf.load(made(1).stamp.model_card_id) == made(1) == shelf.find("inputs_1")
    assert shelf.find("inputs_2") is None
    with pytest.raises(NotFound, match="fit list"):
        shelf.load(made(2).stamp.model_card_id)


@pytest.mark.parametrize("name", ["..", "card_", "../card_00000000", "card_00000000/..", "", "card_zz"])
def test_a_name_that_is_no_card_reaches_no_folder(shelf: Shelf, name: str) -> None:
    with pytest.raises(NotFound, match="no model card id"):
        shelf.load(name)


def test_saving_the_same_model_twice_keeps_the_first_and_mends_a_damaged_one(shelf: Shelf) -> None:
    folder = shelf.save(made())
    written = (folder / MANIFEST).stat().st_mtime_ns
    assert shelf.save(made()) == folder
    assert (folder / MANIFEST).stat().st_mtime_ns == written
    (folder / "model.json").write_bytes(b"{}")
    shelf.save(made())
    assert shelf.load(made().stamp.model_card_id) == made()


def test_the_latest_has_seen_nothing_after_the_moment_asked_for(shelf: Shelf) -> None:
    for number, days in ((1, 0), (2, 7), (3, 14)):
        shelf.save(made(number, days=days))
    shelf.save(made(4, days=10, horizon_days=30))
    shelf.save(made(5, days=10, basis="net_of_refunds"))
    found = shelf.latest(until=MONDAY + timedelta(days=13), horizon_days=90, basis="gross")
    assert found == made(2, days=7)
    assert shelf.latest(until=MONDAY - timedelta(days=1), horizon_days=90, basis="gross") is None


def test_a_damaged_model_is_passed_over_and_told_of(shelf: Shelf) -> None:
    shelf.save(made(1))
    folder = shelf.save(made(2, days=7))
    (folder / "model.json").write_bytes(b"{}")
    later = MONDAY + timedelta(days=30)
    assert shelf.latest(until=later, horizon_days=90, basis="gross") == made(1)
    (folder / MANIFEST).write_bytes(b"{}")
    listing = shelf.listing()
    assert [stamp.fingerprint for stamp in listing.stamps] == ["inputs_1"]
    assert len(listing.broken) == 1
    assert "manifest.json cannot be read" in listing.broken[0]


def test_pruning_keeps_the_newest_of_each_kind(shelf: Shelf) -> None:
    for number, days in ((1, 0), (2, 7), (3, 14)):
        shelf.save(made(number, days=days))
    shelf.save(made(4, horizon_days=30))
    assert shelf.prune(keep=2) == (made(1).stamp.model_card_id,)
    assert [stamp.fingerprint for stamp in shelf.listing().stamps] == ["inputs_3", "inputs_2", "inputs_4"]


def test_an_empty_shelf_lists_nothing(shelf: Shelf) -> None:
    assert shelf.listing() == ((), ())
    assert shelf.prune(keep=1) == ()


def test_nothing_in_the_product_unpickles() -> None:
    """Reading a model must not be able to run code."""
    unsafe = re.compile(r"\b(import|from) (pickle|joblib|cloudpickle|dill|shelve|marshal)\b|allow_pickle=True")
    read_by = [*(ROOT / "app").rglob("*.py"), *(ROOT / "evals").rglob("*.py")]
    assert [path for path in read_by if unsafe.search(path.read_text(encoding="utf-8"))] == []
