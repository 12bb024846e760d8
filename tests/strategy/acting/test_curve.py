import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from app.strategy.acting.curve import LEVELS, Curve, grid
from app.strategy.acting.rule import ActingRule, Bounds, Level, Rest, Team, Touch

REST = Rest(gaps=1.0, least_days=7)
TEAMS = (Team(team="messages", zh="消息", en="Messages", level=Level.LIGHT, per_day=5),)


def a_rule(
    light: tuple[float, float] = (20, 0.01),
    strong: tuple[float, float] = (300, 0.09),
    bounds: tuple[float, float] = (0.3, 1.0),
) -> ActingRule:
    """Cost and annoyance of both levels, and the bounds."""
    return ActingRule(
        light=Touch(at_median=0.6, cost_minor=light[0], annoyance=light[1], rest=REST),
        strong=Touch(at_median=0.8, cost_minor=strong[0], annoyance=strong[1], rest=REST),
        bounds=Bounds(least=bounds[0], most=bounds[1]),
        longest_rest_days=60,
        teams=TEAMS,
    )


@st.composite
def curves(draw: st.DrawFn) -> Curve:
    amounts, shares = st.just(0.0) | st.floats(0.01, 1e6), st.just(0.0) | st.floats(0.001, 0.4)
    light, more = (draw(st.tuples(amounts, shares).filter(any)) for _ in range(2))
    rule = a_rule(light, (light[0] + more[0], light[1] + more[1]), (draw(st.floats(0.01, 0.6)), 1.0))
    return Curve(rule, draw(st.floats(0.01, 0.99)), draw(st.floats(0.01, 1e12)))


values = st.floats(0, 1e13)


@given(curves())
def test_at_the_median_the_thresholds_are_exactly_the_declared_ones(curve: Curve) -> None:
    light, strong = curve.thresholds(curve.median_value)
    assert (float(light[0]), float(strong[0])) == (0.6, 0.8)


@given(curves(), values, values)
def test_who_is_worth_more_is_reached_no_later(curve: Curve, one: float, other: float) -> None:
    found = curve.thresholds([min(one, other), max(one, other)])
    assert found.light[0] >= found.light[1]
    assert found.strong[0] >= found.strong[1]


@given(curves(), values)
def test_thresholds_keep_their_bounds_and_light_comes_first(curve: Curve, value: float) -> None:
    (light,), (strong,) = curve.thresholds(value)
    assert curve.rule.bounds.least <= light <= strong <= curve.rule.bounds.most


@given(curves(), st.floats(1, 1e9))
def test_a_threshold_within_bounds_is_where_the_next_level_begins_to_bring_more(curve: Curve, value: float) -> None:
    found, bounds = curve.thresholds(value), curve.rule.bounds
    for level, (risk,) in enumerate(found, start=1):
        if not bounds.least < risk < bounds.most or (level == 2 and risk == found.light[0]):
            continue
        at, below = curve.gains(value, risk, level)[0], curve.gains(value, risk, level - 1)[0]
        scale = curve.margin * value + curve.rule.strong.cost_minor
        assert at == pytest.approx(below, abs=1e-6 * scale * max(1, *curve.saved))


@given(curves(), values, st.floats(0, 1), st.floats(0, 1))
def test_a_higher_risk_never_lowers_the_level(curve: Curve, value: float, one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert curve.levels(value, low)[0] <= curve.levels(value, high)[0]


def test_levels_begin_at_their_thresholds() -> None:
    curve = Curve(a_rule(), 0.3, 10_000)
    numbers = curve.levels([10_000] * 5, [0.599, 0.6, 0.799, 0.8, np.nan])
    assert [LEVELS[n] for n in numbers] == ["none", "light", "light", "strong", "none"]


def test_five_times_the_median_is_reached_much_earlier_and_a_third_of_it_hardly_ever() -> None:
    curve = Curve(a_rule(), 0.3, 10_000)
    many, few = curve.thresholds(50_000), curve.thresholds(3_300)
    assert many.light[0] < 0.5 > many.strong[0]
    assert few.light[0] > 0.9


def test_whoever_is_worth_nothing_is_left_in_peace() -> None:
    assert Curve(a_rule(), 0.3, 10_000).levels([0, -5], [0.99, 0.99]).tolist() == [0, 0]


def test_without_a_median_the_declared_thresholds_hold_for_everybody() -> None:
    found = Curve(a_rule(), 0.3, 0.0).thresholds([0, 10, 10_000])
    assert (set(found.light), set(found.strong)) == ({0.6}, {0.8})


def test_what_the_thresholds_assume_is_a_share_that_can_be_measured() -> None:
    light, strong = Curve(a_rule(), 0.3, 10_000).saved
    assert light == pytest.approx((20 / 3000 + 0.01) / 0.6 - 0.01)
    assert strong == pytest.approx(light + (280 / 3000 + 0.08) / 0.8 - 0.08)
    assert 0 < light < strong < 1


@pytest.mark.parametrize(
    ("light", "strong", "said"),
    [
        ((20, 0.01), (10, 0.09), "strong must cost or annoy more"),
        ((20, 0.01), (20, 0.01), "strong must cost or annoy more"),
        ((0, 0), (10, 0.1), "light needs a cost"),
    ],
)
def test_a_rule_that_does_not_hang_together_is_refused(
    light: tuple[float, float], strong: tuple[float, float], said: str
) -> None:
    with pytest.raises(ValidationError, match=said):
        a_rule(light, strong)


def test_bounds_that_exclude_the_median_are_refused() -> None:
    with pytest.raises(ValidationError, match=r"bounds\.least"):
        a_rule(bounds=(0.61, 1.0))


def test_the_curve_is_drawn_from_the_least_to_the_largest_value() -> None:
    drawn = grid([0, 100, 900, 10_000], 5)
    assert (drawn[0], drawn[-1], drawn.size) == (pytest.approx(100), pytest.approx(10_000), 5)
    assert not grid([]).size
