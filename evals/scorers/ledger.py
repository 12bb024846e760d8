"""The raw rows behind a story, read with plain SQL: what grounding is judged by. Shares no code with app/narrative."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any, NamedTuple, Self
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, create_engine, text

from app.errors import NotFound
from app.text.taxonomy import Taxonomy

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_THEIRS = (
    "n.workspace_id = e.workspace_id AND n.identifier = e.subject "
    "AND (n.valid_from IS NULL OR n.valid_from <= e.occurred_at) "
    "AND (n.valid_until IS NULL OR e.occurred_at < n.valid_until)"
)
"""Whose an event is: the customer whom its identifier belonged to when it happened."""
_COLUMNS = (
    "e.event_id, e.kind, e.occurred_at, e.item_id, e.source, e.order_id, e.session_id, e.amount_minor, "
    "e.currency, e.properties, "
    "t.text"
)
_TEXTS = "LEFT JOIN event_texts t ON t.workspace_id = e.workspace_id AND t.text_ref = e.text_ref"
_ROWS = text(
    "WITH RECURSIVE chain(position) AS (SELECT s.head FROM event_subjects s WHERE s.workspace_id = :workspace "
    "AND s.subject IN (SELECT identifier FROM identity_nodes WHERE workspace_id = :workspace "
    "AND customer_id = :customer) UNION ALL SELECT e.previous FROM chain CROSS JOIN events e "
    "WHERE e.workspace_id = :workspace AND e.position = chain.position AND e.previous > 0) "
    f"SELECT {_COLUMNS} FROM chain CROSS JOIN events e {_TEXTS} "
    "WHERE e.workspace_id = :workspace AND e.position = chain.position AND e.occurred_at <= :until AND EXISTS "
    f"(SELECT 1 FROM identity_nodes n WHERE n.customer_id = :customer AND {_THEIRS}) "
    "ORDER BY e.occurred_at, e.received_at, e.event_id"
)
_EVERYTHING = text(
    f"SELECT n.customer_id, {_COLUMNS} FROM events e CROSS JOIN identity_nodes n {_TEXTS} "
    f"WHERE e.workspace_id = :workspace AND e.occurred_at <= :until AND {_THEIRS} "
    "ORDER BY n.customer_id, e.occurred_at, e.received_at, e.event_id"
)
_CITABLE = text(
    "SELECT e.position, e.event_id, e.occurred_at, n.customer_id FROM events e "
    f"LEFT JOIN identity_nodes n ON {_THEIRS} WHERE e.workspace_id = :workspace AND e.position > :known"
)
_ITEMS = text(
    "SELECT item_id, title, category_path, price, currency, valid_from FROM items "
    "WHERE workspace_id = :workspace AND valid_from <= :until "
    "ORDER BY valid_from"
)
_ORDERS = text(
    "SELECT n.customer_id, COALESCE(e.source || '/' || e.order_id, e.event_id), e.occurred_at, e.amount_minor "
    f"FROM events e JOIN identity_nodes n ON {_THEIRS} "
    "WHERE e.workspace_id = :workspace AND e.kind = 'order' AND e.occurred_at <= :until "
    "AND e.amount_minor IS NOT NULL"
)
_KNOWN = text(
    f"SELECT DISTINCT n.customer_id FROM events e JOIN identity_nodes n ON {_THEIRS} "
    "WHERE e.workspace_id = :workspace AND e.occurred_at <= :until ORDER BY n.customer_id"
)
_WORKSPACE = text("SELECT timezone, currency FROM workspaces WHERE workspace_id = :workspace")


class Row(NamedTuple):
    """One event of the customer, as stored, with its main topic."""

    event_id: str
    kind: str
    at: datetime
    item_id: str | None
    order_id: str | None
    amount: int
    text: str | None
    rating: float | None
    topic: str | None
    source: str = ""
    topics: tuple[str, ...] = ()
    """Both topics at most, the main one first."""
    session_id: str | None = None
    properties: Mapping[str, object] = {}
    listed: int | None = None
    """What the catalogue asked for one piece when it happened, in the same currency."""

    @property
    def order(self) -> str:
        """What makes lines one order: the source's own number, or nothing but the line."""
        return f"{self.source}/{self.order_id}" if self.order_id else self.event_id


class Cited(NamedTuple):
    """What the log says of an event id: when it happened and whose it is."""

    at: datetime
    customer_id: str | None


class Bought(NamedTuple):
    """One order line of the workspace."""

    customer_id: str
    order: str
    at: datetime
    amount: int


class Ware(NamedTuple):
    """One item of the catalogue."""

    title: str
    topics: tuple[str, ...]
    price: int | None
    currency: str
    valid_from: datetime


Catalogue = Mapping[str, Ware]
"""By item id."""


class Ledger:
    """One workspace's rows, read only."""

    def __init__(self, url: str, workspace_id: str, taxonomy: Taxonomy) -> None:
        """Open the database at a SQLAlchemy URL; NotFound when it has no such workspace."""
        self._engine: Engine = create_engine(url)
        self.workspace_id, self.taxonomy = workspace_id, taxonomy
        with self._engine.connect() as connection:
            row = connection.execute(_WORKSPACE, {"workspace": workspace_id}).first()
        if row is None:
            raise NotFound(f"no workspace {workspace_id!r} in this database")
        self.zone, self.currency = ZoneInfo(row.timezone), str(row.currency)
        self._titles: dict[datetime, Catalogue] = {}
        self._citable: dict[str, Cited] = {}
        self._read_to = 0

    def __enter__(self) -> Self:
        """Use as a context manager."""
        return self

    def __exit__(self, *_: object) -> None:
        """Release the connections."""
        self._engine.dispose()

    def customers(self, until: datetime) -> list[str]:
        """Everybody with an event up to `until`, by id."""
        given = {"workspace": self.workspace_id, "until": _micros(until)}
        with self._engine.connect() as connection:
            return [str(row.customer_id) for row in connection.execute(_KNOWN, given)]

    def rows(self, customer_id: str, until: datetime) -> list[Row]:
        """The customer's events up to and including `until`, oldest first."""
        given = {"workspace": self.workspace_id, "customer": customer_id, "until": _micros(until)}
        with self._engine.connect() as connection:
            catalogue = self._catalogue(connection, until)
            return [self._row(found, catalogue) for found in connection.execute(_ROWS, given)]

    def histories(self, until: datetime, chosen: Collection[str]) -> Iterator[tuple[str, list[Row]]]:
        """The same for many customers at once, by customer id: one pass over the log instead of a query for each."""
        given = {"workspace": self.workspace_id, "until": _micros(until)}
        with self._engine.connect() as connection:
            catalogue = self._catalogue(connection, until)
            found = connection.execution_options(stream_results=True).execute(_EVERYTHING, given)
            for customer_id, rows in groupby(found, key=lambda row: str(row.customer_id)):
                if customer_id in chosen:
                    yield customer_id, [self._row(row, catalogue) for row in rows]

    def cited(self, event_ids: Iterable[str]) -> dict[str, Cited]:
        """What is known of these ids; unknown ones are absent."""
        with self._engine.connect() as connection:
            given = {"workspace": self.workspace_id, "known": self._read_to}
            for position, event_id, at, customer_id in connection.execute(_CITABLE, given):
                self._citable[event_id] = Cited(_moment(at), customer_id)
                self._read_to = max(self._read_to, position)
        return {event_id: self._citable[event_id] for event_id in set(event_ids) & self._citable.keys()}

    def orders(self, until: datetime) -> list[Bought]:
        """Every order line of the workspace up to `until`."""
        given = {"workspace": self.workspace_id, "until": _micros(until)}
        with self._engine.connect() as connection:
            return [
                Bought(c, order, _moment(at), int(amount))
                for c, order, at, amount in connection.execute(_ORDERS, given)
            ]

    def title(self, item_id: str, until: datetime) -> str | None:
        """What the catalogue called an item at `until`."""
        with self._engine.connect() as connection:
            found = self._catalogue(connection, until).get(item_id)
        return found.title if found else None

    def _catalogue(self, connection: Connection, until: datetime) -> Catalogue:
        """The version valid at `until`."""
        if until not in self._titles:
            given = {"workspace": self.workspace_id, "until": _micros(until)}
            self._titles[until] = {
                item_id: Ware(
                    title, self.taxonomy.topics_of_item(title, json.loads(path)), price, currency, _moment(since)
                )
                for item_id, title, path, price, currency, since in connection.execute(_ITEMS, given)
            }
        return self._titles[until]

    def _row(self, found: Any, catalogue: Catalogue) -> Row:
        properties = json.loads(found.properties)
        rating = properties.get("rating")
        ware, at = catalogue.get(found.item_id), _moment(found.occurred_at)
        topics = ware.topics if ware else self.taxonomy.topics_in(found.text) if found.text else ()
        return Row(
            event_id=found.event_id,
            kind=found.kind,
            at=at,
            item_id=found.item_id,
            order_id=found.order_id,
            source=found.source,
            amount=found.amount_minor or 0,
            text=found.text,
            rating=rating if isinstance(rating, int | float) else None,
            topic=topics[0] if topics else None,
            topics=topics,
            session_id=found.session_id,
            properties=properties,
            listed=ware.price if ware and ware.currency == found.currency and ware.valid_from <= at else None,
        )


def _micros(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _moment(micros: int) -> datetime:
    return _EPOCH + timedelta(microseconds=micros)
