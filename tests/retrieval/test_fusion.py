"""Reciprocal-rank fusion, against the definition."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.retrieval.fusion import K, fused

ORDERS = st.integers(1, 12).flatmap(
    lambda n: st.lists(st.lists(st.integers(0, 5).map(float), min_size=n, max_size=n), min_size=1, max_size=4)
)


def by_definition(orders: list[list[float]]) -> list[float]:
    def share(order: list[float], mine: float) -> float:
        return 1.0 / (K + 1 + sum(other > mine for other in order)) if mine > 0 else 0.0

    totals = [sum(share(order, order[thing]) for order in orders) for thing in range(len(orders[0]))]
    return [total * (K + 1) / len(orders) for total in totals]


@given(ORDERS)
def test_it_is_the_sum_of_reciprocal_ranks(orders: list[list[float]]) -> None:
    assert fused([np.array(order) for order in orders]).tolist() == pytest.approx(by_definition(orders))


@given(ORDERS)
def test_only_ranks_count(orders: list[list[float]]) -> None:
    stretched = [np.where(np.array(order) > 0, np.exp(order), 0.0) for order in orders]
    assert fused(stretched).tolist() == fused([np.array(order) for order in orders]).tolist()


def test_first_place_everywhere_is_one_and_no_place_is_nothing() -> None:
    scores = fused([np.array([0.9, 0.1, 0.0]), np.array([12.0, 3.0, 0.0])])
    assert scores[0] == pytest.approx(1.0)
    assert scores[2] == 0.0


def test_agreement_beats_one_first_place() -> None:
    scores = fused([np.array([9.0, 8.0, 1.0]), np.array([0.0, 8.0, 9.0]), np.array([0.0, 8.0, 1.0])])
    assert int(np.argmax(scores)) == 1


def test_no_things_are_allowed() -> None:
    assert fused([np.zeros(0)]).shape == (0,)
