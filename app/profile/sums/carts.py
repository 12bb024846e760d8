"""Carts that were not bought: per item the additions since it was last bought, bounded, exact or known not to be."""

from datetime import datetime
from typing import Final

import msgspec

from app.events.schemas import EventKind
from app.profile.memory.touches import Key, packed
from app.profile.seen import Seen
from app.profile.sums.daily import Daily, add

RECENT_DAYS: Final = 30
"""Local days, today included, in which additions to a cart are news."""
MOST_ITEMS: Final = 24
"""Items in the cart that are kept apart."""
_MOST_AT_ONCE: Final = 32


class Carted(msgspec.Struct, array_like=True, gc=False):
    """One item that was put in the cart and not bought since."""

    adds: Daily
    """How often."""
    at: datetime
    """The last time."""
    key: Key
    """Its event, packed."""
    last_day: int
    """Its local day."""
    out_at: datetime | None = None
    """When it was last taken out."""
    sure: bool = True
    """Every addition within RECENT_DAYS since it was last bought is counted."""

    @property
    def is_open(self) -> bool:
        """Whether it lies in the cart, as far as the events say."""
        return self.out_at is None or self.out_at <= self.at


class Carts(msgspec.Struct, array_like=True, gc=False):
    """What lies in the cart."""

    items: dict[str, Carted] = msgspec.field(default_factory=dict)
    """By item id, put in last last."""
    lost_day: int = 0
    """The newest day of an addition that was let go."""
    bought_at: datetime | None = None
    """When something was last bought ..."""
    bought: list[str] = msgspec.field(default_factory=list)
    """... and the items that were bought at that very moment."""


def note(carts: Carts, seen: Seen) -> None:
    """Take in one event, in place. What is put in at the moment at which it is bought counts as bought."""
    kind, item_id = seen.kind, seen.event.item_id
    if item_id is None:
        return
    if kind == EventKind.CART_ADD:
        _put_in(carts, item_id, seen)
    elif kind == EventKind.CART_REMOVE:
        if item_id in carts.items:
            carts.items[item_id].out_at = seen.event.occurred_at
    elif kind == EventKind.ORDER:
        _buy(carts, item_id, seen.event.occurred_at)


def _put_in(carts: Carts, item_id: str, seen: Seen) -> None:
    at = seen.event.occurred_at
    if at == carts.bought_at and (item_id in carts.bought or len(carts.bought) == _MOST_AT_ONCE):
        if item_id not in carts.bought:
            _let_go(carts, item_id, seen.day)
        return
    known = carts.items.pop(item_id, None)
    adds = known.adds if known else Daily()
    add(adds, seen.day)
    carts.items[item_id] = Carted(
        adds=adds,
        at=at,
        key=packed(seen.event.event_id),
        out_at=known.out_at if known else None,
        last_day=seen.day,
        sure=seen.day >= carts.lost_day + RECENT_DAYS or (known is not None and known.sure),
    )
    if len(carts.items) > MOST_ITEMS:
        oldest = next(iter(carts.items))
        _let_go(carts, oldest, carts.items[oldest].last_day)


def _let_go(carts: Carts, item_id: str, day: int) -> None:
    """Forget an item with an addition on `day`."""
    carts.items.pop(item_id, None)
    carts.lost_day = max(carts.lost_day, day)


def _buy(carts: Carts, item_id: str, at: datetime) -> None:
    carts.items.pop(item_id, None)
    if at != carts.bought_at:
        carts.bought_at, carts.bought = at, []
    if len(carts.bought) < _MOST_AT_ONCE:
        carts.bought.append(item_id)
