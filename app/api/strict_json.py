"""JSON at the edge, read strictly: what other parsers would guess at is refused before anything is stored.

Refused: NaN and Infinity, numbers that no 64-bit integer or finite double holds, NUL and lone surrogates in text,
a field named twice, nesting deeper than 32, bytes that are not UTF-8, bodies over 1 MiB. No message repeats input.
"""

import json
import math
from typing import NoReturn

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from app.errors import InvalidInput, TooLarge

MAX_BODY = 1 << 20
"""Bytes of one request body."""
MAX_DEPTH = 32
"""Arrays and objects inside each other."""

Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None
"""A value as JSON has it."""


async def read_json(request: Request) -> Json:
    """The request's body. 415 unless it is plain JSON, 413 when it is too large, 422 when it cannot be trusted."""
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != "application/json":
        raise HTTPException(415, "send the body as `Content-Type: application/json`")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise HTTPException(415, "compressed bodies are not read yet: send it without Content-Encoding")
    return loads(await _body(request))


def loads(raw: bytes) -> Json:
    """Decode one JSON text; InvalidInput says what is wrong with it."""
    try:
        value: Json = json.loads(
            raw.decode(), object_pairs_hook=_object, parse_constant=_no_constant, parse_int=_integer
        )
    except UnicodeDecodeError:
        raise InvalidInput("the body is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise InvalidInput(f"the body is not JSON: {error.msg}, line {error.lineno} column {error.colno}") from None
    except RecursionError:
        raise InvalidInput(f"the body is nested too deeply (at most {MAX_DEPTH})") from None
    _check(value)
    return value


async def _body(request: Request) -> bytes:
    declared = request.headers.get("content-length", "")
    if declared.isascii() and declared.isdigit() and int(declared[:20]) > MAX_BODY:
        raise TooLarge(f"the body is larger than {MAX_BODY} bytes: send it in parts")
    parts, size = [], 0
    try:
        async for part in request.stream():
            size += len(part)
            if size > MAX_BODY:
                raise TooLarge(f"the body is larger than {MAX_BODY} bytes: send it in parts")
            parts.append(part)
    except ClientDisconnect:
        raise HTTPException(400, "the body ended early") from None
    return b"".join(parts)


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise InvalidInput("the body names a field twice in one object")
    return found


def _no_constant(_name: str) -> NoReturn:
    raise InvalidInput("the body holds NaN or Infinity, which is not JSON")


def _integer(digits: str) -> int:
    # Checked by length first: Python refuses to read thousands of digits, and anything above 19 is too large anyway.
    if len(digits) > 20 or not -(2**63) <= int(digits) < 2**63:
        raise InvalidInput("the body holds an integer that does not fit in 64 bits")
    return int(digits)


def _check(value: Json) -> None:
    rest = [(value, 0)]
    while rest:
        node, depth = rest.pop()
        if isinstance(node, str):
            _check_text(node)
        elif isinstance(node, float) and not math.isfinite(node):
            raise InvalidInput("the body holds a number beyond the range of a double")
        elif isinstance(node, dict | list):
            if depth == MAX_DEPTH:
                raise InvalidInput(f"the body is nested too deeply (at most {MAX_DEPTH})")
            children = [*node, *node.values()] if isinstance(node, dict) else node
            rest += [(child, depth + 1) for child in children]


def _check_text(text: str) -> None:
    if "\x00" in text or (not text.isascii() and any("\ud800" <= c <= "\udfff" for c in text)):
        raise InvalidInput("the body holds text with NUL or a lone surrogate")
