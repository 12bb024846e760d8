"""Which claims are worth telling about a customer. Every one is measured by `measures.state`; none is made up here."""

from collections import Counter
from collections.abc import Iterator

from app.events.schemas import EventKind
from app.narrative.book import TOPICAL_KINDS, Book, Query
from app.narrative.measures import Asked, state
from app.narrative.schemas import Claim, Period, Predicate

WINDOW_DAYS = 90
"""Length of the "recent" window that changes are measured over."""
RECENT_DAYS = 30
"""How far back searches, carts and messages are news."""
FAVOURITE_FROM = 3
"""Days of buying one item that make it a favourite."""
FAVOURITE_WITHIN_DAYS = 180
"""A favourite was bought within so many days."""
REVIEW_DAYS = 180
"""How long a review is worth repeating."""
MESSAGE_DAYS = 60
"""How long a message to support is worth repeating."""
SHORTEST_MESSAGE = 6
"""Characters below which a message to support says too little to repeat."""
MUCH_LOOKED_AT = 5
"""Interactions with one topic within RECENT_DAYS that are worth telling."""
RHYTHM_FROM = 4
"""Purchase days that show a usual gap: three gaps or more."""
DAYS_TO_MOVE = 3
"""Days on which a topic was dealt with, in the busier window, before its change is told; one basket is no trend."""
WORTH_TELLING = 0.15
"""Relative change between two windows below which nothing is said."""


def choose(book: Book) -> tuple[Claim, ...]:
    """The claims to tell, in telling order: who this is, what they like, their rhythm, what changed, what is new."""
    if book.all_time is None:
        return ()
    found = [*_who(book), *_taste(book, book.all_time), *_rhythm(book), *_changes(book), *_recent(book)]
    return tuple(dict.fromkeys(claim for claim in found if claim is not None))


def _who(book: Book) -> Iterator[Claim | None]:
    whole = Asked(period=book.all_time)
    if not book.orders():
        yield state(book, Predicate.VIEW_COUNT, whole)
        return
    yield state(book, Predicate.FIRST_ORDER)
    yield state(book, Predicate.ORDER_COUNT, whole)
    if len(book.orders()) > 1:
        yield state(book, Predicate.ORDER_VALUE, whole)
        yield state(book, Predicate.AVERAGE_ORDER_VALUE, whole)
    yield state(book, Predicate.REFUND_VALUE, whole)


def _taste(book: Book, whole: Period) -> Iterator[Claim | None]:
    bought = Counter[str]()
    for event in book.find(Query((EventKind.ORDER,))):
        if (topic := book.topic(event)) and event.money:
            bought[topic] += event.money.amount_minor
    for topic, _ in _top(bought, 2):
        yield state(book, Predicate.TOPIC_SHARE, Asked(period=whole, topic=topic))
    yield _favourite(book, whole)
    recent = book.last_days(RECENT_DAYS)
    for topic, count in _top(_topic_counts(book, recent), 1):
        if count >= MUCH_LOOKED_AT:
            yield state(book, Predicate.TOPIC_INTERACTIONS, Asked(period=recent, topic=topic))


def _favourite(book: Book, whole: Period) -> Claim | None:
    """The item bought on most days, if it was bought on enough of them and not too long ago."""
    days: dict[str, set[int]] = {}
    for event in book.find(Query((EventKind.ORDER,))):
        if event.item_id:
            days.setdefault(event.item_id, set()).add(book.local_day(event.occurred_at))
    recent = book.local_day(book.as_of) - FAVOURITE_WITHIN_DAYS
    bought = Counter({item: len(on) for item, on in days.items() if max(on) >= recent})
    for item_id, count in _top(bought, 1):
        if count >= FAVOURITE_FROM:
            return state(book, Predicate.ITEM_ORDERS, Asked(period=whole, item_id=item_id))
    return None


def _rhythm(book: Book) -> Iterator[Claim | None]:
    orders = book.orders()
    if len(orders) > 1:
        yield state(book, Predicate.LAST_ORDER)
    if len({book.local_day(order.at) for order in orders}) >= RHYTHM_FROM:
        yield state(book, Predicate.USUAL_GAP)
    yield state(book, Predicate.DAYS_SINCE_LAST_ORDER)


def _changes(book: Book) -> Iterator[Claim | None]:
    window = book.last_days(WINDOW_DAYS)
    before = book.last_days(WINDOW_DAYS, before=WINDOW_DAYS)
    first = book.all_time
    if first is None or first.start > before.start:
        return  # too young: the earlier window is not a whole one
    if len(book.orders()) > 1:
        for predicate in (Predicate.ORDER_COUNT_CHANGE, Predicate.ORDER_VALUE_CHANGE):
            claim = state(book, predicate, Asked(period=window))
            yield claim if claim and _worth_telling(claim) else None
    yield from _topic_changes(book, window, before)


def _worth_telling(claim: Claim) -> bool:
    now, then = claim.value or 0, claim.compared_to or 0
    return abs(now - then) > WORTH_TELLING * max(now, then)


def _topic_changes(book: Book, window: Period, before: Period) -> Iterator[Claim | None]:
    now, then = (_topic_counts(book, period) for period in (window, before))
    if not now:
        return  # silence altogether is told once, by the orders and the days since
    days = {t: max(_days_with(book, t, window), _days_with(book, t, before)) for t in {*now, *then}}
    moved = {t: now[t] - then[t] for t, on in days.items() if on >= DAYS_TO_MOVE and _moved(now[t], then[t])}
    rising = max(moved, key=lambda t: (moved[t], t), default=None)
    fading = min(moved, key=lambda t: (moved[t], t), default=None)
    for topic in dict.fromkeys((rising, fading)):
        if topic and moved[topic]:
            yield state(book, Predicate.TOPIC_CHANGE, Asked(period=window, topic=topic))


def _days_with(book: Book, topic: str, period: Period) -> int:
    found = book.find(Query(TOPICAL_KINDS, topic=topic, period=period))
    return len({book.local_day(event.occurred_at) for event in found})


def _topic_counts(book: Book, period: Period) -> Counter[str]:
    return Counter(t for e in book.find(Query(TOPICAL_KINDS, period=period)) if (t := book.topic(e)))


def _moved(now: int, then: int) -> bool:
    """A topic moved when at least five interactions and a factor of two lie between the windows."""
    return abs(now - then) >= 5 and max(now, then) >= 2 * min(now, then)


def _recent(book: Book) -> Iterator[Claim | None]:
    period = book.last_days(RECENT_DAYS)
    readings = [claim for claim in _readings(book) if claim]
    read = {event_id for claim in readings for event_id in claim.evidence}
    searches = {
        book.history.texts.get(e.text_ref or ""): e for e in book.find(Query((EventKind.SEARCH,), period=period))
    }
    for event in sorted(searches.values(), key=lambda e: e.order_key)[-2:]:
        if event.event_id not in read:
            yield state(book, Predicate.SEARCHED, Asked(event_id=event.event_id))
    carted = Counter(e.item_id for e in book.find(Query((EventKind.CART_ADD,), period=period)) if e.item_id)
    open_carts = (state(book, Predicate.CARTED_NOT_BOUGHT, Asked(period=period, item_id=i)) for i, _ in _top(carted, 6))
    yield from [claim for claim in open_carts if claim][:2]
    yield from _messages(book, read)
    yield from readings


def _messages(book: Book, read: set[str]) -> Iterator[Claim | None]:
    """The latest review, and the latest message to support that says something, unless a reading quotes it already."""
    reviews = book.find(Query((EventKind.REVIEW,), period=book.last_days(REVIEW_DAYS)))
    for event in reviews[-1:]:
        if event.event_id not in read:
            yield state(book, Predicate.REVIEWED, Asked(event_id=event.event_id))
    messages = book.find(Query((EventKind.SUPPORT_MESSAGE,), period=book.last_days(MESSAGE_DAYS)))
    telling = [e for e in messages if len(book.history.texts.get(e.text_ref or "", "")) >= SHORTEST_MESSAGE]
    for event in telling[-1:]:
        if event.event_id not in read:
            yield state(book, Predicate.SUPPORT_CONTACT, Asked(event_id=event.event_id))


def _readings(book: Book) -> Iterator[Claim | None]:
    """The latest text that allows each reading, while the reading is remembered."""
    latest: dict[str, str] = {}
    for event in book.find(Query((EventKind.SEARCH, EventKind.REVIEW, EventKind.SUPPORT_MESSAGE))):
        for name in book.taxonomy.readings_in(book.history.texts.get(event.text_ref or "", "")):
            reading = book.taxonomy.readings[name]
            if event.kind in reading.kinds and event.occurred_at > book.last_days(reading.memory_days).start:
                latest[name] = event.event_id
    for name, event_id in sorted(latest.items()):
        yield state(book, Predicate.INTENT, Asked(event_id=event_id, reading=name))


def _top(counts: Counter[str], n: int) -> list[tuple[str, int]]:
    return sorted(((k, v) for k, v in counts.items() if v > 0), key=lambda pair: (-pair[1], pair[0]))[:n]
