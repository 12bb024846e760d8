"""Every migration up and down, with data in the tables, on whichever database the tests run on."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import MetaData, Table, inspect, text

from app.bootstrap import App, build
from app.config import Settings
from app.database.engine import Database, metadata
from app.database.migrate import _scripts, downgrade, upgrade
from app.database.types import UtcTime, to_micros
from app.errors import InvalidInput
from app.events.sources.mapping import Parsed
from tests.databases import empty_database_url
from tests.factories import ITEMS, RECEIVED, START, a_workspace, an_incoming

REVISIONS = [script.revision for script in reversed(list(_scripts().walk_revisions()))]


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Database]:
    database = Database(empty_database_url(tmp_path))
    yield database
    database.close()


def tables_of(database: Database) -> set[str]:
    return set(inspect(database.engine).get_table_names())


def test_the_migrations_give_exactly_the_declared_tables(empty: Database) -> None:
    upgrade(empty)
    assert differences(empty) == []


def differences(database: Database) -> list[object]:
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": _same_type})
        found: list[object] = compare_metadata(context, metadata)
        return found


def _same_type(_context: object, _column: object, _meta: object, _found: object, declared: object) -> bool | None:
    return False if isinstance(declared, UtcTime) else None


def test_the_revisions_are_one_chain() -> None:
    assert sorted(REVISIONS) == REVISIONS
    assert [_scripts().get_revision(later).down_revision for later in REVISIONS[1:]] == REVISIONS[:-1]


def test_down_and_up_again_leaves_an_empty_current_schema(empty: Database) -> None:
    upgrade(empty)
    downgrade(empty)
    assert tables_of(empty) == {"alembic_version"}
    upgrade(empty)
    upgrade(empty)
    assert differences(empty) == []


def test_each_step_down_undoes_exactly_its_step_up(empty: Database) -> None:
    shapes = {}
    for revision in REVISIONS:
        upgrade(empty, revision)
        shapes[revision] = shape(empty)
    for revision in reversed(REVISIONS[:-1]):
        downgrade(empty, revision)
        assert shape(empty) == shapes[revision]


def shape(database: Database) -> dict[str, Any]:
    """Columns, keys and indexes by name; types as words."""
    found = inspect(database.engine)
    return {
        name: (
            sorted((c["name"], _whole(str(c["type"])), c["nullable"]) for c in found.get_columns(name)),
            found.get_pk_constraint(name)["constrained_columns"],
            sorted(str(u["column_names"]) for u in found.get_unique_constraints(name)),
            sorted(str(i["name"]) for i in found.get_indexes(name) if not i.get("duplicates_constraint")),
        )
        for name in found.get_table_names()
    }


def _whole(kind: str) -> str:
    """Going down may leave the wider of two integers, which holds whatever the narrower one did."""
    return "INTEGER" if kind == "BIGINT" else kind


FIRST_EVENT = {
    "workspace_id": "shop", "event_id": "e1", "source": "web", "message_id": "m1", "schema_version": 1,
    "kind": "order", "occurred_at": to_micros(START), "received_at": to_micros(RECEIVED), "clock_correction_ms": 0,
    "subject": "user_id:u1", "identifiers": '[{"type":"user_id","value":"u1"}]', "order_id": "o1",
    "amount_minor": 12_900, "currency": "CNY", "item_id": "milk", "properties": "{}", "payload_hash": "0" * 32,
}  # fmt: skip
"""A row of the first schema."""


def first_rows() -> dict[str, list[dict[str, Any]]]:
    """What a database of the first version held."""
    said = {"event_id": "e2", "message_id": "m2", "kind": "review", "order_id": None, "amount_minor": None}
    node = {"workspace_id": "shop", "key": "user_id:u1", "customer_id": "c_1", "position": 1, "born_at": "2026"}
    return {
        "workspaces": [{"workspace_id": "shop", "timezone": "Asia/Shanghai", "currency": "CNY", "language": "zh"}],
        "api_keys": [
            {"key_id": "k1", "key_hash": "h", "workspace_id": "shop", "role": "editor", "created_at": 1},
        ],
        "events": [FIRST_EVENT, FIRST_EVENT | said | {"text_ref": "t1"}],
        "event_texts": [{"text_ref": "t1", "workspace_id": "shop", "text": "很好"}],
        "identity_nodes": [node | {"born_event": "e1"}],
        "customer_aliases": [{"workspace_id": "shop", "customer_id": "c_2", "canonical_id": "c_1"}],
        "profile_states": [{"workspace_id": "shop", "customer_id": "c_1", "state": b"old"}],
        "consumer_offsets": [{"workspace_id": "shop", "consumer": "profiles", "position": 2}],
        "quarantine": [
            {
                "workspace_id": "shop", "source": "web", "line": 3, "content_hash": "c", "reason": "bad",
                "content": "{}", "received_at": 1,
            }
        ],
    }  # fmt: skip


def fill(database: Database, rows: dict[str, list[dict[str, Any]]]) -> None:
    with database.write() as connection:
        for name, some in rows.items():
            table = Table(name, MetaData(), autoload_with=connection)
            for row in some:
                connection.execute(table.insert(), row)


def test_a_database_of_the_first_version_keeps_its_log_and_works_on(tmp_path: Path) -> None:
    first = Database(address := empty_database_url(tmp_path))
    upgrade(first, REVISIONS[0])
    fill(first, first_rows())
    first.close()
    app = build(Settings(data_dir=tmp_path, database_url=address, llm_url=""))
    try:
        pipeline, shop = app.pipeline, app.pipeline.access.workspace("shop")
        assert pipeline.log.count("shop") == 2
        pipeline.catch_up(shop)
        reading = pipeline.read_customer(shop, "u1", as_of=RECEIVED, lang="en")
        assert reading.profile.events == 2
        assert report(app, "new").accepted == 1
        assert [key.key_id for key in pipeline.access.keys("shop")] == ["k1"]
    finally:
        app.database.close()


def report(app: App, *messages: str) -> Any:
    shop = app.pipeline.access.ensure(a_workspace())
    events = [an_incoming(message_id=message, identifiers={"user_id": "u1"}) for message in messages]
    records = [Parsed(n, event, None, {"message_id": event.message_id}) for n, event in enumerate(events, start=1)]
    return app.pipeline.ingest(shop, "web", records, now=RECEIVED, items=list(ITEMS.values()))


@pytest.mark.parametrize("bottom", REVISIONS[:-1])
def test_down_with_data_and_up_again_keeps_the_log_and_leaves_a_database_that_works(
    tmp_path: Path, bottom: str
) -> None:
    settings = Settings(data_dir=tmp_path, database_url=empty_database_url(tmp_path), llm_url="")
    app = build(settings)
    try:
        assert report(app, "a", "b", "c").accepted == 3
        part_again(app)
        downgrade(app.database, bottom)
        with app.database.read() as connection:
            kept = connection.execute(text("SELECT message_id FROM events WHERE source = 'web'")).scalars().all()
        assert sorted(kept) == ["a", "b", "both", "c", "no"]
    finally:
        app.database.close()
    again = build(settings)
    try:
        assert differences(again.database) == []
        assert report(again, "a", "d").duplicates == 1
        shop = again.pipeline.access.workspace("shop")
        again.pipeline.catch_up(shop)
        assert again.pipeline.check(shop).total == 0
        assert again.pipeline.log.count("shop") == 7
        sealed = 1 if bottom >= "0004" else 0  # going below 0004 cannot open what is sealed
        assert again.pipeline.quarantine.count("shop") == sealed
        assert again.pipeline.identity.customer("shop", "device:d1") != again.pipeline.identity.customer("shop", "u1")
        assert again.pipeline.read_customer(shop, "u1", as_of=RECEIVED, lang="en").profile.events == 6
    finally:
        again.database.close()


def part_again(app: App) -> None:
    """A link, a refusal, an unmerge that holds it on both sides, and a record in quarantine."""
    shop = app.pipeline.access.workspace("shop")
    both = an_incoming("identify", identifiers={"user_id": "u1", "device": "d1"}, message_id="both")
    refused = {"granted": False, "purpose": "marketing", "channel": "sms"}
    no = an_incoming("consent", 1, identifiers={"user_id": "u1"}, properties=refused, message_id="no")
    records = [Parsed(1, both, None, {"n": 1}), Parsed(2, no, None, {"n": 2}), Parsed(3, None, "broken", {"n": 3})]
    assert app.pipeline.ingest(shop, "web", records, now=RECEIVED).quarantined == 1
    app.pipeline.merging.unmerge(shop, "u1", "device:d1", by="t", reason="two people", now=RECEIVED)
    app.pipeline.catch_up(shop)
    assert app.pipeline.check(shop).total == 0


def test_every_table_of_customer_data_is_keyed_by_workspace() -> None:
    assert all("workspace_id" in table.columns for table in metadata.tables.values())


def test_a_folder_or_file_that_cannot_hold_a_database_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InvalidInput, match="cannot make the data folder"):
        Database(f"sqlite:///{tmp_path / 'file' / 'understory.db'}")
    (tmp_path / "understory.db").write_bytes(b"not a database, but long enough to be read as one" * 40)
    damaged = Database(f"sqlite:///{tmp_path / 'understory.db'}")
    with pytest.raises(InvalidInput, match="cannot use the database"):
        upgrade(damaged)
    damaged.close()
