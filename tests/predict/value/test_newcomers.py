"""Visitors without an order are told what others like them went on to spend."""

import numpy as np

from app.predict.inputs.purchases import PurchaseDays
from app.predict.value.newcomers import LEAST_VISITORS, Newcomers, learn
from tests.factories_behaviour import a_behaviour

CUT, DAY = 100, 190


def learned(visitors: int, *, buyers: int, paid: int) -> Newcomers | None:
    names = tuple(f"v{i:03}" for i in range(visitors + 1))
    came = a_behaviour([(name, 50 + i % 40, {"acts": 3, "presence": 3, "pages": 2}) for i, name in enumerate(names)])
    bought = [(i, CUT + 10, paid) for i in range(buyers)] + [(visitors, 60, 900), (visitors, CUT + 5, 900)]
    who, day, amount = (np.array(column) for column in zip(*bought, strict=True))
    purchases = PurchaseDays(names, who.astype(np.int32), day.astype(np.int32), amount.astype(np.int64))
    return learn(purchases, came, day=DAY, horizon_days=DAY - CUT)


def test_who_had_bought_before_is_none_of_them() -> None:
    found = learned(40, buyers=4, paid=1000)
    assert found == Newcomers(40, 4 * 1000 / 40)


def test_too_few_visitors_say_nothing() -> None:
    assert learned(LEAST_VISITORS - 1, buyers=2, paid=1000) is None
    assert learned(LEAST_VISITORS, buyers=0, paid=0) is not None
