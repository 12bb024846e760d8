"""The demo shop's own log, reduced to what is compared with real logs, and the faults and lives that only it has."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from app.demo.shop import DemoShop
from app.demo.truth import truth
from app.events.schemas import EventKind, IncomingEvent
from evals.intervals import wilson
from evals.shop import moment_of
from evals.shop_statistics import Behaviour, Kind, Messages, Orders, statistics
from evals.task import Metric

ANSWER_DAYS = 7
"""An order counts as following a message for so long."""
_MINOR = 100
_HOUR_S, _DAY_S = 3600.0, 86_400.0
Name = tuple[str, str]
"""An identifier: its kind and value."""
_COMPARED = {
    EventKind.VIEW: Kind.VIEW,
    EventKind.FAVOURITE: Kind.FAVOURITE,
    EventKind.CART_ADD: Kind.CART,
    EventKind.ORDER: Kind.ORDER,
}


class Told(NamedTuple):
    """One event as it arrived."""

    source: str
    event: IncomingEvent
    at_s: float
    """Since local midnight of the shop's first day."""


class Faults(NamedTuple):
    """How a log falls short of what happened, in events."""

    delivered: int
    duplicates: int
    late: int
    junk: int


class Record(NamedTuple):
    """Everything that is counted in one pass over the log."""

    behaviour: Behaviour
    faults: Faults
    channels: Counter[str]
    """Customers by source."""
    sharing: Counter[str]
    """Customers by kind of identifier that another customer has or had too; of phones, those who had it later.
    Store tablets, used by whoever comes in, are told apart from the devices of households."""


def shop_statistics(shop: DemoShop) -> dict[str, Metric]:
    """The shop's figures, under the same names as those of real logs, and those that only a simulated shop has."""
    record = read_record(shop)
    return {**statistics(record.behaviour, seed=shop.seed), **_faults(record, shop.customers), **_lives(shop)}


def _faults(record: Record, customers: int) -> dict[str, Metric]:
    faults = record.faults
    found = {
        "duplicate_events": wilson(faults.duplicates, faults.delivered),
        "late_events": wilson(faults.late, faults.delivered),
        "junk_id_events": wilson(faults.junk, faults.delivered),
        "shared_device": wilson(record.sharing["device"], customers),
        "store_tablet": wilson(record.sharing["store_tablet"], customers),
        "recycled_phone": wilson(record.sharing["phone"], customers),
    }
    return found | {f"channel_{name}": wilson(n, customers) for name, n in sorted(record.channels.items())}


def _lives(shop: DemoShop) -> dict[str, Metric]:
    lives = truth(shop)
    arcs = Counter(life.arc for life in lives)
    gone = Counter(life.churn_reason for life in lives if life.churn_reason)
    return {
        **{f"arc_{name}": wilson(arcs[name], len(lives)) for name in shop.parameters.arcs},
        **{f"left_{reason}": wilson(n, len(lives)) for reason, n in sorted(gone.items())},
    }


def read_record(shop: DemoShop) -> Record:
    """One pass over the log, customer by customer as they truly are."""
    stores = frozenset(("device", tablet) for tablet in shop.parameters.identities.store_tablets)
    tally = _Tally(frozenset(_junk(shop)), stores, shop.calendar.days)
    zone, start = ZoneInfo(shop.workspace.timezone), shop.calendar.midnight.timestamp()
    for index in range(shop.customers):
        told = [
            Told(source, event, moment_of(event, zone).timestamp() - start) for source, event in shop.events_of(index)
        ]
        tally.add(index, told)
    return tally.record(shop.customers)


def _junk(shop: DemoShop) -> Iterator[Name]:
    for names in shop.parameters.identities.junk_names.values():
        for name in names:
            yield from ((kind, str(value)) for kind, value in name.items())


class _Tally:
    """Counts as it reads; answers with the record."""

    def __init__(self, junk: frozenset[Name], stores: frozenset[Name], days: int) -> None:
        self._junk, self._stores, self._days = junk, stores, days
        self._delivered = self._duplicates = self._late = self._junk_events = 0
        self._channels: Counter[str] = Counter()
        self._in_store: set[int] = set()
        self._owners: dict[Name, set[int]] = defaultdict(set)
        self._events: list[tuple[int, int]] = []
        self._orders: dict[tuple[int, str], tuple[int, int]] = {}
        self._messages: list[tuple[int, bool]] = []

    def add(self, index: int, told: list[Told]) -> None:
        """One customer's events in order of arrival."""
        self._deliveries(index, told)
        once = list({t.event.message_id: t for t in told}.values())
        self._channels.update({t.source for t in once})
        for t in once:
            kind = _COMPARED.get(EventKind(t.event.kind), Kind.OTHER)
            self._events.append((index, int(kind)))
        self._purchases(index, once)

    def _deliveries(self, index: int, told: Iterable[Told]) -> None:
        latest, known = 0.0, set[str]()
        for t in told:
            self._delivered += 1
            if t.event.message_id in known:
                self._duplicates += 1
            else:
                self._late += t.at_s < latest - _HOUR_S
            known.add(t.event.message_id)
            latest = max(latest, t.at_s)
            names = {(kind, str(value)) for kind, value in t.event.identifiers.items()}
            self._junk_events += bool(names & self._junk)
            if names & self._stores:
                self._in_store.add(index)
            for name in names - self._junk - self._stores:
                self._owners[name].add(index)

    def _purchases(self, index: int, once: list[Told]) -> None:
        bought = [t for t in once if t.event.kind == EventKind.ORDER]
        for t in bought:
            key = (index, t.event.order_id or t.event.message_id)
            day, amount = self._orders.get(key, (int(t.at_s // _DAY_S), 0))
            self._orders[key] = day, amount + (t.event.amount_minor or 0)
        for t in once:
            if t.event.kind == EventKind.CAMPAIGN_SENT:
                wait = (b.at_s - t.at_s for b in bought)
                self._messages.append((index, any(0 <= s <= ANSWER_DAYS * _DAY_S for s in wait)))

    def record(self, customers: int) -> Record:
        """What was counted."""
        events = np.array(self._events, dtype=np.int64).reshape(-1, 2)
        orders = np.array([(who, *order) for (who, _), order in self._orders.items()], dtype=np.int64).reshape(-1, 3)
        messages = np.array(self._messages, dtype=np.int64).reshape(-1, 2)
        return Record(
            behaviour=Behaviour(
                customers=customers,
                days=self._days,
                customer=events[:, 0],
                kind=events[:, 1],
                orders=Orders(orders[:, 0], orders[:, 1], orders[:, 2] / _MINOR),
                messages=Messages(messages[:, 0], messages[:, 1] > 0),
            ),
            faults=Faults(self._delivered, self._duplicates, self._late, self._junk_events),
            channels=self._channels,
            sharing=self._sharing(),
        )

    def _sharing(self) -> Counter[str]:
        """A device is shared by all who use it; a phone number had one owner before each other one."""
        several = [(kind, who) for (kind, _), who in self._owners.items() if len(who) > 1]
        found = Counter(kind for kind, _ in {(kind, one) for kind, who in several for one in who})
        found["store_tablet"] = len(self._in_store)
        found["phone"] = sum(len(who) - 1 for kind, who in several if kind == "phone")
        return found
