"""Generalised linear models on a few logarithms: they go on where trees stop, beyond the range they were taught in.

Mean spend: Tweedie of power 1.5 with a log link (Jørgensen 1987, "Exponential Dispersion Models"). Chances: logistic.
Both carry a quadratic penalty on standardised columns, so that a small shop's few customers do not carry it away.
"""

from collections.abc import Callable

import msgspec
import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, logit

from app.predict.inputs.purchases import Floats
from app.predict.value.features import Features

_PENALTY = 0.01
"""On the mean loss, per squared weight of a standardised column."""
_FURTHEST = 12.0
"""Logarithms of mean spend are kept this near to that of the average."""
_SURE = 1e-4
_LOGGED = (
    *("total_spend", "spend_30d", "spend_90d", "spend_180d", "average_order", "last_order"),
    *("orders_30d", "orders_90d", "orders_180d", "frequency", "silence", "age"),
)
_FIRST = ("frequency", "silence", "age", "total_spend")


class Line(msgspec.Struct, frozen=True):
    """A fitted line; columns are standardised by `centre` and `scale`, the first weight is the intercept."""

    centre: list[float]
    scale: list[float]
    weights: list[float]

    def at(self, design: Floats) -> Floats:
        """The linear predictor, shape [n]."""
        found: Floats = _standard(design, np.array(self.centre), np.array(self.scale)) @ np.array(self.weights)
        return found


def design(features: Features) -> Floats:
    """The columns that lines are drawn in, shape [n, k]."""
    column = features.column
    repeat = (column("frequency") > 0).astype(np.float64)
    columns = [
        *(np.log1p(column(name)) for name in _LOGGED),
        repeat,
        repeat * np.log(np.maximum(column("overdue"), 0.1)),
        np.log(np.maximum(features.expected, 0.01)),
        log_odds(features.p_purchase),
        *(np.log1p(np.maximum(column(name), 0)) for name in features.beside),
    ]
    return np.column_stack(columns)


def rfm_design(features: Features) -> Floats:
    """The four columns that a marketing team would begin with, shape [n, 4]."""
    return np.column_stack([np.log1p(features.column(name)) for name in _FIRST])


def fit_spend(design: Floats, spend: Floats) -> Line:
    """The line of ln E[spend], least Tweedie deviance; spend >= 0 with a positive mean, shape [n]."""
    mean = float(spend.mean())
    share = spend / mean

    def loss(log_mean: Floats) -> tuple[float, Floats]:
        near = log_mean.clip(-_FURTHEST, _FURTHEST)
        down, up = np.exp(-near / 2), np.exp(near / 2)
        return float((2 * share * down + 2 * up).mean()), (up - share * down) / share.size

    line = _fit(design, loss)
    return Line(line.centre, line.scale, [line.weights[0] + float(np.log(mean)), *line.weights[1:]])


def fit_chance(design: Floats, happened: Floats) -> Line:
    """The line of the log-odds that it happens; `happened` is 0 or 1, shape [n]."""

    def loss(odds: Floats) -> tuple[float, Floats]:
        return float((np.logaddexp(0, odds) - happened * odds).mean()), (expit(odds) - happened) / happened.size

    return _fit(design, loss)


def fit_amount(design: Floats, spend: Floats) -> Line:
    """The line of the mean of ln(spend) of those who spend, by least squares; spend > 0, shape [n]."""
    logs = np.log(spend)

    def loss(line: Floats) -> tuple[float, Floats]:
        return float(((line - logs) ** 2).mean()), 2 * (line - logs) / logs.size

    return _fit(design, loss)


def log_odds(chance: Floats) -> Floats:
    """ln(p / (1 - p)), with p kept a little from 0 and 1."""
    found: Floats = logit(chance.clip(_SURE, 1 - _SURE))
    return found


def _fit(design: Floats, loss: Callable[[Floats], tuple[float, Floats]]) -> Line:
    centre, scale = design.mean(axis=0), design.std(axis=0) + 1e-9
    columns = _standard(design, centre, scale)

    def penalised(weights: Floats) -> tuple[float, Floats]:
        value, slope = loss(columns @ weights)
        gradient = columns.T @ slope
        gradient[1:] += 2 * _PENALTY * weights[1:]
        return value + _PENALTY * float(weights[1:] @ weights[1:]), gradient

    found = minimize(penalised, np.zeros(columns.shape[1]), jac=True, method="L-BFGS-B", options={"maxiter": 300})
    return Line(centre.tolist(), scale.tolist(), found.x.tolist())


def _standard(design: Floats, centre: Floats, scale: Floats) -> Floats:
    return np.column_stack([np.ones(len(design)), (design - centre) / scale])
