"""The events that the ingest benches feed: seeded, as JSON, every customer in turn."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count, islice
from typing import NamedTuple

import msgspec

from app.events.schemas import IncomingEvent, Item, JsonEvent
from app.events.sources.mapping import Parsed

BATCH = 500
EVENTS_EACH = 12
SEED = 7
START = datetime(2026, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 4, 1, tzinfo=UTC)

_KINDS = ("view", "view", "view", "search", "favourite", "cart_add", "order", "review")
_WORDS = ("露营 帐篷", "baby bottle", "咖啡豆", "running shoes", "圣诞 礼盒", "face cream")
_TITLES = (
    "婴儿奶瓶 240ml", "户外双人帐篷", "Ceramic coffee mug", "Yoga mat", "女士连衣裙", "Garden planter", "蓝牙耳机",
    "香薰蜡烛", "Cat food 2kg", "手账笔记本",
)  # fmt: skip

ITEMS = [
    Item(item_id=f"i{n}", title=title, currency="CNY", price=1000 + 700 * n, valid_from=START)
    for n, title in enumerate(_TITLES)
]


_DECODER = msgspec.json.Decoder(list[JsonEvent])


class Workload(NamedTuple):
    """What every side is given."""

    items: list[Item]
    batches: list[bytes]
    """JSON arrays of the fields of IncomingEvent, in order of arrival."""
    events: int


def workload(*, customers: int, seed: int = SEED) -> Workload:
    """Every customer does one thing a week, for twelve weeks."""
    stream = events(customers, timedelta(days=7), seed=seed)
    total = EVENTS_EACH * customers
    return Workload(ITEMS, [encoded(stream, min(BATCH, total - start)) for start in range(0, total, BATCH)], total)


def encoded(stream: Iterator[IncomingEvent], size: int = BATCH) -> bytes:
    """The next events as one batch."""
    return msgspec.json.encode(list(islice(stream, size)))


def records(batch: bytes) -> list[Parsed]:
    """A batch read in one step into what the pipeline takes."""
    return [
        Parsed(line, event, None, {"message_id": event.message_id})
        for line, event in enumerate(_DECODER.decode(batch), start=1)
    ]


def events(customers: int, apart: timedelta, *, seed: int = SEED) -> Iterator[IncomingEvent]:
    """Events without end: each round, `apart` from the one before, every customer does one thing."""
    dice = random.Random(seed)
    for turn in count():
        for who in range(customers):
            yield _event(dice, turn, who, START + apart * turn)


def _event(dice: random.Random, turn: int, who: int, at: datetime) -> IncomingEvent:
    kind = dice.choice(_KINDS)
    item = None if kind == "search" else dice.choice(ITEMS)
    return IncomingEvent(
        message_id=f"m{turn}-{who}",
        kind=kind,
        occurred_at=(at + timedelta(seconds=30 * who + dice.random())).isoformat(),
        identifiers={"user_id": f"u{who}"},
        item_id=item.item_id if item else None,
        order_id=f"o{turn}-{who}" if kind == "order" else None,
        amount_minor=item.price if item and kind == "order" else None,
        text=dice.choice(_WORDS) if kind in ("search", "review") else None,
    )
