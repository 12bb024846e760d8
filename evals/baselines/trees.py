"""Boosted trees on RFM columns, trained out-of-time: plain LightGBM, without our models, blends or corrections."""

from typing import Any

import lightgbm
import numpy as np

from app.predict.scores import Floats
from evals.baselines.lessons import Lesson, Rfm, longer_silence, parts

ROUNDS = 200
SETTINGS: dict[str, Any] = {
    "learning_rate": 0.03,
    "num_leaves": 15,
    "min_data_in_leaf": 50,
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
}
"""Small trees and a slow rate, the same for every data set."""


def spend(lesson: Lesson, columns: Rfm, *, horizon: int, seed: int) -> Floats:
    """Expected spend within `horizon` days, minor units, shape [n]: Tweedie loss of power 1.5."""
    mean = lesson.spent.mean()
    wanted = {"objective": "tweedie", "tweedie_variance_power": 1.5, "seed": seed}
    amount = _predicted(lesson, lesson.spent / mean, columns, wanted) * mean
    return np.asarray(amount * horizon / lesson.days, dtype=np.float64)


def no_purchase(lesson: Lesson, columns: Rfm, *, horizon: int, seed: int) -> Floats:
    """Chance of no purchase within `horizon` days, shape [n]: log loss."""
    silent = (~lesson.bought).astype(np.float64)
    chance = _predicted(lesson, silent, columns, {"objective": "binary", "seed": seed})
    return longer_silence(chance, horizon / lesson.days)


def _predicted(lesson: Lesson, wanted: Floats, columns: Rfm, objective: dict[str, Any]) -> Floats:
    data = lightgbm.Dataset(_table(lesson.columns), label=wanted)
    grown = lightgbm.train(SETTINGS | objective, data, num_boost_round=ROUNDS)
    found = [np.asarray(grown.predict(_table(part), num_threads=1), dtype=np.float64) for part in parts(columns)]
    return np.concatenate(found)


def _table(columns: Rfm) -> Floats:
    mean = columns.spend / columns.purchases
    rate = columns.purchases / (columns.age + 1)
    rhythm = columns.silence * rate
    own = (columns.purchases, columns.silence, columns.age, columns.spend, mean, rate, rhythm)
    return np.column_stack([*own, columns.recent])
