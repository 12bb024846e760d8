"""The rate of learning: up, level, down to nothing."""

from itertools import pairwise

from evals.train.settings import Settings, left, share_of_rate

RUN = Settings(steps=1000, cool_down=0.4, warm_up=50)


def test_the_rate_rises_over_the_warm_up_stays_and_falls_to_nothing() -> None:
    rates = [share_of_rate(step, RUN) for step in range(1000)]
    assert 0 < rates[0] < rates[25] < rates[49] == 1
    assert set(rates[49:600]) == {1.0}
    assert all(a > b for a, b in pairwise(rates[600:]))
    assert rates[-1] < 0.001


def test_questions_of_any_length_are_asked_from_where_the_rate_falls() -> None:
    assert left(599, RUN) > 1
    assert left(601, RUN) < 1
