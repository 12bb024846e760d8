"""What is new: the last searches, carts that were not bought, the last review and message, and what they suggest."""

from collections.abc import Iterator

from app.events.schemas import EventKind
from app.narrative.known import Known
from app.narrative.schemas import Claim, Predicate
from app.profile.known.attributes import rejected
from app.profile.memory.touches import unpacked
from app.profile.sums.carts import RECENT_DAYS, Carted
from app.profile.sums.daily import within
from app.profile.sums.marks import Wrote

REVIEW_DAYS = 180
"""How long a review is worth repeating."""
MESSAGE_DAYS = 60
"""How long a message to support is worth repeating."""
MOST_CARTS = 2
MOST_SEARCHES = 2
MOST_READINGS = 3


def latest(known: Known) -> Iterator[Claim]:
    """Searches, open carts, words; a text that a reading quotes is not told a second time."""
    readings = tuple(_readings(known))
    read = {event_id for claim in readings for event_id in claim.evidence}
    yield from _searches(known, read)
    yield from _carts(known)
    marks = known.state.tallies.marks
    yield from _said(known, Predicate.REVIEWED, marks.review, REVIEW_DAYS, read)
    yield from _said(known, Predicate.SUPPORT_CONTACT, marks.message, MESSAGE_DAYS, read)
    yield from readings


def _searches(known: Known, read: set[str]) -> Iterator[Claim]:
    """The newest searches, each wording once."""
    worded = {known.text(wrote): wrote for wrote in known.state.tallies.marks.searches}
    for wrote in sorted(worded.values(), key=lambda wrote: wrote.at)[-MOST_SEARCHES:]:
        yield from _said(known, Predicate.SEARCHED, wrote, RECENT_DAYS, read)


def _said(known: Known, predicate: Predicate, wrote: Wrote | None, days: int, read: set[str]) -> Iterator[Claim]:
    if wrote is None or wrote.at <= known.last_days(days).start or known.event_id(wrote) in read:
        return
    quote = known.quote(wrote)
    if quote is not None:
        yield known.claim(predicate, wrote.rating, (known.event_id(wrote),), at=wrote.at, quote=quote)


def _readings(known: Known) -> Iterator[Claim]:
    """The latest text that allows each reading, while it is remembered and unless it was rejected; the newest."""
    newest = sorted(known.state.tallies.marks.readings.items(), key=lambda item: (item[1].at, item[0]))
    for name, wrote in newest[-MOST_READINGS:]:
        reading = known.context.taxonomy.readings.get(name)
        if reading is None or wrote.at <= known.last_days(reading.memory_days).start:
            continue
        if rejected(known.state.attributes, name, reading.zh, reading.en):
            continue
        quote = known.quote(wrote)
        if quote is not None:
            yield known.claim(
                Predicate.INTENT,
                None,
                (known.event_id(wrote),),
                at=wrote.at,
                quote=quote,
                reading=name,
                name=wrote.kind,
                confidence=reading.confidence,
            )


def _carts(known: Known) -> Iterator[Claim]:
    """What was put in the cart last and is still there."""
    period = known.last_days(RECENT_DAYS)
    told = 0
    for item_id, carted in reversed(known.state.tallies.carts.items.items()):
        if told == MOST_CARTS:
            break
        if count := _times(known, carted):
            cart = known.where(EventKind.CART_ADD, item_id=item_id, period=period)
            cites = (unpacked(carted.key),) if count == 1 else cart
            yield known.claim(Predicate.CARTED_NOT_BOUGHT, count, cites, period=period, item_id=item_id, at=carted.at)
            told += 1


def _times(known: Known, carted: Carted) -> int:
    """Additions within the period; 0 where the item is not in the cart, or the number is not known."""
    if not (carted.is_open and carted.sure):
        return 0
    return within(carted.adds, known.today - RECENT_DAYS + 1, known.today).times
