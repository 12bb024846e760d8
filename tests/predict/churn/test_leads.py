"""Lead times: how long before their last act customers who left had shown a sign."""

from dataclasses import replace

import numpy as np
import pytest

from app.predict.behaviour.signs import OPEN, SIGNALS, Signs, Stretches
from app.predict.churn.leads import LEAST_LEAVERS, signal_leads
from app.predict.inputs.purchases import PurchaseDays
from app.profile.schemas import SignalName
from tests.factories_behaviour import FIRST_DAY, a_behaviour

LAST = FIRST_DAY + 200
DWELL, WORDS = SIGNALS.index(SignalName.SHORTER_DWELL), SIGNALS.index(SignalName.DISSATISFACTION)
ACT = {"acts": 1, "presence": 1, "pages": 1}


def a_stretch(who: int, signal: int, first: int, last: int = OPEN) -> tuple[float, ...]:
    return (who, signal, FIRST_DAY + first, last if last == OPEN else FIRST_DAY + last, 2.0, 0.0, FIRST_DAY + first)


def leads(leavers: int, stretches: list[tuple[float, ...]], day: int = LAST) -> dict[SignalName, object]:
    """So many customers who left on day 100, and as many who stay; all bought on their first day."""
    rows = [(f"c{who:03}", FIRST_DAY + day, ACT) for who in range(2 * leavers) for day in range(0, 101, 10)]
    rows += [(f"c{who:03}", FIRST_DAY + day, ACT) for who in range(leavers, 2 * leavers) for day in range(110, 201, 10)]
    behaviour = a_behaviour(rows)
    columns = np.array(stretches).reshape(-1, 7).T
    kinds = [np.int64, np.int64, np.int64, np.int64, np.float64, np.float64, np.int64]
    found = Stretches._make(column.astype(kind) for column, kind in zip(columns, kinds, strict=True))
    known = replace(behaviour, signs=Signs(found, np.zeros(2 * leavers, np.int64)))
    size = len(behaviour.customer_ids)
    late = [(who, FIRST_DAY + 150) for who in range(leavers, size)]
    bought = sorted([(who, FIRST_DAY) for who in range(size)] + late)
    customer, days = np.array(bought, np.int32).T
    purchases = PurchaseDays(behaviour.customer_ids, customer, days, np.ones(len(bought), np.int64))
    return dict(signal_leads(known, purchases, day=day, horizon_days=90))


def test_the_lead_is_from_raised_to_the_last_act_in_the_middle() -> None:
    raised = [60, 70, 80, 81, 82, 83, 84, 85, 90, 95, 99]
    found = leads(12, [a_stretch(who, DWELL, day) for who, day in enumerate(raised)])[SignalName.SHORTER_DWELL]
    assert (found.leavers, found.n) == (12, 11)
    assert (found.median_days, found.low_days, found.high_days) == (17, 12.5, 19.5)


def test_a_sign_that_was_dropped_or_came_after_the_end_led_nobody() -> None:
    dropped = [a_stretch(who, DWELL, 50, 90) for who in range(12)]
    late = [a_stretch(who, WORDS, 120) for who in range(12)]
    found = leads(12, dropped + late)
    assert found[SignalName.SHORTER_DWELL].n == found[SignalName.DISSATISFACTION].n == 0
    assert found[SignalName.SHORTER_DWELL].median_days is None


def test_few_leavers_tell_no_lead() -> None:
    found = leads(12, [a_stretch(who, DWELL, 80) for who in range(LEAST_LEAVERS - 1)])[SignalName.SHORTER_DWELL]
    assert (found.n, found.median_days) == (LEAST_LEAVERS - 1, None)


def test_the_lift_sets_those_with_the_sign_against_those_without() -> None:
    """Who left bought nothing within 90 days of day 110; the sign stood on 10 of those 12 and on 2 of the others."""
    with_sign = [*range(10), 12, 13]
    found = leads(12, [a_stretch(who, DWELL, 105) for who in with_sign])[SignalName.SHORTER_DWELL]
    assert found.no_purchase == pytest.approx(10 / 12)
    assert found.no_purchase_without is not None
    assert found.lift == pytest.approx(found.no_purchase / found.no_purchase_without)
    assert found.lift > 1.2


def test_later_days_change_nothing() -> None:
    stretches = [a_stretch(who, DWELL, 60 + who) for who in range(12)]
    assert leads(12, stretches, day=LAST - 20) == leads(12, [*stretches, a_stretch(3, WORDS, 190)], day=LAST - 20)


def test_without_signs_there_are_no_leads() -> None:
    behaviour = a_behaviour([("a", FIRST_DAY, ACT)])
    assert signal_leads(behaviour, PurchaseDays.from_rows([], [], []), day=LAST, horizon_days=90) == {}
