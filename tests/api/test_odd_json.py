"""Hostile bodies against every endpoint that reads one: a 4xx in our own form, or a 200 whose counts are true.

The corpus is generated: odd texts in every place of a good body, wrong types and extreme times in every field,
broken encodings and compressions. After each body the log and the quarantine hold exactly what the answer says.
On PostgreSQL, where only what is stored can differ, every odd text goes in, but a fifth of the rest.
"""

import gzip
import json
import zlib
from collections.abc import Callable, Iterable, Iterator
from itertools import count
from typing import Any, NamedTuple

import pytest
from httpx import Response

from app.api.bodies import MAX_BODY
from tests.databases import SERVER
from tests.factories_api import Served

Fields = dict[str, Any]

EVENT: Fields = {
    "message_id": "m1", "kind": "view", "occurred_at": "2026-03-01T10:00:00+08:00", "identifiers": {"user_id": "u1"},
    "item_id": "p", "campaign_id": "c", "arm_id": "a", "decision_id": "d", "session_id": "s", "order_id": "o",
    "amount_minor": 1, "currency": "CNY", "sent_at": "2026-03-01T10:00:01+08:00", "text": "x", "properties": {"a": 1},
}  # fmt: skip
MESSAGE: Fields = {
    "type": "track", "event": "Order Completed", "messageId": "m1", "userId": "u1", "anonymousId": "a1",
    "timestamp": "2026-03-01T10:00:00+08:00", "originalTimestamp": "2026-03-01T10:00:00+08:00", "groupId": "g",
    "sentAt": "2026-03-01T10:00:01+08:00", "receivedAt": None, "previousId": "b", "name": "n", "category": "c",
    "context": {"a": 1}, "traits": {"a": 1}, "integrations": {}, "writeKey": "k", "channel": "web",
    "properties": {"order_id": "o", "revenue": 1, "products": [{"product_id": "p", "price": 1}]},
}  # fmt: skip
INNER: dict[str, Fields] = {
    "properties": {
        "order_id": "o", "revenue": 1, "total": 1, "currency": "CNY", "session_id": "s", "campaign_id": "c",
        "product_id": "p", "products": [{"product_id": "p", "price": 1, "quantity": 1}],
    },
    "context": {
        "device": {"id": "d"}, "os": {"name": "x"}, "traits": {"email": "a@b.cn", "phone": "139"}, "locale": "zh",
        "externalId": [{"type": "openid", "id": "w"}], "consent": {"categoryPreferences": {"ads": True}},
        "location": {"city": "x"}, "sessionId": 1,
    },
    "traits": {"email": "a@b.cn", "phone": "139", "address": {"city": "x"}},
}  # fmt: skip
ITEM: Fields = {
    "item_id": "p", "title": "t", "category_path": ["a"], "brand": "b", "price": 1, "cost": 1, "currency": "CNY",
    "valid_from": "2026-01-01T00:00:00Z",
}  # fmt: skip
PAIR: Fields = {"a": "user_id:u1", "b": "user_id:u2", "reason": "same person"}


class Endpoint(NamedTuple):
    """Where a body goes, how one object becomes a body, and how its answer counts."""

    path: str
    wrap: Callable[[str], str]
    sample: Fields
    media: str = "application/json"
    method: str = "POST"


ENDPOINTS = {
    "events": Endpoint("/v1/events", lambda o: f'{{"source": "till", "events": [{o}]}}', EVENT),
    "batch": Endpoint("/v1/batch?verdicts=1", lambda o: f'{{"batch": [{o}]}}', MESSAGE),
    "import": Endpoint("/v1/import?verdicts=1", lambda o: f'{{"batch": [{o}], "sentAt": 1}}', MESSAGE, "text/plain"),
    "track": Endpoint("/v1/track?verdicts=1", str, MESSAGE),
    "identify": Endpoint("/v1/identify?verdicts=1", str, MESSAGE),
    "page": Endpoint("/v1/p?verdicts=1", str, MESSAGE),
    "alias": Endpoint("/v1/alias/?verdicts=1", str, MESSAGE),
    "bulk": Endpoint("/v1/events/bulk?source=file", str, EVENT, "application/x-ndjson"),
    "items": Endpoint("/v1/items", lambda o: f"[{o}]", ITEM, method="PUT"),
    "merge": Endpoint("/v1/identity/merge", str, PAIR),
    "unmerge": Endpoint("/v1/identity/unmerge", str, PAIR),
}
EACH_FORM = ("events", "batch", "track", "bulk", "items", "merge")
"""Every way of reading a body; the other endpoints share one of these and get a shorter corpus."""
SEVERAL = {"events", "batch", "bulk"}
"""Where one body holds many objects, each with its own verdict."""
THIN = 5 if SERVER else 1
each = pytest.mark.parametrize("name", EACH_FORM if SERVER else ENDPOINTS)
each_form = pytest.mark.parametrize("name", EACH_FORM)

# Texts that stand where a JSON value should.
ODD_VALUES = (
    "NaN", "Infinity", "-Infinity", "1e400", "-1e400", "9223372036854775808", "18446744073709551616",
    "-9223372036854775809", "9" * 5000, '"\\ud83d"', '"\\udc00\\ud800"', '"\\u0000"', '"a\\u0000b"', '"a\nb"', '"\t"',
    "[" * 31 + "]" * 31, "[" * 200 + "]" * 200, "[" * 10_000 + "]" * 10_000, '{"a":' * 10_000 + "1" + "}" * 10_000,
    '{"a": 1, "a": 2}', '{"a": 1, "\\u0061": 2}', '{"": {"": 1, "": 2}}', "01", "+1", ".5", "1.", "0x10", "1_000",
    "tru", "True", "None", "undefined", "'x'", '"\\x41"', '"\\u12"', '"open', "/* x */ 1", "-", "--1", "1e", "1 2",
    "[1,]", "[,]", '{"a":}', "{a: 1}", '{"a" 1}', "", "\ufeff1", '"\ud83d"', "nan", "1;", "]", "}", "#", "\\",
)  # fmt: skip
WRONG_TYPES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1.5, 2**63 - 1, -(2**63), 1e308, "", " ", "x" * 600, "null", [], [1], [None], [[]], {},
    {"a": 1}, {"": None}, {"id": {"id": []}}, "‮\u200b", "💥" * 40, "=1+1", "'; DROP TABLE events; --",
)  # fmt: skip
TIMES: tuple[Any, ...] = (
    0, -1, 1, 1970, 1e30, -1e30, 1e18, 2**63 - 1, -(2**63), 253402300800, 99999999999, "0", "NaN", "inf", "-1",
    "0000-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00",
    "9999-12-31T23:59:59Z", "10000-01-01T00:00:00Z", "-0001-01-01", "1970-01-01T00:00:00Z", "2026-02-30",
    "2026-13-01T00:00:00Z", "2026-03-01T25:00:00Z", "2026-03-01T10:00:60Z", "2026-03-01T10:00:00+99:00", "20260301",
    "2026-W09-1", "2026-060", "1e30", "٢٠٢٦-٠٣-٠١", "now", "2026-03-01T10:00:00.123456789Z", "9" * 40, 5e-324,
)  # fmt: skip
_NUMBERS = count()
"""Makes every id and person the corpus's only one."""
TIME_FIELDS = ("occurred_at", "sent_at", "timestamp", "originalTimestamp", "sentAt", "receivedAt", "valid_from")


def odd_texts(name: str) -> Iterator[bytes]:
    """Each odd text as a value of the object; deep inside it, as one of its names, and in its place."""
    endpoint = ENDPOINTS[name]
    sample = json.dumps(endpoint.sample)
    for odd in ODD_VALUES:
        places = [f'{sample[:-1]}, "odd": {odd}}}']
        if name in EACH_FORM:
            places += [f'{sample[:-1]}, "properties": {{"a": [{{"b": {odd}}}]}}}}', odd]
        if name in SEVERAL:
            places.append(f"{sample[:-1]}, {odd}: 1}}")
        yield from (endpoint.wrap(place).encode("utf-8", "surrogatepass") for place in places)


def odd_bytes(endpoint: Endpoint) -> Iterator[bytes]:
    """A good body in other encodings, cut off, doubled, with bytes that are not UTF-8."""
    good = endpoint.wrap(json.dumps(endpoint.sample))
    raw = good.encode()
    yield from (good.encode(name) for name in ("utf-8-sig", "utf-16", "utf-16-le", "utf-32", "utf-7"))
    yield from (raw[:end] for end in range(0, len(raw), max(len(raw) // 12, 1)))
    yield from (
        raw + raw,
        raw + b"\0",
        b"\0" + raw,
        b"[" + raw,
        raw.replace(b'"', b"\xff", 1),
        raw.replace(b" ", b"\xa0"),
    )
    yield from (
        b"",
        b" ",
        b"null",
        b"0",
        b'""',
        b"[]",
        b"{}",
        b"[[]]",
        b"true",
        b"\xc0\x80",
        b"\xed\xa0\xbd",
        b"\x1f\x8b",
    )


def compressed(endpoint: Endpoint) -> Iterator[tuple[str, bytes]]:
    """Compressed bodies that are cut off, damaged, mislabelled, or bombs."""
    packed = gzip.compress(endpoint.wrap(json.dumps(endpoint.sample)).encode())
    yield from (("gzip", packed[:end]) for end in range(1, len(packed), 9))
    yield from (
        ("gzip", packed[:at] + bytes([packed[at] ^ 0xFF]) + packed[at + 1 :]) for at in range(0, len(packed), 17)
    )
    yield from ((name, packed) for name in ("deflate", "br", "zstd", "identity", "gzip, gzip", "compress", "?"))
    yield "gzip", gzip.compress(b" " * (40 << 20))
    yield "gzip", gzip.compress(gzip.compress(b"[" * (2 << 20)))
    yield "deflate", zlib.compress(b"[" * (2 << 20))
    yield "identity", b" " * (5 << 20)
    yield "identity", endpoint.wrap(json.dumps(endpoint.sample | {"x": "y" * (5 << 20)})).encode()


def together(name: str, objects: Iterable[Fields]) -> Iterator[bytes]:
    """Objects in as few bodies as the endpoint allows, each with an id and a person of its own."""
    endpoint, several = ENDPOINTS[name], list[str]()
    for fields in objects:
        n = next(_NUMBERS)
        text = json.dumps(fields).replace('"m1"', f'"m{n}"').replace('"u1"', f'"u{n}"').replace('"a1"', f'"a{n}"')
        if name not in SEVERAL:
            yield endpoint.wrap(text).encode()
            continue
        several.append(text)
        if len(several) == 40:
            yield endpoint.wrap(("\n" if name == "bulk" else ",").join(several)).encode()
            several.clear()
    if several:
        yield endpoint.wrap(("\n" if name == "bulk" else ",").join(several)).encode()


def wrong_fields(sample: Fields) -> Iterator[Fields]:
    """Every field with a value of every wrong type, and the object without the field."""
    for field in sample:
        for value in WRONG_TYPES:
            yield sample | {field: value}
        yield {name: v for name, v in sample.items() if name != field}


def wrong_inside() -> Iterator[Fields]:
    """The same for what stands inside a message's objects, two levels deep."""
    for outer, sample in INNER.items():
        for field, content in sample.items():
            for value in WRONG_TYPES:
                yield MESSAGE | {outer: sample | {field: value}}
                if isinstance(content, dict):
                    yield MESSAGE | {outer: sample | {field: dict.fromkeys(content, value)}}
                if isinstance(content, list):
                    yield MESSAGE | {outer: sample | {field: [value, dict.fromkeys(content[0], value)]}}


def extreme_times(sample: Fields) -> Iterator[Fields]:
    for field in sorted(set(TIME_FIELDS) & set(sample)):
        yield from (sample | {field: time} for time in TIMES)
    if "timestamp" in sample:  # both alike: the clock of the sender is off by as much
        plain = {k: v for k, v in MESSAGE.items() if k not in ("timestamp", "originalTimestamp", "sentAt")}
        yield from (plain | {"timestamp": time, "sentAt": time} for time in TIMES)


def send(shop: Served, endpoint: Endpoint, body: bytes, encoding: str = "") -> Response:
    headers = {"content-type": endpoint.media} | ({"content-encoding": encoding} if encoding else {})
    return shop.ask(endpoint.method, endpoint.path, content=body, headers=headers)


def faults(shop: Served, endpoint: Endpoint, bodies: Iterable[tuple[str, bytes]]) -> tuple[list[str], int]:
    """What was wrong with any answer, and how many bodies were sent."""
    found, sent = [], 0
    log, kept = shop.stored()
    with shop.client:
        for encoding, body in bodies:
            answer = send(shop, endpoint, body, encoding)
            log_before, kept_before = log, kept
            log, kept = shop.stored()
            sent += 1
            if fault := _fault(answer, log - log_before, kept - kept_before):
                found.append(f"{answer.status_code} {fault}: {encoding} {body[:300]!r}")
    return found, sent


def _fault(answer: Response, logged: int, kept: int) -> str:
    if answer.status_code == 200:
        return _false_counts(answer.json(), logged, kept)
    if not 400 <= answer.status_code < 500:
        return "neither 200 nor 4xx"
    if answer.headers["content-type"] != "application/problem+json" or not answer.json()["type"].startswith(
        "/problems/"
    ):
        return "no problem+json"
    return "something was stored all the same" if (logged, kept) != (0, 0) else ""


def _false_counts(answer: Fields, logged: int, kept: int) -> str:
    """Whether a 200 says what was stored. What is in quarantine already is kept once."""
    if "success" in answer:
        verdicts = answer.get("verdicts", [])
        accepted = sum(len(v.get("event_ids", ())) for v in verdicts if v["verdict"] == "accepted")
        beside = sum(len(v.get("event_ids", ())) for v in verdicts if v["verdict"] == "quarantined")
        refused = any(v["verdict"] in ("quarantined", "conflict") for v in verdicts)
        return "" if accepted <= logged <= accepted + beside and (refused or not kept) else "counts that are not true"
    data = answer["data"]
    if "accepted" not in data:
        return "" if kept == 0 else "something in quarantine"
    refused = data["quarantined"] + data["conflicts"]
    return "" if data["accepted"] == logged and kept <= refused else "counts that are not true"


def fresh(bodies: Iterable[bytes]) -> Iterator[tuple[str, bytes]]:
    """The bodies with message ids and persons of their own, so that none is a mere duplicate."""
    for body in bodies:
        n = next(_NUMBERS)
        yield (
            "",
            body.replace(b'"m1"', b'"odd%d"' % n).replace(b'"u1"', b'"u-odd%d"' % n).replace(b'"a1"', b'"a-odd%d"' % n),
        )


@each
def test_odd_texts_anywhere_in_a_body(shared: Served, name: str) -> None:
    found, sent = faults(shared, ENDPOINTS[name], fresh(odd_texts(name)))
    assert found == []
    assert sent >= len(ODD_VALUES)


@each_form
def test_odd_bytes_and_odd_compressions(shared: Served, name: str) -> None:
    endpoint = ENDPOINTS[name]
    found, sent = faults(shared, endpoint, [*fresh(odd_bytes(endpoint)), *compressed(endpoint)])
    assert found == []
    assert sent >= 40


@each_form
def test_wrong_types_in_every_field(shared: Served, name: str) -> None:
    objects = list(wrong_fields(ENDPOINTS[name].sample))[:: THIN if name in SEVERAL else 3 * THIN]
    found, _ = faults(shared, ENDPOINTS[name], fresh(together(name, objects)))
    assert found == []


def test_wrong_types_inside_a_message(shared: Served) -> None:
    found, sent = faults(shared, ENDPOINTS["batch"], fresh(together("batch", wrong_inside())))
    assert found == []
    assert sent >= 15


@pytest.mark.parametrize("name", ["events", "batch", "track", "bulk", "items"])
def test_extreme_times_in_every_field_of_time(shared: Served, name: str) -> None:
    objects = list(extreme_times(ENDPOINTS[name].sample))[::THIN]
    found, _ = faults(shared, ENDPOINTS[name], fresh(together(name, objects)))
    assert found == []


def test_the_corpus_is_as_large_as_it_should_be() -> None:
    bodies = {body for name in ENDPOINTS for body in odd_texts(name)}
    bodies |= {body for name in EACH_FORM for body in odd_bytes(ENDPOINTS[name])}
    assert len(bodies) > 1_000


def test_after_all_of_it_profiles_still_agree_with_the_log_and_can_be_read(shared: Served) -> None:
    assert MAX_BODY < 5 << 20
    shop = shared.app.pipeline.access.workspace("shop")
    shared.app.pipeline.catch_up(shop)
    assert shared.app.pipeline.check(shop).total == 0
    for row in shared.get("/v1/customers?limit=20").json()["data"]["rows"]:
        assert shared.get(f"/v1/customers/{row['customer_id']}/profile").status_code == 200
