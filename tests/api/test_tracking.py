"""The tracking API as SDKs call it: what they send, what they get, and what lies in the log afterwards."""

import base64
import gzip
import json
from datetime import timedelta
from typing import Any

import pytest

from app.access.schemas import Role
from app.api.deps import the_time
from app.api.tracking_body import MAX_BATCH_BYTES, MAX_MESSAGE_BYTES
from tests.factories_api import NOW, Served
from tests.factories_tracking import a_message, logged, post, send, verdicts


@pytest.fixture(autouse=True)
def clock(request: pytest.FixtureRequest) -> None:
    """The server's clock stands at NOW."""
    for name in {"served", "shared"} & set(request.fixturenames):
        app = request.getfixturevalue(name).client.app
        app.dependency_overrides[the_time] = lambda: NOW


def test_a_batch_is_on_disk_when_the_answer_comes(served: Served) -> None:
    answer = send(served, a_message(1), a_message(2))
    assert (answer.status_code, answer.json()) == (200, {"success": True})
    assert served.stored() == (2, 0)
    assert {event.source for event in logged(served)} == {"segment"}
    assert served.get("/v1/customers/u1/profile").status_code == 200


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("identify", "identify"), ("track", "view"), ("page", "page"), ("screen", "screen"), ("group", "group"),
        ("alias", "alias"), ("i", "identify"), ("t", "view"), ("p", "page"), ("s", "screen"), ("g", "group"),
        ("a", "alias"),
    ],
)  # fmt: skip
def test_each_call_has_its_path_and_short_form(served: Served, path: str, kind: str, slash: str) -> None:
    message = a_message(previousId="anon1", groupId="g1")
    del message["type"]
    answer = post(served, message, path=f"/v1/{path}{slash}")
    assert (answer.status_code, answer.json()) == (200, {"success": True})
    assert [event.kind for event in logged(served)] == [kind]


@pytest.mark.parametrize("path", ["/v1/batch/", "/v1/import", "/v1/b", "/v1/b/"])
def test_batches_have_other_names_too(served: Served, path: str) -> None:
    assert send(served, a_message(), path=path).json() == {"success": True}
    assert served.stored() == (1, 0)


def test_compressed_batches_and_beacons_are_read(served: Served) -> None:
    body = gzip.compress(json.dumps({"batch": [a_message(1)]}).encode())
    assert post(served, body, headers={"content-encoding": "gzip"}).status_code == 200
    assert send(served, a_message(2), headers={"content-type": "text/plain;charset=UTF-8"}).status_code == 200
    named = {"content-encoding": "gzip", "content-type": "application/x-www-form-urlencoded"}  # RudderStack for Node.js
    body = gzip.compress(json.dumps({"batch": [a_message(3)]}).encode())
    assert post(served, body, headers=named).status_code == 200
    assert served.stored() == (3, 0)


def test_a_beacon_of_a_closing_page_has_its_key_in_the_address(served: Served) -> None:
    def left(key: str) -> int:
        path, plain = f"/beacon/v1/batch?writeKey={key}", {"content-type": "text/plain"}
        return post(served, {"batch": [a_message()]}, path=path, auth=None, headers=plain).status_code

    assert (left("wrong"), left(served.keys[Role.INGEST])) == (401, 200)
    assert served.stored() == (1, 0)


def test_an_empty_batch_is_a_batch(shared: Served) -> None:
    assert send(shared).json() == {"success": True}


def test_browsers_report_on_themselves_and_nothing_is_kept(shared: Served) -> None:
    answer = shared.client.post("/v1/m", content=b'{"series": []}', headers={"content-type": "text/plain"})
    assert (answer.status_code, answer.json(), shared.stored()) == (200, {"success": True}, (0, 0))


# --- keys -------------------------------------------------------------------------------------------------------


def test_a_bearer_key_counts_as_well(served: Served) -> None:
    headers = {"authorization": f"Bearer {served.keys[Role.INGEST]}"}
    assert send(served, a_message(), auth=None, headers=headers).status_code == 200


def test_a_write_key_in_the_body_counts_only_without_a_header(served: Served) -> None:
    other = served.issue("other", Role.INGEST)
    body = {"batch": [a_message()], "writeKey": other}
    post(served, body)
    assert (served.stored("shop"), served.stored("other")) == ((1, 0), (0, 0))
    assert post(served, body, auth=None).status_code == 200
    assert served.stored("other") == (1, 0)
    assert post(served, body, auth=("wrong", "")).status_code == 401
    assert post(served, body, auth=("", "")).status_code == 401
    assert post(served, body, auth=None, headers={"authorization": "Digest x"}).status_code == 401


def test_a_single_call_may_carry_its_key_and_the_key_is_not_kept(served: Served) -> None:
    key = served.issue("other", Role.INGEST)
    for message in (a_message(1, writeKey=key), a_message(2, writeKey=key, event="")):
        assert post(served, message, path="/v1/t", auth=None).status_code == 200
    assert served.stored("other") == (1, 1)
    (kept,) = served.app.pipeline.quarantine.find("other")
    assert key not in kept.content
    assert key not in str(logged(served, "other"))


@pytest.mark.parametrize(
    "auth",
    [None, ("", ""), ("nobody", "")],
)
def test_no_valid_key_is_401_in_words_that_sdks_read(shared: Served, auth: Any) -> None:
    answer = send(shared, a_message(), auth=auth)
    assert answer.status_code == 401
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (problem["type"], problem["code"]) == ("/problems/unauthorized", "unauthorized")
    assert problem["message"] == problem["detail"]


def test_a_reader_may_not_write(shared: Served) -> None:
    assert send(shared, a_message(), auth=(shared.keys[Role.VIEWER], "")).status_code == 403


@pytest.mark.parametrize(
    "header", ["Basic", "Basic !!!", "Basic " + base64.b64encode(b"\xff\xfe").decode(), "Bearer", ""]
)
def test_a_header_that_is_no_key_is_401(shared: Served, header: str) -> None:
    body = {"batch": [a_message()], "writeKey": shared.keys[Role.INGEST]}
    assert post(shared, body, auth=None, headers={"authorization": header}).status_code == 401


def test_a_page_of_another_site_may_send_and_only_here(shared: Served) -> None:
    ask = {"origin": "https://shop.example", "access-control-request-method": "POST",
           "access-control-request-headers": "content-type,authorization"}  # fmt: skip
    allowed = shared.client.options("/v1/t", headers=ask)
    assert (allowed.status_code, allowed.headers["access-control-allow-origin"]) == (200, "*")
    assert "access-control-allow-credentials" not in allowed.headers
    assert "access-control-allow-origin" in send(shared, headers={"origin": "https://shop.example"}).headers
    assert "access-control-allow-origin" not in shared.client.options("/v1/customers", headers=ask).headers


# --- verdicts ---------------------------------------------------------------------------------------------------


def test_every_message_gets_its_verdict_on_request(served: Served) -> None:
    send(served, a_message(1), a_message(2))
    found = verdicts(
        served,
        a_message(1),
        a_message(2, event="Product Added"),
        a_message(3),
        a_message(4, userId="null"),
        a_message(5, event=None),
        7,
    )
    assert [v["verdict"] for v in found] == [
        "duplicate", "conflict", "accepted", "quarantined", "quarantined", "quarantined",
    ]  # fmt: skip
    assert [v.get("messageId") for v in found] == ["m1", "m2", "m3", "m4", "m5", None]
    first, _, third = logged(served)
    assert (found[0]["event_ids"], found[2]["event_ids"]) == ([first.event_id], [third.event_id])
    assert found[3]["reason"].startswith("no usable identifier")
    assert served.stored() == (3, 4)
    assert send(served, a_message(9), headers={"x-verdicts": "1"}).json()["verdicts"][0]["verdict"] == "accepted"


def test_a_message_without_an_id_is_told_so(served: Served) -> None:
    message = a_message(messageId=None)
    (first,) = verdicts(served, message)
    (again,) = verdicts(served, message)
    assert (first["verdict"], again["verdict"]) == ("accepted", "duplicate")
    assert first["reason"].startswith("no messageId")
    assert first["messageId"] == again["messageId"]


def test_one_poisoned_message_does_not_cost_its_neighbours(served: Served) -> None:
    parts = [json.dumps(a_message(n))[:-1] for n in range(1, 6)]
    odd = ['"x": NaN', '"x": "\\ud83d"', '"x": 18446744073709551616', '"x": 1, "x": 2', '"x": ' + "[" * 31 + "]" * 31]
    poisoned = [f"{part}, {field}}}" for part, field in zip(parts, odd, strict=True)]
    body = f'{{"batch": [{json.dumps(a_message(8))}, {", ".join(poisoned)}, {json.dumps(a_message(9))}]}}'
    answer = post(served, body.encode(), path="/v1/batch?verdicts=1")
    assert [v["verdict"] for v in answer.json()["verdicts"]] == ["accepted", *["quarantined"] * 5, "accepted"]
    assert served.stored() == (2, 5)
    contents = [kept.content for kept in served.app.pipeline.quarantine.find("shop")]
    assert any("18446744073709551616" in content for content in contents)
    assert any("ud83d" in content for content in contents)


# --- limits -----------------------------------------------------------------------------------------------------


def test_a_message_over_32_kb_is_refused_alone(served: Served) -> None:
    large = a_message(2, properties={"text": "x" * MAX_MESSAGE_BYTES})
    found = verdicts(served, a_message(1), large, a_message(3))
    assert [v["verdict"] for v in found] == ["accepted", "quarantined", "accepted"]
    assert found[1]["reason"].startswith("too large")
    for answer in (send(served, large), post(served, large, path="/v1/track")):
        assert (answer.status_code, answer.json()["code"]) == (413, "too-large")


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_batch_over_500_kb_is_413_however_it_is_packed(shared: Served, pack: Any) -> None:
    body = json.dumps({"batch": [a_message(n, properties={"x": "y" * 30_000}) for n in range(17)]}).encode()
    assert len(body) > MAX_BATCH_BYTES
    headers = {} if pack is bytes else {"content-encoding": "gzip"}
    assert post(shared, pack(body), headers=headers).status_code == 413
    assert shared.stored() == (0, 0)


def test_a_small_body_cannot_become_a_flood_of_events(served: Served) -> None:
    order = {"event": "Order Completed", "properties": {"products": [{}] * 200}}
    found = verdicts(served, *(a_message(n, **order) for n in range(1, 61)))
    assert [v["verdict"] for v in found] == ["accepted"] * 50 + ["quarantined"] * 10
    assert found[-1]["reason"].startswith("too many events")


# --- time -------------------------------------------------------------------------------------------------------


def test_a_wrong_clock_is_corrected_and_a_resend_is_still_the_same_message(served: Served) -> None:
    happened = NOW - timedelta(hours=5, minutes=10)
    message = a_message(timestamp=happened.isoformat())
    for sent, word in ((NOW - timedelta(hours=5), "accepted"), (NOW - timedelta(hours=4, minutes=58), "duplicate")):
        body = {"batch": [message], "sentAt": sent.isoformat()}
        answer = post(served, body, path="/v1/batch?verdicts=1")
        assert answer.json()["verdicts"][0]["verdict"] == word
    (event,) = logged(served)
    assert event.occurred_at == NOW - timedelta(minutes=10)
    assert event.clock_correction_ms == 5 * 3_600_000


def test_a_message_without_a_time_is_a_duplicate_when_it_is_sent_again(served: Served) -> None:
    message = a_message(timestamp=None)
    assert verdicts(served, message)[0]["verdict"] == "accepted"
    served.client.app.dependency_overrides[the_time] = lambda: NOW + timedelta(minutes=3)  # type: ignore[attr-defined]
    assert verdicts(served, message)[0]["verdict"] == "duplicate"
    assert [event.occurred_at for event in logged(served)] == [NOW]


@pytest.mark.parametrize("time_format", ["unix_ms", "dmy", "compact"])
def test_messages_say_their_times_in_one_way_whatever_is_set_for_the_source(served: Served, time_format: str) -> None:
    settings = {"timezone": "Europe/London", "time_format": time_format}
    assert served.ask("PUT", "/v1/sources/segment", json=settings).status_code == 200
    send(served, a_message(timestamp="2026-05-01T01:00:00"), a_message(2))
    assert [event.occurred_at for event in logged(served)] == [NOW - timedelta(hours=4), NOW - timedelta(minutes=2)]
    assert served.stored() == (2, 0)


# --- envelopes --------------------------------------------------------------------------------------------------

NO_BATCH = {
    "nothing": b"",
    "no JSON": b"hello",
    "a list": b"[]",
    "null": b"null",
    "a message in place of a batch": json.dumps(a_message()).encode(),
    "batch as an object": b'{"batch": {}}',
    "batch as null": b'{"batch": null}',
    "batch twice": b'{"batch": [], "batch": []}',
    "NaN beside the batch": b'{"batch": [], "x": NaN}',
    "cut off": b'{"batch": [{"type": "track"',
    "a byte order mark": b'\xef\xbb\xbf{"batch": []}',
    "UTF-16": '{"batch": []}'.encode("utf-16"),
    "not UTF-8": b'{"batch": ["\xff"]}',
    "depth 10,000": b'{"batch": ' + b"[" * 10_000 + b"]" * 10_000 + b"}",
}


@pytest.mark.parametrize("body", NO_BATCH.values(), ids=NO_BATCH.keys())
def test_what_is_no_batch_is_400(shared: Served, body: bytes) -> None:
    answer = post(shared, body)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "invalid-input"
    assert shared.stored() == (0, 0)


@pytest.mark.parametrize("media", ["multipart/form-data; boundary=x", "text/html", "application/xml"])
def test_what_no_sdk_calls_its_json_is_415(shared: Served, media: str) -> None:
    assert post(shared, b'{"batch": []}', headers={"content-type": media}).status_code == 415


def test_form_data_is_no_json(shared: Served) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    assert post(shared, b"batch=1", headers=headers).status_code == 400
