"""Next-purchase intent of a workspace's customers: the shop's habits learned once a week, then customer by customer.

The shop's part reads nothing after the last Sunday, as the estimators do, so that an answer moves because the customer
did; the customer's own acts count up to the moment that is asked for.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from hashlib import blake2b
from threading import Lock
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from app.access.schemas import Workspace
from app.database.engine import Database
from app.events import catalogue
from app.events.acts import WISHES, Act, acts
from app.events.schemas import Event, EventKind, History, Item
from app.events.store import EventLog
from app.events.timestamps import EARLIEST, FOREVER, end_of_day
from app.identity.schemas import Owners
from app.identity.store import IdentityStore
from app.predict.intent.estimating import Evidence, estimate, not_enough
from app.predict.intent.learning import Intent, learn
from app.predict.intent.reading import Collected, Shelves, day_of
from app.predict.reckoning import last_sunday
from app.predict.schemas import ChurnEstimate, IntentEstimate
from app.text.taxonomy import Taxonomy

KEPT = 8
"""Workspaces and weeks whose habits are kept; the one used longest ago goes first."""
GROWTH = 1.05
"""Habits are learned anew when the log has grown by this factor since, so that late events find their way in."""
TOUCH_DAYS = 365
"""Views and searches that lie further back teach nothing that is still of use."""
_EVIDENCE = 8
_SPEAKS: Mapping[str, tuple[str, ...]] = {
    EventKind.ORDER: ("bought",),
    EventKind.CART_ADD: ("cart", "wanted"),
    EventKind.CART_REMOVE: (),
}
_AT_ONCE = 10_000


class Intents:
    """What customers buy next, and when."""

    def __init__(self, database: Database, log: EventLog, identity: IdentityStore, taxonomy: Taxonomy) -> None:
        """Acts and items come from `database`, the customers' names from `identity`, categories by `taxonomy`."""
        self._database, self._log, self._identity, self._taxonomy = database, log, identity, taxonomy
        self._kept: OrderedDict[tuple[str, int], tuple[int, Intent | tuple[str, ...]]] = OrderedDict()
        self._learning = Lock()

    def of(self, workspace: Workspace, history: History, churn: ChurnEstimate, *, as_of: datetime) -> IntentEstimate:
        """The next purchase of the customer whose events up to `as_of` are given; `churn` is theirs."""
        if churn.p_no_purchase is None or not any(event.kind == EventKind.ORDER for event in history.events):
            return not_enough(churn.missing or ("orders",), churn.horizon_days)
        learned = self.learned(workspace, as_of, churn.horizon_days)
        if isinstance(learned, tuple):
            return not_enough(learned, churn.horizon_days)
        shelves = Shelves(self._taxonomy, history.items)
        mine = [
            (event, _act(event, history.texts)) for event in history.events if event.kind in (EventKind.ORDER, *WISHES)
        ]
        rows = Collected(shelves, workspace.zone)
        for _, act in mine:
            rows.add(0, act)
        return estimate(
            learned,
            rows.baskets(learned.habits.names),
            rows.touches(learned.habits.names),
            day=day_of(as_of, workspace.zone),
            p_no_purchase=churn.p_no_purchase,
            horizon_days=churn.horizon_days,
            evidence=_evidence(mine, shelves),
        )

    def learned(self, workspace: Workspace, as_of: datetime, horizon_days: int) -> Intent | tuple[str, ...]:
        """The shop's habits as of last Sunday, or yesterday where there was too little; else what is missing."""
        today = day_of(as_of, workspace.zone)
        found = self._learned(workspace, last_sunday(today), horizon_days)
        return self._learned(workspace, today - 1, horizon_days) if isinstance(found, tuple) else found

    def _learned(self, workspace: Workspace, day: int, horizon_days: int) -> Intent | tuple[str, ...]:
        key, position = (workspace.workspace_id, day), self._log.position(workspace.workspace_id, ours=False)
        with self._learning:  # two pages that ask at once wait for one
            known = self._kept.get(key)
            if known is None or position > known[0] * GROWTH:
                self._kept[key] = known = (position, self._learn(workspace, day, horizon_days))
            self._kept.move_to_end(key)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
            return known[1]

    def _learn(self, workspace: Workspace, day: int, horizon_days: int) -> Intent | tuple[str, ...]:
        name = workspace.workspace_id
        owners = self._identity.owners(name)
        with self._database.read() as connection:
            rows = everybody(connection, workspace, owners, self._taxonomy, until=_end_of(day, workspace.zone))
        baskets = rows.baskets()
        return learn(baskets, rows.touches(baskets.names), day=day, horizon_days=horizon_days)


@lru_cache(maxsize=1_000_000)
def number_of(customer_id: str) -> int:
    """A number that hangs on the id alone: who is in a sample does not depend on who else came, or when."""
    return int.from_bytes(blake2b(customer_id.encode(), digest_size=8).digest(), "big") >> 1


def everybody(
    connection: Connection,
    workspace: Workspace,
    owners: Owners,
    taxonomy: Taxonomy,
    *,
    until: datetime,
    number: Callable[[str], int] = number_of,
) -> Collected:
    """What all customers bought and touched up to `until`; `number` gives each customer_id its own."""
    name = workspace.workspace_id
    rows = Collected(Shelves(taxonomy, _catalogue(connection, name)), workspace.zone)
    for act in _acts_of_all(connection, name, until):
        rows.add(number(owners.of(act.subject, act.occurred_at)), act)
    return rows


def _catalogue(connection: Connection, workspace_id: str) -> dict[str, Item]:
    found: dict[str, Item] = {}
    while more := catalogue.listed(connection, workspace_id, FOREVER, after=max(found, default=""), limit=_AT_ONCE):
        found |= {item.item_id: item for item in more}
    return found


def _acts_of_all(connection: Connection, workspace_id: str, until: datetime) -> Iterator[Act]:
    lately = max(until - timedelta(days=TOUCH_DAYS), EARLIEST)
    yield from acts(connection, workspace_id, (EventKind.ORDER,), after=EARLIEST, until=until)
    yield from acts(connection, workspace_id, WISHES, after=lately, until=until)


def _act(event: Event, texts: Mapping[str, str]) -> Act:
    text = texts.get(event.text_ref or "") if event.kind == EventKind.SEARCH else None
    amount = event.money.amount_minor if event.money else 0
    return Act(event.subject, event.kind, event.occurred_at, event.item_id, text, amount)


def _evidence(mine: Sequence[tuple[Event, Act]], shelves: Shelves) -> Evidence:
    """The newest events by category and by what they speak for; whatever was put into the cart was wanted as well."""
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for event, act in mine:
        category = shelves.of_act(act)
        for speaks in _SPEAKS.get(event.kind, ("wanted",)) if category else ():
            key = (category or "", speaks)
            found[key] = (*found.get(key, ()), event.event_id)[-_EVIDENCE:]
    return found


def _end_of(day: int, zone: ZoneInfo) -> datetime:
    """The last microsecond of a local day."""
    return end_of_day(date(1970, 1, 1) + timedelta(days=day), zone)
