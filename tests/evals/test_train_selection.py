"""How an answer of the small model is compared with the composer's choice."""

import pytest

from evals.scorers.selection import agreement


def test_the_composers_own_choice_agrees_fully() -> None:
    found = agreement([3, 1, 2], [3, 1, 2], shown=4)
    assert (found.named, found.existing, found.same, found.f1, found.tau) == (3, 3, True, 1.0, 1.0)


def test_the_reverse_order_has_the_claims_and_none_of_the_order() -> None:
    found = agreement([2, 1, 3], [3, 1, 2], shown=4)
    assert not found.same
    assert (found.f1, found.tau) == (1.0, -1.0)


def test_numbers_under_which_nothing_was_shown_are_counted_and_otherwise_ignored() -> None:
    found = agreement([3, 9, 1, 0, 2], [3, 1, 2], shown=4)
    assert (found.named, found.existing, found.same) == (5, 3, True)


def test_a_number_given_twice_counts_where_it_came_first() -> None:
    assert agreement([3, 1, 3, 2, 2], [3, 1, 2], shown=4).same


def test_leaving_out_and_adding_claims_costs_recall_and_precision() -> None:
    assert agreement([3], [3, 1, 2], shown=4).f1 == pytest.approx(2 * 1 / (1 + 3))
    assert agreement([3, 1, 2, 4], [3, 1, 2], shown=4).f1 == pytest.approx(2 * 3 / (4 + 3))


def test_one_swap_of_neighbours_costs_one_pair() -> None:
    assert agreement([1, 3, 2], [3, 1, 2], shown=4).tau == pytest.approx((2 - 1) / 3)


def test_an_answer_without_claims_has_no_order() -> None:
    found = agreement([], [3, 1], shown=4)
    assert (found.f1, found.tau, found.same) == (0.0, None, False)
