"""How each predicate is computed from events: the one definition that claims are made and checked with."""

from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import pairwise
from statistics import median

from app.events.schemas import Event, EventKind, order_key
from app.narrative.asked import Asked, Measure, Measured, Spec
from app.narrative.book import Book, Query, query_ref, value_of
from app.narrative.making import direction_of, made, quote_of
from app.narrative.schemas import MAX_EVIDENCE, Claim, ClaimKind, Period, Predicate, QueryRef, Unit
from app.narrative.standing import OF_PROFILE, profile_claims
from app.profile.known.attributes import rejected
from app.profile.sums.marks import rating_of
from app.profile.sums.tallies import TOPICAL_KINDS

OVERDUE = 2.0
"""A silence of more than this many usual gaps is overdue."""

_ORDER = (EventKind.ORDER,)


def state(book: Book, predicate: Predicate, asked: Asked = Asked()) -> Claim | None:
    """Measure one claim; None when the events do not support any such claim."""
    spec = SPECS[predicate]
    found = spec.measure(book, asked) if spec.fits(asked) else None
    if found is None or not found.events:
        return None
    evidence, ref = cited(found.query, found.events)
    if ref and len(book.find(found.query)) != ref.count:
        return None  # two sources with one order number: no query names the lines of one of them
    return made(
        kind=spec.kind,
        predicate=predicate,
        subject=book.customer_id,
        value=found.value,
        unit=spec.unit,
        as_of=book.as_of,
        currency=book.currency if spec.unit is Unit.MONEY_MINOR else None,
        direction=direction_of(found.value, found.compared_to) if spec.kind is ClaimKind.CHANGE else None,
        period=asked.period,
        compared_to=found.compared_to,
        topic=asked.topic,
        name=found.name,
        item_id=asked.item_id,
        order_id=found.order_id,
        at=found.at,
        quote=found.quote,
        reading=asked.reading,
        evidence=evidence,
        query_ref=ref,
        confidence=found.confidence,
    )


def cited(query: Query, events: Sequence[Event]) -> tuple[tuple[str, ...], QueryRef | None]:
    """Evidence as ids while they are few, else as the query that finds them."""
    if len(events) <= MAX_EVIDENCE:
        return tuple(event.event_id for event in events), None
    return (), query_ref(query, events)


def recompute(claim: Claim, book: Book) -> Claim | None:
    """The claim as the events give it now. None when it cannot hold or is about somebody or some time else."""
    if claim.subject != book.customer_id or claim.as_of != book.as_of:
        return None
    if claim.predicate in OF_PROFILE:
        return _of_profile(claim, book)
    if claim.predicate not in SPECS:
        return None
    asked = Asked(
        period=claim.period,
        topic=claim.topic,
        item_id=claim.item_id,
        event_id=next(iter(claim.evidence), None) if "event_id" in SPECS[claim.predicate].takes else None,
        reading=claim.reading,
    )
    return state(book, claim.predicate, asked)


def _of_profile(claim: Claim, book: Book) -> Claim | None:
    """The same claim from the profile that the book's events give when they are folded anew."""
    if book.profile is None:
        return None
    found = profile_claims(book.profile, currency=book.currency)
    again = next((c for c in found if _about(c) == _about(claim)), None)
    if again is None or again.query_ref is None:
        return again if again and book.by_id.keys() >= set(again.evidence) else None
    query = Query.parse(again.query_ref.query)
    events = book.find(query)
    evidence, ref = cited(query, events)
    return again.model_copy(update={"evidence": evidence, "query_ref": ref}) if events else None


def _about(claim: Claim) -> tuple[str | datetime | None, ...]:
    return claim.predicate, claim.topic, claim.to_topic, claim.name, claim.at


def _one_order(choose: Callable[[list[int]], int]) -> Measure:
    def measure(book: Book, asked: Asked) -> Measured | None:
        orders = book.orders()
        if not orders:
            return None
        order = orders[choose([o.value for o in orders])]
        query = Query(_ORDER, order_id=order.order_id)
        return Measured(order.value, query, list(order.lines), at=order.at, order_id=order.order_id)

    return measure


def _order_count(book: Book, asked: Asked) -> Measured:
    query = Query(_ORDER, period=asked.period)
    return Measured(len(book.orders(asked.period)), query, book.find(query))


def _order_value(book: Book, asked: Asked) -> Measured:
    query = Query(_ORDER, period=asked.period)
    found = book.find(query)
    return Measured(value_of(found), query, found)


def _average_order_value(book: Book, asked: Asked) -> Measured | None:
    query = Query(_ORDER, period=asked.period)
    found, orders = book.find(query), len(book.orders(asked.period))
    return Measured(round(value_of(found) / orders), query, found) if orders else None


def _refund_value(book: Book, asked: Asked) -> Measured:
    query = Query((EventKind.REFUND,), period=asked.period)
    found = book.find(query)
    return Measured(value_of(found), query, found)


def _usual_gap(book: Book, asked: Asked) -> Measured | None:
    query = Query(_ORDER)
    found = book.find(query)
    days = sorted({book.local_day(e.occurred_at) for e in found})
    gaps = [later - earlier for earlier, later in pairwise(days)]
    return Measured(float(median(gaps)), query, found) if gaps else None


def _days_since_last_order(book: Book, asked: Asked) -> Measured | None:
    orders = book.orders()
    if not orders:
        return None
    last = orders[-1]
    days = book.local_day(book.as_of) - book.local_day(last.at)
    return Measured(days, Query(_ORDER, order_id=last.order_id), list(last.lines), at=last.at, order_id=last.order_id)


def _topic_share(book: Book, asked: Asked) -> Measured | None:
    query = Query(_ORDER, topic=asked.topic, period=asked.period)
    found = book.find(query)
    total = value_of(book.find(Query(_ORDER, period=asked.period)))
    return Measured(value_of(found) / total, query, found) if total else None


def _topic_interactions(book: Book, asked: Asked) -> Measured:
    query = Query(TOPICAL_KINDS, topic=asked.topic, period=asked.period)
    found = book.find(query)
    return Measured(len(found), query, found)


def _item_orders(book: Book, asked: Asked) -> Measured:
    query = Query(_ORDER, item_id=asked.item_id, period=asked.period)
    found = book.find(query)
    return Measured(len({order_key(e) for e in found}), query, found)


def _view_count(book: Book, asked: Asked) -> Measured:
    query = Query((EventKind.VIEW,), period=asked.period)
    found = book.find(query)
    return Measured(len(found), query, found)


def _change(level: Measure) -> Measure:
    """The same measure over the period and over as many local days before it."""

    def measure(book: Book, asked: Asked) -> Measured | None:
        if asked.period is None:
            return None
        before = asked._replace(period=book.before(asked.period))
        if before.period is None or before.period.end != asked.period.start:
            return None  # only whole local days can be compared with those before them
        now, then = level(book, asked), level(book, before)
        if now is None or then is None:
            return None
        both = now.query._replace(period=Period(start=before.period.start, end=asked.period.end))
        return Measured(now.value, both, then.events + now.events, compared_to=then.value)

    return measure


def _carted_not_bought(book: Book, asked: Asked) -> Measured | None:
    bought = book.find(Query(_ORDER, item_id=asked.item_id))
    since = bought[-1].occurred_at if bought else None
    query = Query((EventKind.CART_ADD,), item_id=asked.item_id, period=_later(asked.period, since, book.as_of))
    found = book.find(query)
    if not found:
        return None
    since_last = Period(start=found[-1].occurred_at, end=book.as_of)
    if book.find(Query((EventKind.CART_REMOVE,), item_id=asked.item_id, period=since_last)):
        return None
    return Measured(len(found), query, found, at=found[-1].occurred_at)


def _later(period: Period | None, since: datetime | None, as_of: datetime) -> Period | None:
    """What of a period comes after a moment."""
    if since is None or (period and period.start >= since):
        return period
    return Period(start=since, end=max(period.end, since) if period else as_of)


def _said(kind: EventKind) -> Measure:
    """One event with the customer's own words. Nothing is quoted that touches the sensitivity list."""

    def measure(book: Book, asked: Asked) -> Measured | None:
        event = book.by_id.get(asked.event_id or "")
        quote = _quote(book, event) if event and event.kind == kind else None
        if event is None or quote is None:
            return None
        value = rating_of(event) if kind is EventKind.REVIEW else None
        return Measured(value, Query((kind,)), [event], at=event.occurred_at, quote=quote)

    return measure


def _quote(book: Book, event: Event) -> str | None:
    return quote_of(book.history.texts.get(event.text_ref or ""), book.taxonomy)


def _intent(book: Book, asked: Asked) -> Measured | None:
    """A reading that the taxonomy allows of one text and nobody rejected; its confidence is the taxonomy's."""
    event = book.by_id.get(asked.event_id or "")
    quote = _quote(book, event) if event else None
    name = asked.reading or ""
    if event is None or quote is None or name not in book.taxonomy.readings:
        return None
    reading = book.taxonomy.readings[name]
    if event.kind not in reading.kinds or rejected(book.state.attributes, name, reading.zh, reading.en):
        return None
    if name not in book.taxonomy.readings_in(book.history.texts[event.text_ref or ""]):
        return None
    query = Query((event.kind,))
    return Measured(
        None, query, [event], at=event.occurred_at, quote=quote, confidence=reading.confidence, name=event.kind
    )


_FACT, _AGGREGATE, _CHANGE = ClaimKind.FACT, ClaimKind.AGGREGATE, ClaimKind.CHANGE

SPECS: dict[Predicate, Spec] = {
    Predicate.FIRST_ORDER: Spec(_FACT, Unit.MONEY_MINOR, _one_order(lambda _: 0)),
    Predicate.LAST_ORDER: Spec(_FACT, Unit.MONEY_MINOR, _one_order(lambda _: -1)),
    Predicate.LARGEST_ORDER: Spec(_FACT, Unit.MONEY_MINOR, _one_order(lambda values: values.index(max(values)))),
    Predicate.ORDER_COUNT: Spec(_AGGREGATE, Unit.COUNT, _order_count, ("period",)),
    Predicate.ORDER_VALUE: Spec(_AGGREGATE, Unit.MONEY_MINOR, _order_value, ("period",)),
    Predicate.AVERAGE_ORDER_VALUE: Spec(_AGGREGATE, Unit.MONEY_MINOR, _average_order_value, ("period",)),
    Predicate.REFUND_VALUE: Spec(_AGGREGATE, Unit.MONEY_MINOR, _refund_value, ("period",)),
    Predicate.USUAL_GAP: Spec(_AGGREGATE, Unit.DAYS, _usual_gap),
    Predicate.DAYS_SINCE_LAST_ORDER: Spec(_AGGREGATE, Unit.DAYS, _days_since_last_order),
    Predicate.TOPIC_SHARE: Spec(_AGGREGATE, Unit.SHARE, _topic_share, ("period", "topic")),
    Predicate.TOPIC_INTERACTIONS: Spec(_AGGREGATE, Unit.COUNT, _topic_interactions, ("period", "topic")),
    Predicate.ITEM_ORDERS: Spec(_AGGREGATE, Unit.COUNT, _item_orders, ("period", "item_id")),
    Predicate.VIEW_COUNT: Spec(_AGGREGATE, Unit.COUNT, _view_count, ("period",)),
    Predicate.ORDER_COUNT_CHANGE: Spec(_CHANGE, Unit.COUNT, _change(_order_count), ("period",)),
    Predicate.ORDER_VALUE_CHANGE: Spec(_CHANGE, Unit.MONEY_MINOR, _change(_order_value), ("period",)),
    Predicate.TOPIC_CHANGE: Spec(_CHANGE, Unit.COUNT, _change(_topic_interactions), ("period", "topic")),
    Predicate.CARTED_NOT_BOUGHT: Spec(_FACT, Unit.COUNT, _carted_not_bought, ("period", "item_id")),
    Predicate.SEARCHED: Spec(_FACT, Unit.NONE, _said(EventKind.SEARCH), ("event_id",)),
    Predicate.REVIEWED: Spec(_FACT, Unit.RATING, _said(EventKind.REVIEW), ("event_id",)),
    Predicate.SUPPORT_CONTACT: Spec(_FACT, Unit.NONE, _said(EventKind.SUPPORT_MESSAGE), ("event_id",)),
    Predicate.INTENT: Spec(ClaimKind.INFERENCE, Unit.NONE, _intent, ("event_id", "reading")),
}
