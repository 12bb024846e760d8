"""Odd bodies: whatever is sent, the answer is a 4xx in our own form, and nothing is stored."""

import json

import pytest

from app.api.strict_json import MAX_BODY, MAX_DEPTH, loads
from app.errors import InvalidInput
from tests.factories_api import Served, an_order_body

EVENT = json.dumps(an_order_body())


def batch(event: str = EVENT, source: str = '"till"') -> bytes:
    return f'{{"source": {source}, "events": [{event}]}}'.encode("utf-8", "surrogatepass")


def with_field(text: str) -> bytes:
    """A batch of one usable event to which `"name": value` is added."""
    return batch(f"{EVENT[:-1]}, {text}}}")


ODD = {
    "nothing": b"",
    "blanks": b"   ",
    "no JSON": b"hello",
    "single quotes": b"{'source': 'till', 'events': []}",
    "cut off": batch()[:-3],
    "two values": batch() + batch(),
    "trailing comma": b'{"source": "till", "events": [],}',
    "a comment": b'{"source": "till" /* here */, "events": []}',
    "not UTF-8": b'{"source": "\xff\xfe", "events": []}',
    "UTF-16": '{"source": "till", "events": []}'.encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf" + batch(),
    "an encoded surrogate": batch(source='"\ud800"'),
    "an escaped lone surrogate": with_field('"text": "\\ud83d"'),
    "a lone surrogate as name": with_field('"\\udc00": 1'),
    "an escaped NUL": with_field('"text": "a\\u0000b"'),
    "a raw control character": with_field('"text": "a\nb"'),
    "NaN": with_field('"x": NaN'),
    "Infinity": with_field('"x": -Infinity'),
    "a float without end": with_field('"x": 1e999'),
    "2^63": with_field('"x": 9223372036854775808'),
    "below -2^63": with_field('"x": -9223372036854775809'),
    "five thousand digits": with_field(f'"x": {"9" * 5000}'),
    "a field twice": with_field('"kind": "order"'),
    "source twice": b'{"source": "a", "source": "b", "events": []}',
    "depth 33": with_field(f'"x": {"[" * 31}{"]" * 31}'),
    "ten thousand brackets": b"[" * 10_000,
    "ten thousand objects": b'{"a":' * 10_000,
    "null": b"null",
    "a number": b"12",
    "a text": b'"till"',
    "a list": f"[{EVENT}]".encode(),
    "one bare event": EVENT.encode(),
    "no source": b'{"events": []}',
    "no events": b'{"source": "till"}',
    "another field": batch()[:-1] + b', "workspace_id": "other"}',
    "an empty source": batch(source='""'),
    "a blank source": batch(source='"  "'),
    "a source that is a number": batch(source="7"),
    "a source with a line break": batch(source='"a\\nb"'),
    "a long source": batch(source=f'"{"x" * 81}"'),
    "our own source": batch(source='"Understory"'),
    "no event at all": b'{"source": "till", "events": []}',
    "events as an object": b'{"source": "till", "events": {"0": {}}}',
    "events as null": b'{"source": "till", "events": null}',
    "an event that is a number": batch("1"),
    "an event that is a list": batch("[]"),
    "a good event, then a null": batch(f"{EVENT}, null"),
    "501 events": b'{"source": "till", "events": [%s]}' % b",".join([b"{}"] * 501),
}


@pytest.mark.parametrize("body", ODD.values(), ids=ODD.keys())
def test_an_odd_body_is_refused_and_nothing_is_stored(shared: Served, body: bytes) -> None:
    answer = shared.send_raw(body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "/problems/invalid-input"
    assert shared.stored() == (0, 0)


def test_a_body_over_the_limit_is_413_however_it_is_sent(shared: Served) -> None:
    body = batch(EVENT[:-1] + f', "text": "{"x" * MAX_BODY}"}}')
    assert shared.send_raw(body).status_code == 413
    parts = (body[start : start + 4096] for start in range(0, len(body), 4096))
    streamed = shared.ask("POST", "/v1/events", content=parts, headers={"content-type": "application/json"})
    assert (streamed.status_code, streamed.json()["type"]) == (413, "/problems/too-large")
    assert shared.stored() == (0, 0)


@pytest.mark.parametrize("media", ["text/plain", "application/x-www-form-urlencoded", "application/xml", ""])
def test_only_json_is_read(shared: Served, media: str) -> None:
    answer = shared.send_raw(batch(), content_type=media)
    assert (answer.status_code, answer.json()["type"]) == (415, "/problems/unsupported-media-type")
    assert shared.stored() == (0, 0)


def test_a_compressed_body_is_415_until_we_read_them(shared: Served) -> None:
    assert shared.send_raw(batch(), content_encoding="gzip").status_code == 415


def test_no_problem_repeats_what_was_sent(shared: Served) -> None:
    secret = "13912345678"
    for body in (f'{{"source": "{secret}'.encode(), b'{"%s": NaN}' % secret.encode(), f'"{secret}'.encode()):
        assert secret not in shared.send_raw(body).text


def test_what_is_in_order_is_read_as_it_is() -> None:
    deepest = "[" * MAX_DEPTH + "]" * MAX_DEPTH
    assert loads(b'{"a": [1, -2.5, true, null, "\\u4f60\\ud83d\\ude00"]}') == {"a": [1, -2.5, True, None, "你😀"]}
    assert loads(b"9223372036854775807") == 2**63 - 1
    assert loads(deepest.encode())


def test_one_level_more_is_refused() -> None:
    with pytest.raises(InvalidInput, match="nested too deeply"):
        loads(b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1))
