"""The profile's early signs of leaving for all customers and days: when each stood, how large, and since when.

The definitions are the profile's own (`app/profile/signs`); here they are columns, so that an estimator can be taught
by earlier days. At the end of a day only what happened by then decides what stands on it. Where a profile says less,
columns may say more: a comparison stands here even if its newest evidence is a complaint, which a profile tells once.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import NamedTuple, Self
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from app.predict.inputs.purchases import Floats, Ints
from app.profile.schemas import SignalName
from app.profile.signs.course import Recorded, course
from app.profile.signs.engagement import STALE_DAYS
from app.profile.signs.measures import MEASURES, RAISED, RECENT_DAYS
from app.profile.signs.said import STANDS, WEIGHT, Word
from app.profile.signs.silences import long_silences
from app.profile.telltales import Telltale

SIGNALS = tuple(SignalName)
OPEN = 2**31
"""The last day of what still stands."""
MOST_UNKNOWN = 0.05
"""Share of customers of whom the signs of a day may be unknown."""
_EPOCH = date(1970, 1, 1).toordinal()
_CODE = {name: code for code, name in enumerate(SIGNALS)}
_MEASURED = np.array([_CODE[measure.name] for measure in MEASURES])


class Acts(NamedTuple):
    """The days on which customers did something, shape [n] each, sorted by customer, then day."""

    customer: Ints
    day: Ints

    def until(self, day: int) -> "Acts":
        """Those up to the end of `day`."""
        seen = self.day <= day
        return Acts(self.customer[seen], self.day[seen])


class Stretches(NamedTuple):
    """Days in a row on which one sign of one customer stands, shape [n] each; days since 1970-01-01."""

    customer: Ints
    signal: Ints
    """Index into SIGNALS."""
    first: Ints
    last: Ints
    """Included; OPEN where it stands until something happens."""
    size: Floats
    """On the first day, in standard errors ..."""
    growth: Floats
    """... and what each further day adds: a silence only grows."""
    raised: Ints


class Standing(NamedTuple):
    """The signs at the end of one day, shape [customers, SIGNALS]."""

    size: Floats
    """0 where it does not stand, NaN where the days needed are no longer kept apart."""
    days: Floats
    """Since it was raised; NaN where it does not stand."""


@dataclass(frozen=True, eq=False)
class Signs:
    """All stretches of a cohort's customers."""

    stretches: Stretches
    known_from: Ints
    """[customers] the first day for which comparisons are known: older days are kept as one sum."""

    def until(self, day: int) -> Self:
        """As they were known at the end of `day`."""
        begun = self.stretches.first <= day
        return type(self)(Stretches._make(column[begun] for column in self.stretches), self.known_from)

    def known(self, day: int) -> bool:
        """Whether what stood at the end of a day is known of nearly all customers."""
        return bool((self.known_from > day).mean() <= MOST_UNKNOWN) if self.known_from.size else True

    def at(self, day: int | Ints) -> Standing:
        """What stands at the end of a day, which may be one of each customer's own, shape [customers]."""
        days = np.broadcast_to(np.asarray(day, np.int64), self.known_from.shape)
        size = np.zeros((self.known_from.size, len(SIGNALS)))
        since = np.full_like(size, np.nan)
        who, signal, first, last, at_first, growth, raised = self.stretches
        own = days[who]
        now = (first <= own) & (own <= last)
        size[who[now], signal[now]] = (at_first + growth * (own - first))[now]
        since[who[now], signal[now]] = (own - raised)[now]
        unknown = np.ix_(self.known_from > days, _MEASURED)
        size[unknown], since[unknown] = np.nan, np.nan
        return Standing(size, since)


def signs(
    told: Iterable[tuple[str, Telltale]],
    customer_ids: Sequence[str],
    visits: Acts,
    purchases: Acts,
    *,
    zone: ZoneInfo,
    as_of: datetime,
) -> Signs:
    """All signs of these customers by `as_of`: `told` from their states, `visits` and `purchases` by the same moment.

    Of a state that knows more than `as_of`, the day of `as_of` itself is left out.
    """
    index = {name: place for place, name in enumerate(customer_ids)}
    states = [(index[name], found) for name, found in told if name in index]
    known_from = np.zeros(len(customer_ids), np.int64)
    for place, found in states:
        if found.days.before_until:
            known_from[place] = found.days.before_until - _EPOCH + RECENT_DAYS
    away = _silent(visits, SignalName.RARER_VISITS)
    parts = [
        _compared(states, zone, as_of),
        _spoken(states, zone, as_of),
        away,
        _besides(_silent(purchases, SignalName.LONGER_ORDER_GAP), away, visits),
    ]
    return Signs(Stretches._make(np.concatenate(columns) for columns in zip(*parts, strict=True)), known_from)


def _compared(states: Sequence[tuple[int, Telltale]], zone: ZoneInfo, as_of: datetime) -> Stretches:
    today = as_of.astimezone(zone).toordinal()
    whole = [found.days.at is None or found.days.at <= as_of for _, found in states]
    found = course([Recorded(s.days, today + all_known) for (_, s), all_known in zip(states, whole, strict=True)])
    places = np.array([place for place, _ in states], np.int64)
    return Stretches(
        customer=places[found.customer] if places.size else found.customer,
        signal=_MEASURED[found.measure],
        first=found.day - _EPOCH,
        last=np.minimum(found.until, found.day + STALE_DAYS) - _EPOCH,
        size=found.size,
        growth=np.zeros(found.size.size),
        raised=found.raised - _EPOCH,
    )


def _silent(acts: Acts, name: SignalName) -> Stretches:
    """The silences after each act that last long enough to say something."""
    found = long_silences(*acts, raised=RAISED)
    following = np.full(acts.day.size, OPEN)
    following[:-1] = np.where(acts.customer[1:] == acts.customer[:-1], acts.day[1:] - 1, OPEN)
    first = acts.day + found.after_days
    long = (found.gaps > 0) & (first <= following)
    growth = 1 / found.error[long]
    return Stretches(
        customer=acts.customer[long],
        signal=np.full(int(long.sum()), _CODE[name]),
        first=first[long],
        last=following[long],
        size=(found.after_days - found.usual)[long] * growth,
        growth=growth,
        raised=first[long],
    )


def _besides(unbought: Stretches, away: Stretches, visits: Acts) -> Stretches:
    """Without the days on which the customer is away altogether since before the order gap was long.

    That is the silence after the last visit before the gap was raised; what lies before and after it stays.
    """
    if not away.customer.size:
        return unbought
    since = _last_before(visits, away.customer, away.first)
    visited = _last_before(visits, unbought.customer, unbought.raised)
    place = np.minimum(_key(away.customer, since).searchsorted(_key(unbought.customer, visited)), since.size - 1)
    hides = (away.customer[place] == unbought.customer) & (since[place] == visited)
    start, stop = away.first[place], away.last[place]
    before = unbought._replace(last=np.where(hides, np.minimum(unbought.last, start - 1), unbought.last))
    late = np.maximum(unbought.first, stop + 1)
    after = unbought._replace(first=late, size=unbought.size + unbought.growth * (late - unbought.first))
    both = [_where(before, before.first <= before.last), _where(after, hides & (late <= after.last))]
    return Stretches._make(np.concatenate(columns) for columns in zip(*both, strict=True))


def _last_before(acts: Acts, customer: Ints, day: Ints) -> Ints:
    """The last day before `day` on which each customer did something; 0 where there is none."""
    place = _key(*acts).searchsorted(_key(customer, day)) - 1
    return np.where((place >= 0) & (acts.customer[place] == customer), acts.day[place], 0)


def _spoken(states: Sequence[tuple[int, Telltale]], zone: ZoneInfo, as_of: datetime) -> Stretches:
    rows: list[tuple[float, ...]] = []
    for place, found in states:
        said = found.engagement.said
        for name, words in (
            (SignalName.DISSATISFACTION, said.complaints),
            (SignalName.CONSENT_WITHDRAWN, said.withdrawals),
        ):
            known = [word for word in words if word.at <= as_of]
            rows += [(place, _CODE[name], *row) for row in _runs(known, zone)]
    columns = np.array(rows).reshape(-1, len(Stretches._fields)).T
    whole = [column.astype(np.int64) for column in columns]
    return Stretches(whole[0], whole[1], whole[2], whole[3], columns[4], columns[5], whole[6])


def _runs(words: Sequence[Word], zone: ZoneInfo) -> Iterator[tuple[float, ...]]:
    """(first, last, size, growth, raised) of each word until the next one, or until it stands no longer."""
    by_day = [(day, list(said)) for day, said in groupby(words, lambda word: word.at.astimezone(zone).date())]
    days = [day.toordinal() - _EPOCH for day, _ in by_day]
    raised = 0
    for place, day in enumerate(days):
        raised = day if place == 0 or day - days[place - 1] > STANDS.days else raised
        recent = sum(
            len(said) for said_on, (_, said) in zip(days, by_day, strict=True) if 0 <= day - said_on <= STANDS.days
        )
        following = days[place + 1] - 1 if place + 1 < len(days) else OPEN
        yield day, min(following, day + STANDS.days), WEIGHT * recent**0.5, 0.0, raised


def _where(stretches: Stretches, wanted: NDArray[np.bool_]) -> Stretches:
    return Stretches._make(column[wanted] for column in stretches)


def _key(customer: Ints, day: Ints) -> Ints:
    return (customer << 32) | day
