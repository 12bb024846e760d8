"""What a client sends: batches that follow from its name, their number and the seed, so that a resend is the same."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

START = datetime(2026, 1, 1, tzinfo=UTC)
KINDS = ("view", "search", "cart_add", "favourite", "order")
PEOPLE = 2_000
LATE = 0.02
"""Share of events that arrive up to a day after others of the same person."""


def batch(client: str, number: int, *, size: int, seed: int) -> list[dict[str, Any]]:
    """The events of one batch."""
    dice = random.Random(f"{seed} {client} {number}")
    return [
        _event(f"{client}-{number}-{i}", dice, START + timedelta(minutes=number, milliseconds=i)) for i in range(size)
    ]


def _event(message_id: str, dice: random.Random, moment: datetime) -> dict[str, Any]:
    person, kind = dice.randrange(PEOPLE), dice.choice(KINDS)
    if dice.random() < LATE:
        moment -= timedelta(seconds=dice.randrange(86_400))
    event: dict[str, Any] = {
        "message_id": message_id,
        "kind": kind,
        "occurred_at": moment.isoformat(),
        "identifiers": {"user_id": f"u{person}"},
        "item_id": f"sku{dice.randrange(300)}",
    }
    if dice.random() < 0.1:
        event["identifiers"]["anonymous_id"] = f"a{person}"
    if kind == "order":
        event |= {"order_id": message_id, "amount_minor": dice.randrange(100, 90_000)}
    if kind == "search":
        event["text"] = f"奶粉 {dice.randrange(50)}"
    return event
