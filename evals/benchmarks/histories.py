"""Histories of one customer, of any length, seeded: visits with searches, pages, carts and orders, words in between.

All lengths cover the same two years. In a short history people come seldom and do what they came for; in a long one
they come often and look around. Words, items and prices are the same for all.
"""

import random
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count, islice
from zoneinfo import ZoneInfo

import msgspec

from app.bootstrap import shipped_taxonomy
from app.events.schemas import Event, EventKind, History, Identifier, Item, Money
from app.text.taxonomy import Taxonomy

SEED = 7
ZONE = ZoneInfo("Asia/Shanghai")
CURRENCY = "CNY"
_START = datetime(2026, 1, 1, 1, tzinfo=UTC)
_YEARS = timedelta(days=730)
_SHORT = 100
"""Events below which visits are brief."""
_PER_VISIT, _PER_BRIEF_VISIT = 7.5, 2.5
"""Events, about."""
_WORDS: dict[str, tuple[str, ...]] = {
    EventKind.SEARCH: (
        "露营 帐篷",
        "baby bottle",
        "咖啡豆",
        "running shoes",
        "圣诞 礼盒",
        "face cream",
        "送妈妈的礼物",
    ),
    EventKind.REVIEW: ("味道很好，会再买", "Broke after two days.", "包装不错，物流快", "Soft and warm, fits well"),
    EventKind.SUPPORT_MESSAGE: ("请问什么时候发货？", "Can I change the size?", "发票怎么开"),
}
_TITLES = (
    "婴儿奶瓶 240ml", "户外双人帐篷", "Ceramic coffee mug", "Yoga mat", "女士连衣裙", "Garden planter", "蓝牙耳机",
    "香薰蜡烛", "Cat food 2kg", "手账笔记本", "挂耳咖啡 20包", "Running shoes", "儿童积木", "保湿面霜 50g",
)  # fmt: skip
ITEMS = {
    f"i{n}": Item(item_id=f"i{n}", title=title, currency=CURRENCY, price=1_900 + 1_300 * n, valid_from=_START)
    for n, title in enumerate(_TITLES)
}


class Act(msgspec.Struct, frozen=True):
    """What happens next: in a visit, or apart from one."""

    kind: str
    minutes: float
    """Since the act before it."""
    item: Item | None = None
    text: str | None = None
    properties: dict[str, object] = {}
    order_id: str | None = None
    session_id: str | None = None


def taxonomy() -> Taxonomy:
    """The one that ships."""
    return shipped_taxonomy()


def history(events: int, seed: int = SEED) -> History:
    """The first so many events of a customer whose visits are spread over the time that there is."""
    dice = random.Random(seed)
    brief = events < _SHORT
    apart = _YEARS / max(events / (_PER_BRIEF_VISIT if brief else _PER_VISIT), 1)
    found: list[Event] = []
    texts: dict[str, str] = {}
    at = _START
    for act in islice(_acts(dice, apart, brief=brief), events):
        at += timedelta(minutes=act.minutes)
        event = _event(dice, act, at)
        found.append(event)
        if event.text_ref and act.text:
            texts[event.text_ref] = act.text
    return History(tuple(found), texts, ITEMS)


def _acts(dice: random.Random, apart: timedelta, *, brief: bool) -> Iterator[Act]:
    wait = apart / timedelta(minutes=1)
    for visit in count():
        liked = list(ITEMS.values())[(visit // 40) % len(ITEMS) :][:4] or list(ITEMS.values())[:4]
        play, chatty = (_errand, 0.25) if brief else (_visit, 0.08)
        yield from play(dice, f"s{visit}", wait * dice.uniform(0.4, 1.4), liked)
        if dice.random() < chatty:
            kind = dice.choice((EventKind.REVIEW, EventKind.SUPPORT_MESSAGE))
            item = dice.choice(liked) if kind is EventKind.REVIEW else None
            said: dict[str, object] = {"rating": dice.choice((2, 4, 5, 5))} if item else {}
            yield Act(kind, wait * 0.1, item, dice.choice(_WORDS[kind]), said)


def _visit(dice: random.Random, session: str, wait: float, liked: list[Item]) -> Iterator[Act]:
    yield Act(EventKind.SESSION, wait, properties={"surface": "app", "entry": "home"}, session_id=session)
    if dice.random() < 0.5:
        yield Act(EventKind.SEARCH, 0.1, text=dice.choice(_WORDS[EventKind.SEARCH]), session_id=session)
    for item in dice.choices([*liked, *ITEMS.values()], k=dice.randint(2, 6)):
        yield Act(EventKind.VIEW, 0.5, item, properties={"dwell_s": dice.randint(4, 90)}, session_id=session)
        if dice.random() < 0.1:
            yield Act(EventKind.MEDIA, 0.1, item, properties={"action": "zoom", "count": 2}, session_id=session)
    last = dice.choice(liked)
    if dice.random() < 0.35:
        yield Act(EventKind.CART_ADD, 0.2, last, properties={"quantity": 1}, session_id=session)
        if dice.random() < 0.6:
            yield Act(
                EventKind.ORDER, 1.0, last, properties={"quantity": 1}, order_id=f"o{session}", session_id=session
            )


def _errand(dice: random.Random, session: str, wait: float, liked: list[Item]) -> Iterator[Act]:
    item = dice.choice(liked)
    if dice.random() < 0.3:
        yield Act(EventKind.SEARCH, wait, text=dice.choice(_WORDS[EventKind.SEARCH]), session_id=session)
        wait = 0.1
    yield Act(EventKind.VIEW, wait, item, properties={"dwell_s": dice.randint(4, 90)}, session_id=session)
    if dice.random() < 0.7:
        yield Act(EventKind.ORDER, 1.0, item, properties={"quantity": 1}, order_id=f"o{session}", session_id=session)
    elif dice.random() < 0.5:
        yield Act(EventKind.CART_ADD, 0.2, item, properties={"quantity": 1}, session_id=session)


def _event(dice: random.Random, act: Act, at: datetime) -> Event:
    event_id = str(uuid.UUID(int=dice.getrandbits(128), version=4))
    price = act.item.price if act.item and act.kind == EventKind.ORDER else None
    return Event(
        event_id=event_id,
        workspace_id="bench",
        source="web",
        message_id=event_id,
        kind=act.kind,
        occurred_at=at,
        received_at=at,
        identifiers=(Identifier("user_id", "u1"),),
        item_id=act.item.item_id if act.item else None,
        session_id=act.session_id,
        order_id=act.order_id,
        money=Money(price, CURRENCY) if price is not None else None,
        text_ref=f"t_{event_id}" if act.text else None,
        properties=act.properties,
    )
