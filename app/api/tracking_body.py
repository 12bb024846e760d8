"""The body of a tracking call as Segment and RudderStack SDKs send it, and what becomes of it. Pure.

A batch is an envelope: one message that cannot be used goes to quarantine alone, and its neighbours are taken.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

import msgspec

from app.api.strict_json import Json, as_written, fault_of, loads, loads_marked
from app.errors import InvalidInput, TooLarge
from app.events.quality import EventVerdict
from app.events.sources.mapping import Parsed
from app.events.sources.segment import MAX_MESSAGE_BYTES, Arrival, Read, SegmentReader, too_large
from app.schema import Frozen

MAX_BATCH_BYTES = 500 << 10
"""Bytes of one call, inflated."""
MAX_MESSAGES = 2_500
MAX_EVENTS = 10_000
"""Events that the messages of one call may become."""
_SEVERITY = ("duplicate", "accepted", "conflict", "quarantined")

Word = Literal["accepted", "duplicate", "conflict", "quarantined"]


class MessageVerdict(Frozen):
    """What became of one message; all of it when it became several events."""

    messageId: str | None  # noqa: N815
    """As it was sent, or the one that was made for it."""
    verdict: Word
    """The worst of its events': quarantined, conflict, accepted, duplicate."""
    reason: str | None = None
    """Why it lies in quarantine, or what the sender should know."""
    event_ids: tuple[str, ...] = ()
    """Its events in the log: from this call, or from the one that came first."""


class Acknowledged(Frozen):
    """What SDKs wait for. When it arrives, everything is on disk."""

    success: bool = True
    verdicts: tuple[MessageVerdict, ...] | None = None
    """One for each message, in order; on request (`?verdicts=1` or `X-Verdicts: 1`)."""


class Call(NamedTuple):
    """A tracking call whose envelope is in order."""

    messages: tuple[Json, ...]
    sent_at: Json
    write_key: str
    """Of the body; it counts only when no header carried one."""
    marked: bool
    """Whether messages must be searched for what strict JSON refuses."""


def read_call(raw: bytes, *, single: bool) -> Call:
    """The messages of a call. InvalidInput when there is no envelope to speak of."""
    try:
        body, marked = loads(raw), False
    except InvalidInput:
        if single:
            raise
        body, marked = loads_marked(raw), True
    if not isinstance(body, dict):
        raise InvalidInput("the body must be a JSON object")
    messages = [body] if single else body.get("batch")
    if not isinstance(messages, list) or (fault := _envelope_fault(body) if marked else None):
        raise InvalidInput(
            f"the body {fault}" if marked and fault else "the body must hold `batch`, a list of messages"
        )
    if len(messages) > MAX_MESSAGES:
        raise TooLarge(f"more than {MAX_MESSAGES} messages in one batch: send them in parts")
    if len(messages) == 1 and _size(messages[0], marked=marked) > MAX_MESSAGE_BYTES:
        raise TooLarge(too_large())
    key = body.get("writeKey")
    return Call(tuple(messages), body.get("sentAt"), key if isinstance(key, str) else "", marked)


def read_messages(call: Call, arrival: Arrival, *, kind: str | None) -> list[Read]:
    """Each message as events or as a fault; `kind` is the type that the path names."""
    reader, reads, room = SegmentReader(arrival), list[Read](), MAX_EVENTS
    for index, message in enumerate(call.messages):
        read = _read(reader, index, message, kind, marked=call.marked)
        if len(read.records) > room:
            read = _refused(index, message, f"too many events: a call may become {MAX_EVENTS}", marked=call.marked)
        room -= len(read.records)
        reads.append(read)
    return reads


def verdicts_of(call: Call, reads: Sequence[Read], taken: Iterable[EventVerdict]) -> tuple[MessageVerdict, ...]:
    """What became of each message."""
    by_message: defaultdict[int, list[EventVerdict]] = defaultdict(list)
    for verdict in taken:
        by_message[verdict.line].append(verdict)
    return tuple(_verdict(m, read, by_message[n]) for n, (m, read) in enumerate(zip(call.messages, reads, strict=True)))


def _verdict(message: Json, read: Read, events: Sequence[EventVerdict]) -> MessageVerdict:
    worst = max(events, key=lambda event: _SEVERITY.index(event.verdict))
    first = read.records[0].incoming
    sent = message.get("messageId") if isinstance(message, dict) else None
    return MessageVerdict(
        messageId=first.message_id if first else sent if isinstance(sent, str) else None,
        verdict=worst.verdict,
        reason=worst.reason or read.note,
        event_ids=tuple(dict.fromkeys(event.event_id for event in events if event.event_id)),
    )


def _read(reader: SegmentReader, index: int, message: Json, kind: str | None, *, marked: bool) -> Read:
    if marked and (fault := fault_of(message, depth=2)):
        return _refused(index, message, f"broken JSON: the message {fault}", marked=True)
    if not isinstance(message, dict):
        return _refused(index, message, "not a JSON object: a message must be one", marked=False)
    return reader.read(index, message, call=kind)


def _refused(index: int, message: Json, reason: str, *, marked: bool) -> Read:
    row: Mapping[str, Json] = {"raw": as_written(message)} if marked or not isinstance(message, dict) else message
    sent = message.get("messageId") if isinstance(message, dict) else None
    return Read((Parsed(index, None, reason, dict(row), sent if isinstance(sent, str) else None),))


def _envelope_fault(body: dict[str, Json]) -> str | None:
    return fault_of({name: value for name, value in body.items() if name != "batch"})


def _size(message: Json, *, marked: bool) -> int:
    return len(as_written(message)) if marked else len(msgspec.json.encode(message))
