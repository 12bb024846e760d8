"""What inferences are read from: lines of one customer's own words and of products they dealt with.

Lines are redacted and cut, and hold nothing that could close a tag: what a model is shown is what its quotes are
checked against. A line that touches the closed list of sensitive subjects is left out whole: what would be read beside
its words would be read from them.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from app.events.schemas import Event, EventKind, History
from app.llm.prompts import as_data
from app.privacy.quoting import quotable
from app.text.taxonomy import Taxonomy

WRITTEN = (EventKind.SEARCH, EventKind.REVIEW, EventKind.SUPPORT_MESSAGE, EventKind.SHARE, EventKind.FOLLOW)
"""Kinds whose text is the customer's own words."""
DEALT_WITH = (EventKind.VIEW, EventKind.FAVOURITE, EventKind.CART_ADD, EventKind.ORDER)
"""Kinds whose product says what they are after."""
MAX_TEXTS, MAX_PRODUCTS = 20, 10
"""Lines of either sort, the newest."""
MAX_LINE = 200
"""Characters of a line."""
MAX_AGE = timedelta(days=180)
"""Older words say little of today."""


class Line(NamedTuple):
    """One text or product title, as a model sees it and quotes are checked against."""

    event_id: str
    kind: str
    at: datetime
    text: str
    item_id: str | None = None
    topics: tuple[str, ...] = ()
    """Of the product."""


class Material(NamedTuple):
    """Everything that inferences may be read from, oldest first."""

    texts: tuple[Line, ...]
    products: tuple[Line, ...]

    @property
    def lines(self) -> tuple[Line, ...]:
        """Texts, then products; a model knows them by their place, from 1."""
        return (*self.texts, *self.products)


def material_of(
    history: History, taxonomy: Taxonomy, *, as_of: datetime, arrived_after: datetime | None = None
) -> Material:
    """What arrived after a moment (the last reflection), and is not older than `MAX_AGE` at `as_of`."""
    fresh = [
        event
        for event in history.events
        if (arrived_after is None or event.received_at > arrived_after) and event.occurred_at > as_of - MAX_AGE
    ]
    texts = [line for line in _texts(fresh, history) if not taxonomy.forbidden_in(line.text)]
    products = [line for line in _products(fresh, history, taxonomy) if not taxonomy.forbidden_in(line.text)]
    each_once = {line.item_id: line for line in products}
    return Material(tuple(texts[-MAX_TEXTS:]), tuple(each_once.values())[-MAX_PRODUCTS:])


def _texts(events: Iterable[Event], history: History) -> Iterator[Line]:
    for event in events:
        text = history.texts.get(event.text_ref) if event.text_ref and event.kind in WRITTEN else None
        if text:
            yield Line(event.event_id, event.kind, event.occurred_at, _shown(text))


def _products(events: Iterable[Event], history: History, taxonomy: Taxonomy) -> Iterator[Line]:
    for event in events:
        item = history.items.get(event.item_id) if event.item_id and event.kind in DEALT_WITH else None
        if item:
            topics = taxonomy.topics_of_item(item.title, item.category_path)
            yield Line(event.event_id, event.kind, event.occurred_at, _shown(item.title), item.item_id, topics)


def _shown(text: str) -> str:
    return as_data(quotable(text))[:MAX_LINE]
