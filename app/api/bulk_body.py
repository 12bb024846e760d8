"""Newline-delimited JSON in bounded memory: pieces of any size in, chunks of records out. Pure."""

from collections.abc import Iterator
from typing import NamedTuple

from app.api.strict_json import loads
from app.errors import InvalidInput
from app.events.sources.mapping import Parsed
from app.events.sources.posted import read_event

MAX_LINE = 256 << 10
"""Bytes of one line. What follows in a longer one is passed over."""
CHUNK_LINES = 500
CHUNK_BYTES = 1 << 20
"""A chunk is full when it has so many lines or bytes."""
_SHOWN = 2_000
"""Characters of an unreadable line that the quarantine keeps."""


class Chunk(NamedTuple):
    """Lines that are logged together."""

    records: tuple[Parsed, ...]


class Chunker:
    """Cuts a stream of bytes into lines and lines into chunks."""

    def __init__(self) -> None:
        """Begin at line 1."""
        self._rest = bytearray()
        self._overlong = False
        self._line = 0
        self._records: list[Parsed] = []
        self._bytes = 0

    def add(self, piece: bytes) -> Iterator[Chunk]:
        """The chunks that are full with this piece."""
        *ended, begun = piece.split(b"\n")
        for part in ended:
            self._keep(part)
            self._end_line()
            if len(self._records) >= CHUNK_LINES or self._bytes >= CHUNK_BYTES:
                yield self._full()
        self._keep(begun)

    def end(self) -> Iterator[Chunk]:
        """The last chunk, if there is anything in it."""
        if self._rest:
            self._end_line()
        if self._records:
            yield self._full()

    def _keep(self, part: bytes) -> None:
        room = MAX_LINE - len(self._rest)
        self._overlong = self._overlong or len(part) > room
        self._rest += part[:room]

    def _end_line(self) -> None:
        self._line += 1
        raw, overlong = bytes(self._rest), self._overlong
        self._rest.clear()
        self._overlong = False
        if overlong or raw.strip():
            self._records.append(_record(raw, self._line, overlong=overlong))
            self._bytes += len(raw)

    def _full(self) -> Chunk:
        chunk = Chunk(tuple(self._records))
        self._records, self._bytes = [], 0
        return chunk


def _record(raw: bytes, line: int, *, overlong: bool) -> Parsed:
    if overlong:
        return _refused(raw, line, f"too large: a line may have {MAX_LINE} bytes")
    try:
        value = loads(raw)
    except InvalidInput as error:
        return _refused(raw, line, f"broken JSON: {str(error).replace('the body', 'the line')}")
    if not isinstance(value, dict):
        return _refused(raw, line, "not a JSON object: each line must be one")
    return read_event(value, line)


def _refused(raw: bytes, line: int, reason: str) -> Parsed:
    text = raw.decode(errors="backslashreplace").strip()
    return Parsed(line, None, reason, {"raw": text[:_SHOWN]})
