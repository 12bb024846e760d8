"""Engagement: early signs of leaving, each against the customer's own past.

Three families: means over the recent days (`comparisons.py`), silences (`silences.py`), and words (`said.py`). What is
kept here is what those lack: the gaps between visit days, and the newest event ids as evidence. Whether a sign stands,
and since when, follows from the events alone and never from who looked when. One fact is told under one name: a
complaint is no harsh tone besides, and a silence that begins with the last visit is no order gap besides.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from functools import partial
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from app.events.schemas import EventKind
from app.events.timestamps import start_of_day
from app.profile.schemas import Signal, SignalName
from app.profile.seen import Context, Seen
from app.profile.signs import said
from app.profile.signs.comparisons import Standing, standing
from app.profile.signs.days import Days, is_recommended, measured_dwell, measured_rating
from app.profile.signs.measures import RAISED
from app.profile.signs.said import Said
from app.profile.signs.silences import Gaps, Silence, long_silence
from app.profile.sums.purchases import Purchases

STALE_DAYS = 60
"""How one behaves on the pages says nothing of today when nobody has been there for two months."""
KEPT = 3
"""Newest event ids kept per kind of evidence."""


class Cited(NamedTuple):
    """An event that a sign may stand on."""

    event_id: str
    day: int


_cited = partial(tuple.__new__, Cited)
"""`Cited` without its constructor in Python: this is done for every page."""


class Engagement(msgspec.Struct, array_like=True, gc=False):
    """Gaps between visit days as sums, and the newest event ids of what signals stand on, oldest first."""

    first_visit: int = 0
    last_visit: int = 0
    """Local days; 0 before the first visit."""
    gaps: int = 0
    gap_squares: int = 0
    longest_gap: int = 0
    visits: list[Cited] = msgspec.field(default_factory=list)
    """Events with which visits began."""
    pages: list[Cited] = msgspec.field(default_factory=list)
    """Views with measured seconds."""
    broad: list[Cited] = msgspec.field(default_factory=list)
    shown: list[Cited] = msgspec.field(default_factory=list)
    """Recommendations."""
    reviews: list[Cited] = msgspec.field(default_factory=list)
    rated: list[Cited] = msgspec.field(default_factory=list)
    harsh: list[Cited] = msgspec.field(default_factory=list)
    order: str = ""
    """The newest order line."""
    said: Said = msgspec.field(default_factory=Said)


def note(engagement: Engagement, seen: Seen, context: Context) -> None:
    """Take in one event, in place."""
    if not seen.active:
        return
    if seen.fresh:
        _visit(engagement, seen)
    remember = _REMEMBERED.get(seen.kind)
    if remember is not None:
        remember(engagement, seen)
    if seen.text is not None or seen.kind == EventKind.CONSENT:
        said.note(engagement.said, seen)


def view(
    engagement: Engagement, days: Days, purchases: Purchases, as_of: datetime, zone: ZoneInfo
) -> tuple[Signal, ...]:
    """The signals that stand at `as_of`, strongest first."""
    today = as_of.astimezone(zone).toordinal()
    found = said.view(engagement.said, as_of)
    spoken = {event_id for signal in found for event_id in signal.evidence}
    if today - days.day <= STALE_DAYS:
        compared = (_compared(one, engagement, zone) for one in standing(days))
        found += [signal for signal in compared if spoken.isdisjoint(signal.evidence)]
    found += _silences(engagement, purchases, today, zone)
    return tuple(sorted(found, key=lambda signal: (-signal.size, signal.name)))


def _visit(engagement: Engagement, seen: Seen) -> None:
    """Count the gap before a day with a visit."""
    _keep(engagement.visits, seen)
    if seen.day <= engagement.last_visit:  # a clock set back may lead into the day before
        return
    if engagement.last_visit:
        gap = seen.day - engagement.last_visit
        engagement.gaps += 1
        engagement.gap_squares += gap * gap
        if gap > engagement.longest_gap:
            engagement.longest_gap = gap
    engagement.first_visit = engagement.first_visit or seen.day
    engagement.last_visit = seen.day


def _page(engagement: Engagement, seen: Seen) -> None:
    if measured_dwell(seen.event.properties.get("dwell_s")) is not None:
        _keep(engagement.pages, seen)


def _search(engagement: Engagement, seen: Seen) -> None:
    if seen.text is not None and seen.text.broad:
        _keep(engagement.broad, seen)


def _impression(engagement: Engagement, seen: Seen) -> None:
    if is_recommended(seen.event.properties.get("placement")):
        _keep(engagement.shown, seen)


def _review(engagement: Engagement, seen: Seen) -> None:
    _keep(engagement.reviews, seen)
    if measured_rating(seen.event.properties.get("rating")) is not None:
        _keep(engagement.rated, seen)


def _support(engagement: Engagement, seen: Seen) -> None:
    if seen.text is not None and seen.text.complaint is None and seen.text.sentiment < 0:
        _keep(engagement.harsh, seen)


def _order(engagement: Engagement, seen: Seen) -> None:
    engagement.order = seen.event.event_id


_REMEMBERED: dict[str, Callable[[Engagement, Seen], None]] = {
    EventKind.VIEW.value: _page,
    EventKind.SEARCH.value: _search,
    EventKind.IMPRESSION.value: _impression,
    EventKind.REVIEW.value: _review,
    EventKind.SUPPORT_MESSAGE.value: _support,
    EventKind.ORDER.value: _order,
}


def _keep(cited: list[Cited], seen: Seen) -> None:
    if len(cited) == KEPT:
        del cited[0]
    cited.append(_cited((seen.event.event_id, seen.day)))


def _compared(one: Standing, engagement: Engagement, zone: ZoneInfo) -> Signal:
    cited = _evidence(engagement, one.measure.name)
    return Signal(
        name=one.measure.name,
        direction="up" if one.measure.sign > 0 else "down",
        now=one.now,
        usual=one.usual,
        unit=one.measure.unit,
        size=one.size,
        n_now=one.n_now,
        n_usual=one.n_usual,
        since=start_of_day(date.fromordinal(one.first_day), zone),
        raised_at=datetime.fromtimestamp(one.raised_at, UTC),
        evidence=tuple(event.event_id for event in cited if event.day >= one.first_day),
    )


def _evidence(engagement: Engagement, name: SignalName) -> list[Cited]:
    """The newest events that a comparison stands on."""
    match name:
        case SignalName.SHORTER_DWELL:
            return engagement.pages
        case SignalName.SHALLOWER_VISITS:
            return engagement.visits
        case SignalName.BROADER_SEARCHES:
            return engagement.broad
        case SignalName.IGNORED_RECOMMENDATIONS:
            return engagement.shown
        case SignalName.HARSHER_SUPPORT:
            return engagement.harsh
        case SignalName.POORER_REVIEWS:
            return engagement.rated
        case _:
            return engagement.reviews


def _silences(engagement: Engagement, purchases: Purchases, today: int, zone: ZoneInfo) -> Iterator[Signal]:
    """No visit, or no order, for longer than this customer's gaps let expect."""
    visited, bought = engagement.last_visit, purchases.last_day
    away = long_silence(_visit_gaps(engagement), today - visited, raised=RAISED)
    unbought = long_silence(_order_gaps(purchases), today - bought, raised=RAISED)
    if away is not None:
        cited = tuple(event.event_id for event in engagement.visits[-1:])
        yield _silent(SignalName.RARER_VISITS, away, visited, today, cited, zone)
    if unbought is not None and (away is None or bought + unbought.after_days <= visited):
        yield _silent(SignalName.LONGER_ORDER_GAP, unbought, bought, today, (engagement.order,), zone)


def _visit_gaps(engagement: Engagement) -> Gaps:
    return Gaps(
        gaps=engagement.gaps,
        total=engagement.last_visit - engagement.first_visit,
        squares=engagement.gap_squares,
        longest=engagement.longest_gap,
    )


def _order_gaps(purchases: Purchases) -> Gaps:
    gaps = purchases.gaps
    return Gaps(
        gaps=sum(gaps.values()),
        total=purchases.last_day - purchases.first_day,
        squares=sum(gap * gap * times for gap, times in gaps.items()),
        longest=max(gaps, default=0),
    )


def _silent(
    name: SignalName, silence: Silence, last: int, today: int, evidence: tuple[str, ...], zone: ZoneInfo
) -> Signal:
    return Signal(
        name=name,
        direction="up",
        now=float(today - last),
        usual=silence.usual,
        unit="days",
        size=silence.size,
        n_now=1,
        n_usual=silence.gaps,
        since=start_of_day(date.fromordinal(last), zone),
        raised_at=start_of_day(date.fromordinal(last + silence.after_days), zone),
        evidence=evidence,
    )
