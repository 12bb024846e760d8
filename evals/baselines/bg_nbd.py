"""BG/NBD with Gamma-Gamma as the papers have them, fitted on all purchases up to the cut; nothing is corrected."""

from typing import NamedTuple

from app.predict.inputs.purchases import Floats, RfmTable
from app.predict.value import bg_nbd, gamma_gamma


class Forecast(NamedTuple):
    """Expected spend in minor units and chance of no purchase, shape [n] each."""

    spend: Floats
    no_purchase: Floats


def forecast(seen: RfmTable, *, horizon: int) -> Forecast:
    """Expected purchases times expected amount, and P(0 purchases), of the customers of `seen`."""
    counts = bg_nbd.fit(seen.histories)
    money = gamma_gamma.fit(seen.frequency, seen.monetary_value)
    amount = gamma_gamma.expected_spend(money, seen.frequency, seen.monetary_value)
    bought = bg_nbd.expected_purchases(counts, seen.histories, horizon)
    return Forecast(bought * amount, 1 - bg_nbd.p_purchase(counts, seen.histories, horizon))
