"""A log that was written by the first schema, with phone numbers in clear, is sealed when it is opened."""

import json
from datetime import timedelta
from pathlib import Path

from sqlalchemy import text

from app.bootstrap import build
from app.config import Settings
from app.database.engine import Database
from app.database.migrate import downgrade, upgrade
from app.database.types import to_micros
from app.events.sources.mapping import Parsed
from tests.factories import RECEIVED, START, a_workspace, an_incoming

PHONE = "13987654321"


def first_schema(folder: Path) -> None:
    """Two events of one customer, the second by phone alone, as the first version wrote them."""
    database = Database(Settings(data_dir=folder, llm_url="").resolved_database_url())
    upgrade(database)
    downgrade(database, "0001")
    known = [{"type": "user_id", "value": "u1"}, {"type": "phone", "value": PHONE}]
    with database.write() as connection:
        connection.execute(
            text(
                "INSERT INTO workspaces (workspace_id, timezone, currency, language) VALUES ('shop', :z, 'CNY', 'zh')"
            ),
            {"z": "Asia/Shanghai"},
        )
        for n, names in enumerate((known, known[1:])):
            connection.execute(
                text(
                    "INSERT INTO events (seq, workspace_id, event_id, source, message_id, schema_version, kind,"
                    " occurred_at, received_at, clock_correction_ms, subject, identifiers, properties, payload_hash)"
                    " VALUES (:n, 'shop', :id, 'web', :id, 1, 'view', :at, :at, 0, :subject, :names, :properties, 'x')"
                ),
                {
                    "n": n + 1,
                    "id": f"m{n}",
                    "at": to_micros(START + timedelta(days=n)),
                    "subject": f"{names[0]['type']}:{names[0]['value']}",
                    "names": json.dumps(names),
                    "properties": json.dumps({"traits": {"phone": PHONE}}),
                },
            )
    database.close()


def test_old_numbers_are_hashed_kept_encrypted_and_still_found(tmp_path: Path) -> None:
    first_schema(tmp_path)
    app = build(Settings(data_dir=tmp_path, llm_url=""))
    shop = app.pipeline.access.workspace("shop")
    app.pipeline.catch_up(shop)
    events = [event for _, event in app.pipeline.log.since("shop", 0, limit=9)]
    assert PHONE not in str(events)
    customer = app.pipeline.identity.customer("shop", PHONE)
    assert customer == app.pipeline.identity.customer("shop", "u1")
    reading = app.pipeline.read_customer(shop, PHONE, as_of=START + timedelta(days=9), lang="en")
    assert reading.identifiers == ("user_id:u1", "phone:139****21")
    assert reading.profile.events == 2
    assert app.pipeline.rebuilding.check(shop).total == 0
    assert not any(PHONE.encode() in path.read_bytes() for path in tmp_path.glob("understory.db*"))
    app.database.close()


def test_a_resend_of_an_old_event_is_still_a_duplicate(tmp_path: Path) -> None:
    first_schema(tmp_path)
    app = build(Settings(data_dir=tmp_path, llm_url=""))
    resent = an_incoming(
        "view",
        0,
        message_id="m0",
        identifiers={"user_id": "u1", "phone": PHONE},
        properties={"traits": {"phone": PHONE}},
    )
    report = app.pipeline.ingest(a_workspace(), "web", [Parsed(1, resent, None, {})], now=RECEIVED)
    assert (report.duplicates, report.conflicts) == (1, 0)
    app.database.close()


def test_opening_it_twice_changes_nothing_more(tmp_path: Path) -> None:
    first_schema(tmp_path)
    seen = []
    for _ in range(2):
        app = build(Settings(data_dir=tmp_path, llm_url=""))
        seen.append((app.pipeline.identity.customers("shop"), app.pipeline.log.since("shop", 0, limit=9)))
        app.database.close()
    assert seen[0] == seen[1]
