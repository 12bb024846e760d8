"""Who is leaving, by their own rhythm: from what they do where that is on record, else from their orders.

`churn_risk` is the chance that a buyer is gone (`leaving.py`) or, where nothing but orders is known, that they stay
away for several of their own gaps (`own_rhythm.py`). Both are learned from the shop's past, at earlier days. Where that
teaches neither, it is the share of the own chance to buy that silence has taken away.
"""

from typing import NamedTuple

import msgspec
import numpy as np

from app.predict.behaviour.columns import BehaviourColumns
from app.predict.churn import leaving, own_rhythm
from app.predict.churn.leads import SignalLead, signal_leads
from app.predict.churn.leaving import Leaving
from app.predict.churn.own_rhythm import OwnRhythm
from app.predict.inputs.purchases import Floats, Histories, PurchaseDays, RfmTable
from app.predict.value import bg_nbd
from app.predict.value.bg_nbd import BgNbd


class Churn(msgspec.Struct, frozen=True):
    """What was learned of those who left."""

    leaving: Leaving | None = None
    """None where nothing but orders is on record, or too little."""
    rhythm: OwnRhythm | None = None
    leads: dict[str, SignalLead] = {}
    """By name of the sign; empty where no signs are kept."""


class Chances(NamedTuple):
    """Of the buyers of a table, shape [n]."""

    churn_risk: Floats
    p_no_activity: Floats
    """NaN where it is not known."""


def learn(purchases: PurchaseDays, behaviour: BehaviourColumns | None, *, day: int, horizon_days: int) -> Churn:
    """Learn from what was known by the end of `day`."""
    rhythm = own_rhythm.learn(purchases, day)
    if behaviour is None:
        return Churn(rhythm=rhythm)
    left = leaving.learn(behaviour, purchases, day=day, horizon_days=horizon_days)
    leads = signal_leads(behaviour.behaviour, purchases, day=day, horizon_days=horizon_days)
    return Churn(left, rhythm, {name.value: lead for name, lead in leads.items()})


def chances(
    churn: Churn,
    model: BgNbd,
    table: RfmTable,
    purchases: PurchaseDays,
    behaviour: BehaviourColumns | None,
    *,
    day: int,
    horizon_days: int,
) -> Chances:
    """What is said of the buyers of `table` at the end of `day`, reading nothing later."""
    if churn.leaving is not None and behaviour is not None:
        found = leaving.chances(churn.leaving, behaviour, purchases, day=day)
        return Chances(found.churn_risk[table.customer], found.p_no_activity[table.customer])
    unknown = np.full(table.customer.size, np.nan)
    if churn.rhythm is not None:
        return Chances(own_rhythm.risk(churn.rhythm, table.histories), unknown)
    return Chances(silence_took(model, table.histories, horizon_days), unknown)


def silence_took(model: BgNbd, histories: Histories, horizon_days: int) -> Floats:
    """Share of the customer's own chance to buy that silence since the last purchase has taken away, 0 to 1.

    R = (1 - P(buy in t | x, t_x, T) / P(buy in t | x, t_x, T = t_x)) * x / (x + 1)

    The denominator is the chance as it stood on the day of the last purchase. The factor is credibility:
    whoever bought once has no rhythm to depart from, so R = 0 there. R never falls while the silence lasts.
    It is not 1 - P(alive), which ranks one-time buyers backwards, and it also works where nobody seems to
    drop out (a -> 0).
    """
    x = histories.frequency
    at_last_purchase = Histories(x, histories.recency, histories.recency)
    now = bg_nbd.p_purchase(model, histories, horizon_days)
    before = bg_nbd.p_purchase(model, at_last_purchase, horizon_days)
    return (1 - now / before).clip(0, 1) * x / (x + 1)
