from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from app.database.engine import Database
from app.errors import InvalidInput
from app.events.quality import Rejected
from app.events.quarantine import Filter, Quarantine
from app.events.quarantine_rows import State, quarantine
from app.events.quarantine_view import page_of
from app.privacy.vault import Vault
from tests.factories import an_incoming

NOW = datetime(2026, 3, 31, 4, tzinfo=UTC)
PHONE = "13912345678"


@pytest.fixture
def kept(database: Database, tmp_path: Path) -> Quarantine:
    return Quarantine(database, Vault(database, tmp_path / "keys"))


def put(database: Database, kept: Quarantine, *rejected: Rejected, source: str = "web", now: datetime = NOW) -> None:
    with database.write() as connection:
        kept.put(connection, "shop", source, rejected, now=now)


def test_an_explanation_that_comes_after_a_decision_changes_nothing(database: Database, kept: Quarantine) -> None:
    put(database, kept, bad(1), bad(2))
    first, second = kept.find("shop")
    kept.discard("shop", Filter(ids=(first.record_id,)), by="me", now=NOW)
    with database.write() as connection:
        for record in (first, second):
            kept.explain(connection, "shop", record.record_id, bad(record.line, "empty field: 'kind'"))
    found = {record.record_id: record.reason for record in kept.find("shop", Filter(state=None))}
    assert found == {first.record_id: first.reason, second.record_id: "empty field: 'kind'"}


def bad(line: int, reason: str = "not a number: 'x'", content: str = "{}") -> Rejected:
    return Rejected(line, reason, content)


def test_contents_lie_sealed_and_come_back_as_they_were(database: Database, kept: Quarantine) -> None:
    incoming = an_incoming(identifiers={"phone": PHONE}, message_id="m1")
    content = f'{{"phone":"{PHONE}","note":"晚上\\u0000"}}'
    put(database, kept, Rejected(3, f"not a number: '{PHONE}'", content, incoming, "m1"))
    with database.read() as connection:
        (row,) = connection.execute(select(quarantine)).all()
    assert PHONE not in str(row)
    assert PHONE.encode() not in bytes(row.sealed)
    (found,) = kept.find("shop")
    assert (found.content, found.incoming, found.line) == (content, incoming, 3)
    assert found.reason == "not a number: '[phone]'"


def test_what_people_see_holds_no_personal_numbers(database: Database, kept: Quarantine) -> None:
    put(database, kept, bad(1, content=f'{{"phone":"{PHONE}","mail":"a.b@example.com"}}'))
    (record,) = page_of(kept, "shop", Filter(), limit=5).records
    assert record.content == '{"phone":"[phone]","mail":"[email]"}'


@pytest.mark.parametrize("content", ["\x00", "\ud800", '{"a":"\udfff"}', ""])
def test_text_that_databases_refuse_is_kept_in_a_form_that_they_take(
    database: Database, kept: Quarantine, content: str
) -> None:
    put(database, kept, Rejected(1, f"broken JSON: {content}", content, an_incoming(text=content), "m\x00"))
    assert len(kept.find("shop")) == 1


def test_the_same_record_twice_is_kept_once(database: Database, kept: Quarantine) -> None:
    put(database, kept, bad(1), bad(1), bad(2))
    put(database, kept, bad(1), now=NOW + timedelta(days=1))
    put(database, kept, bad(1), source="till")
    assert sorted((k.source, k.line) for k in kept.find("shop")) == [("till", 1), ("web", 1), ("web", 2)]


def test_an_event_sent_again_in_another_batch_is_the_same_record(database: Database, kept: Quarantine) -> None:
    put(database, kept, bad(0)._replace(message_id="m1"))
    put(database, kept, bad(7)._replace(message_id="m1"), bad(8)._replace(message_id="m2"))
    assert [k.line for k in kept.find("shop")] == [0, 8]


def test_records_are_filtered_and_counted_by_source_reason_and_state(database: Database, kept: Quarantine) -> None:
    put(database, kept, bad(1), bad(2, "time before 1990: x"), bad(3))
    put(database, kept, bad(1), source="till")
    kept.discard("shop", Filter(source="till"), by="me", now=NOW)
    assert [(c.source, c.code, c.state.value, c.count) for c in kept.counts("shop")] == [
        ("web", "not_a_number", "waiting", 2),
        ("till", "not_a_number", "discarded", 1),
        ("web", "time_unset", "waiting", 1),
    ]
    assert kept.count("shop") == 3
    assert kept.count("shop", Filter()) == 4
    assert [k.line for k in kept.find("shop", Filter(source="web", code="not_a_number"))] == [1, 3]
    assert [k.source for k in kept.find("shop", Filter(state=State.DISCARDED))] == ["till"]
    assert kept.counts("other") == kept.find("other") == []


def test_pages_follow_each_other_without_gaps_or_repeats(database: Database, kept: Quarantine) -> None:
    for day in range(3):
        put(database, kept, *(bad(line, content=f"{day}") for line in range(5)), now=NOW + timedelta(days=day))
    seen, after = [], None
    while True:
        page = page_of(kept, "shop", Filter(), limit=4, after=after)
        assert page.total == 15
        seen += [(record.received_at, record.line) for record in page.records]
        if (after := page.next) is None:
            break
    assert seen == sorted(seen, key=lambda pair: (-pair[0].timestamp(), pair[1]))
    assert len(set(seen)) == 15
    with pytest.raises(InvalidInput, match="begin again"):
        kept.find("shop", after="q_nothing")


def test_a_record_is_settled_once(database: Database, kept: Quarantine) -> None:
    put(database, kept, bad(1))
    (record,) = kept.find("shop")
    with database.write() as connection:
        args = (connection, "shop", [record.record_id], State.REPLAYED)
        assert kept.settle(*args, by="me", now=NOW) == 1
        assert kept.settle(*args, by="you", now=NOW) == 0
    assert kept.find("shop")[0].settled_by == "me"


def test_what_an_older_version_kept_in_plain_text_is_sealed(database: Database, kept: Quarantine) -> None:
    old = {"workspace_id": "shop", "record_id": "q_1", "source": "web", "line": 1, "code": "other", "state": "waiting"}
    content = {"reason": f"time before 1990: {PHONE}", "plain": f'{{"phone":"{PHONE}"}}', "received_at": NOW}
    with database.write() as connection:
        connection.execute(quarantine.insert().values(**old, **content))
    assert (kept.seal_old(), kept.seal_old()) == (1, 0)
    (found,) = kept.find("shop")
    assert (found.code, found.content) == ("time_unset", f'{{"phone":"{PHONE}"}}')
    with database.read() as connection:
        assert PHONE not in str(connection.execute(select(quarantine)).all())
