"""Forecasts of the next purchase, ours and the baselines': when it came and what it was for, in every draw.

Window figures stand on all customers known at the cut, category figures on those who bought within the horizon. The
category of a purchase day is the one that most was spent on.
"""

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple, SupportsFloat

import numpy as np

from app.predict import scores as numeric
from app.predict.inputs.purchases import Floats, Ints
from evals.intervals import over
from evals.scorers.paired import CutDraws, Weights

TOP = 3
WHAT = ("top1", "top3", "in_basket")
SURE = 1e-6


class Case(NamedTuple):
    """One cut."""

    cut: date
    customer: Ints
    """[n] everybody who had bought by the cut."""
    wait: Floats
    """[n] days until the next purchase; inf where none was seen within the horizon."""
    windows: tuple[int, ...]
    chances: Mapping[str, Floats]
    """Who -> [n, windows] P(purchase within)."""
    buyer: Ints
    """[b] rows of those who bought within the horizon."""
    chosen: Ints
    """[b] what it was mostly for."""
    basket: Floats
    """[b, C + 1] 1 for every category of that day."""
    ranked: Mapping[str, Ints]
    """Who -> [b, TOP] the likeliest categories, best first; no entry without categories."""
    shares: Mapping[str, Floats]
    """Who -> [b, C + 1] P(category | purchase), of those who give one."""


def sides(windows: tuple[int, ...]) -> dict[str, int]:
    """Every metric that has a better side: 1 where more is better, -1 where less is."""
    of_windows = {f"{name}_{days}": -1 for days in windows for name in ("brier", "ece")}
    return dict.fromkeys(WHAT, 1) | {"log_loss": -1, "ece_top1": -1} | of_windows


def figures(case: Case, weights: Weights) -> CutDraws:
    """All draws of one cut; `weights` are those of all customers there are."""
    mine = weights[:, case.customer]
    found: dict[tuple[str, str], Floats] = {}
    for who, chance in case.chances.items():
        for i, days in enumerate(case.windows):
            found |= _window(who, days, chance[:, i], (case.wait <= days).astype(np.float64), mine)
    theirs = mine[:, case.buyer]
    for who, ranked in case.ranked.items():
        found |= _hits(case, who, ranked, theirs)
    for who, shares in case.shares.items():
        found |= _shares(case, who, shares, theirs)
    of_some = dict.fromkeys((*WHAT, "log_loss", "ece_top1", "top1_claimed"), case.buyer.size)
    return CutDraws(case.cut, case.customer.size, found, of_some)


def _window(who: str, days: int, chance: Floats, came: Floats, weights: Weights) -> dict[tuple[str, str], Floats]:
    return over(
        weights,
        lambda weight: {
            (who, f"brier_{days}"): numeric.brier(came, chance, weight),
            (who, f"ece_{days}"): numeric.ece(came, chance, weight),
            (who, f"level_{days}"): _ratio(weight @ chance, weight @ came),
        },
    )


def _hits(case: Case, who: str, ranked: Ints, weights: Weights) -> dict[tuple[str, str], Floats]:
    hits = ranked == case.chosen[:, None]
    scores = {
        "top1": hits[:, 0],
        "top3": hits.any(axis=1),
        "in_basket": np.take_along_axis(case.basket, ranked[:, :1], axis=1)[:, 0],
    }
    return _means(who, {name: score.astype(np.float64) for name, score in scores.items()}, weights)


def _shares(case: Case, who: str, shares: Floats, weights: Weights) -> dict[tuple[str, str], Floats]:
    given = shares[np.arange(case.chosen.size), case.chosen]
    best, claimed = shares[:, :-1].argmax(axis=1), shares[:, :-1].max(axis=1)
    hit = (best == case.chosen).astype(np.float64)
    found = _means(who, {"log_loss": -np.log(given.clip(SURE, 1)), "top1_claimed": claimed}, weights)
    return found | over(weights, lambda weight: {(who, "ece_top1"): numeric.ece(hit, claimed, weight)})


def _means(who: str, scores: Mapping[str, Floats], weights: Weights) -> dict[tuple[str, str], Floats]:
    return over(weights, lambda weight: {(who, name): _ratio(weight @ of, weight.sum()) for name, of in scores.items()})


def _ratio(above: SupportsFloat, below: SupportsFloat) -> float:
    """NaN where there is nothing to divide by."""
    return float(above) / float(below) if float(below) > 0 else float("nan")
