from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest

from app.access.schemas import Workspace
from app.bootstrap import App, build
from app.config import Settings
from app.errors import InvalidInput
from app.events.intake import MAX_NAME
from app.events.quarantine import Filter
from app.events.quarantine_rows import State
from app.events.source_settings import SourceSettings
from app.events.sources.mapping import Mapping, Parsed, open_events
from app.events.sources.posted import read_event
from app.events.sources.segment import Arrival, SegmentReader
from app.replay import BATCH
from tests.factories import an_incoming

NOW = datetime(2026, 3, 31, 4, tzinfo=UTC)
LATER = NOW + timedelta(days=5)
MAPPING = Mapping.model_validate(
    {
        "source": "pos",
        "timezone": "Asia/Shanghai",
        "currency": "CNY",
        "kind": "order",
        "occurred_at": {"column": "at"},
        "identifiers": {"user_id": "who"},
        "amount": {"column": "price"},
    }
)
CHEAPER = MAPPING.model_copy(update={"amount": MAPPING.amount.model_copy(update={"column": "paid"})})  # type: ignore[union-attr]


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    app = build(Settings(_env_file=None, data_dir=tmp_path, database_url="", llm_url=""))
    app.pipeline.access.ensure(Workspace(workspace_id="shop"))
    yield app
    app.database.close()


def shop(app: App) -> Workspace:
    return app.pipeline.access.workspace("shop")


def send(app: App, *changes: dict[str, Any], source: str = "web") -> None:
    records = [Parsed(line, an_incoming(**change), None, dict(change)) for line, change in enumerate(changes)]
    app.pipeline.ingest(shop(app), source, records, now=NOW)


def read_file(app: App, path: Path, mapping: Mapping = MAPPING) -> Any:
    return app.pipeline.ingest(shop(app), mapping.source, open_events(path, mapping), now=NOW)


def replay(app: App, wanted: Filter = Filter(), **more: Any) -> tuple[int, int, int]:
    done = app.pipeline.replay.run(shop(app), wanted, by="tester", now=LATER, **more)
    assert done.records == done.accepted + done.duplicates + done.failed
    return done.accepted, done.duplicates, done.failed


def states(app: App) -> list[tuple[str, str]]:
    return sorted((k.code, k.state.value) for k in app.pipeline.quarantine.find("shop"))


def test_what_was_from_the_future_is_taken_once_its_time_has_come(app: App) -> None:
    send(app, {"message_id": "m1", "occurred_at": "2026-04-03T10:00:00Z"})
    assert app.pipeline.replay.run(shop(app), Filter(), by="me", now=NOW).failed == 1
    assert replay(app) == (1, 0, 0)
    assert replay(app) == (0, 0, 0)
    (kept,) = app.pipeline.quarantine.find("shop")
    assert (kept.state, kept.settled_by, kept.settled_at) == (State.REPLAYED, "tester", LATER)
    assert app.pipeline.log.count("shop") == 1


def test_settings_of_the_source_hold_in_a_replay(app: App) -> None:
    send(app, {"message_id": "m1", "occurred_at": "03/02/2026 10:00"}, {"message_id": "m2", "occurred_at": "soon"})
    assert replay(app) == (0, 0, 2)
    settings = SourceSettings(timezone="Europe/London", time_format="dmy")
    app.pipeline.sources.put("shop", "web", settings, by="me", now=NOW)
    assert replay(app, Filter(source="other")) == (0, 0, 0)
    assert replay(app, Filter(source="web", code="time_ambiguous")) == (1, 0, 0)
    assert replay(app) == (0, 0, 1)
    ((_, event),) = app.pipeline.log.since("shop", 0, limit=10)
    assert event.occurred_at == datetime(2026, 2, 3, 10, tzinfo=UTC)
    assert event.received_at == LATER
    assert states(app) == [("time_ambiguous", "replayed"), ("time_unreadable", "waiting")]


def test_a_record_that_fails_again_waits_with_its_new_reason(app: App, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("who,at,price,paid\nnull,2026-03-01,x,12\n", encoding="utf-8")
    read_file(app, tmp_path / "rows.csv")
    assert states(app) == [("not_a_number", "waiting")]
    done = app.pipeline.replay.run(shop(app), Filter(), by="me", now=LATER, mapping=CHEAPER)
    assert done.reasons == {"no_identifier": 1}
    assert states(app) == [("no_identifier", "waiting")]


def test_equal_rows_stay_as_many_and_the_file_read_again_adds_none(app: App, tmp_path: Path) -> None:
    row = "7,2026-03-01,x,12\n"
    (tmp_path / "rows.csv").write_text(f"who,at,price,paid\n{row}{row}7,2026-03-02,5,5\n{row}", encoding="utf-8")
    assert read_file(app, tmp_path / "rows.csv").quarantined == 3
    ids = tuple(k.record_id for k in app.pipeline.quarantine.find("shop"))
    assert replay(app, Filter(ids=ids[2:]), mapping=CHEAPER) == (1, 0, 0)
    assert replay(app, mapping=CHEAPER) == (2, 0, 0)
    again = read_file(app, tmp_path / "rows.csv", CHEAPER)
    assert (again.accepted, again.duplicates) == (0, 4)


def test_the_counters_of_arrival_do_not_count_a_replay_again(app: App) -> None:
    send(app, {"message_id": "m1", "occurred_at": "2026-04-03T10:00:00Z"}, {"message_id": "m2"})
    replay(app)
    report = app.pipeline.cleaning.report(shop(app), "web")
    assert (report.records, report.accepted, report.quarantined) == (2, 1, 1)
    assert (report.events, report.waiting, report.replayed) == (2, 0, 1)


def test_of_a_conflict_the_first_stays_unless_the_other_is_accepted_as_its_own_event(app: App) -> None:
    send(app, {"message_id": "m1"}, {"message_id": "m1", "kind": "share"})
    (kept,) = app.pipeline.quarantine.find("shop")
    assert kept.sent_hash != kept.known_hash
    assert replay(app) == (0, 0, 1)
    assert states(app) == [("conflict", "waiting")]
    assert replay(app, accept_conflicts=True) == (1, 0, 0)
    logged = {event.message_id: event.kind for _, event in app.pipeline.log.since("shop", 0, limit=10)}
    assert logged == {"m1": "view", f"m1~{(kept.sent_hash or '')[:12]}": "share"}
    send(app, {"message_id": "m1", "kind": "share"})
    assert states(app) == [("conflict", "replayed")]
    assert app.pipeline.log.count("shop") == 2


def test_a_conflict_under_the_longest_message_id_can_be_accepted_too(app: App) -> None:
    send(app, {"message_id": "m" * MAX_NAME}, {"message_id": "m" * MAX_NAME, "kind": "share"})
    assert replay(app, accept_conflicts=True) == (1, 0, 0)


def test_what_was_discarded_stays_on_record_and_is_never_replayed(app: App) -> None:
    send(app, {"message_id": "m1", "occurred_at": "2026-04-03T10:00:00Z"})
    assert app.pipeline.quarantine.discard("shop", Filter(source="web"), by="me", now=NOW) == 1
    assert replay(app) == (0, 0, 0)
    assert states(app) == [("time_future", "discarded")]
    assert app.pipeline.log.count("shop") == 0


def test_more_records_than_one_batch_are_all_taken(app: App) -> None:
    send(app, *({"message_id": f"m{n}", "occurred_at": "2026-04-03T10:00:00Z"} for n in range(BATCH + 3)))
    assert replay(app) == (BATCH + 3, 0, 0)


def test_two_replays_at_once_take_each_record_once(app: App) -> None:
    send(app, *({"message_id": f"m{n}", "occurred_at": "2026-04-03T10:00:00Z"} for n in range(40)))
    start, outcomes = Barrier(2), []

    def run() -> None:
        start.wait()
        try:
            outcomes.append(app.pipeline.replay.run(shop(app), Filter(), by="me", now=LATER).accepted)
        except Exception as error:  # noqa: BLE001 (told to the test below)
            outcomes.append(type(error).__name__)

    threads = [Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert 40 in outcomes
    assert {*outcomes} <= {40, 0, "Conflict"}
    assert app.pipeline.log.count("shop") == 40
    assert states(app) == [("time_future", "replayed")] * 40


def test_another_workspace_s_records_are_out_of_reach(app: App) -> None:
    send(app, {"message_id": "m1", "occurred_at": "2026-04-03T10:00:00Z"})
    other = app.pipeline.access.ensure(Workspace(workspace_id="other"))
    (kept,) = app.pipeline.quarantine.find("shop")
    assert app.pipeline.replay.run(other, Filter(ids=(kept.record_id,)), by="me", now=LATER).records == 0
    assert app.pipeline.quarantine.discard("other", Filter(ids=(kept.record_id,)), by="me", now=NOW) == 0


def test_a_mapping_for_another_source_is_refused(app: App) -> None:
    with pytest.raises(InvalidInput, match="for the source 'pos', not 'web'"):
        app.pipeline.replay.run(shop(app), Filter(source="web"), by="me", now=LATER, mapping=MAPPING)


# --- what came over the API -------------------------------------------------------------------------------------


def refused(app: App, source: str, *rows: dict[str, Any], reason: str = "wrong field: an older version") -> None:
    """As a version would have left them that could not read them yet."""
    app.pipeline.ingest(shop(app), source, [Parsed(n, None, reason, row) for n, row in enumerate(rows)], now=NOW)


def logged(app: App) -> list[tuple[str, str, datetime]]:
    return [(e.message_id, e.kind, e.occurred_at) for _, e in app.pipeline.log.since("shop", 0, limit=99)]


def an_sdk_order(**fields: Any) -> dict[str, Any]:
    products = [{"product_id": p, "price": 10} for p in "ab"]
    properties = {"order_id": "o1", "products": products}
    return {
        "type": "track",
        "event": "Order Completed",
        "userId": "u1",
        "messageId": "m1",
        "properties": properties,
    } | fields


def test_an_sdk_s_message_is_read_again_as_all_of_its_events(app: App) -> None:
    refused(app, "segment", an_sdk_order(timestamp="2026-03-30T10:00:00Z"), an_sdk_order(messageId="m2", userId="null"))
    done = app.pipeline.replay.run(shop(app), Filter(), by="me", now=LATER)
    assert (done.records, done.accepted, done.failed, done.reasons) == (2, 1, 1, {"no_identifier": 1})
    at = datetime(2026, 3, 30, 10, tzinfo=UTC)
    assert logged(app) == [("m1", "order", at), ("m1#2", "order", at)]
    assert states(app) == [("no_identifier", "waiting"), ("other", "replayed")]


def test_what_says_no_time_keeps_the_time_at_which_it_first_arrived(app: App) -> None:
    refused(app, "segment", an_sdk_order(), {**an_sdk_order(), "messageId": None, "event": "Cart Viewed"})
    reader = SegmentReader(Arrival(NOW, "CNY", shop(app).zone))
    viewed = {"type": "page", "userId": "u1", "messageId": "m3"}
    pages = [record for n, name in enumerate("xy") for record in reader.read(n, viewed | {"name": name}).records]
    app.pipeline.ingest(shop(app), "segment", pages, now=NOW)
    assert replay(app, accept_conflicts=True) == (3, 0, 0)
    assert [(len(logged(app)), at) for _, _, at in logged(app)] == [(5, NOW)] * 5
    again = reader.read(1, {**an_sdk_order(), "messageId": None, "event": "Cart Viewed"})
    assert app.pipeline.ingest(shop(app), "segment", again.records, now=NOW).duplicates == 1


def test_a_time_format_of_the_source_refuses_no_message_in_a_replay(app: App) -> None:
    app.pipeline.sources.put("shop", "segment", SourceSettings(time_format="unix_ms"), by="me", now=NOW)
    refused(app, "segment", an_sdk_order(timestamp="2026-03-30T10:00:00Z"))
    assert replay(app) == (1, 0, 0)


def test_a_message_that_could_not_be_read_keeps_what_its_request_said(app: App) -> None:
    behind = NOW - timedelta(hours=5)
    reader = SegmentReader(Arrival(NOW, "CNY", shop(app).zone, behind.isoformat()))
    message = {"userId": "u1", "messageId": "m1", "timestamp": behind.isoformat(), "event": "", "properties": {}}
    (record,) = reader.read(0, message, call="track").records
    assert record.fault
    refused(app, "segment", {**record.row, "event": "Cart Viewed"})
    assert replay(app) == (1, 0, 0)
    assert logged(app) == [("m1", "cart_viewed", NOW)]


def test_a_message_above_the_limit_stays_refused(app: App) -> None:
    refused(app, "segment", an_sdk_order(event="x" * 40_000), reason="too large: a message may have 32768 bytes")
    assert replay(app) == (0, 0, 1)


def test_a_posted_event_is_read_again_beside_the_files_of_its_source(app: App, tmp_path: Path) -> None:
    posted = {
        "message_id": "m1",
        "kind": "view",
        "occurred_at": "2026-03-30T10:00:00Z",
        "identifiers": {"user_id": "u1"},
    }
    (tmp_path / "rows.csv").write_text("who,at,price,paid\n7,2026-03-01,x,12\n", encoding="utf-8")
    read_file(app, tmp_path / "rows.csv")
    app.pipeline.sources.put("shop", "pos", SourceSettings(mapping=CHEAPER), by="me", now=NOW)
    refused(app, "pos", posted, posted | {"message_id": 7})
    assert read_event(posted | {"message_id": 7}, 0).fault
    assert replay(app) == (2, 0, 1)
    assert sorted(kind for _, kind, _ in logged(app)) == ["order", "view"]


def test_what_was_no_json_object_stays_refused(app: App) -> None:
    refused(app, "segment", {"raw": "7"}, reason="not a JSON object: a message must be one")
    refused(app, "web", {"raw": "7"}, reason="not a JSON object: each line must be one")
    assert replay(app) == (0, 0, 2)
    assert states(app) == [("broken_row", "waiting")] * 2
