import gzip
import json
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from httpx import Response
from sqlalchemy import event

from app.access.schemas import Role
from app.api.bulk_body import CHUNK_LINES, MAX_LINE, Chunker
from app.bootstrap import build
from app.config import Settings
from app.events.schemas import IncomingEvent
from app.events.sources.mapping import Parsed
from tests.factories_api import NOW, Served, an_order_body, no_further_pages


def lines(*events: Any) -> bytes:
    return b"".join(json.dumps(event).encode() + b"\n" for event in events)


def post(served: Served, body: bytes | Iterator[bytes], query: str = "source=till", **headers: str) -> Response:
    named = {"content-type": "application/x-ndjson"} | {k.replace("_", "-"): v for k, v in headers.items()}
    return served.ask("POST", f"/v1/events/bulk?{query}", role=Role.INGEST, content=body, headers=named)


def test_lines_are_logged_and_counted(served: Served) -> None:
    body = lines(*(an_order_body(n) for n in range(1_201)), an_order_body(7), an_order_body(8, amount_minor=1))
    receipt = post(served, body).json()["data"]
    assert {name: receipt[name] for name in ("lines", "accepted", "duplicates", "conflicts", "quarantined")} == {
        "lines": 1_203, "accepted": 1_201, "duplicates": 1, "conflicts": 1, "quarantined": 0,
    }  # fmt: skip
    assert served.stored() == (1_201, 1)
    pipeline = served.app.pipeline
    assert pipeline.profiles.position("shop") == pipeline.log.position("shop")


def test_a_broken_line_lies_in_quarantine_with_its_number(served: Served) -> None:
    good = [lines(an_order_body(n)) for n in range(1, 4)]
    body = good[0] + b"\n   \n" + b'{"message_id": "x", \n' + good[1] + b"[1]\n" + b'{"a": NaN}\n' + good[2].rstrip()
    receipt = post(served, body).json()["data"]
    assert (receipt["lines"], receipt["accepted"], receipt["quarantined"]) == (6, 3, 3)
    kept = sorted((kept.line, kept.reason.split(":")[0]) for kept in served.app.pipeline.quarantine.find("shop"))
    assert kept == [(4, "broken JSON"), (6, "not a JSON object"), (7, "broken JSON")]
    assert receipt["first_lines"] == {"broken JSON": 4, "not a JSON object": 6}


def test_every_line_gets_its_verdict_on_request(served: Served) -> None:
    post(served, lines(an_order_body(1)))
    body = lines(an_order_body(1), an_order_body(2), an_order_body(3, kind=""), 5)
    answer = post(served, body, "source=till&verdicts=1")
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    found = [json.loads(line) for line in answer.text.splitlines()]
    assert [(v["line"], v["message_id"], v["verdict"]) for v in found] == [
        (1, "m1", "duplicate"), (2, "m2", "accepted"), (3, "m3", "quarantined"), (4, None, "quarantined"),
    ]  # fmt: skip
    assert found[1]["event_id"]
    assert found[2]["reason"].startswith("empty field")


def test_a_body_that_breaks_off_keeps_whole_chunks_and_says_which(served: Served) -> None:
    body = gzip.compress(lines(*(an_order_body(n) for n in range(2 * CHUNK_LINES + 9))))
    answer = post(served, body[:-12], content_encoding="gzip")
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid-input")
    assert f"lines 1 to {2 * CHUNK_LINES} are stored" in answer.json()["detail"]
    assert served.stored() == (2 * CHUNK_LINES, 0)
    assert served.app.pipeline.profiles.position("shop") == served.app.pipeline.log.position("shop")
    assert post(served, body, content_encoding="gzip").json()["data"]["accepted"] == 9


def test_a_full_disk_halfway_says_what_is_stored_and_that_is_folded(tmp_path: Path) -> None:
    app = build(Settings(data_dir=tmp_path, database_url=f"sqlite:///{tmp_path / 'small.db'}", llm_url=""))
    served = Served(app)
    shop, first = app.pipeline.access.workspace("shop"), [an_order_body(n) for n in range(CHUNK_LINES)]
    records = [Parsed(n, IncomingEvent(**body), None, {}) for n, body in enumerate(first)]
    app.pipeline.take(shop, "till", records, now=NOW)
    event.listen(app.database.engine, "begin", no_further_pages)
    further = [an_order_body(n, properties={"note": "x" * 20_000}) for n in range(CHUNK_LINES, CHUNK_LINES + 50)]
    answer = post(served, lines(*first, *further))
    assert (answer.status_code, answer.json()["type"]) == (507, "/problems/storage-full")
    assert answer.headers["retry-after"] == "30"
    assert f"lines 1 to {CHUNK_LINES} are stored" in answer.json()["detail"]
    assert served.stored() == (CHUNK_LINES, 0)
    assert app.pipeline.lag(shop).events == 0
    app.database.close()


def test_a_small_body_that_breaks_off_stores_nothing(shared: Served) -> None:
    body = gzip.compress(lines(an_order_body(1)))[:-4]
    assert post(shared, body, content_encoding="gzip").status_code == 422
    assert shared.stored() == (0, 0)


@pytest.mark.parametrize(
    ("query", "media", "status"),
    [
        ("", "application/x-ndjson", 422),
        ("source=", "application/x-ndjson", 422),
        ("source=Understory", "application/x-ndjson", 422),
        ("source=till", "application/json", 415),
        ("source=till", "text/csv", 415),
    ],
)
def test_what_is_asked_wrongly_is_refused_before_reading(shared: Served, query: str, media: str, status: int) -> None:
    answer = post(shared, lines(an_order_body()), query, content_type=media)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert shared.stored() == (0, 0)


def test_a_reader_may_not_write(shared: Served) -> None:
    headers = {"content-type": "application/x-ndjson"}
    assert shared.ask("POST", "/v1/events/bulk?source=x", role=Role.VIEWER, headers=headers).status_code == 403


@pytest.mark.parametrize("size", [1, 7, 4096])
def test_lines_are_the_same_however_the_stream_is_cut(size: int) -> None:
    body = lines(*({"n": n, "text": "分隔"} for n in range(40))) + b'\r\n{"n": 41}'
    chunker, found = Chunker(), []
    for start in range(0, len(body), size):
        found += [*chunker.add(body[start : start + size])]
    found += [*chunker.end()]
    records = [record for chunk in found for record in chunk.records]
    assert [record.line for record in records] == [*range(1, 41), 42]
    assert {record.row["n"] for record in records} == {*range(40), 41}


def test_a_line_without_end_costs_bounded_memory_and_its_neighbours_are_read() -> None:
    chunker, found = Chunker(), [*Chunker().end()]
    tracemalloc.start()
    found += [*chunker.add(lines({"n": 1}))]
    for _ in range(400):
        found += [*chunker.add(b"x" * 65_536)]
    found += [*chunker.add(b"\n" + lines({"n": 2}))]
    found += [*chunker.end()]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    faults = [record.fault or "" for chunk in found for record in chunk.records]
    assert [fault.split(":")[0] for fault in faults] == ["wrong field", "too large", "wrong field"]
    assert peak < 8 * MAX_LINE
