"""The prior over lives agrees with the simulator that it stands for."""

from collections import Counter

import numpy as np
import pytest

from app.demo.parameters import parameters
from app.demo.shop import DemoShop
from evals.ceilings.lives import Paths, draw_own, draw_paths, joining_likelihood, phases
from evals.ceilings.watching import watch

TOPICS = tuple(sorted({t for persona in parameters().personas.values() for t in persona.topics}))


@pytest.fixture(scope="module")
def paths() -> Paths:
    return draw_paths(parameters(), phases(parameters()), np.random.default_rng(1))


def test_paths_share_out_all_customers_as_the_arcs_do(paths: Paths) -> None:
    share = np.exp(paths.log_share)
    assert share.sum() == pytest.approx(1)
    for name, arc in parameters().arcs.items():
        assert share[[other == name for other in paths.arc]].sum() == pytest.approx(arc.share)


def test_stages_follow_each_other_without_gaps(paths: Paths) -> None:
    bounds = paths.bounds(joined=40)
    assert (np.diff(bounds, axis=1) >= 0).all()
    assert (bounds[:, 0] == 0).all()
    assert (bounds[:, 1] >= 40).all()
    assert bounds.shape[1] == paths.phase.shape[1] + 1


def test_joining_days_are_as_likely_as_the_simulator_makes_them() -> None:
    days = range(parameters().days)
    for name, arc in parameters().arcs.items():
        assert sum(joining_likelihood(arc, parameters(), day) for day in days) == pytest.approx(1), name


def test_own_interests_sum_to_one_and_stay_with_the_persona() -> None:
    own = draw_own(parameters(), TOPICS, np.random.default_rng(2))
    assert np.allclose(own.interests.sum(axis=1), 1)
    assert np.exp(own.log_share).sum() == pytest.approx(1, rel=1e-4)
    for persona, row in zip(own.persona, own.interests, strict=True):
        assert {TOPICS[i] for i in np.flatnonzero(row)} == parameters().personas[persona].topics.keys()


def test_the_log_is_in_order_of_time_with_every_event_once() -> None:
    shop = DemoShop(4, 6)
    log = watch(shop)
    told = Counter(event.message_id for _, event in shop.events())
    assert log.size == len(told) < told.total()
    for customer in range(6):
        assert (np.diff(log.ms[log.customer == customer]) >= 0).all()
    assert 0 <= log.day.min() <= log.day.max() < shop.calendar.days
