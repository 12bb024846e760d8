"""Lifts as more buyers and dearer orders."""

import numpy as np
import pytest

from app.retrieval import two_part
from app.retrieval.outcomes import measured_lift, moderated_lift, typical_variance
from app.retrieval.schemas import Outcome
from tests.factories_campaigns import orders, outcome_of


def heavy(n: int, share: float, rng: np.random.Generator) -> list[int]:
    """Orders of which a few are huge, as in a shop."""
    buys = rng.random(n) < share
    return [int(value) for value in buys * rng.lognormal(9.0, 1.2, n)]


def arms(k: int, *, lift: float = 0.04, n: int = 400, seed: int = 1) -> list[Outcome]:
    rng = np.random.default_rng(seed)
    return [outcome_of(heavy(n, 0.1 + lift, rng), heavy(n, 0.1, rng)) for _ in range(k)]


def test_where_messages_change_who_buys_it_errs_less_than_the_difference_in_means() -> None:
    outcomes = arms(80)
    truth = 0.04 * float(np.exp(9.0 + 1.2**2 / 2))
    ours = np.array([lift.mean for lift in two_part.lifts(outcomes)])
    plain = np.array([measured_lift(outcome).mean for outcome in outcomes])
    assert np.sqrt(np.mean((ours - truth) ** 2)) < 0.8 * np.sqrt(np.mean((plain - truth) ** 2))


def test_its_variance_says_how_far_it_errs() -> None:
    found = two_part.lifts(arms(120))
    truth = 0.04 * float(np.exp(9.0 + 1.2**2 / 2))
    z = [(lift.mean - truth) / np.sqrt(lift.variance) for lift in found]
    assert 0.8 < np.std(z) < 1.2


def test_where_orders_truly_get_dearer_that_counts_too() -> None:
    outcomes = [
        outcome_of(orders(3000, 2000 * (1 + dearer), seed=seed), orders(3000, 2000, seed=seed + 50))
        for seed, dearer in enumerate((0.0, 0.3, 0.6, 0.9, 1.2))
    ]
    ours = [lift.mean for lift in two_part.lifts(outcomes)]
    plain = [measured_lift(outcome).mean for outcome in outcomes]
    assert ours == pytest.approx(plain, abs=150)


@pytest.mark.parametrize(
    "changes",
    [
        {"treated_conversions": 0, "control_conversions": 0},
        {"treated_conversions": 1},
    ],
)
def test_sums_that_are_not_those_of_the_counted_buyers_are_taken_as_they_are(changes: dict[str, int]) -> None:
    outcome = outcome_of(orders(300, 3000, seed=1), orders(300, 2000, seed=2)).model_copy(update=changes)
    assert two_part.lifts([outcome]) == [moderated_lift(outcome, typical_variance([outcome]))]


def test_one_side_without_a_buyer_has_a_lift() -> None:
    (lift,) = two_part.lifts([outcome_of([0, 0, 900, 0, 400], [0, 0, 0, 0])])
    assert lift.mean > 0
    assert np.isfinite(lift.variance)
