"""How early each sign of leaving came, measured on the customers whom the shop has lost: its lead time.

Somebody has left, as far as `day` knows, who has been silent for long by their own measure. A sign led
them out if it stood on the day of their last act; its lead is the days from when it was raised until then. A silence
cannot lead: it begins where acts end.
"""

import msgspec
import numpy as np

from app.predict.behaviour.columns import rhythm
from app.predict.behaviour.days import Behaviour
from app.predict.behaviour.signs import SIGNALS, Signs
from app.predict.churn.leaving import OWN_GAPS, WATCHED_DAYS
from app.predict.inputs.purchases import Floats, Ints, PurchaseDays, spend_between
from app.profile.schemas import SignalName

MOST_CUTS, CUTS_APART_DAYS = 6, 15
"""Earlier days at which buyers with a sign are counted."""
LEAST_LEAVERS = 10
"""Leavers who showed a sign, below which no lead is told."""


class SignalLead(msgspec.Struct, frozen=True):
    """What the past says of one sign."""

    leavers: int
    """Customers lost whose last day is known by its signs ..."""
    n: int
    """... and those of them who showed this one on that day."""
    median_days: float | None
    """From when it was raised to their last act; None where too few showed it."""
    low_days: float | None
    """A quarter of them had less ..."""
    high_days: float | None
    """... and a quarter more."""
    judged: int
    """Buyers on whom it stood at earlier days, and of whom the following days are known ..."""
    no_purchase: float | None
    """... the share of them that bought nothing in these days ..."""
    no_purchase_without: float | None
    """... and of the buyers on whom it did not stand. None where too few are known."""

    @property
    def lift(self) -> float | None:
        """How many times as often those with the sign bought nothing."""
        if self.no_purchase is None or not self.no_purchase_without:
            return None
        return self.no_purchase / self.no_purchase_without


def signal_leads(
    behaviour: Behaviour, purchases: PurchaseDays, *, day: int, horizon_days: int
) -> dict[SignalName, SignalLead]:
    """Lead and lift of every sign by the end of `day`, reading nothing later; empty where no signs are kept."""
    if behaviour.signs is None:
        return {}
    leads = _leads(behaviour, behaviour.signs, purchases, day)
    outcomes = _outcomes(behaviour.signs, purchases, day, horizon_days)
    return {name: _lead(leads[:, place], outcomes[:, :, place]) for place, name in enumerate(SIGNALS)}


def _lead(days: Floats, outcome: Ints) -> SignalLead:
    shown = days[np.isfinite(days)]
    quarters = np.quantile(shown, [0.25, 0.5, 0.75]).tolist() if shown.size >= LEAST_LEAVERS else [None] * 3
    (silent, total), (silent_without, without) = outcome.tolist()
    return SignalLead(
        leavers=days.size,
        n=int(shown.size),
        median_days=quarters[1],
        low_days=quarters[0],
        high_days=quarters[2],
        judged=int(total),
        no_purchase=silent / total if total >= LEAST_LEAVERS else None,
        no_purchase_without=silent_without / without if without >= LEAST_LEAVERS else None,
    )


def _leads(behaviour: Behaviour, signs: Signs, purchases: PurchaseDays, day: int) -> Floats:
    """[leavers, SIGNALS] days from raised to the last act; NaN where it did not stand then."""
    last = rhythm(behaviour.acts.until(day), len(behaviour.customer_ids)).last
    leavers = _leavers(behaviour, signs, purchases, day)
    own_day = np.where(np.isfinite(last), last, 0).astype(np.int64)
    found: Floats = signs.at(own_day).days[leavers]
    return found


def _leavers(behaviour: Behaviour, signs: Signs, purchases: PurchaseDays, day: int) -> Ints:
    """Buyers who have been silent for long, as far as the signs of their last day are known."""
    own = rhythm(behaviour.acts.until(day), len(behaviour.customer_ids))
    silent = day - own.last
    long = (own.active > 0) & (silent >= WATCHED_DAYS) & (silent >= OWN_GAPS * own.gap)
    bought = np.zeros(own.active.size, bool)
    bought[purchases.customer[purchases.day <= day]] = True
    return np.flatnonzero(long & bought & (own.last >= signs.known_from))


def _outcomes(signs: Signs, purchases: PurchaseDays, day: int, horizon_days: int) -> Ints:
    """[with the sign or without, nothing bought or all, SIGNALS] buyers at earlier days, by the days that followed."""
    found = np.zeros((2, 2, len(SIGNALS)), np.int64)
    newest = day - horizon_days
    for cut in range(newest, newest - MOST_CUTS * CUTS_APART_DAYS, -CUTS_APART_DAYS):
        buyers = np.unique(purchases.customer[purchases.day <= cut]).astype(np.int64)
        if not buyers.size or not signs.known(cut):
            break
        size = signs.at(cut).size[buyers]
        silent = spend_between(purchases, buyers, cut, cut + horizon_days)[1] == 0
        for row, group in enumerate((size > 0, size == 0)):
            found[row] += (group & silent[:, None]).sum(axis=0), group.sum(axis=0)
    return found
