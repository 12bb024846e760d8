"""Early signs of leaving, measured again: words, silences, and the last 45 days against all that came before.

Found in the rows: the means, the observations behind them, since when the recent stretch runs, and the events. From
which distance on a sign is raised, and when it was, is the product's judgement: here that must only be possible.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from app.narrative.schemas import Claim
from evals.scorers.ledger import Row
from evals.scorers.meanings.known import INSTANT, Found, Known

RECENT_DAYS = 45
STALE = SPOKEN = timedelta(days=60)
_PLACES = ("recommended", "recommendation", "recommendations")


class Seen(NamedTuple):
    """One observation of what is compared: how much of it, on which local day, and the event."""

    day: int
    amount: float
    row: Row
    counts: int = 1
    """0 for what lessens the amount without being an observation."""


class Comparison(NamedTuple):
    """How a sign is compared. `sign` is 1 where more of it speaks of leaving."""

    sign: int
    find: Callable[[Known], list[Seen]]
    cites: Callable[[Known], list[Row]] | None = None
    """Where other events are cited than the observations."""


def signal(claim: Claim, known: Known) -> Found | None:
    """The sign that a claim names."""
    if claim.name in _SILENCES:
        return _silence(claim, known)
    if claim.name in _WORDS:
        return _words(claim, known)
    comparison = _COMPARED.get(claim.name or "")
    return _compared(claim, comparison, known) if comparison else None


def _silence(claim: Claim, known: Known) -> Found | None:
    """Days since the last one against the mean of the gaps before; longer than the longest of them."""
    rows = _SILENCES[claim.name or ""](known)
    days = sorted({known.day(row.at) for row in rows})
    gaps = [later - earlier for earlier, later in pairwise(days)]
    if len(gaps) < 2:
        return None
    silent, since = known.day(known.as_of) - days[-1], known.begin_of(days[-1])
    if silent <= max(gaps) or not _could_be_raised(claim, since, known):
        return None
    return Found(
        value=silent,
        before=sum(gaps) / len(gaps),
        rows=rows[-1:],
        direction="up",
        also=_also(since, known, n_now=1, n_usual=len(gaps)),
    )


def _could_be_raised(claim: Claim, since: datetime, known: Known) -> bool:
    """Whether it may have been raised when it says so, and lies on its own side of what is usual."""
    return claim.at is not None and since <= claim.at <= known.as_of and (claim.size or 0.0) > 0


def _words(claim: Claim, known: Known) -> Found | None:
    """The words of the last 60 days; the run they belong to began with the first without 60 days of silence before."""
    words = _WORDS[claim.name or ""](known)
    recent = [word for word in words if known.as_of - word.row.at <= SPOKEN]
    told = [word for word in recent if claim.period and claim.period.start < word.row.at]
    if not told or len(told) < min(len(recent), 4):
        return None
    first = told[0]
    return Found(
        value=len(told),
        rows=[word.row for word in told],
        at=_began(words, known.as_of, claim.at),
        direction="up",
        also=_also(first.row.at, known, n_now=len(told), n_usual=0) | {"detail": told[-1].about},
    )


class Word(NamedTuple):
    """A sign by itself, and what it is about."""

    row: Row
    about: str


def _began(words: Sequence[Word], as_of: datetime, said: datetime | None) -> datetime:
    """The beginning of the run that reaches to `as_of`; one may be told from its fourth newest word on."""
    run: list[datetime] = []
    for word in reversed(words):
        if (run[-1] if run else as_of) - word.row.at > SPOKEN:
            break
        run.append(word.row.at)
    return said if said in run[3:] else run[-1]


def _complaints(known: Known) -> list[Word]:
    """Dissatisfaction in any text; what a review says of one product is told by its rating."""
    texts = ((row, known.taxonomy.features(row.text).complaint) for row in known.rows if row.text)
    return [
        Word(row, complaint.value)
        for row, complaint in texts
        if complaint is not None and not (row.kind == "review" and complaint in ("quality", "other"))
    ]


def _withdrawals(known: Known) -> list[Word]:
    """Refusals of marketing where it had been allowed, until it is allowed again."""
    allowed: set[str] = set()
    words: list[Word] = []
    for row in known.lines(kind="consent"):
        if str(row.properties.get("purpose", "marketing")).strip().lower() != "marketing":
            continue
        channel = str(row.properties.get("channel", "*")).strip().lower()
        if row.properties.get("granted") is True:
            allowed.add(channel)
            words = [word for word in words if word.about != channel]
        elif channel in allowed or (channel == "*" and allowed):
            allowed -= allowed.copy() if channel == "*" else {channel}
            words.append(Word(row, channel))
    return words


def _compared(claim: Claim, comparison: Comparison, known: Known) -> Found | None:
    active = [placed.row for placed in known.placed if placed.active]
    if not active or known.as_of - active[-1].at > STALE + timedelta(days=1):
        return None
    last, first = known.day(active[-1].at), active[0].at.replace(microsecond=0)
    now, usual = _split(comparison.find(known), last)
    observed = [sum(one.counts for one in part) for part in (now, usual)]
    if not all(observed) or not _could_be_raised(claim, first, known):
        return None
    means = [max(sum(one.amount for one in part), 0.0) / n for part, n in zip((now, usual), observed, strict=True)]
    if (means[0] - means[1]) * comparison.sign <= 0:
        return None
    return Found(
        value=means[0],
        before=means[1],
        rows=[one.row for one in now if one.counts] if comparison.cites is None else comparison.cites(known),
        newest=True,
        direction="up" if comparison.sign > 0 else "down",
        also=_also(known.begin_of(last - RECENT_DAYS + 1), known, n_now=observed[0], n_usual=observed[1]),
    )


def _also(since: datetime, known: Known, *, n_now: int, n_usual: int) -> dict[str, object]:
    """Further fields that every sign has."""
    return {
        "period.start": since - INSTANT,
        "period.end": known.as_of,
        "out_of": n_now,
        "compared_out_of": n_usual,
    }


def _split(seen: Sequence[Seen], last: int) -> tuple[list[Seen], list[Seen]]:
    recent = [one for one in seen if last - RECENT_DAYS < one.day <= last]
    return recent, [one for one in seen if one.day <= last - RECENT_DAYS]


def _pages(known: Known) -> list[Seen]:
    """Seconds on product pages."""
    found = ((row, _number(row, "dwell_s")) for row in known.lines(kind="view"))
    return [
        Seen(known.day(row.at), round(1000 * dwell) / 1000, row)
        for row, dwell in found
        if dwell and 0 < dwell <= 86_400
    ]


def _depths(known: Known) -> list[Seen]:
    """Product pages of visits without an order; a visit past midnight is one on each day."""
    pages: dict[tuple[int, int], list[Row]] = {}
    ordered: set[tuple[int, int]] = set()
    for placed in known.placed:
        key = (placed.visit, known.day(placed.row.at))
        if placed.row.kind == "view":
            pages.setdefault(key, []).append(placed.row)
        elif placed.row.kind == "order":
            ordered.add(key)
    return [Seen(key[1], len(rows), rows[0]) for key, rows in pages.items() if key not in ordered]


def _lengths(known: Known) -> list[Seen]:
    return [
        Seen(known.day(row.at), known.taxonomy.features(row.text).length if row.text else 0, row)
        for row in known.lines(kind="review")
    ]


def _ratings(known: Known) -> list[Seen]:
    found = ((row, _number(row, "rating")) for row in known.lines(kind="review"))
    return [Seen(known.day(row.at), round(100 * r) / 100, row) for row, r in found if r is not None and 0 <= r <= 100]


def _searches(known: Known) -> list[Seen]:
    return [
        Seen(known.day(row.at), known.taxonomy.features(row.text).broad, row)
        for row in known.lines(kind="search")
        if row.text
    ]


def _shown(known: Known) -> list[Seen]:
    """Recommendations shown, less those that were followed."""
    shown = [row for row in known.lines(kind="impression") if row.properties.get("placement") in _PLACES]
    followed = [row for row in known.lines(kind="view") if row.properties.get("referrer") in _PLACES]
    return [
        *(Seen(known.day(row.at), 1, row) for row in shown),
        *(Seen(known.day(row.at), -1, row, counts=0) for row in followed),
    ]


def _tones(known: Known) -> list[Seen]:
    """Messages to the support desk that complain of nothing."""
    read = ((row, known.taxonomy.features(row.text)) for row in known.lines(kind="support_message") if row.text)
    return [Seen(known.day(row.at), said.sentiment < 0, row) for row, said in read if said.complaint is None]


def _number(row: Row, name: str) -> float | None:
    value = row.properties.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _visits(known: Known) -> list[Row]:
    return [placed.row for placed in known.placed if placed.begins]


def _orders(known: Known) -> list[Row]:
    return known.lines()


_SILENCES: dict[str, Callable[[Known], list[Row]]] = {"rarer_visits": _visits, "longer_order_gap": _orders}
_WORDS: dict[str, Callable[[Known], list[Word]]] = {
    "dissatisfaction": _complaints,
    "consent_withdrawn": _withdrawals,
}
_COMPARED = {
    "shorter_dwell": Comparison(-1, _pages),
    "shallower_visits": Comparison(-1, _depths, cites=_visits),
    "shorter_reviews": Comparison(-1, _lengths),
    "poorer_reviews": Comparison(-1, _ratings),
    "broader_searches": Comparison(1, _searches),
    "ignored_recommendations": Comparison(1, _shown),
    "harsher_support": Comparison(1, _tones),
}
