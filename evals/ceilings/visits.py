"""Visits as rows of evidence: what each one says of interests (topics) and of manner (depth, dwell, breadth, trust)."""

from typing import NamedTuple

import numpy as np

from app.events.schemas import EventKind
from evals.ceilings.watching import Flags, Floats, Ints, Log


class Visits(NamedTuple):
    """All visits of a shop in order of customer and time; one row per visit, V rows, T topics."""

    customer: Ints
    day: Ints
    bought: Flags
    """The visit ended with an order."""
    invited: Flags
    """A campaign brought it about, so it says nothing of the customer's own wishes or pace."""
    wishes: Floats
    """[V, T] how often each topic was chosen anew: the visit's own topic once, every view that strayed once."""
    views: Ints
    """Pages opened by themselves."""
    dwells: Ints
    log_dwell: Floats
    """Sum of ln seconds over the `dwells` pages."""
    shown: Ints
    """Recommendations shown, and ..."""
    taken: Ints
    """... followed."""
    broad: Ints
    """Searches that could only be broad."""
    narrow: Ints
    """Searches that could only be narrow."""


def visits(log: Log, broad: frozenset[str], narrow: frozenset[str]) -> Visits:
    """Sum the log up by visit; `broad` and `narrow` are queries that only a broad or a narrow search types."""
    rows = np.flatnonzero(log.session >= 0)
    key = log.customer[rows] * (log.session.max(initial=0) + 1) + log.session[rows]
    _, first, visit = np.unique(key, return_index=True, return_inverse=True)
    total = len(first)

    def tally(chosen: Flags, amount: Floats | None = None) -> Floats:
        of = chosen[rows]
        weights = None if amount is None else amount[rows][of]
        return np.asarray(np.bincount(visit[of], weights=weights, minlength=total), dtype=np.float64)

    viewed = log.of(EventKind.VIEW)
    own = viewed & ~log.recommended
    timed = viewed & np.isfinite(log.dwell)
    searched = log.of(EventKind.SEARCH)
    impression = log.of(EventKind.IMPRESSION)
    return Visits(
        customer=log.customer[rows][first],
        day=log.day[rows][first],
        bought=tally(log.of(EventKind.ORDER)) > 0,
        invited=tally(log.campaign) > 0,
        wishes=_wishes(log, rows, visit, total, own) + _counts(log, rows, visit, total, impression),
        views=tally(own).astype(np.int64),
        dwells=tally(timed).astype(np.int64),
        log_dwell=tally(timed, np.log(np.where(timed, log.dwell, 1.0))),
        shown=tally(impression).astype(np.int64),
        taken=tally(viewed & log.recommended).astype(np.int64),
        broad=tally(searched & np.array([text in broad for text in log.text], dtype=np.bool_)).astype(np.int64),
        narrow=tally(searched & np.array([text in narrow for text in log.text], dtype=np.bool_)).astype(np.int64),
    )


def _wishes(log: Log, rows: Ints, visit: Ints, total: int, own: Flags) -> Floats:
    """Views and order lines by topic, with the most frequent topic counted once: the rest of it followed by itself."""
    found = _counts(log, rows, visit, total, own | log.of(EventKind.ORDER))
    main = found.argmax(axis=1)
    found[np.arange(total), main] = np.minimum(found[np.arange(total), main], 1)
    return found


def _counts(log: Log, rows: Ints, visit: Ints, total: int, chosen: Flags) -> Floats:
    of = (chosen & (log.topic >= 0))[rows]
    found = np.zeros((total, len(log.topics)))
    np.add.at(found, (visit[of], log.topic[rows][of]), 1.0)
    return found
