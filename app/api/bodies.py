"""Request bodies: whole or in pieces, compressed or not, and never larger than a stated number of bytes.

gzip and deflate are inflated piece by piece, and inflating stops at the limit: a bomb costs no more than that.
"""

import zlib
from collections.abc import AsyncIterator, Iterator

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from app.api.strict_json import Json, loads
from app.errors import InvalidInput, TooLarge

MAX_BODY = 1 << 20
"""Bytes of one JSON body, inflated."""
PIECE = 1 << 16
"""Bytes that are inflated at a time."""

_GZIP_OR_ZLIB = 47
_RAW_DEFLATE = -15


async def read_json(request: Request) -> Json:
    """The body as JSON. 415 unless it is plain JSON, 413 when it is too large, 422 when it cannot be trusted."""
    expect_media(request, "application/json")
    return loads(await read_body(request, limit=MAX_BODY))


def expect_media(request: Request, *wanted: str) -> None:
    """Answer 415 unless the body says to be one of these media types."""
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media not in wanted:
        raise HTTPException(415, f"send the body as `Content-Type: {wanted[0]}`")


async def read_body(request: Request, *, limit: int) -> bytes:
    """The whole body, inflated. TooLarge when it has more than `limit` bytes, however it came."""
    declared = request.headers.get("content-length", "")
    if declared.isascii() and declared.isdigit() and int(declared[:20]) > limit:
        raise _too_large(limit)
    return b"".join([piece async for piece in read_pieces(request, limit=limit)])


async def read_pieces(request: Request, *, limit: int) -> AsyncIterator[bytes]:
    """The body as it comes in, inflated, in pieces of bounded size. TooLarge once there are more than `limit` bytes."""
    inflate, came, size = _inflater(request), 0, 0
    try:
        async for part in request.stream():
            came += len(part)
            if came > limit:
                raise _too_large(limit)
            for piece in inflate.pieces(part):
                size += len(piece)
                if size > limit:
                    raise _too_large(limit)
                yield piece
    except ClientDisconnect:
        raise HTTPException(400, "the body ended early") from None
    inflate.end()


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"the body is larger than {limit} bytes: send it in parts")


class _Plain:
    """A body that is not compressed."""

    def pieces(self, part: bytes) -> Iterator[bytes]:
        """The part itself."""
        yield part

    def end(self) -> None:
        """Nothing can be missing."""


class _Inflater:
    """Inflates a stream of gzip members, or one zlib or raw deflate stream."""

    def __init__(self, *, raw_allowed: bool) -> None:
        self._raw_allowed = raw_allowed
        self._stream = zlib.decompressobj(_GZIP_OR_ZLIB)
        self._begun = False

    def pieces(self, part: bytes) -> Iterator[bytes]:
        """What the next compressed bytes hold. InvalidInput when they are damaged."""
        try:
            yield from self._inflated(part)
        except zlib.error:
            raise InvalidInput("the compressed body is damaged: send it again, or without Content-Encoding") from None

    def _inflated(self, rest: bytes) -> Iterator[bytes]:
        if rest and not self._begun:
            self._begun = True
            if self._raw_allowed and rest[0] & 0x0F != zlib.DEFLATED:
                self._stream = zlib.decompressobj(_RAW_DEFLATE)
        while True:
            if self._stream.eof:
                if not rest:
                    return
                self._stream = zlib.decompressobj(_GZIP_OR_ZLIB)  # another gzip member follows
            piece = self._stream.decompress(rest, PIECE)
            yield piece
            rest = self._stream.unconsumed_tail or self._stream.unused_data
            if not rest and len(piece) < PIECE:
                return

    def end(self) -> None:
        """The body is over. InvalidInput when something is missing."""
        if self._begun and not self._stream.eof:
            raise InvalidInput("the compressed body was cut off: send it again")


def _inflater(request: Request) -> _Plain | _Inflater:
    encoding = request.headers.get("content-encoding", "").strip().lower()
    match encoding:
        case "" | "identity":
            return _Plain()
        case "gzip" | "x-gzip":
            return _Inflater(raw_allowed=False)
        case "deflate":
            return _Inflater(raw_allowed=True)
        case _:
            raise HTTPException(415, "this Content-Encoding is not read: use gzip, deflate or none")
