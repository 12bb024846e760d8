"""How much each forecast counts, and how far all of them lay beside the level, learned on days that none had seen.

Weights are those of least Tweedie deviance on the look back, pulled to equal ones: what one stretch of the past prefers
need not be what the next will. By how much a forecast was too low is taken over in part, and only upwards: most of a
level is the season's, and a quiet season behind does not promise a quiet season ahead.
The lowest forecasts, as far as the look back could not tell these customers apart, become their common mean.
"""

from collections.abc import Collection, Mapping

import numpy as np
from scipy.optimize import minimize
from scipy.special import softmax

from app.predict.inputs.purchases import Floats

_PULL = 0.02
"""Relative deviance that the whole distance from equal weights is worth (Kullback-Leibler, in nats)."""
_LEVEL_KEPT = 0.25
"""Of the logarithm of one measured level: a season's level varies by some three times what a model's own does."""
_MOST_RAISED = 1.25
_FARTHEST = 2.0
"""Factor by which a borrowed level may lie from the own at most."""
_HARM = 0.0015
"""Of the deviance: what telling the lowest forecasts apart has to bring."""


def weights(spend: Mapping[str, Floats], actual: Floats) -> dict[str, float]:
    """One weight per forecast, summing to 1. Forecasts are first brought to the level of `actual`."""
    names = list(spend)
    if len(names) == 1:
        return {names[0]: 1.0}
    levelled = np.column_stack([column / max(level(column, actual), 1e-9) for column in spend.values()])
    least = 0.01 * float(actual.mean())
    usual = _deviance(levelled.mean(axis=1), actual, least)

    def loss(free: Floats) -> float:
        share = softmax(np.append(free, 0.0))
        surprise = float(share @ np.log(np.maximum(share * share.size, 1e-12)))
        return _deviance(levelled @ share, actual, least) / usual + _PULL * surprise

    found = minimize(loss, np.zeros(len(names) - 1), method="Nelder-Mead", options={"maxiter": 400, "fatol": 1e-7})
    return dict(zip(names, softmax(np.append(found.x, 0.0)).tolist(), strict=True))


def level(predicted: Floats, actual: Floats) -> float:
    """Sum predicted over sum actual; 1 where nothing was spent."""
    spent = float(actual.sum())
    return float(predicted.sum()) / spent if spent > 0 else 1.0


def raised(
    measured: Mapping[str, float], weights: Mapping[str, float], *, borrowing: Collection[str] = ()
) -> dict[str, float]:
    """The factor for each forecast, of those whose look back had these levels (predicted over actual).

    A part of what one was too low is taken over. Those `borrowing` order customers well but have no level of their own:
    they are brought to that of the others.
    """
    own = {name: _up(value) for name, value in measured.items() if name not in borrowing}
    if not own:
        return dict.fromkeys(measured, 1.0)
    whole = sum(weights[name] for name in own)
    level_of_own = sum(weights[name] * factor * measured[name] for name, factor in own.items()) / max(whole, 1e-12)
    borrowed = {name: _near(level_of_own / max(value, 1e-9)) for name, value in measured.items() if name in borrowing}
    return own | borrowed


def _up(measured: float) -> float:
    return float(np.clip(max(measured, 1e-9) ** -_LEVEL_KEPT, 1.0, _MOST_RAISED))


def _near(factor: float) -> float:
    return float(np.clip(factor, 1 / _FARTHEST, _FARTHEST))


def tail(predicted: Floats, actual: Floats) -> float:
    """The largest share of customers, lowest first, whose forecasts may be put together without harm, in [0, .3].

    Harm is a Tweedie deviance that rises by more than _HARM: there the forecasts told these customers apart better than
    their common mean does.
    """
    least = 0.01 * float(actual.mean())
    usual = _deviance(predicted, actual, least)
    harmless = 0.0
    for share in np.arange(1, 7) / 20:
        limit = float(np.quantile(predicted, share))
        if _deviance(pooled(predicted, limit, mean_below(predicted, limit)), actual, least) > (1 + _HARM) * usual:
            break
        harmless = float(share)
    return harmless


def mean_below(predicted: Floats, limit: float) -> float:
    """The common mean of the forecasts below `limit`; `limit` itself where there are none."""
    low = predicted < limit
    return float(predicted[low].mean()) if low.any() else limit


def pooled(predicted: Floats, limit: float, common: float) -> Floats:
    """Forecasts, with the common mean in place of those below `limit`."""
    return np.where(predicted < limit, common, predicted)


def _deviance(predicted: Floats, actual: Floats, least: float) -> float:
    """Mean Tweedie deviance of power 1.5, without what does not depend on the forecast."""
    root = np.sqrt(np.maximum(predicted, least))
    return float((2 * actual / root + 2 * root).mean())
