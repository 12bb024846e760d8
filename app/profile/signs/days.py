"""Local days with activity as a packed table: one record per day, bounded, cheap to add to and quick to sum.

`window(days, first, last)` sums any stretch of local days, both ends included; `everything(days)` sums all time. Only
the newest MOST_DAYS records that lie at most REACH_DAYS before the newest are kept apart, older ones are added to one
running total; so all-time sums stay exact, and `reaches(days, first)` says whether a window can be asked for.

An event counts on its own local day; a visit that runs past midnight counts on each day by itself where its pages or
its order are asked for.
"""

import zlib
from collections.abc import Callable, Sequence
from datetime import date, datetime
from itertools import pairwise
from math import log
from typing import Any, NamedTuple

import msgspec
import numpy as np

from app.events.schemas import EventKind, order_key
from app.profile.seen import Context, Seen
from app.profile.signs.varints import Ints, first_row, packed, unpacked, unzigzag, zigzag

MOST_DAYS = 120
"""Records kept apart, the newest not counted: some 4 kB."""
REACH_DAYS = 180
"""Half a year back is as far as one's own past is kept day by day."""
OPEN_ORDERS = 64
"""A line belongs to an order that is already counted when that order is among the customer's last 64."""
RECOMMENDED = frozenset({"recommended", "recommendation", "recommendations"})
"""What sources call the place from which they recommend."""

_LONGEST_DWELL_S = 86_400
_MOST_STARS = 100
_DIGEST = 4
_NUMBERS = frozenset({int, float})
"""Truth values are none."""
_EPOCH_DAY, _DAY_S = date(1970, 1, 1).toordinal(), 86_400


class Totals(NamedTuple):
    """The columns, summed over some days."""

    timed: int
    """Product pages of which the seconds were measured: a number above 0 and up to a day in `dwell_s`."""
    searches: int
    """Queries with words."""
    broad: int
    """... that name no product."""
    shown: int
    """Recommendations shown: impressions whose `placement` is one of RECOMMENDED."""
    followed: int
    """Views whose `referrer` is one of RECOMMENDED."""
    browses: int
    """Visits with a product page and without an order."""
    browsed: int
    """Product pages in those visits."""
    reviews: int
    rated: int
    """Reviews with a rating."""
    talks: int
    """Messages to the support desk that complain of nothing: a complaint counts as one, not as tone besides."""
    harsh: int
    """... of a negative tone."""
    orders: int
    """Distinct orders, on the day of their first line."""
    rating: int
    """Sum of ratings, hundredths."""
    review_chars: int
    """Characters of reviews, each at most 500."""
    value: int
    """Amount of order lines, minor units."""
    dwell_ms: int
    """Measured time on product pages, milliseconds."""
    log_dwell: int
    """Sum of ln(seconds), thousandths; less than a second counts as one."""
    log_dwell_sq: int
    """Sum of ln(seconds)^2, thousandths."""


_WIDTH = len(Totals._fields)
_TIMED, _SEARCHES, _BROAD, _SHOWN, _FOLLOWED, _BROWSES, _BROWSED, _REVIEWS, _RATED = range(9)
_TALKS, _HARSH, _ORDERS, _RATING, _CHARS, _VALUE, _DWELL, _LOG, _LOG_SQ = range(9, 18)
_LARGE = _RATING
"""From this column on numbers are rarely below 128."""
_ROW = 2 + _WIDTH
"""A packed row: local day, seconds between a day before its UTC midnight and its last event, the columns."""


class Days(msgspec.Struct, array_like=True, gc=False):
    """The table: the newest day as numbers, the days before it packed."""

    day: int = 0
    """Local ordinal of the newest day on which the customer did anything; 0 before that."""
    at: datetime | None = None
    """When they last did something."""
    today: list[int] = msgspec.field(default_factory=list)
    closed: int = 0
    """Number of packed records ..."""
    oldest: int = 0
    """... and the day of the first."""
    records: bytes = b""
    before: list[int] = msgspec.field(default_factory=list)
    """Sums over the records that were let go."""
    before_until: int = 0
    """The newest day among them; 0 while nothing was let go."""
    visit: int = 0
    """The visit that goes on, as far as today is concerned."""
    visit_pages: int = 0
    visit_ordered: bool = False
    open_orders: bytes = b""
    """4-byte digests of the last order keys, oldest first."""


class Table(NamedTuple):
    """All records as arrays, oldest first."""

    day: Ints
    at: Ints
    """UTC seconds of the last event of each record."""
    values: Ints
    """[records, columns of Totals]"""


def note(days: Days, seen: Seen, context: Context) -> None:
    """Take in one event, in place."""
    if not seen.active:
        return
    if seen.day > days.day:
        _turn(days, seen.day)
    days.at = seen.at
    count = _COUNTED.get(seen.kind)
    if count is not None:
        count(days, days.today, seen)


def window(days: Days, first_day: int, last_day: int) -> Totals:
    """Sums over the local days from first to last, both included, as far as `reaches` says."""
    return windows(days, (first_day, last_day + 1))[0]


def windows(days: Days, borders: Sequence[int]) -> list[Totals]:
    """Sums from each of these ascending local days until the day before the next, as far as `reaches` says."""
    found = table(days)
    edges = found.day.searchsorted(borders).tolist()
    return [Totals._make(found.values[a:b].sum(axis=0).tolist()) for a, b in pairwise(edges)]


def everything(days: Days) -> Totals:
    """Sums over all time."""
    kept = table(days).values.sum(axis=0).tolist()
    return Totals._make(map(int.__add__, kept, days.before or [0] * _WIDTH))


def reaches(days: Days, first_day: int) -> bool:
    """Whether all days from this one on are kept apart."""
    return first_day > days.before_until


def table(days: Days) -> Table:
    """The records kept apart, the newest day included."""
    last = [] if days.at is None else [days.day, _second(days.day, days.at), *days.today]
    rows = np.empty((days.closed + bool(last), _ROW), dtype=np.int64)
    rows[: days.closed] = unpacked(days.records, _ROW)
    rows[: days.closed, 2 + _VALUE] = unzigzag(rows[: days.closed, 2 + _VALUE])
    rows[days.closed :] = last or 0
    day = rows[:, 0]
    return Table(day, rows[:, 1] + (day - _EPOCH_DAY - 1) * _DAY_S, rows[:, 2:])


def is_recommended(place: object) -> bool:
    """Whether a source's word for a place means that it recommends from there; anything may stand in its stead."""
    return isinstance(place, str) and place in RECOMMENDED


def measured_dwell(value: Any) -> float | None:
    """Seconds on a page, where a source measured them."""
    return float(value) if type(value) in _NUMBERS and 0 < value <= _LONGEST_DWELL_S else None


def measured_rating(value: Any) -> float | None:
    """Stars, or whatever a source counts in."""
    return float(value) if type(value) in _NUMBERS and 0 <= value <= _MOST_STARS else None


def _second(day: int, at: datetime) -> int:
    return int(at.timestamp()) - (day - _EPOCH_DAY - 1) * _DAY_S


def _turn(days: Days, day: int) -> None:
    """Close the newest day and begin another."""
    if days.at is not None:
        few, large = days.today[:_LARGE], days.today[_LARGE:]
        large[_VALUE - _LARGE] = zigzag(large[_VALUE - _LARGE])
        days.records += packed([days.day, _second(days.day, days.at)]) + packed(few) + packed(large)
        days.closed += 1
        days.oldest = days.oldest or days.day
        _let_go(days, day)
    days.day, days.today = day, [0] * _WIDTH
    days.visit_pages, days.visit_ordered = 0, False


def _let_go(days: Days, newest: int) -> None:
    """Add the oldest records to the running total until the table is within its bounds."""
    while days.closed > MOST_DAYS or (days.closed and newest - days.oldest > REACH_DAYS):
        (_, _, *columns), size = first_row(days.records, _ROW)
        columns[_VALUE] = unzigzag(columns[_VALUE])
        days.before = list(map(int.__add__, days.before or [0] * _WIDTH, columns))
        days.records, days.closed = days.records[size:], days.closed - 1
        days.before_until = days.oldest
        days.oldest = first_row(days.records, 1)[0][0] if days.closed else 0


def _in_visit(days: Days, seen: Seen) -> bool:
    """Whether it belongs to a visit, to which the counts of the visit that goes on are turned."""
    if seen.visit and seen.visit != days.visit:
        days.visit, days.visit_pages, days.visit_ordered = seen.visit, 0, False
    return seen.visit > 0


def _view(days: Days, today: list[int], seen: Seen) -> None:
    properties = seen.event.properties
    if is_recommended(properties.get("referrer")):
        today[_FOLLOWED] += 1
    dwell = measured_dwell(properties.get("dwell_s"))
    if dwell is not None:
        spent = 1000 * log(dwell) if dwell > 1.0 else 0.0
        today[_TIMED] += 1
        today[_DWELL] += round(1000 * dwell)
        today[_LOG] += round(spent)
        today[_LOG_SQ] += round(spent * spent / 1000)
    if _in_visit(days, seen) and not days.visit_ordered:
        if not days.visit_pages:
            today[_BROWSES] += 1
        today[_BROWSED] += 1
        days.visit_pages += 1


def _order(days: Days, today: list[int], seen: Seen) -> None:
    event = seen.event
    today[_VALUE] += event.money.amount_minor if event.money else 0
    today[_ORDERS] += _is_new(days, order_key(event))
    if _in_visit(days, seen) and not days.visit_ordered:
        today[_BROWSES] -= days.visit_pages > 0
        today[_BROWSED] -= days.visit_pages
        days.visit_ordered = True


def _is_new(days: Days, key: str) -> bool:
    digest, known = zlib.crc32(key.encode()).to_bytes(_DIGEST, "little"), days.open_orders
    place = known.find(digest)
    while place % _DIGEST and place >= 0:  # found across two others
        place = known.find(digest, place + 1)
    if place >= 0:
        return False
    days.open_orders = (known + digest)[-OPEN_ORDERS * _DIGEST :]
    return True


def _search(days: Days, today: list[int], seen: Seen) -> None:
    if seen.text is not None:
        today[_SEARCHES] += 1
        today[_BROAD] += seen.text.broad


def _impression(days: Days, today: list[int], seen: Seen) -> None:
    if is_recommended(seen.event.properties.get("placement")):
        today[_SHOWN] += 1


def _review(days: Days, today: list[int], seen: Seen) -> None:
    today[_REVIEWS] += 1
    rating = measured_rating(seen.event.properties.get("rating"))
    if rating is not None:
        today[_RATED] += 1
        today[_RATING] += round(100 * rating)
    if seen.text is not None:
        today[_CHARS] += seen.text.length


def _support(days: Days, today: list[int], seen: Seen) -> None:
    if seen.text is not None and seen.text.complaint is None:
        today[_TALKS] += 1
        today[_HARSH] += seen.text.sentiment < 0


_COUNTED: dict[str, Callable[[Days, list[int], Seen], None]] = {
    EventKind.VIEW.value: _view,
    EventKind.ORDER.value: _order,
    EventKind.SEARCH.value: _search,
    EventKind.IMPRESSION.value: _impression,
    EventKind.REVIEW.value: _review,
    EventKind.SUPPORT_MESSAGE.value: _support,
}
"""How each kind of event is counted; what is done in another way makes the day one of activity and no more."""


def column(name: str) -> int:
    """Where a column of Totals stands in the table."""
    return Totals._fields.index(name)
