"""Paths obey their laws whatever customer and lift: they start at 0, never fall, and end at what was published."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from app.predict.explain.paths import arrivals, counts_of, days_of, history_of, value_paths
from app.predict.inputs.purchases import Histories, PurchaseDays
from app.predict.schemas import InterventionLift, LtvEstimate, ValuePath, ValuePaths
from app.predict.value.bg_nbd import BgNbd

COUNTS = BgNbd(r=0.6, alpha=20.0, a=0.8, b=3.0)
FIRST_DAY = 19_000


def a_history(x: int = 3, recency: int = 60, age: int = 90) -> Histories:
    return Histories(np.array([x]), np.array([recency if x else 0]), np.array([age]))


def an_estimate(value: int | None = 20_000, horizon: int = 90) -> LtvEstimate:
    ok = value is not None
    return LtvEstimate(
        value=value, median=value, q10=0 if ok else None, q90=3 * value if ok else None, horizon_days=horizon,
        currency="CNY", model_card_id="card", calibration=None, confidence="medium" if ok else None,
        status="ok" if ok else "not_enough_data", missing=() if ok else ("orders",),
    )  # fmt: skip


def a_lift(mean: float = 500.0, margin: float = 300.0, *, window: int = 10, kind: str = "light") -> InterventionLift:
    return InterventionLift(
        kind=kind, mean_minor=mean, low_minor=mean - margin, high_minor=mean + margin, window_days=window,
        campaigns=("c1",), randomised=True,
    )  # fmt: skip


def path_of(paths: ValuePaths, action: str) -> ValuePath:
    return next(path for path in paths.paths if path.action == action)


def expected(path: ValuePath) -> list[int]:
    return [point.expected_minor for point in path.points]


estimates = st.builds(an_estimate, st.integers(0, 10**9), st.integers(1, 400))
histories = st.builds(
    lambda x, recency, since: a_history(x, recency, recency + since),
    st.integers(0, 50), st.integers(1, 700), st.integers(0, 700),
)  # fmt: skip
amounts = st.floats(-1e7, 1e7, allow_nan=False)
margins = st.floats(0, 1e7, allow_nan=False)
windows = st.integers(1, 400)


@given(estimates, histories, amounts, margins, windows)
def test_every_path_starts_at_nothing_never_falls_and_keeps_its_interval_in_order(
    ltv: LtvEstimate, history: Histories, mean: float, margin: float, window: int
) -> None:
    lifts = [a_lift(mean, margin, window=window, kind=kind) for kind in ("light", "strong")]
    for path in value_paths(ltv, COUNTS, history, lifts).paths:
        assert (path.points[0].day, path.points[-1].day) == (0, ltv.horizon_days)
        rows = [(p.low_minor, p.expected_minor, p.high_minor) for p in path.points]
        assert rows[0] == (0, 0, 0)
        assert all(0 <= low <= middle <= high for low, middle, high in rows)
        assert all(now <= later for a, b in pairwise(rows) for now, later in zip(a, b, strict=True))


@given(estimates, histories, windows)
def test_left_alone_a_customer_ends_at_the_published_value_and_a_lift_of_nothing_changes_nothing(
    ltv: LtvEstimate, history: Histories, window: int
) -> None:
    found = value_paths(ltv, COUNTS, history, [a_lift(0.0, 0.0, window=window)])
    alone = path_of(found, "no_action")
    assert alone.points[-1].expected_minor == ltv.value
    assert path_of(found, "light").points == alone.points
    assert {(g.low_minor, g.expected_minor, g.high_minor) for g in path_of(found, "light").gains} == {(0, 0, 0)}


@given(estimates, histories, amounts, amounts, windows)
def test_a_bigger_lift_never_lies_below_a_smaller_one(
    ltv: LtvEstimate, history: Histories, one: float, other: float, window: int
) -> None:
    smaller, bigger = sorted((one, other))
    lifts = [a_lift(smaller, 0, window=window), a_lift(bigger, 0, window=window, kind="strong")]
    found = value_paths(ltv, COUNTS, history, lifts)
    pairs = zip(expected(path_of(found, "light")), expected(path_of(found, "strong")), strict=True)
    assert all(low <= high for low, high in pairs)


@given(estimates, histories, st.floats(0, 1e7), windows)
def test_a_lift_arrives_within_its_window_and_nothing_follows(
    ltv: LtvEstimate, history: Histories, mean: float, window: int
) -> None:
    gains = path_of(value_paths(ltv, COUNTS, history, [a_lift(mean, 0, window=window)]), "light").gains
    for gain in gains:
        assert gain.expected_minor == pytest.approx(mean * min(gain.day, window) / window, abs=0.5)
    after = {gain.expected_minor for gain in gains if gain.day >= window}
    assert len(after) <= 1


def test_a_window_longer_than_the_horizon_counts_only_as_far_as_the_horizon() -> None:
    found = value_paths(an_estimate(horizon=30), COUNTS, a_history(), [a_lift(900.0, 0, window=90)])
    assert path_of(found, "light").gains[-1].expected_minor == 300


def test_harm_is_shown_and_takes_no_more_than_was_expected_within_its_window() -> None:
    ltv = an_estimate(20_000)
    mild = path_of(value_paths(ltv, COUNTS, a_history(), [a_lift(-500.0, 100.0)]), "light")
    assert mild.gains[-1].expected_minor == -500
    assert mild.gains[-1].low_minor == -600
    found = value_paths(ltv, COUNTS, a_history(), [a_lift(-1e6, 0)])
    by_the_window = next(p.expected_minor for p in path_of(found, "no_action").points if p.day == 10)
    assert path_of(found, "light").gains[-1].expected_minor == -by_the_window


def test_without_a_lift_a_path_says_what_is_missing_and_draws_nothing() -> None:
    found = value_paths(an_estimate(), COUNTS, a_history(), [a_lift(kind="strong")])
    light = path_of(found, "light")
    assert (light.status, light.missing, light.points, light.lift) == ("no_lift_known", ("light_lift",), (), None)
    assert [path.status for path in found.paths] == ["ok", "no_lift_known", "ok"]


def test_without_an_estimate_there_is_no_path() -> None:
    found = value_paths(an_estimate(None), None, Histories(*(np.array([], np.int64),) * 3), [a_lift()])
    assert (found.paths, found.status, found.missing) == ((), "not_enough_data", ("orders",))


@given(histories, st.integers(1, 400))
def test_purchases_arrive_from_none_to_all(history: Histories, horizon: int) -> None:
    shares = arrivals(COUNTS, history, days_of(horizon))
    assert (shares[0], shares[-1]) == (0.0, 1.0)
    assert (np.diff(shares) >= 0).all()


def test_someone_who_may_leave_after_each_purchase_buys_more_in_the_first_half_than_in_the_second() -> None:
    leaving = arrivals(BgNbd(r=0.6, alpha=20.0, a=2.0, b=2.0), a_history(8, 85, 90), (0, 45, 90))
    assert leaving[1] > 0.5
    no_history = Histories(*(np.array([], np.int64),) * 3)
    assert arrivals(COUNTS, no_history, (0, 45, 90)).tolist() == [0.0, 0.5, 1.0]


def test_the_days_are_weeks_with_the_ends_of_windows_and_of_the_horizon() -> None:
    assert days_of(30, [10, 14, 45]) == (0, 7, 10, 14, 21, 28, 30)
    assert days_of(1) == (0, 1)


def test_a_history_is_read_up_to_its_day_and_of_its_customer_only() -> None:
    bought = PurchaseDays.from_rows(["a", "b", "a", "a"], [FIRST_DAY, FIRST_DAY, FIRST_DAY + 5, FIRST_DAY + 9], [1] * 4)
    found = history_of(bought, "a", FIRST_DAY + 7)
    assert [column.tolist() for column in found] == [[1], [5], [7]]
    for unknown in ("b", "nobody"):
        assert history_of(bought, unknown, FIRST_DAY - 1).T.size == 0
    assert history_of(bought, "nobody", FIRST_DAY + 7).T.size == 0


def test_the_model_behind_a_card_is_read_from_its_parameters() -> None:
    assert counts_of(COUNTS._asdict() | {"spend_p": 1.0}) == COUNTS
    assert counts_of({}) is None
    assert counts_of(COUNTS._asdict() | {"a": 0.0}) is None


@pytest.mark.parametrize("change", [{"mean": math.nan}, {"mean": math.inf}, {"margin": -1.0}, {"window": 0}])
def test_a_lift_that_is_none_is_refused(change: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        a_lift(**change)  # type: ignore[arg-type]
