"""Logistic RFM: the two-part regression that a marketing team would fit first, trained out-of-time.

Whether they buy: logistic regression on the logarithms of purchases, silence, age and spend. How much, if they do:
linear regression of log spend on the same columns, brought back to amounts by the mean of exp(residual) (Duan 1983,
Smearing estimate, JASA 78). Expected spend is the product (Duan et al. 1983, two-part model, JBES 1).
"""

from typing import NamedTuple, Self

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from app.predict.scores import Floats
from evals.baselines.lessons import Lesson, Rfm, longer_silence, parts

RIDGE = 1.0
"""Weight of the squared coefficients of standardised columns, in customers; as the usual libraries have it."""


def spend(lesson: Lesson, columns: Rfm, *, horizon: int) -> Floats:
    """Expected spend within `horizon` days, minor units, shape [n]."""
    buy = 1 - _chances(lesson, columns)
    spenders = lesson.bought & (lesson.spent > 0)
    scale = _Scale.of(lesson.columns)
    known = scale.table(lesson.columns)
    logs = np.log(lesson.spent[spenders])
    weights = np.linalg.solve(_gram(known[spenders]), known[spenders].T @ (logs - logs.mean()))
    residuals = logs - logs.mean() - known[spenders] @ weights
    amount = np.exp(np.clip(logs.mean() + scale.score(columns, weights), None, logs.max())) * np.exp(residuals).mean()
    return np.asarray(buy * amount * horizon / lesson.days, dtype=np.float64)


def no_purchase(lesson: Lesson, columns: Rfm, *, horizon: int) -> Floats:
    """Chance of no purchase within `horizon` days, shape [n]."""
    return longer_silence(_chances(lesson, columns), horizon / lesson.days)


def _chances(lesson: Lesson, columns: Rfm) -> Floats:
    scale = _Scale.of(lesson.columns)
    known = scale.table(lesson.columns)
    silent = (~lesson.bought).astype(np.float64)
    found = minimize(_loss, np.zeros(known.shape[1]), args=(known, silent), jac=True, method="L-BFGS-B")
    return np.asarray(expit(scale.score(columns, found.x)), dtype=np.float64)


def _loss(weights: Floats, columns: Floats, happened: Floats) -> tuple[float, Floats]:
    """Negative log-likelihood with the ridge (not on the constant), and its gradient; per customer."""
    score, n = columns @ weights, happened.size
    held = np.append(weights[:-1], 0.0) * RIDGE
    value = np.logaddexp(0, score).sum() - happened @ score + held @ weights / 2
    return float(value) / n, (columns.T @ (expit(score) - happened) + held) / n


class _Scale(NamedTuple):
    """Middle and width of the logarithms of the columns that taught."""

    middle: Floats
    width: Floats

    @classmethod
    def of(cls, columns: Rfm) -> Self:
        """A column that never varies keeps its own unit."""
        logs = _logs(columns)
        width = logs.std(axis=0)
        width[width == 0] = 1.0
        return cls(logs.mean(axis=0), width)

    def table(self, columns: Rfm) -> Floats:
        """The columns on this scale, with one of ones at the end."""
        logs = _logs(columns)
        return np.column_stack([(logs - self.middle) / self.width, np.ones(len(logs))])

    def score(self, columns: Rfm, weights: Floats) -> Floats:
        """The linear predictor of every customer."""
        return np.concatenate([self.table(part) @ weights for part in parts(columns)])


def _logs(columns: Rfm) -> Floats:
    return np.log1p(np.column_stack([columns.purchases, columns.silence, columns.age, columns.spend]))


def _gram(columns: Floats) -> Floats:
    """X'X with the ridge, the constant left free of it."""
    held = np.append(np.full(columns.shape[1] - 1, RIDGE), 1e-9)
    return np.asarray(columns.T @ columns + np.diag(held), dtype=np.float64)
