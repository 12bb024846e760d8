"""Everybody who is asked beside the product, by the label that a run prints."""

from typing import NamedTuple

import numpy as np

from app.predict.inputs.purchases import Floats, PurchaseDays, RfmTable
from evals.baselines import bg_nbd, logistic, naive, trees
from evals.baselines.lessons import describe, lesson


class Chances(NamedTuple):
    """Who forecasts a chance of no purchase, and who only ranks customers by how likely that is; shape [n] each."""

    probabilities: dict[str, Floats]
    rankings: dict[str, Floats]


def spend(known: PurchaseDays, seen: RfmTable, *, cut: int, horizon: int, seed: int) -> dict[str, Floats]:
    """Expected spend in (cut, cut + horizon], minor units; all NaN for whoever has too little to learn from."""
    found = naive.spend(known, seen, cut=cut, horizon=horizon)
    found["bg_nbd_gg"] = bg_nbd.forecast(seen, horizon=horizon).spend
    found |= dict.fromkeys(("boosted_trees", "logistic_rfm"), np.full(seen.customer.size, np.nan))
    if (learned := lesson(known, cut=cut, horizon=horizon)) is not None:
        columns = describe(known, seen, cut)
        found["boosted_trees"] = trees.spend(learned, columns, horizon=horizon, seed=seed)
        found["logistic_rfm"] = logistic.spend(learned, columns, horizon=horizon)
    return found


def no_purchase(known: PurchaseDays, seen: RfmTable, *, cut: int, horizon: int, seed: int) -> Chances:
    """Chance of no purchase in (cut, cut + horizon]; whoever only knows amounts ranks by minus the amount."""
    found = naive.no_purchase(known, seen, cut=cut, horizon=horizon)
    amounts = naive.spend(known, seen, cut=cut, horizon=horizon)
    found["bg_nbd_gg"] = bg_nbd.forecast(seen, horizon=horizon).no_purchase
    found |= dict.fromkeys(("boosted_trees", "logistic_rfm"), np.full(seen.customer.size, np.nan))
    if (learned := lesson(known, cut=cut, horizon=horizon)) is not None:
        columns = describe(known, seen, cut)
        found["boosted_trees"] = trees.no_purchase(learned, columns, horizon=horizon, seed=seed)
        found["logistic_rfm"] = logistic.no_purchase(learned, columns, horizon=horizon)
    return Chances(found, {who: -amount for who, amount in amounts.items() if who not in found})
