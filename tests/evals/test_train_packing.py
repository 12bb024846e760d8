"""Packed rows: nothing lost, nothing learned but answers, and no token out of its example."""

from hypothesis import given
from hypothesis import strategies as st

from evals.train.packing import Example, row, rows, shared_beginning

PREFIX = (1, 2, 3)
examples = st.lists(
    st.builds(
        lambda rest, answer: Example(PREFIX + tuple(rest), tuple(answer)),
        st.lists(st.integers(4, 9), min_size=1, max_size=6),
        st.lists(st.integers(10, 19), min_size=1, max_size=4),
    ),
    min_size=1,
    max_size=12,
)


@given(examples, st.integers(1, 40))
def test_every_example_can_be_read_back_from_its_span(given: list[Example], limit: int) -> None:
    found = [
        PREFIX + packed.tokens[start:end]
        for packed in rows(given, shared=3, limit=limit)
        for start, end in packed.spans[1:]
    ]
    assert found == [example.tokens for example in given]


@given(examples, st.integers(1, 40))
def test_only_answers_are_learned_and_each_from_the_token_before(given: list[Example], limit: int) -> None:
    packed = list(rows(given, shared=3, limit=limit))
    assert [t for p in packed for t in p.targets] == [t for example in given for t in example.answer]
    assert all(
        p.tokens[source + 1] == target for p in packed for source, target in zip(p.sources, p.targets, strict=True)
    )


@given(examples, st.integers(1, 40))
def test_positions_are_those_of_the_example_alone(given: list[Example], limit: int) -> None:
    for packed in rows(given, shared=3, limit=limit):
        for start, end in packed.spans[1:]:
            assert packed.positions[start:end] == tuple(range(3, 3 + end - start))


@given(examples, st.integers(8, 40))
def test_a_row_is_longer_than_the_limit_only_when_it_holds_one_example(given: list[Example], limit: int) -> None:
    assert all(len(p.tokens) <= limit or len(p.spans) == 2 for p in rows(given, shared=3, limit=limit))


def test_the_source_of_an_answers_first_token_is_the_questions_last() -> None:
    packed = row([Example((1, 2, 3, 4), (10, 11)), Example((1, 2, 3, 5, 6), (12,))], shared=3)
    assert packed.tokens == (1, 2, 3, 4, 10, 11, 5, 6, 12)
    assert packed.spans == ((0, 3), (3, 6), (6, 9))
    assert packed.sources == (3, 4, 7)


def test_the_shared_beginning_ends_where_questions_part_and_leaves_each_a_token() -> None:
    assert shared_beginning([Example((1, 2, 3, 4), ()), Example((1, 2, 9), ()), Example((1, 2, 5), ())]) == 2
    assert shared_beginning([Example((1, 2), ()), Example((1, 2, 3), ())]) == 1
