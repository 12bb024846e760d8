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
"""Orders of one item that make it a favourite."""
MUCH_LOOKED_AT = 5
"""Interactions with one topic within RECENT_DAYS that are worth telling."""
RHYTHM_FROM = 3
"""Purchase days that show a usual gap; two have one gap, which may be anything."""
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
    orders_of = Counter(
        item_id for order in book.orders() for item_id in {line.item_id for line in order.lines} if item_id
    )
    for item_id, count in _top(orders_of, 1):
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
    moved = {t: now[t] - then[t] for t in {*now, *then} if _moved(now[t], then[t])}
    rising = max(moved, key=lambda t: (moved[t], t), default=None)
    fading = min(moved, key=lambda t: (moved[t], t), default=None)
    for topic in dict.fromkeys((rising, fading)):
        if topic and moved[topic]:
            yield state(book, Predicate.TOPIC_CHANGE, Asked(period=window, topic=topic))


def _topic_counts(book: Book, period: Period) -> Counter[str]:
    return Counter(t for e in book.find(Query(TOPICAL_KINDS, period=period)) if (t := book.topic(e)))


def _moved(now: int, then: int) -> bool:
    """A topic moved when at least five interactions and a factor of two lie between the windows."""
    return abs(now - then) >= 5 and max(now, then) >= 2 * min(now, then)


def _recent(book: Book) -> Iterator[Claim | None]:
    period = book.last_days(RECENT_DAYS)
    readings = [claim for claim in _readings(book) if claim]
    read = {event_id for claim in readings for event_id in claim.evidence}
    for event in book.find(Query((EventKind.SEARCH,), period=period))[-2:]:
        if event.event_id not in read:
            yield state(book, Predicate.SEARCHED, Asked(event_id=event.event_id))
    carted = Counter(e.item_id for e in book.find(Query((EventKind.CART_ADD,), period=period)) if e.item_id)
    open_carts = (state(book, Predicate.CARTED_NOT_BOUGHT, Asked(period=period, item_id=i)) for i, _ in _top(carted, 6))
    yield from [claim for claim in open_carts if claim][:2]
    for kind, predicate in (
        (EventKind.REVIEW, Predicate.REVIEWED),
        (EventKind.SUPPORT_MESSAGE, Predicate.SUPPORT_CONTACT),
    ):
        for event in book.find(Query((kind,)))[-1:]:
            if event.event_id not in read or kind is EventKind.REVIEW:
                yield state(book, predicate, Asked(event_id=event.event_id))
    yield from readings


def _readings(book: Book) -> Iterator[Claim | None]:
    """The latest text for each reading that enough texts support, within the longest topic memory."""
    texts: dict[str, list[str]] = {}
    for event in book.find(Query((EventKind.SEARCH, EventKind.REVIEW, EventKind.SUPPORT_MESSAGE))):
        if event.occurred_at <= book.last_days(WINDOW_DAYS).start:
            continue
        for reading in book.taxonomy.readings_in(book.history.texts.get(event.text_ref or "", "")):
            texts.setdefault(reading, []).append(event.event_id)
    for reading, event_ids in sorted(texts.items()):
        if len(event_ids) >= book.taxonomy.readings[reading].needs:
            yield state(book, Predicate.INTENT, Asked(event_id=event_ids[-1], reading=reading))


def _top(counts: Counter[str], n: int) -> list[tuple[str, int]]:
    return sorted(((k, v) for k, v in counts.items() if v > 0), key=lambda pair: (-pair[1], pair[0]))[:n]
