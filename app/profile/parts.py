"""Some parts of stored states, read without the rest: for questions over all customers."""

from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

import msgspec

from app.profile.fold import State

_ALWAYS = frozenset(("fold_version", "taxonomy_hash", "last_key"))


class Parts(NamedTuple):
    """What was asked for of one customer."""

    customer_id: str
    last_key: tuple[datetime, datetime, str] | None
    """Of the last event that is in the state."""
    parts: tuple[Any, ...]
    """In the order of the names asked for."""


@cache
def decoder_of(names: tuple[str, ...]) -> msgspec.msgpack.Decoder[Any]:
    """Reads a `State` of which only these fields are made; the others are passed over, the last ones not looked at."""
    wanted = _ALWAYS.union(names)
    fields = msgspec.structs.fields(State)
    last = max(place for place, field in enumerate(fields) if field.name in wanted)
    kept = [(f.name, f.type if f.name in wanted else msgspec.Raw) for f in fields[: last + 1]]
    if unknown := wanted.difference(field.name for field in fields):
        raise ValueError(f"a state has no {', '.join(sorted(unknown))}")
    return msgspec.msgpack.Decoder(msgspec.defstruct("SomeOfState", kept, array_like=True, gc=False))
