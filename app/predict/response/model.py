"""What each action brings with each customer: the chance of a reward by boosted trees, times what a reward is worth.

    expected(x, a) = sigma((1 - w) logit p_a + w logit q(x, a)) * worth_a

p_a is the action's own rate, q the trees over the customer's columns, what earlier sends said, and the action; w is
chosen out of fold (by customer, from five values) by the log-likelihood, so where the trees know nothing everybody
gets the action's rate. Sends whose rewards are still coming in are left out until half of every action's have come;
of the rest a known reward stands for 1 / share of those that will come (inverse probability of censoring weights,
Robins, Rotnitzky 1992).
"""

from typing import NamedTuple

import numpy as np
from scipy.special import expit, logit

from app.predict.inputs.purchases import Floats, Ints
from app.predict.response.history import History, history
from app.predict.response.sends import Arrivals, Flags, Sends, arrivals
from app.predict.value import trees

RIPE = 0.5
"""Share of every action's rewards that must have come in before sends of that time are learned from."""
MIN_SENDS = 500
"""Below this nothing is learned about customers: every action has its own mean for all."""
FOLDS = 3
_WEIGHTS = (0.0, 0.25, 0.5, 0.75, 1.0)
_LEAST_CHANCE = 1e-4
_PRIOR_REWARDS = 5.0
"""Rewards of the common worth that each action's own is drawn towards."""


class Response(NamedTuple):
    """What was learned from the sends before a moment."""

    actions: tuple[str, ...]
    arrivals: Arrivals
    chance: Floats
    """Of a reward in the end, for each action, shape [actions]."""
    worth: Floats
    """Mean reward where there is one, shape [actions]."""
    trees: str
    """LightGBM's text; empty when nothing was learned about customers."""
    weight: float
    """How far the trees are believed, 0 to 1."""
    learned_from: Ints
    """Rows of the sends that it was learned from."""


def learn(sends: Sends, columns: Floats, *, until: float) -> tuple[Response, History]:
    """Learn from sends before `until`; `columns` describe the customer at each send, shape [n, k], NaN where unknown.

    The history comes with it, for all sends. Same input, same answer.
    """
    came = arrivals(sends, until)
    rows = _ripe(sends, came, until)
    known = sends.known(until)
    share = np.maximum(came.share(sends.action, until - sends.time), _LEAST_CHANCE)
    worth = _worth(sends, known)
    past = history(sends, came, worth)
    chance = np.clip(came.chance, _LEAST_CHANCE, 1.0 - _LEAST_CHANCE)
    text, weight = "", 0.0
    if len(rows) >= MIN_SENDS:
        design = _design(sends.action[rows], rows, columns, past, chance)
        happened, open_weight = known[rows].astype(np.float64), _open_weights(known, share, chance, sends.action)[rows]
        weight = _believed(design, happened, open_weight, logit(chance[sends.action[rows]]), sends.customer[rows])
        text = trees.fit("chance", design, happened, weight=open_weight) if weight else ""
    return Response(sends.actions, came, chance, worth, text, weight, rows), past


def expected(found: Response, columns: Floats, past: History, rows: Ints) -> Floats:
    """What each action is expected to bring at these rows of the sends, shape [rows, actions]."""
    values = np.empty((len(rows), len(found.actions)))
    for action in range(len(found.actions)):
        base = logit(found.chance[action])
        eta = np.full(len(rows), base)
        if found.trees:
            design = _design(np.full(len(rows), action), rows, columns, past, found.chance)
            eta += found.weight * (trees.predict(found.trees, design) - base)
        values[:, action] = expit(eta) * found.worth[action]
    return values


def _ripe(sends: Sends, came: Arrivals, until: float) -> Ints:
    before = np.flatnonzero(sends.time < until)
    ripe = before[sends.time[before] <= came.oldest_open(sends, until, RIPE)]
    return ripe if len(ripe) >= MIN_SENDS else before


def _open_weights(known: Flags, share: Floats, chance: Floats, action: Ints) -> Floats:
    """1 / share for a reward that came; for a send without one, the chance that none will come any more."""
    p = chance[action]
    return np.where(known, 1.0 / share, (1.0 - p) / np.maximum(1.0 - p * share, _LEAST_CHANCE))


def _worth(sends: Sends, known: Flags) -> Floats:
    """Mean known reward of each action, drawn towards the mean of all where there are few."""
    common = float(sends.reward[known].mean()) if known.any() else 0.0
    counts = np.bincount(sends.action[known], minlength=len(sends.actions))
    sums = np.bincount(sends.action[known], weights=sends.reward[known], minlength=len(sends.actions))
    return np.asarray((sums + _PRIOR_REWARDS * common) / (counts + _PRIOR_REWARDS), np.float64)


def _design(action: Ints, rows: Ints, columns: Floats, past: History, chance: Floats) -> Floats:
    """The customer's columns, the history, what the same action did before, and the action by the rank of its rate."""
    rank = np.argsort(np.argsort(chance)).astype(np.float64)
    own = past.excess[rows, action]
    return np.column_stack([columns[rows], past.columns[rows], own, rank[action], chance[action]])


def _believed(design: Floats, happened: Floats, weight: Floats, base: Floats, customer: Ints) -> float:
    """The weight of the trees that fits best out of fold."""
    eta, fold = np.zeros(len(design)), customer % FOLDS
    for part in range(FOLDS):
        inside, outside = fold != part, fold == part
        if not outside.any() or not inside.any():
            continue
        text = trees.fit("chance", design[inside], happened[inside], weight=weight[inside])
        eta[outside] = trees.predict(text, design[outside])
    losses = [_loss(base + w * (eta - base), happened, weight) for w in _WEIGHTS]
    return _WEIGHTS[int(np.argmin(losses))]


def _loss(eta: Floats, happened: Floats, weight: Floats) -> float:
    return float(weight @ (np.logaddexp(0.0, eta) - happened * eta))
