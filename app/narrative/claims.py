"""Which claims are worth telling about a customer, made of the folded state alone: the cost knows no history.

What a bounded state may have lost is not claimed. `ground.py` measures every claim again on the events.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from app.events.schemas import EventKind
from app.narrative.known import Known
from app.narrative.latest import latest
from app.narrative.schemas import Claim, Period, Predicate, QueryRef
from app.narrative.standing import profile_claims
from app.profile.fold import State
from app.profile.memory.touches import unpacked
from app.profile.schemas import Profile
from app.profile.seen import Context
from app.profile.signs.days import reaches, windows
from app.profile.sums.daily import between, since
from app.profile.sums.purchases import Order, first_order, largest_order, last_order
from app.profile.sums.tallies import TOPICAL_KINDS

WINDOW_DAYS = 90
"""Local days of the "recent" window that changes are measured over, today included."""
RECENT_DAYS = 30
"""Local days in which dealing with a topic is news, today included."""
FAVOURITE_FROM = 3
"""Days of buying one item that make it a favourite."""
FAVOURITE_ORDERS = 2
"""Orders with it that make buying it again."""
FAVOURITE_WITHIN_DAYS = 180
"""A favourite was bought within so many days."""
MUCH_LOOKED_AT = 5
"""Dealings with one topic within RECENT_DAYS, or more or fewer than before, that are worth telling."""
RHYTHM_FROM = 4
"""Purchase days that show a usual gap: three gaps or more."""
LARGEST_FROM = 4
"""Orders from which the dearest one says something."""
DAYS_TO_MOVE = 3
"""Days on which a topic was dealt with, in the busier window, before its change is told; one basket is no trend."""
WORTH_TELLING = 0.15
"""Relative change between two windows below which nothing is said."""
MOST_OF_A_KIND = 3
"""Interests, shifts, signs and attributes of which so many are told."""
_PRICES_FROM = 3
"""Orders from which price behaviour is told."""


class Dealt(NamedTuple):
    """How often a topic was dealt with."""

    recent: int
    """In the last RECENT_DAYS."""
    now: int
    """In the last WINDOW_DAYS."""
    then: int
    """In as many days before."""
    days: int
    """Days with any, in the busier of both windows."""


Dealings = dict[str, Dealt]


def choose(state: State, profile: Profile, context: Context, *, currency: str) -> tuple[Claim, ...]:
    """The claims to tell, in telling order: who this is, what they like, their rhythm, what changed, what is new.

    `profile` is the state's view at the moment of telling; `context` needs to hold no other texts than those that
    the state refers to.
    """
    if state.tallies.first_at is None:
        return ()
    known = Known(state, profile, context, currency)
    standing, dealings = _standing(known), _dealings(known)
    found = [
        *_who(known),
        *standing.get(Predicate.RFM_POSITION, ()),
        *_taste(known, dealings),
        *standing.get(Predicate.DISCOUNT_SHARE, ()),
        *standing.get(Predicate.BASKET, ()),
        *standing.get(Predicate.INTEREST, ()),
        *standing.get(Predicate.INTEREST_SHIFT, ()),
        *_rhythm(known),
        *standing.get(Predicate.VISIT_GAP, ()),
        *standing.get(Predicate.USUAL_WEEKDAY, ()),
        *standing.get(Predicate.USUAL_HOUR, ()),
        *_changes(known, dealings),
        *standing.get(Predicate.SIGNAL, ()),
        *standing.get(Predicate.ATTRIBUTE, ()),
        *latest(known),
    ]
    return tuple({claim.claim_id: claim for claim in found}.values())


def _standing(known: Known) -> Mapping[Predicate, list[Claim]]:
    """What the profile says, as much of it as is told."""
    by: dict[Predicate, list[Claim]] = {}
    for claim in profile_claims(known.profile, currency=known.currency, most=MOST_OF_A_KIND):
        if _tells(claim):
            by.setdefault(claim.predicate, []).append(claim)
    return by


def _tells(claim: Claim) -> bool:
    """A mean over next to nothing tells nothing; an inference without its words may not be told."""
    if claim.predicate in (Predicate.DISCOUNT_SHARE, Predicate.BASKET):
        return (claim.out_of or 0) >= _PRICES_FROM
    return claim.predicate is not Predicate.ATTRIBUTE or claim.confidence is None or claim.quote is not None


def _who(known: Known) -> Iterator[Claim]:
    purchases, counts, whole = known.state.purchases, known.state.counts, known.whole
    if not purchases.orders:
        if views := counts.get(EventKind.VIEW, 0):
            yield known.claim(Predicate.VIEW_COUNT, views, known.where(EventKind.VIEW, period=whole), period=whole)
        return
    yield from _one_order(known, Predicate.FIRST_ORDER, first_order(purchases))
    lines = known.where(EventKind.ORDER, period=whole)
    yield known.claim(Predicate.ORDER_COUNT, purchases.orders, lines, period=whole)
    if purchases.orders > 1:
        average = round(purchases.total / purchases.orders)
        yield known.claim(Predicate.ORDER_VALUE, purchases.total, lines, period=whole)
        yield known.claim(Predicate.AVERAGE_ORDER_VALUE, average, lines, period=whole)
    if purchases.orders >= LARGEST_FROM:
        yield from _one_order(known, Predicate.LARGEST_ORDER, largest_order(purchases))
    if counts.get(EventKind.REFUND):
        refunds = known.where(EventKind.REFUND, period=whole)
        yield known.claim(Predicate.REFUND_VALUE, purchases.refunded, refunds, period=whole)


def _one_order(known: Known, predicate: Predicate, order: Order | None) -> Iterator[Claim]:
    if order is not None:
        cites, order_id = _lines_of(known, order)
        yield known.claim(predicate, order.value, cites, at=order.at, order_id=order_id)


def _lines_of(known: Known, order: Order) -> tuple[QueryRef | tuple[str, ...], str]:
    """What an order's claims cite, and its number."""
    order_id = order.order_id or unpacked(order.key)
    if order.lines == 1:
        return (unpacked(order.key),), order_id
    return known.where(EventKind.ORDER, order_id=order_id), order_id


def _taste(known: Known, dealings: Dealings) -> Iterator[Claim]:
    purchases, whole = known.state.purchases, known.whole
    if purchases.total > 0:
        for topic, value in _top(purchases.topics, 2):
            cites = known.where(EventKind.ORDER, topic=topic, period=whole)
            yield known.claim(Predicate.TOPIC_SHARE, value / purchases.total, cites, period=whole, topic=topic)
    yield from _favourite(known)
    often = {topic: dealt.recent for topic, dealt in dealings.items() if dealt.recent >= MUCH_LOOKED_AT}
    for topic, count in _top(often, 1):
        recent = known.last_days(RECENT_DAYS)
        cites = known.where(*TOPICAL_KINDS, topic=topic, period=recent)
        yield known.claim(Predicate.TOPIC_INTERACTIONS, count, cites, period=recent, topic=topic)


def _favourite(known: Known) -> Iterator[Claim]:
    """The item bought on most days, if it was bought on enough of them and not too long ago."""
    wares = known.state.purchases.wares.items
    oldest = known.today - FAVOURITE_WITHIN_DAYS
    sure = ((item_id, ware) for item_id, ware in wares.items() if ware.sure and ware.last_day >= oldest)
    often = ((item_id, ware) for item_id, ware in sure if ware.orders >= FAVOURITE_ORDERS)
    days = {item_id: ware.days for item_id, ware in often if ware.days >= FAVOURITE_FROM}
    for item_id, _ in _top(days, 1):
        cites = known.where(EventKind.ORDER, item_id=item_id, period=known.whole)
        orders = wares[item_id].orders
        yield known.claim(Predicate.ITEM_ORDERS, orders, cites, period=known.whole, item_id=item_id)


def _rhythm(known: Known) -> Iterator[Claim]:
    purchases = known.state.purchases
    last = last_order(purchases)
    if last is None:
        return
    if purchases.orders > 1:
        yield from _one_order(known, Predicate.LAST_ORDER, last)
    gap = known.profile.usual_gap_days
    if gap is not None and purchases.purchase_days >= RHYTHM_FROM:
        yield known.claim(Predicate.USUAL_GAP, gap, known.where(EventKind.ORDER))
    cites, order_id = _lines_of(known, last)
    days = known.today - known.local_day(last.at)
    yield known.claim(Predicate.DAYS_SINCE_LAST_ORDER, days, cites, at=last.at, order_id=order_id)


def _changes(known: Known, dealings: Dealings) -> Iterator[Claim]:
    now = known.last_days(WINDOW_DAYS)
    both = Period(start=known.before(now).start, end=now.end)
    if known.whole.start > both.start:
        return  # too young: the earlier window is not a whole one
    yield from _order_changes(known, now, both)
    yield from _topic_changes(known, dealings, now, both)


def _order_changes(known: Known, now: Period, both: Period) -> Iterator[Claim]:
    days, first = known.state.days, known.today - 2 * WINDOW_DAYS + 1
    if known.state.purchases.orders < 2 or not reaches(days, first):
        return
    then, late = windows(days, (first, first + WINDOW_DAYS, known.today + 1))
    cites = known.where(EventKind.ORDER, period=both)
    for predicate, value, before in (
        (Predicate.ORDER_COUNT_CHANGE, late.orders, then.orders),
        (Predicate.ORDER_VALUE_CHANGE, late.value, then.value),
    ):
        if abs(value - before) > WORTH_TELLING * max(value, before):
            yield known.claim(predicate, value, cites, period=now, compared_to=before)


def _topic_changes(known: Known, dealings: Dealings, now: Period, both: Period) -> Iterator[Claim]:
    """The topic that rose most and the one that faded most."""
    if not any(since(daily, known.today - WINDOW_DAYS + 1) for daily in known.state.tallies.topics.values()):
        return  # silence altogether is told once, by the orders and the days since
    moved = {topic: dealt.now - dealt.then for topic, dealt in dealings.items() if _moved(dealt)}
    rising = max(moved, key=lambda t: (moved[t], t), default=None)
    fading = min(moved, key=lambda t: (moved[t], t), default=None)
    for topic in dict.fromkeys((rising, fading)):
        if topic and moved[topic]:
            cites = known.where(*TOPICAL_KINDS, topic=topic, period=both)
            dealt = dealings[topic]
            yield known.claim(Predicate.TOPIC_CHANGE, dealt.now, cites, period=now, topic=topic, compared_to=dealt.then)


def _dealings(known: Known) -> Dealings:
    """Topic -> how often it was dealt with; topics that never were often are left out."""
    tomorrow = known.today + 1
    borders = tuple(tomorrow - days for days in (2 * WINDOW_DAYS, WINDOW_DAYS, RECENT_DAYS, 0))
    found = {}
    for topic, daily in known.state.tallies.topics.items():
        if daily.total >= MUCH_LOOKED_AT and since(daily, borders[0]):
            then, middle, recent = between(daily, borders)
            now = middle.times + recent.times
            found[topic] = Dealt(recent.times, now, then.times, max(then.days, middle.days + recent.days))
    return found


def _moved(dealt: Dealt) -> bool:
    """A topic moved when at least so many dealings and a factor of two lie between the windows."""
    now, then = dealt.now, dealt.then
    moved = abs(now - then) >= MUCH_LOOKED_AT and max(now, then) >= 2 * min(now, then)
    return moved and dealt.days >= DAYS_TO_MOVE


def _top(counts: Mapping[str, int], n: int) -> list[tuple[str, int]]:
    return sorted(((k, v) for k, v in counts.items() if v > 0), key=lambda pair: (-pair[1], pair[0]))[:n]
