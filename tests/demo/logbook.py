"""A demo shop's log as tests read it: every record with its customer and its true moment."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from app.demo.shop import DemoShop
from app.events.schemas import IncomingEvent
from app.events.timestamps import parse_moment


class Entry(NamedTuple):
    customer: int
    at: datetime
    source: str
    event: IncomingEvent


class Logbook(NamedTuple):
    deliveries: tuple[Entry, ...]
    """As they arrive, customer after customer, duplicates included."""
    entries: tuple[Entry, ...]
    """Each once, by customer and time."""

    def of_kind(self, kind: str) -> list[Entry]:
        return [entry for entry in self.entries if entry.event.kind == kind]

    def of(self, customer: int) -> list[Entry]:
        return [entry for entry in self.entries if entry.customer == customer]


def read_log(shop: DemoShop) -> Logbook:
    deliveries = tuple(_deliveries(shop))
    first = {(entry.source, entry.event.message_id): entry for entry in deliveries}
    return Logbook(deliveries, tuple(sorted(first.values(), key=lambda e: (e.customer, e.at, e.event.message_id))))


def _deliveries(shop: DemoShop) -> Iterator[Entry]:
    zone = shop.workspace.zone
    for customer in range(shop.customers):
        for source, event in shop.events_of(customer):
            yield Entry(customer, parse_moment(event.occurred_at, zone=zone), source, event)
