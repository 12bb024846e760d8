"""Backup under load and restore, on whichever database the tests run on."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.bootstrap import App, build
from app.cli.backup import _positions
from app.config import Settings
from app.database.backup import MANIFEST, Manifest, back_up, read_backup, restore
from app.errors import Conflict, InvalidInput
from app.events.sources.mapping import Parsed
from tests.databases import database_url, empty_database_url
from tests.factories import RECEIVED, a_workspace, an_incoming

SIZE = 20


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    app = opened(tmp_path / "live", database_url(tmp_path / "live"))
    app.pipeline.access.ensure(a_workspace())
    yield app
    app.database.close()


def opened(folder: Path, url: str) -> App:
    return build(Settings(data_dir=folder, database_url=url, llm_url=""))


def send(app: App, batch: str) -> None:
    events = [
        an_incoming(message_id=f"{batch}-{i}", identifiers={"user_id": f"u{i}", "phone": f"1391234{i:04d}"})
        for i in range(SIZE)
    ]
    records = [Parsed(n, event, None, {"message_id": event.message_id}) for n, event in enumerate(events, start=1)]
    shop = app.pipeline.access.workspace("shop")
    assert app.pipeline.ingest(shop, "web", records, now=RECEIVED).accepted == SIZE


@contextmanager
def writing(app: App, threads: int = 3) -> Iterator[Callable[[], list[str]]]:
    """Threads that send batch after batch while the block runs; gives what was acknowledged, in that order."""
    done, acknowledged = threading.Event(), list[str]()

    def write(thread: int) -> None:
        number = 0
        while not done.is_set() and number < 200:
            send(app, f"{thread}.{number}")
            acknowledged.append(f"{thread}.{number}")
            number += 1

    with ThreadPoolExecutor(threads) as pool:
        running = [pool.submit(write, thread) for thread in range(threads)]
        try:
            yield lambda: list(acknowledged)
        finally:
            done.set()
    for one in running:
        one.result()


def saved(app: App, folder: Path) -> Manifest:
    keys = app.settings.resolved_keys_dir()
    return back_up(app.database, folder, keys=keys, positions=_positions, now=RECEIVED)


def test_a_backup_under_load_holds_a_prefix_of_the_log_with_all_that_was_acknowledged_before(
    app: App, tmp_path: Path
) -> None:
    send(app, "first")
    with writing(app) as acknowledged:
        manifests = []
        for number in range(3):
            before = acknowledged()
            manifests.append((saved(app, tmp_path / f"backup{number}"), before))
    manifest, before = manifests[-1]
    fresh = tmp_path / "fresh"
    url = empty_database_url(fresh)
    assert restore(tmp_path / "backup2", url, keys=fresh / "keys", positions=_positions) == manifest
    copy = opened(fresh, url)
    try:
        check_prefix(app, copy, manifest.positions["shop"], before)
    finally:
        copy.database.close()


def check_prefix(app: App, copy: App, position: int, before: list[str]) -> None:
    shop = copy.pipeline.access.workspace("shop")
    found = [event.message_id for _, event in copy.pipeline.log.since("shop", 0, limit=100_000)]
    original = [event.message_id for _, event in app.pipeline.log.since("shop", 0, limit=100_000)]
    assert position == len(found) > 0
    assert len(found) % SIZE == 0
    assert found == original[:position]
    assert {f"{batch}-{i}" for batch in before for i in range(SIZE)} <= set(found)
    copy.pipeline.catch_up(shop)
    assert copy.pipeline.check(shop) == (0, 0)
    send(copy, "afterwards")


def test_a_backup_never_overwrites_and_a_restore_needs_an_empty_place(app: App, tmp_path: Path) -> None:
    send(app, "only")
    saved(app, tmp_path / "backup")
    with pytest.raises(Conflict, match="never overwrites"):
        saved(app, tmp_path / "backup")
    with pytest.raises(Conflict, match="already"):
        restore(tmp_path / "backup", str(app.settings.database_url), keys=tmp_path / "no", positions=_positions)
    (tmp_path / "held").mkdir()
    (tmp_path / "held" / "shop.key").write_bytes(b"another")
    url = empty_database_url(tmp_path / "b")
    with pytest.raises(Conflict, match="holds keys already"):
        restore(tmp_path / "backup", url, keys=tmp_path / "held", positions=_positions)
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith(".")) == []


def test_a_backup_that_was_changed_or_is_incomplete_is_refused(app: App, tmp_path: Path) -> None:
    send(app, "only")
    manifest, folder = saved(app, tmp_path / "backup"), tmp_path / "backup"
    assert read_backup(folder) == manifest
    database = folder / app.database.file_name
    content = database.read_bytes()
    database.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(InvalidInput, match="hash differs"):
        read_backup(folder)
    database.unlink()
    with pytest.raises(InvalidInput, match="is missing"):
        read_backup(folder)
    (folder / MANIFEST).write_text("{}")
    with pytest.raises(InvalidInput, match="cannot be read"):
        read_backup(folder)
    with pytest.raises(InvalidInput, match="is no backup"):
        read_backup(tmp_path / "nowhere")


def test_the_keys_come_along_readable_by_their_owner_only(app: App, tmp_path: Path) -> None:
    send(app, "only")
    saved(app, tmp_path / "backup")
    fresh = tmp_path / "fresh"
    restore(tmp_path / "backup", empty_database_url(fresh), keys=fresh / "keys", positions=_positions)
    original = app.settings.resolved_keys_dir()
    names = sorted(path.name for path in original.iterdir())
    assert names
    assert [path.read_bytes() for path in sorted((fresh / "keys").iterdir())] == [
        (original / name).read_bytes() for name in names
    ]
    assert {path.stat().st_mode & 0o777 for path in (fresh / "keys").iterdir()} == {0o600}
    assert (fresh / "keys").stat().st_mode & 0o777 == 0o700
