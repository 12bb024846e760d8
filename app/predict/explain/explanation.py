"""A customer's number explained: contributions that add up to it, and what would change it."""

from collections.abc import Iterator

import numpy as np

from app.predict.behaviour.columns import BehaviourColumns
from app.predict.explain.drivers import COMPARED_WITH, Shares, drivers
from app.predict.explain.what_ifs import what_ifs
from app.predict.inputs.purchases import Floats, PurchaseDays
from app.predict.model import CustomerModel
from app.predict.schemas import Contribution, Explanation

_LEAST = 1e-9


def explained(
    model: CustomerModel, purchases: PurchaseDays, customer_id: str, *, day: int, beside: BehaviourColumns | None = None
) -> Explanation:
    """Why the model says what it says of one customer at the end of `day`.

    `purchases` and `beside` are those that its estimates were made from. Costs some thousands of estimates, so it is
    worked out on demand.
    """
    fitted, ltv = model.fitted, model.ltv(customer_id)
    about = Explanation(horizon_days=fitted.horizon_days, currency=fitted.currency, basis=fitted.basis)
    if ltv.value is None:
        return about.model_copy(update={"status": ltv.status, "missing": ltv.missing})
    row = purchases.customer_ids.index(customer_id)
    shares = drivers(model, purchases, row, day=day, beside=beside)
    typical = round(shares.typical_value)
    return about.model_copy(
        update={
            "model_card_id": model.card.model_card_id,
            "value_minor": ltv.value,
            "p_no_purchase": model.churn(customer_id).p_no_purchase,
            "typical_value_minor": typical,
            "typical_p_no_purchase": shares.typical_p_no_purchase,
            "compared_with": min(COMPARED_WITH, int(model.estimates.known.sum())),
            "years_seen": max(season.years_seen for season in fitted.seasons(day).values()),
            "contributions": tuple(_contributions(shares, ltv.value - typical)),
            "what_ifs": what_ifs(fitted, purchases, row, day=day, beside=beside),
        }
    )


def _contributions(shares: Shares, distance: int) -> Iterator[Contribution]:
    amounts, points = _whole(shares.amounts, distance), shares.points
    order = np.argsort(-np.abs(shares.log_value), kind="stable")
    for place in order.tolist():
        if max(abs(shares.log_value[place]), abs(shares.log_odds[place])) > _LEAST:
            yield Contribution(
                group=shares.groups[place],
                factor=float(np.exp(shares.log_value[place])),
                amount_minor=amounts[place],
                odds_factor=float(np.exp(shares.log_odds[place])),
                no_purchase_points=float(points[place]),
            )


def _whole(amounts: Floats, total: int) -> list[int]:
    """Whole numbers beside these that sum to `total`: the largest amounts take up what rounding left."""
    found = np.floor(amounts).astype(np.int64)
    short = total - int(found.sum())
    by_size = np.argsort(-np.abs(amounts), kind="stable")
    step = 1 if short > 0 else -1
    for place in range(abs(short)):
        found[by_size[place % by_size.size]] += step
    whole: list[int] = found.tolist()
    return whole
