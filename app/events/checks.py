"""What the log says about one source: what is missing, out of bounds, impossible, late or unknown. Reads only."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import msgspec
import numpy as np
from sqlalchemy import BigInteger, ColumnElement, Connection, and_, case, func, select, type_coerce

from app.database.types import to_micros
from app.events.catalogue import items
from app.events.findings import Done, Finding, Lateness
from app.events.outliers import Bounds, beyond, bounds_of
from app.events.schemas import EventKind
from app.events.tables import events

LATE_AFTER = timedelta(days=1)
"""An event that arrives longer after it happened is late."""
BURST = 60
"""More actions of one customer in one minute are a machine's; the lines of one order are one action."""

_c = events.c
_occurred, _received = (type_coerce(column, BigInteger) for column in (_c.occurred_at, _c.received_at))
_PRODUCT_KINDS = (EventKind.VIEW, EventKind.MEDIA, EventKind.FAVOURITE, EventKind.CART_ADD, EventKind.CART_REMOVE)
_EXPECTED: dict[str, tuple[ColumnElement[Any], tuple[EventKind, ...]]] = {
    "missing_item": (_c.item_id, (*_PRODUCT_KINDS, EventKind.ORDER)),
    "missing_price": (_c.amount_minor, (EventKind.ORDER, EventKind.REFUND)),
    "missing_order": (_c.order_id, (EventKind.ORDER, EventKind.REFUND)),
    "missing_session": (_c.session_id, (EventKind.SEARCH, *_PRODUCT_KINDS)),
    "missing_text": (_c.text_ref, (EventKind.SEARCH, EventKind.REVIEW, EventKind.SUPPORT_MESSAGE)),
}
"""Check -> the column that these kinds should fill."""
_KNOWN = frozenset(EventKind)


class Scope(NamedTuple):
    """Which events are looked at: those of one source that arrived in [start, end)."""

    workspace_id: str
    source: str
    start: datetime
    end: datetime

    @property
    def of_source(self) -> ColumnElement[bool]:
        """All events of the source."""
        return and_(_c.workspace_id == self.workspace_id, _c.source == self.source)

    @property
    def where(self) -> ColumnElement[bool]:
        """Those that arrived in time."""
        return and_(self.of_source, _c.received_at >= self.start, _c.received_at < self.end)


class Read(NamedTuple):
    """What the log says."""

    kinds: dict[str, int]
    lateness: Lateness | None
    findings: list[Finding]

    @property
    def events(self) -> int:
        """How many were looked at."""
        return sum(self.kinds.values())

    @property
    def unknown_kinds(self) -> dict[str, int]:
        """Kinds that the product does not interpret."""
        return {kind: n for kind, n in self.kinds.items() if kind not in _KNOWN}


def read_log(connection: Connection, scope: Scope) -> Read:
    """Every check over a source's logged events."""
    by_kind = _by_kind(connection, scope)
    kinds = {kind: found.n for kind, found in by_kind.items()}
    total = sum(kinds.values())
    lateness, times = _times(connection, scope)
    findings = [
        *_missing(by_kind),
        *_catalogue(connection, scope),
        *_amounts(by_kind),
        *_quantities(connection, scope),
        *_zero_prices(by_kind),
        *(_refunds(connection, scope) if EventKind.REFUND in by_kind else ()),
        *_bursts(connection, scope, total),
        *times,
        *_clock(by_kind, total),
    ]
    read = Read(kinds, lateness, findings)
    unknown = sum(read.unknown_kinds.values())
    if total:
        findings.append(Finding(group="kind", check="unknown_kind", count=unknown, of=total, done=Done.KEPT))
    return read


class _Kind(NamedTuple):
    """One kind of event: how many there are, how many lack what, and which amounts they carry."""

    lacking: Counter[str]
    amounts: Counter[int]
    n: int
    corrected: int


def _by_kind(connection: Connection, scope: Scope) -> dict[str, _Kind]:
    """One pass over the source, commonest kind first."""
    lacking = [func.sum(case((column.is_(None), 1), else_=0)).label(check) for check, (column, _) in _EXPECTED.items()]
    corrected = func.sum(case((_c.clock_correction_ms != 0, 1), else_=0)).label("corrected")
    query = select(_c.kind, _c.amount_minor, func.count().label("n"), corrected, *lacking)
    found: dict[str, _Kind] = {}
    for row in connection.execute(query.where(scope.where).group_by(_c.kind, _c.amount_minor)):
        so_far = found.get(row.kind, _Kind(Counter(), Counter(), 0, 0))
        so_far.lacking.update({check: int(getattr(row, check)) for check in _EXPECTED})
        if row.amount_minor is not None:
            so_far.amounts[row.amount_minor] += row.n
        found[row.kind] = so_far._replace(n=so_far.n + row.n, corrected=so_far.corrected + int(row.corrected))
    return dict(sorted(found.items(), key=lambda pair: (-pair[1].n, pair[0])))


def _missing(by_kind: Mapping[str, _Kind]) -> Iterator[Finding]:
    for check, (_, kinds) in _EXPECTED.items():
        for kind in kinds:
            if found := by_kind.get(kind):
                count = found.lacking[check]
                yield Finding(group="missing", check=check, about=kind, count=count, of=found.n, done=Done.FLAGGED)


def _zero_prices(by_kind: Mapping[str, _Kind]) -> Iterator[Finding]:
    if orders := by_kind.get(EventKind.ORDER):
        count = orders.amounts[0]
        yield Finding(group="impossible", check="zero_price", count=count, of=orders.n, done=Done.FLAGGED)


def _clock(by_kind: Mapping[str, _Kind], total: int) -> Iterator[Finding]:
    count = sum(found.corrected for found in by_kind.values())
    if total:
        yield Finding(group="time", check="clock_corrected", count=count, of=total, done=Done.CORRECTED)


def _amounts(by_kind: Mapping[str, _Kind]) -> Iterator[Finding]:
    for kind, found in sorted(by_kind.items()):
        yield from _outliers("amount_outlier", kind, found.amounts)


def _catalogue(connection: Connection, scope: Scope) -> Iterator[Finding]:
    """Items that the catalogue lacks, and events before the item was sold; nothing without a catalogue."""
    i = items.c
    begun = select(i.item_id, func.min(i.valid_from).label("first")).where(i.workspace_id == scope.workspace_id)
    first = begun.group_by(i.item_id).subquery()
    if connection.execute(select(first).limit(1)).first() is None:
        return
    query = (
        select(
            func.count(),
            func.coalesce(func.sum(case((first.c.item_id.is_(None), 1), else_=0)), 0),
            func.coalesce(func.sum(case((_c.occurred_at < first.c.first, 1), else_=0)), 0),
        )
        .select_from(events.outerjoin(first, first.c.item_id == _c.item_id))
        .where(scope.where, _c.item_id.is_not(None))
    )
    named, unknown, early = (int(n) for n in connection.execute(query).one())
    if named:
        yield Finding(group="missing", check="unknown_item", count=unknown, of=named, done=Done.FLAGGED)
        yield Finding(group="impossible", check="before_item", count=early, of=named, done=Done.FLAGGED)


def _quantities(connection: Connection, scope: Scope) -> Iterator[Finding]:
    """Quantities lie in the properties; equal properties are read once."""
    query = select(_c.kind, _c.properties, func.count()).where(scope.where, _c.properties.contains('"quantity"'))
    found: dict[str, Counter[int]] = {}
    for kind, properties, n in connection.execute(query.group_by(_c.kind, _c.properties)):
        quantity = msgspec.json.decode(properties).get("quantity")
        found.setdefault(kind, Counter())[_whole(quantity)] += n
    for kind, counts in sorted(found.items()):
        yield from _outliers("quantity_outlier", kind, counts)
        wrong = sum(n for quantity, n in counts.items() if quantity <= 0)
        total = counts.total()
        yield Finding(group="impossible", check="bad_quantity", about=kind, count=wrong, of=total, done=Done.FLAGGED)


def _whole(quantity: object) -> int:
    """The quantity rounded up; 0 for what is none."""
    if isinstance(quantity, str) and quantity.strip().isdecimal():
        return int(quantity)
    number = quantity if isinstance(quantity, int | float) and not isinstance(quantity, bool) else 0
    return -int(-number // 1)


def _outliers(check: str, kind: str, counts: Mapping[int, int]) -> Iterator[Finding]:
    bounds: Bounds | None = bounds_of(counts)
    if bounds:
        count, total = beyond(counts, bounds), sum(n for value, n in counts.items() if value > 0)
        low, high = (round(bound, 2) for bound in bounds)
        yield Finding(
            group="outlier", check=check, about=kind, count=count, of=total, done=Done.FLAGGED, low=low, high=high
        )


def _refunds(connection: Connection, scope: Scope) -> Iterator[Finding]:
    """Refunds of more than the order's lines, and of orders that the source never sent (over all its days)."""
    kind, amount = _c.kind, func.coalesce(_c.amount_minor, 0)
    bought = func.sum(case((kind == EventKind.ORDER, amount), else_=0))
    refunded = func.sum(case((kind == EventKind.REFUND, amount), else_=0))
    orders = func.sum(case((kind == EventKind.ORDER, 1), else_=0))
    refunds = func.sum(case((kind == EventKind.REFUND, 1), else_=0))
    query = select(bought, refunded, orders, refunds).where(scope.of_source, _c.order_id.is_not(None))
    query = query.where(kind.in_([EventKind.ORDER, EventKind.REFUND])).group_by(_c.order_id).having(refunds > 0)
    rows = [tuple(int(value) for value in row) for row in connection.execute(query)]
    total = sum(refunds for *_, refunds in rows)
    if total:
        above = sum(refunds for bought, refunded, orders, refunds in rows if orders and refunded > bought)
        orphans = sum(refunds for _, _, orders, refunds in rows if not orders)
        yield Finding(group="impossible", check="refund_above", count=above, of=total, done=Done.FLAGGED)
        yield Finding(group="impossible", check="refund_alone", count=orphans, of=total, done=Done.FLAGGED)


def _bursts(connection: Connection, scope: Scope, total: int) -> Iterator[Finding]:
    minute = _occurred // 60_000_000
    query = select(func.count().label("n")).where(scope.where, _c.subject != "").group_by(_c.subject, minute)
    actions = func.count(func.coalesce(_c.order_id, _c.event_id).distinct())
    bursts = query.having(and_(func.count() > BURST, actions > BURST)).subquery()
    count = connection.scalar(select(func.coalesce(func.sum(bursts.c.n), 0)))
    if total:
        yield Finding(group="outlier", check="burst", count=int(count or 0), of=total, done=Done.FLAGGED, high=BURST)


def _times(connection: Connection, scope: Scope) -> tuple[Lateness | None, list[Finding]]:
    """How late events arrive, and whether they arrive in the order in which their customer did them."""
    start, end = to_micros(scope.start), to_micros(scope.end)
    newest: dict[str, int] = {}
    delays: list[int] = []
    behind = 0
    query = select(_c.subject, _occurred, _received).where(scope.of_source).order_by(_c.position)
    for subject, occurred, received in connection.execute(query):
        before = newest.get(subject, occurred)
        if occurred > before or subject not in newest:
            newest[subject] = occurred
        if start <= received < end:
            delays.append(received - occurred)
            behind += occurred < before
    if not delays:
        return None, []
    found = np.array(delays, dtype=np.int64)
    late, ahead = int((found > LATE_AFTER / timedelta(microseconds=1)).sum()), int((found < 0).sum())
    p50, p95 = np.percentile(found, (50, 95), method="inverted_cdf") / 1e6
    lateness = Lateness(p50=float(p50), p95=float(p95), longest=float(found.max() / 1e6))
    checks = (("late", late, Done.KEPT), ("out_of_order", behind, Done.REFOLDED), ("ahead", ahead, Done.FLAGGED))
    return lateness, [
        Finding(group="time", check=check, count=count, of=len(delays), done=done) for check, count, done in checks
    ]
