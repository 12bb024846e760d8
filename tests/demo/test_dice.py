from statistics import mean, variance

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.demo.dice import Dice, Wheel

WEIGHTS = st.lists(st.floats(0, 1e6), min_size=1, max_size=20).filter(lambda weights: sum(weights) > 0)


@given(weights=WEIGHTS, u=st.floats(0, 1, exclude_max=True))
def test_a_wheel_stops_only_where_there_is_weight(weights: list[float], u: float) -> None:
    assert weights[Wheel(enumerate(weights)).at(u)] > 0


def test_a_wheel_stops_as_often_as_the_weights_say() -> None:
    dice, wheel = Dice(1, 1), Wheel([("a", 1.0), ("b", 3.0)])
    assert mean(dice.spin(wheel) == "b" for _ in range(4000)) == pytest.approx(0.75, abs=0.03)


def test_streams_depend_on_seed_and_place_alone() -> None:
    first = [Dice(5, 2, 3).random() for _ in range(2)]
    assert first[0] == first[1]
    assert len({first[0], Dice(5, 2, 4).random(), Dice(6, 2, 3).random(), Dice(5, 3).random()}) == 4


def test_distributions_have_the_moments_they_promise() -> None:
    dice = Dice(2, 1)
    poisson = [dice.poisson(1.7) for _ in range(5000)]
    erlang = [dice.erlang(3) for _ in range(5000)]
    whole = [dice.whole(2, 4) for _ in range(3000)]
    normal = sorted(dice.log_normal(10.0, 0.5) for _ in range(5001))
    assert [mean(poisson), variance(poisson)] == pytest.approx([1.7, 1.7], abs=0.15)
    assert [mean(erlang), variance(erlang)] == pytest.approx([1.0, 1 / 3], abs=0.04)
    assert set(whole) == {2, 3, 4}
    assert normal[2500] == pytest.approx(10.0, abs=0.4)


@pytest.mark.parametrize("digits", [1, 8, 12, 24])
def test_codes_have_the_length_asked_for(digits: int) -> None:
    assert len(Dice(1, 1).code(digits)) == digits


def test_a_rounded_mean_is_one_of_its_neighbours_and_right_in_the_long_run() -> None:
    dice = Dice(1, 7)
    drawn = [dice.rounded(1.25) for _ in range(4000)]
    assert set(drawn) == {1, 2}
    assert mean(drawn) == pytest.approx(1.25, abs=0.03)
