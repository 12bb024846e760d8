"""A lesson can be shown in any order: its answer follows its claims, and places say where they stand."""

import random

from hypothesis import given
from hypothesis import strategies as st

from evals.train.lessons import Lesson, Words, as_shown, in_order, shuffled
from evals.train.packing import row

WORDS = Words(numbers=tuple(range(101, 141)), opening=(50, 51), comma=(52,), closing=(53, 54))
LESSON = Lesson(opening=(1, 2), lines=((11, 9), (12, 12, 9), (13, 9)), closing=(3,), told=(2, 0), kinds=(5, 6, 7))


def test_as_shown_the_lines_are_numbered_from_one_and_those_told_are_named() -> None:
    example = as_shown(LESSON, WORDS)
    assert example.question == (1, 2, 101, 11, 9, 102, 12, 12, 9, 103, 13, 9, 3)
    assert example.answer == (50, 51, 103, 52, 101, 53, 54)


def test_in_another_order_the_numbers_stay_in_place_and_the_answer_follows_the_claims() -> None:
    example = in_order(LESSON, (2, 1, 0), WORDS)
    assert example.question == (1, 2, 101, 13, 9, 102, 12, 12, 9, 103, 11, 9, 3)
    assert example.answer == (50, 51, 101, 52, 103, 53, 54)
    assert example.kinds == (7, 6, 5)


@given(st.permutations(range(3)), st.permutations(range(3)))
def test_places_in_a_row_point_at_line_ends_and_at_the_numbers_that_name_claims(a: list[int], b: list[int]) -> None:
    packed = row([in_order(LESSON, a, WORDS), in_order(LESSON, b, WORDS)], shared=2)
    assert [packed.tokens[i] for i in packed.ends] == [9] * 6
    assert packed.places == (0, 1, 2) * 2
    assert packed.named_kinds == (7, 5) * 2
    for order, at in ((a, packed.named[:2]), (b, packed.named[2:])):
        assert [packed.tokens[i] - 101 for i in at] == [order.index(2), order.index(0)]


def test_the_same_chance_draws_the_same_order_and_others_draw_others() -> None:
    long = Lesson((1,), tuple((20 + i, 9) for i in range(12)), (3,), told=(0,), kinds=(1,) * 12)
    first, again, other = (shuffled(long, WORDS, random.Random(seed)) for seed in (1, 1, 2))
    assert first == again != other
    assert sorted(first.question) == sorted(as_shown(long, WORDS).question)
