import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.predict.intent import windows
from app.predict.intent.baskets import Baskets, no_touches
from app.predict.intent.windows import Seen
from app.predict.value import bg_nbd
from app.predict.value.bg_nbd import BgNbd
from tests.factories_intent import DAY, a_shop

COUNTS = BgNbd(r=0.6, alpha=20.0, a=0.8, b=3.0)
EDGES = windows.edges_of(90)
rising = st.lists(st.floats(0, 0.4), min_size=5, max_size=5).map(lambda v: 1 - np.cumprod(1 - np.array(v)))


def test_the_last_edge_is_the_horizon_whatever_it_is() -> None:
    assert windows.edges_of(90) == (7, 14, 30, 60, 90)
    assert windows.edges_of(5) == (5,)
    assert windows.edges_of(273)[-2:] == (180, 273)


def test_before_anything_is_learned_the_chances_are_those_of_the_count_model() -> None:
    baskets, touches = a_shop()
    pace = windows.pace(baskets, touches, np.unique(baskets.customer), DAY)
    found = windows.within(windows.untaught(EDGES, COUNTS, 40.0), pace)
    for i, edge in enumerate(EDGES):
        assert found[:, i] == pytest.approx(bg_nbd.p_purchase(COUNTS, pace.histories, edge), abs=1e-4)


@given(st.lists(st.floats(-3, 3), min_size=17, max_size=17))
def test_chances_never_fall_with_the_window_whatever_was_learned(weights: list[float]) -> None:
    baskets, touches = a_shop(customers=30)
    pace = windows.pace(baskets, touches, np.unique(baskets.customer), DAY)
    found = windows.within(windows.untaught(EDGES, COUNTS, 40.0)._replace(weights=tuple(weights)), pace)
    assert (found >= 0).all()
    assert (found <= 1).all()
    assert (np.diff(found, axis=1) >= 0).all()


@given(rising, st.floats(0, 1))
def test_the_curve_ends_in_the_estimators_chance_and_still_rises(curve: np.ndarray, silent: float) -> None:
    bent = windows.agree(curve[None, :], np.array([silent]))[0]
    assert bent[-1] == 1 - silent
    assert (bent >= 0).all()
    assert (np.diff(bent) >= -1e-12).all()
    at = windows.chance_at(EDGES, bent, np.arange(0.0, 91))
    assert at[0] == 0
    assert (np.diff(at) >= -1e-12).all()


def test_a_curve_that_already_agrees_stays_as_it_is() -> None:
    curve = np.array([[0.1, 0.2, 0.3, 0.4, 0.5]])
    assert windows.agree(curve, np.array([0.5])) == pytest.approx(curve)


def test_histories_are_read_up_to_the_day_and_no_later() -> None:
    baskets = Baskets.from_columns([3, 3, 3, 8], [10, 20, 90, 15], ["tea"] * 4, [1] * 4)
    pace = windows.pace(baskets, no_touches(), np.array([3, 8]), 30)
    assert [column.tolist() for column in pace.histories] == [[1, 0], [10, 0], [20, 15]]
    assert pace.quiet.tolist() == [10, 15]


def test_a_steady_customer_is_expected_when_due() -> None:
    baskets, _ = a_shop()
    cuts = [DAY - 120, DAY - 150, DAY - 180]
    lessons = []
    for cut in cuts:
        customers = np.unique(baskets.customer[baskets.day <= cut])
        mains = baskets.mains()
        after = (mains.day > cut) & (mains.day <= cut + 90)
        who, first = np.unique(mains.customer[after], return_index=True)
        wait = np.full(customers.size, np.inf)
        wait[np.searchsorted(customers, who)] = mains.day[after][first] - cut
        start = windows.untaught(EDGES, COUNTS, 40.0)
        lessons.append(Seen(start, windows.pace(baskets, no_touches(), customers, cut), wait, 90))
    taught = windows.learn(lessons[0].start, lessons)
    steady = Baskets.from_columns([0] * 8, [10 + 30 * i for i in range(8)], ["tea"] * 8, [1] * 8)
    soon, late = (
        windows.within(taught, windows.pace(steady, no_touches(), np.array([0]), 220 + silence))[0, 0]
        for silence in (2, 27)
    )
    assert late > 2 * soon


def test_a_stretch_that_is_not_over_teaches_nothing() -> None:
    baskets, touches = a_shop()
    customers = np.unique(baskets.customer)
    start = windows.untaught(EDGES, COUNTS, 40.0)
    pace = windows.pace(baskets, touches, customers, DAY - 30)
    soon = np.where(np.arange(customers.size) % 2, 3.0, np.inf)
    unsure = np.where(np.isinf(soon), 25.0, soon)
    known, guessed = (windows.learn(start, [Seen(start, pace, wait, 14)]) for wait in (soon, unsure))
    assert known.weights == guessed.weights
