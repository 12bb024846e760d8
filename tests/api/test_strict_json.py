"""Odd bodies: whatever is sent, the answer is a 4xx in our own form, and nothing is stored."""

import gzip
import json
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.api.bodies import MAX_BODY, PIECE
from app.api.strict_json import MAX_DEPTH, Unusable, as_written, fault_of, loads, loads_marked
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


def raw_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(body) + packer.flush()


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [
        ("gzip", gzip.compress),
        ("x-gzip", lambda body: gzip.compress(body[:50]) + gzip.compress(body[50:])),
        ("deflate", zlib.compress),
        ("deflate", raw_deflate),
        ("identity", bytes),
    ],
)
def test_compressed_bodies_are_read(served: Served, encoding: str, pack: Callable[[bytes], bytes]) -> None:
    assert served.send_raw(pack(batch()), content_encoding=encoding).json()["data"]["accepted"] == 1


@pytest.mark.parametrize("size", [PIECE - 1, PIECE, PIECE + 1, 5 * PIECE])
def test_compressed_bodies_of_any_size_are_read_whole(served: Served, size: int) -> None:
    body = with_field(f'"text": "{"x" * (size - len(with_field(chr(34) * 8)))}"')
    assert served.send_raw(gzip.compress(body), content_encoding="gzip").json()["data"]["accepted"] == 1


DAMAGED = {
    "cut off": gzip.compress(batch())[:-9],
    "the checksum missing": gzip.compress(batch())[:-8],
    "a changed byte": gzip.compress(batch())[:20] + b"?" + gzip.compress(batch())[21:],
    "not gzip": batch(),
    "a tail": gzip.compress(batch()) + b"tail",
    "zlib's trailer missing": zlib.compress(batch())[:-2],
}


@pytest.mark.parametrize("body", DAMAGED.values(), ids=DAMAGED.keys())
def test_a_damaged_compressed_body_is_refused(shared: Served, body: bytes) -> None:
    answer = shared.send_raw(body, content_encoding="gzip")
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid-input")
    assert shared.stored() == (0, 0)


def test_a_gzip_bomb_is_413(shared: Served) -> None:
    bomb = gzip.compress(b"0" * (64 << 20))
    assert len(bomb) < MAX_BODY
    assert shared.send_raw(bomb, content_encoding="gzip").status_code == 413


def test_an_encoding_that_we_do_not_read_is_415(shared: Served) -> None:
    assert shared.send_raw(batch(), content_encoding="br").status_code == 415


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


# --- the fast way agrees with the careful one -------------------------------------------------------------------

_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**65), 2**65) | st.floats(allow_nan=True) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(":a,\\", max_size=3), inner, max_size=4),
    max_leaves=20,
)


@given(_values, st.booleans(), st.sampled_from((None, 1)), st.booleans())
def test_any_text_is_read_as_the_careful_reader_reads_it(
    value: Any, ascii_only: bool, indent: Any, twice: bool
) -> None:
    raw = json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode("utf-8", "surrogatepass")
    if twice:
        raw = raw.replace(b'"a"', b'""')
    try:
        found = loads(raw)
    except InvalidInput:
        assert not readable(raw)
    else:
        assert readable(raw)
        assert found == json.loads(raw)


def readable(raw: bytes) -> bool:
    try:
        return fault_of(loads_marked(raw)) is None
    except InvalidInput:
        return False


@pytest.mark.parametrize("depth", [31, 32, 33, 34, 200])
@pytest.mark.parametrize(("opening", "closing", "core"), [("[", "]", ""), ("[", "]", "1"), ('{"a":', "}", "1")])
def test_depth_is_counted_exactly(depth: int, opening: str, closing: str, core: str) -> None:
    raw = (opening * depth + core + closing * depth).encode()
    if depth <= MAX_DEPTH:
        assert loads(raw) is not None
    else:
        with pytest.raises(InvalidInput, match="nested too deeply"):
            loads(raw)


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1, "a": 2}',
        '{"a": {"b": 1, "b": ":"}}',
        '{"\\u003a": 1, "x": "\\u003A", ":": 2, "\\u003a": 3}',
        '{"a": 1, "\\u0061": 2}',
        '{"a": {"c": ":::"}, "a": 1}',
        '{"a": ":", "a": 1, "b": "::"}',
    ],
)
def test_a_name_given_twice_is_seen_however_it_is_written(text: str) -> None:
    with pytest.raises(InvalidInput, match="twice"):
        loads(text.encode())


@pytest.mark.parametrize(
    "text",
    [
        '{"a": ":", "b": "::", "c:d": "\\u003a"}',
        '{"id": "1234567890123456789012345678901234567890"}',
        '{"x": 0.12345678901234567890123}',
        '{"x": [9223372036854775807, -9223372036854775808]}',
        '{"x": "\\u00001", "y": 1}'.replace("\\u0000", "\\\\u0000"),
    ],
)
def test_what_only_looks_odd_is_read(text: str) -> None:
    assert loads(text.encode()) == json.loads(text)


def test_marks_keep_what_was_written() -> None:
    value = loads_marked(b'{"a": NaN, "b": 18446744073709551616, "c": {"d": 1, "d": 2}, "e": "\\ud800"}')
    assert isinstance(value, dict)
    assert isinstance(value["a"], Unusable)
    assert as_written(value) == '{"a": "NaN", "b": "18446744073709551616", "c": [["d", 1], ["d", 2]], "e": "\\ud800"}'
