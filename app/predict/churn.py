"""How much a customer's present silence means, measured against their own rhythm."""

from app.predict import bg_nbd
from app.predict.bg_nbd import BgNbd
from app.predict.purchases import Floats, Histories
from app.predict.recalibration import IDENTITY, Recalibration


def churn_risk(
    model: BgNbd, histories: Histories, horizon_days: int, recalibration: Recalibration = IDENTITY
) -> Floats:
    """Share of the customer's own chance to buy that silence since the last purchase has taken away, 0 to 1.

    R = (1 - P(buy in t | x, t_x, T) / P(buy in t | x, t_x, T = t_x)) * x / (x + 1)

    The denominator is the chance as it stood on the day of the last purchase. The factor is credibility:
    whoever bought once has no rhythm to depart from, so R = 0 there. R never falls while the silence lasts.
    It is not 1 - P(alive), which ranks one-time buyers backwards, and it also works where nobody seems to
    drop out (a -> 0). Both chances are corrected by `recalibration`.
    """
    x = histories.frequency
    at_last_purchase = Histories(x, histories.recency, histories.recency)
    now = recalibration.apply(bg_nbd.p_purchase(model, histories, horizon_days), histories)
    before = recalibration.apply(bg_nbd.p_purchase(model, at_last_purchase, horizon_days), at_last_purchase)
    return (1 - now / before).clip(0, 1) * x / (x + 1)
