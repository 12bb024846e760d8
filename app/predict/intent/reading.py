"""Acts of the log -> baskets and touches by category: the same columns for a whole shop and for one customer."""

from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from app.events.acts import Act
from app.events.schemas import EventKind, Item
from app.predict.intent.baskets import Baskets, Touches
from app.text.taxonomy import Taxonomy

_EPOCH = 719_163
"""Proleptic ordinal of 1970-01-01."""
_CART: Mapping[str, int] = {EventKind.CART_ADD: 1, EventKind.CART_REMOVE: -1}


@dataclass(frozen=True)
class Shelves:
    """Where things belong: the main topic of an item or a search, else the item's category path."""

    taxonomy: Taxonomy
    items: Mapping[str, Item]
    _known: dict[str, str | None] = field(default_factory=dict)

    def of_act(self, act: Act) -> str | None:
        """The category that an act is about; None where none is known or none may be spoken of."""
        if act.item_id is not None:
            if act.item_id not in self._known:
                item = self.items.get(act.item_id)
                self._known[act.item_id] = self._of_item(item) if item else None
            return self._known[act.item_id]
        return next(iter(self.taxonomy.topics_in(act.text)), None) if act.text else None

    def _of_item(self, item: Item) -> str | None:
        path = " > ".join(item.category_path)
        if self.taxonomy.forbidden_in(f"{path} {item.title}"):
            return None
        return next(iter(self.taxonomy.topics_of_item(item.title, item.category_path)), None) or path or None


def day_of(moment: datetime, zone: ZoneInfo) -> int:
    """The local day of a moment, since 1970-01-01."""
    return moment.astimezone(zone).toordinal() - _EPOCH


class _Columns(NamedTuple):
    customer: "array[int]"
    day: "array[int]"
    category: list[str | None]
    weight: "array[float]"
    """What was paid in minor units; of touches, how much they speak for the category."""


class Collected:
    """Rows as they come in, some forty bytes each; customers are numbered as the caller says."""

    def __init__(self, shelves: Shelves, zone: ZoneInfo) -> None:
        """Days are local to `zone`."""
        self._shelves, self._zone = shelves, zone
        self._lines = _Columns(array("q"), array("q"), [], array("d"))
        self._touched = _Columns(array("q"), array("q"), [], array("d"))
        self._cart = array("b")

    def add(self, customer: int, act: Act) -> None:
        """Take in one act of a customer."""
        bought = act.kind == EventKind.ORDER
        rows = self._lines if bought else self._touched
        rows.customer.append(customer)
        rows.day.append(day_of(act.occurred_at, self._zone))
        rows.category.append(self._shelves.of_act(act))
        rows.weight.append(act.amount if bought else self._shelves.taxonomy.impact(act.kind))
        if not bought:
            self._cart.append(_CART.get(act.kind, 0))

    def baskets(self, names: tuple[str, ...] | None = None) -> Baskets:
        """What was bought; with `names` by those categories, else by the ones that are bought most."""
        return Baskets.from_columns(*self._lines, names)

    def touches(self, names: tuple[str, ...]) -> Touches:
        """What was touched, by these categories."""
        return Touches.from_columns(*self._touched, self._cart, names)
