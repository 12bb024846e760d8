"""States kept on the way, so that a late event need not fold a whole life again.

A checkpoint is the state after every so many events of a customer in canonical order. One that holds an event of the
late event's time or later is wrong and goes; folding on from the newest of the others gives the state that a fold
from the start would give, exactly.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

from app.events.schemas import Event
from app.profile.fold import State, advance
from app.profile.seen import Context

EVERY = 256
"""Events of one customer between two checkpoints."""


class Checkpoint(NamedTuple):
    """A customer's state as it stood after their event of `occurred_at`."""

    customer_id: str
    occurred_at: datetime
    state: bytes


def encoded(state: State) -> bytes:
    """The bytes that are stored: a fold of the same events in the same order gives the same ones."""
    return msgspec.msgpack.encode(state)


def advance_noting(customer_id: str, state: State, events: Sequence[Event], context: Context) -> list[Checkpoint]:
    """Fold events onto a state in place; returns the checkpoints that were passed."""
    noted: list[Checkpoint] = []
    start, room = 0, EVERY - sum(state.counts.values()) % EVERY
    while len(events) - start >= room:
        advance(state, events[start : start + room], context)
        noted.append(Checkpoint(customer_id, events[start + room - 1].occurred_at, encoded(state)))
        start, room = start + room, EVERY
    advance(state, events[start:], context)
    return noted
