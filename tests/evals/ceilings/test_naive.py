"""Counting: the most viewed topic, its change, and the days since the last visit, on hand-made logs."""

import numpy as np

from app.events.schemas import EventKind
from evals.ceilings.cases import NEVER, Answer, Case, days_since_visit, views
from evals.ceilings.naive import naive_answer
from evals.ceilings.scoring import score
from evals.ceilings.watching import KINDS, Log, Seen

DAY_MS = 86_400_000


def seen(customer: int, day: int, topic: int, *, session: int = 0, kind: EventKind = EventKind.VIEW) -> Seen:
    return Seen(customer, day * DAY_MS, KINDS.index(kind), topic, session, np.nan, False, False, "")


def case(cut: int, customers: int) -> Case:
    nobody, everybody = np.zeros(customers, dtype=np.bool_), np.ones(customers, dtype=np.bool_)
    return Case(cut, everybody, np.zeros(customers, dtype=np.int64), everybody, nobody, nobody, nobody)


def test_the_most_viewed_topic_of_thirty_days_is_the_interest() -> None:
    log = Log([seen(0, 10, 2), seen(0, 60, 0), seen(0, 61, 1), seen(0, 90, 1), seen(0, 91, 0)], ("a", "b", "c"), 1)
    answer = naive_answer(log, case(90, 1))
    assert answer.topic.tolist() == [1]
    assert views(log, 90).tolist() == [[0, 2, 0]]
    assert answer.shifted.tolist() == [True]


def test_other_kinds_than_views_speak_of_no_interest() -> None:
    log = Log([seen(0, 80, 1), seen(0, 80, 0, kind=EventKind.CART_ADD), seen(0, 81, 0, kind=EventKind.ORDER)], "ab", 1)  # type: ignore[arg-type]
    assert naive_answer(log, case(90, 1)).topic.tolist() == [1]


def test_a_review_is_no_visit() -> None:
    log = Log([seen(0, 5, 0), seen(0, 80, 0, session=-1, kind=EventKind.REVIEW), seen(1, 95, 0)], ("a",), 3)
    assert days_since_visit(log, 90).tolist() == [85, NEVER, NEVER]


def test_figures_are_means_over_cuts_of_those_who_are_asked() -> None:
    yes, no = np.array([True] * 4), np.array([False] * 4)
    leaves = np.array([True, False, False, False])
    one = Case(1, yes, np.array([0, 0, 1, 1]), yes, leaves, yes, leaves)
    two = Case(2, np.array([True, False, False, False]), np.array([2, 2, 2, 2]), no, no, no, no)
    said = np.array([True, True, False, False])
    answers = [
        Answer(np.array([0, 1, 1, 1]), said, said, np.array([0.5, 0.9, 0.1, 0.1])),
        Answer(np.array([2, 0, 0, 0]), no, no, np.zeros(4)),
    ]
    found = score([one, two], answers, seed=1)
    assert found["interest_accuracy"].value == (0.75 + 1) / 2
    assert found["interest_accuracy"].n == 5
    assert found["shift_accuracy"].value == 0.75
    assert found["shift_f1"].value == 2 / 3
    assert found["churn_auc"].value == 2 / 3


def test_what_is_asked_of_nobody_has_no_value() -> None:
    nobody = np.zeros(3, dtype=np.bool_)
    empty = Case(1, nobody, np.zeros(3, dtype=np.int64), nobody, nobody, nobody, nobody)
    answer = Answer(np.zeros(3, dtype=np.int64), nobody, nobody, np.zeros(3))
    assert {metric.value for metric in score([empty], [answer], seed=1).values()} == {None}
