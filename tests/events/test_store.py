from datetime import timedelta
from pathlib import Path

from msgspec.structs import replace

from app.database.engine import Database
from app.database.statements import query
from app.events import catalogue
from app.events.quality import Rejected, summarise
from app.events.quarantine import Quarantine
from app.events.schemas import Member
from app.events.store import KNOWN, EventLog, Verdict
from app.privacy.vault import Vault
from tests.factories import ITEMS, RECEIVED, START, an_accepted, an_order

U1 = Member("user_id:u1")


def test_a_message_is_logged_once_and_a_changed_one_is_a_conflict(database: Database) -> None:
    log = EventLog(database)
    original, changed = an_accepted(message_id="m", day=0), an_accepted(message_id="m", day=1)
    with database.write() as connection:
        assert [logged.verdict for logged in log.append(connection, [original, original, changed]).logged] == [
            Verdict.ACCEPTED,
            Verdict.DUPLICATE,
            Verdict.CONFLICT,
        ]
    with database.write() as connection:
        again = log.append(connection, [original, changed])
    assert [logged.verdict for logged in again.logged] == [Verdict.DUPLICATE, Verdict.CONFLICT]
    assert {(logged.event_id, logged.payload_hash) for logged in again.logged} == {
        (original.event.event_id, original.payload_hash)
    }
    assert again.fresh == []
    assert log.count("shop") == 1


def test_history_gives_back_what_was_logged_in_canonical_order(database: Database) -> None:
    log = EventLog(database)
    batch = [an_order(3, 20, "o2"), an_accepted("search", 1, text="奶粉"), an_order(2, 10.5, "o1")]
    with database.write() as connection:
        log.append(connection, batch)
        catalogue.put(connection, "shop", list(ITEMS.values()))
    history = log.history("shop", [U1], until=START + timedelta(days=2))
    assert [e.event_id for e in history.events] == [batch[1].event.event_id, batch[2].event.event_id]
    assert history.events[1] == batch[2].event
    assert history.texts == {batch[1].event.text_ref: "奶粉"}
    assert history.items == {"milk": ITEMS["milk"]}


def test_workspaces_do_not_see_each_other(database: Database) -> None:
    log = EventLog(database)
    with database.write() as connection:
        log.append(connection, [an_accepted()])
    assert log.count("other") == 0
    assert log.history("other", [U1], until=RECEIVED).events == ()


def test_a_failing_transaction_leaves_nothing(database: Database) -> None:
    log = EventLog(database)
    try:
        with database.write() as connection:
            log.append(connection, [an_accepted()])
            raise RuntimeError("power cut")
    except RuntimeError:
        pass
    assert log.count("shop") == 0


def test_quarantine_keeps_a_record_once_and_counts_reasons(database: Database, tmp_path: Path) -> None:
    quarantine = Quarantine(database, Vault(database, tmp_path / "keys"))
    bad = [Rejected(3, "not a number: 'x'", "{}"), Rejected(9, "not a number: 'y'", "{}")]
    for _ in range(2):
        with database.write() as connection:
            quarantine.put(connection, "shop", "pos", bad, now=RECEIVED)
    assert quarantine.count("shop") == 2
    report = summarise("pos", accepted=5, duplicates=1, conflicts=0, bad=bad)
    assert (report.records, report.reasons, report.first_lines) == (8, {"not a number": 2}, {"not a number": 3})


def test_unchanged_catalogue_entries_are_recognised(database: Database) -> None:
    with database.write() as connection:
        assert catalogue.put(connection, "shop", list(ITEMS.values())) == (4, True, None)
        assert catalogue.put(connection, "shop", list(ITEMS.values())) == (0, False, None)


def test_what_an_item_costs_changes_no_topic_and_what_its_newest_version_is_called_does(database: Database) -> None:
    milk = ITEMS["milk"]
    later, called = replace(milk, valid_from=RECEIVED, price=1), replace(milk, title="奶粉 900g")
    with database.write() as connection:
        catalogue.put(connection, "shop", list(ITEMS.values()))
        assert catalogue.put(connection, "shop", [later, replace(milk, cost=1, brand="b")]) == (2, False, RECEIVED)
        assert catalogue.put(connection, "shop", [called]) == (1, False, None)  # no longer the newest
        assert catalogue.put(connection, "shop", [replace(later, category_path=("x",))]) == (1, True, None)


def test_known_messages_are_found_by_the_dedupe_key_and_not_by_reading_the_log(database: Database) -> None:
    if database.kind == "sqlite":  # it once chose to read everything; PostgreSQL chooses by its statistics
        with database.read() as connection:
            values = ("shop", "web", *(f"m{n}" for n in range(512)))
            plan = query(connection, f"EXPLAIN QUERY PLAN {KNOWN} ({','.join('?' * 512)})", values)
        assert [str(row[-1]).count("message_id=?") for row in plan] == [1]
