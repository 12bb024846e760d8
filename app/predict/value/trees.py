"""Boosted trees (LightGBM; Ke et al. 2017): kept as their own text format, the same input gives the same trees.

`offset` is what the trees start from, on the scale of the linear predictor: with one they learn only what corrects it.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Literal

import lightgbm as lgb
import numpy as np

from app.predict.inputs.purchases import Floats

_SETTINGS: dict[str, float | int | str | bool] = {
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "deterministic": True,
    "feature_fraction": 0.6,
    "force_row_wise": True,
    "lambda_l2": 5.0,
    "min_data_in_leaf": 100,
    "num_threads": 1,
    "seed": 1,
    "verbose": -1,
}
_KINDS: dict[str, dict[str, float | int | str]] = {
    "spend": {"objective": "tweedie", "tweedie_variance_power": 1.5},
    "chance": {"objective": "binary"},
}
_ROUNDS, _RATE, _LEAVES = 200, 0.03, 6
_OFFSET_ROUNDS, _OFFSET_RATE, _OFFSET_LEAVES = 120, 0.04, 4
"""Corrections are smaller than what they correct."""


def fit(
    kind: Literal["spend", "chance"],
    columns: Floats,
    outcome: Floats,
    offset: Floats | None = None,
    monotone: Sequence[int] = (),
    weight: Floats | None = None,
) -> str:
    """Trees for mean spend (log link) or the chance that something happens (log-odds), as text.

    `monotone` says per column whether more of it may only raise (1) or only lower (-1) the outcome, or either (0);
    `weight` counts a row more or less than once.
    """
    rounds, rate, leaves = (
        (_ROUNDS, _RATE, _LEAVES) if offset is None else (_OFFSET_ROUNDS, _OFFSET_RATE, _OFFSET_LEAVES)
    )
    data = lgb.Dataset(columns, outcome, init_score=offset, weight=weight)
    settings: dict[str, Any] = _SETTINGS | _KINDS[kind] | {"learning_rate": rate, "num_leaves": leaves}
    if monotone:
        settings |= {"monotone_constraints": list(monotone)}
    text: str = lgb.train(settings, data, rounds).model_to_string()
    return text


def predict(text: str, columns: Floats) -> Floats:
    """The linear predictor without the offset, shape [n]."""
    if not len(columns):
        return np.zeros(0)
    return np.asarray(_booster(text).predict(columns, raw_score=True, num_threads=1), np.float64)


@lru_cache(maxsize=16)
def _booster(text: str) -> lgb.Booster:
    return lgb.Booster(model_str=text)
