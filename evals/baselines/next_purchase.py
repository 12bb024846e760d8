"""What one can say of the next purchase without learning: the shop's habits, the customer's last and usual category."""

import numpy as np

from app.predict.inputs.purchases import Floats, Ints
from app.predict.intent.baskets import Baskets
from evals.scorers.intent import TOP


def base_rates(known: Baskets, customers: Ints, windows: tuple[int, ...], day: int) -> Floats:
    """[n, windows] the same for all: who bought in the last window's days, of those known before it."""
    mains = known.mains()
    rates = []
    for days in windows:
        before = np.unique(mains.customer[mains.day <= day - days])
        lately = np.unique(mains.customer[mains.day > day - days])
        rates.append(np.isin(before, lately).mean() if before.size else 0.0)
    return np.tile(rates, (customers.size, 1))


def popularity(known: Baskets) -> Floats:
    """[C + 1] share of all purchase days by main category; positive."""
    counts = np.bincount(known.mains().category, minlength=known.other + 1) + 0.5
    found: Floats = counts / counts.sum()
    return found


def popular(known: Baskets, customers: Ints) -> Ints:
    """The most popular categories, the same for all."""
    return np.tile(np.argsort(-popularity(known)[:-1], kind="stable")[:TOP], (customers.size, 1))


def last_bought(known: Baskets, customers: Ints) -> Ints:
    """The main categories of the last purchase days, newest first; then the popular ones."""
    mains = known.mains()
    newest: dict[int, list[int]] = {}
    for who, category in zip(mains.customer.tolist(), mains.category.tolist(), strict=True):
        newest.setdefault(who, []).append(category)
    return _filled([newest.get(who, [])[::-1] for who in customers.tolist()], known)


def most_frequent(known: Baskets, customers: Ints) -> Ints:
    """The categories bought on most days; then the popular ones."""
    counts: dict[int, dict[int, int]] = {}
    for who, category in zip(known.customer.tolist(), known.category.tolist(), strict=True):
        mine = counts.setdefault(who, {})
        mine[category] = mine.get(category, 0) + 1
    share = popularity(known)
    order = ({c: (-n, -share[c]) for c, n in counts.get(who, {}).items()} for who in customers.tolist())
    return _filled([sorted(of, key=lambda c: of[c]) for of in order], known)


def _filled(lists: list[list[int]], known: Baskets) -> Ints:
    popular_first = np.argsort(-popularity(known)[:-1], kind="stable").tolist()
    rows = (dict.fromkeys([*(c for c in mine if c != known.other), *popular_first]) for mine in lists)
    return np.array([list(row)[:TOP] for row in rows], dtype=np.int64).reshape(len(lists), -1)
