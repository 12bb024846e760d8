"""Which reported changes are true ones."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from evals.scorers.shifts import WITHIN, Change, gap_closed, matches, one_story, tally

BABY_TO_TRAVEL = Change("baby", "travel", 100)

changes = st.lists(st.builds(Change, st.sampled_from("ab"), st.sampled_from("cd"), st.integers(0, 40)), max_size=6)


def test_a_report_ten_days_off_is_right_and_eleven_days_off_is_wrong() -> None:
    for days in (-WITHIN, WITHIN):
        assert matches([BABY_TO_TRAVEL], [BABY_TO_TRAVEL._replace(day=100 + days)]) == {0: 0}
    for days in (-WITHIN - 1, WITHIN + 1):
        assert matches([BABY_TO_TRAVEL], [BABY_TO_TRAVEL._replace(day=100 + days)]) == {}


def test_both_topics_have_to_be_right() -> None:
    assert matches([BABY_TO_TRAVEL], [Change("baby", "toys", 100), Change("pets", "travel", 100)]) == {}


def test_one_report_does_not_find_two_changes_and_the_nearest_is_its_own() -> None:
    twice = [Change("a", "b", 100), Change("a", "b", 106)]
    assert matches(twice, [Change("a", "b", 105)]) == {1: 0}


def test_of_reports_at_most_ten_days_apart_only_the_surest_counts() -> None:
    assert one_story([100, 110, 121], [0.7, 0.9, 0.8]) == [1, 2]
    assert one_story([100, 111], [0.7, 0.9]) == [0, 1]
    assert one_story([100, 105], [0.7, 0.7]) == [0]
    assert one_story([], []) == []


@given(st.lists(st.tuples(st.integers(0, 60), st.floats(0, 1)), max_size=8))
def test_what_counts_lies_apart_and_whatever_does_not_has_a_surer_one_near(of: list[tuple[int, float]]) -> None:
    days, sure = [day for day, _ in of], [confidence for _, confidence in of]
    counted = one_story(days, sure)
    assert all(b == a or abs(days[a] - days[b]) > WITHIN for a in counted for b in counted)
    for place in set(range(len(of))) - set(counted):
        assert any(abs(days[place] - days[c]) <= WITHIN and sure[c] >= sure[place] for c in counted)


@given(changes, changes)
def test_each_change_and_each_report_is_used_once(true: list[Change], reported: list[Change]) -> None:
    found = matches(true, reported)
    assert len(set(found.values())) == len(found)
    assert all(
        true[i][:2] == reported[j][:2] and abs(true[i].day - reported[j].day) <= WITHIN for i, j in found.items()
    )


@given(changes)
def test_the_truth_finds_all_of_itself(true: list[Change]) -> None:
    assert len(matches(true, true)) == len(true)


def test_recall_is_over_changes_and_false_reports_are_over_the_time_of_quiet_customers() -> None:
    true = [[BABY_TO_TRAVEL, Change("travel", "baby", 160)], [], []]
    said = [[BABY_TO_TRAVEL, Change("baby", "toys", 3)], [Change("a", "b", 7)], []]
    found = tally(true, said, {1: 1.5, 2: 2.5})
    everybody = np.ones(3)
    assert found.recall(everybody) == 0.5
    assert found.false_rate(everybody) == 0.25


def test_without_changes_or_quiet_customers_nothing_is_claimed() -> None:
    found = tally([[]], [[BABY_TO_TRAVEL]], {})
    assert math.isnan(found.recall(np.ones(1)))
    assert math.isnan(found.false_rate(np.ones(1)))


def test_the_gap_is_undefined_where_the_oracle_is_no_better_than_counting() -> None:
    assert gap_closed(0.7, 0.4, 0.8) == (0.7 - 0.4) / (0.8 - 0.4)
    assert math.isnan(gap_closed(0.7, 0.8, 0.8))
