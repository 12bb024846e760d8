"""What would change a customer's number: the same model asked again, some days later, of an altered history.

The day is later and the customer has bought or has not; the model, the season and (but for `no_visit`) what is known
beside purchases stay as they are now, so that a difference is the customer's own.
"""

from collections.abc import Iterator

import numpy as np

from app.predict.behaviour.columns import BehaviourColumns
from app.predict.explain.drivers import Held, only, taught_of
from app.predict.fitted import Fitted, blended
from app.predict.inputs.purchases import PurchaseDays
from app.predict.schemas import WhatIf, WhatIfKind
from app.predict.value import ensemble
from app.predict.value.features import Beside

WITHIN_DAYS = 30
_ORDERS: dict[WhatIfKind, tuple[int, ...]] = {"one_order": (15,), "two_orders": (10, 20), "no_order": ()}
"""Days from now on which the customer orders: evenly within the days."""


def what_ifs(
    fitted: Fitted, purchases: PurchaseDays, row: int, *, day: int, beside: BehaviourColumns | None = None
) -> tuple[WhatIf, ...]:
    """Of the customer with index `row`, who has bought by `day`; reads nothing later."""
    known = BehaviourColumns(beside.behaviour.until(day)) if beside and fitted.beside else None
    return tuple(_all(fitted, only(purchases.until(day), np.array([row])), day, known))


def _all(fitted: Fitted, own: PurchaseDays, day: int, beside: BehaviourColumns | None) -> Iterator[WhatIf]:
    usual = round(float(np.median(own.amount)))
    held = None if beside is None else Held.of(beside, day)
    for kind, days in _ORDERS.items():
        yield _later(fitted, _with_orders(own, [day + after for after in days], usual), day, held, kind, usual)
    if beside is not None:
        yield _later(fitted, own, day, beside, "no_visit", usual)


def _later(
    fitted: Fitted, history: PurchaseDays, day: int, beside: Beside | None, kind: WhatIfKind, usual: int
) -> WhatIf:
    """Read at the end of the days, with the season as it is now."""
    taught = taught_of(fitted)
    later = day + WITHIN_DAYS
    means = ensemble.forecast(taught, history, later, horizon_days=fitted.horizon_days, beside=beside)
    told = blended(fitted, means, fitted.seasons(day))
    return WhatIf(
        kind=kind,
        within_days=WITHIN_DAYS,
        order_minor=usual if _ORDERS.get(kind) else None,
        value_minor=round(float(told.mean[0]) * taught.unit),
        p_no_purchase=float(told.p_zero[0].clip(0, 1)),
    )


def _with_orders(own: PurchaseDays, days: list[int], amount: int) -> PurchaseDays:
    """One customer's purchases and later ones; the days are not yet in it."""
    more = len(days)
    return PurchaseDays(
        own.customer_ids,
        np.concatenate([own.customer, np.repeat(own.customer[:1], more)]),
        np.concatenate([own.day, np.array(days, np.int32)]),
        np.concatenate([own.amount, np.repeat(np.int64(amount), more)]),
    )
