"""JSON read strictly: what other parsers would guess at is refused before anything is stored.

Refused: NaN and Infinity, numbers that no 64-bit integer or finite double holds, NUL and lone surrogates in text,
a field named twice, nesting deeper than 32, bytes that are not UTF-8. No message repeats input.

Nearly every body is in order, and that is seen at the speed of C: msgspec reads and refuses most of the above, and
the rest leaves traces that are searched for in the bytes (`_surely_in_order`). Bodies with such a trace are read once
more by `loads_marked`, which keeps what it finds in its place, so that one bad event does not spoil a batch.
"""

import json
import math
from typing import Any

import msgspec

from app.errors import InvalidInput

MAX_DEPTH = 32
"""Arrays and objects inside each other."""

Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None
"""A value as JSON has it."""

_DECODER = msgspec.json.Decoder()
_DIGITS = bytes.maketrans(b"123456789", b"000000000")
_LONG_NUMBER = b"0" * 19
"""The shortest number that may not fit into 64 bits."""
_QUOTED_LONG_NUMBER = b'"' + _LONG_NUMBER
_DEEP = b"\n" + b" " * MAX_DEPTH


class Unusable(str):
    """A number that cannot be kept, as it was written, in its place."""

    __slots__ = ("reason",)
    reason: str

    @classmethod
    def of(cls, written: str, reason: str) -> "Unusable":
        """The text and why it cannot be used."""
        mark = cls(written)
        mark.reason = reason
        return mark


class TwiceNamed(list[Any]):
    """The [name, value] pairs of an object that names a field twice: neither value is lost, neither is believed."""


def loads(raw: bytes) -> Json:
    """Decode one JSON text; InvalidInput says what is wrong with it."""
    try:
        value: Json = _DECODER.decode(raw)
        if _surely_in_order(raw, value):
            return value
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, OverflowError):
        pass  # read below, where the fault gets its words
    value = loads_marked(raw)
    if fault := fault_of(value):
        raise InvalidInput(f"the body {fault}")
    return value


def loads_marked(raw: bytes) -> Json:
    """Decode what has the shape of JSON; `fault_of` finds what cannot be used. InvalidInput when it is no JSON."""
    try:
        text = raw.decode()
        value: Json = json.loads(text, object_pairs_hook=_object, parse_constant=_constant, parse_int=_integer)
    except UnicodeDecodeError:
        raise InvalidInput("the body is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise InvalidInput(f"the body is not JSON: {error.msg}, line {error.lineno} column {error.colno}") from None
    except RecursionError:
        raise InvalidInput(f"the body is nested too deeply (at most {MAX_DEPTH})") from None
    return value


def fault_of(value: Any, *, depth: int = 0) -> str | None:
    """What is wrong with a marked value that stands `depth` levels inside a body; None when nothing is."""
    rest = [(value, depth)]
    while rest:
        node, level = rest.pop()
        fault = _fault(node, level)
        if fault:
            return fault
        if isinstance(node, dict):
            rest += [(child, level + 1) for child in (*node, *node.values())]
        elif isinstance(node, list):
            rest += [(child, level + 1) for child in node]
    return None


def as_written(value: Json) -> str:
    """A marked value as ASCII JSON, for the quarantine: lone surrogates as escapes, numbers as they were written."""
    try:
        return json.dumps(value)
    except RecursionError:
        return "nested too deeply to be written down"


def _surely_in_order(raw: bytes, value: Json) -> bool:
    """Whether decoded bytes show no trace of what msgspec lets through. False means: look closely.

    - NUL can only be written as an escape.
    - Each colon is inside a text or behind a name. A repeated name leaves one colon fewer in the value, written
      again, than in the bytes, unless colons were written as escapes.
    - Integers of fewer than 19 digits fit; a longer run of digits behind a quotation mark is text.
    - Indented by one blank per level, deep nesting shows as a line with many blanks; texts hold no line breaks.
    """
    if b"\\u0000" in raw or b"\\u003a" in raw or b"\\u003A" in raw:
        return False
    zeroed = raw.translate(_DIGITS)
    if zeroed.count(_LONG_NUMBER) != zeroed.count(_QUOTED_LONG_NUMBER):
        return False
    if raw.count(b":") != msgspec.json.encode(value).count(b":"):
        return False
    return _DEEP not in msgspec.json.format(raw, indent=1)


def _fault(node: Any, level: int) -> str | None:
    if isinstance(node, Unusable):
        return node.reason
    if isinstance(node, TwiceNamed):
        return "names a field twice in one object"
    if isinstance(node, str):
        return None if _is_text(node) else "holds text with NUL or a lone surrogate"
    if isinstance(node, float) and not math.isfinite(node):
        return "holds a number beyond the range of a double"
    if isinstance(node, dict | list) and level == MAX_DEPTH:
        return f"is nested too deeply (at most {MAX_DEPTH})"
    return None


def _is_text(text: str) -> bool:
    return "\x00" not in text and (text.isascii() or not any("\ud800" <= c <= "\udfff" for c in text))


def _object(pairs: list[tuple[str, Json]]) -> Any:
    found = dict(pairs)
    return found if len(found) == len(pairs) else TwiceNamed([name, value] for name, value in pairs)


def _constant(name: str) -> Unusable:
    return Unusable.of(name, "holds NaN or Infinity, which is not JSON")


def _integer(digits: str) -> int | Unusable:
    # Checked by length first: Python refuses to read thousands of digits, and anything above 19 is too large anyway.
    if len(digits) > 20 or not -(2**63) <= int(digits) < 2**63:
        return Unusable.of(digits, "holds an integer that does not fit in 64 bits")
    return int(digits)
