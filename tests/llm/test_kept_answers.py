"""Kept answers: found again exactly, bounded in number and age, erased by subject."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.database.engine import Database
from app.llm.chat_model import NOBODY, About, AnswerSchema, Completion, Message, Question, Sampling
from app.llm.kept_answers import Asker, KeptAnswers, fingerprint
from tests.factories_models import ABOUT, TODAY, books_of

LARGE = Asker("large", "m-1")
ANSWER = Completion('{"n":1}', "stop", "m-1", 20, 4, 12.5, Sampling(seed=2))
SCHEMA = AnswerSchema("N", {"type": "object"})


def asked(text: str = "hello") -> Question:
    return Question((Message("user", text),), SCHEMA, Sampling(), "f00d")


def texts(answers: KeptAnswers, about: About = ABOUT, number: int = 5) -> list[str]:
    """Which of the questions 0 .. number-1 have an answer."""
    found = (answers.find(asked(str(n)), LARGE, about, now=TODAY) for n in range(number))
    return [str(n) for n, answer in enumerate(found) if answer is not None]


def test_an_answer_comes_back_as_it_was_with_what_it_cost(database: Database) -> None:
    answers = books_of(database).answers
    answers.keep(asked(), ANSWER, LARGE, ABOUT, now=TODAY)
    assert answers.find(asked(), LARGE, ABOUT, now=TODAY) == ANSWER
    answers.keep(asked(), ANSWER._replace(text="{}"), LARGE, ABOUT, now=TODAY)
    assert answers.find(asked(), LARGE, ABOUT, now=TODAY) == ANSWER._replace(text="{}")
    assert answers.number("shop") == 1


def test_the_oldest_of_a_workspace_go_first(database: Database) -> None:
    answers = books_of(database, most_kept=3).answers
    answers.keep(asked("0"), ANSWER, LARGE, ABOUT._replace(workspace_id="other"), now=TODAY)
    for number in range(5):
        answers.keep(asked(str(number)), ANSWER, LARGE, ABOUT, now=TODAY + timedelta(seconds=number))
    assert (answers.number("shop"), texts(answers)) == (3, ["2", "3", "4"])
    assert texts(answers, ABOUT._replace(workspace_id="other")) == ["0"]


def test_an_old_answer_is_asked_for_again(database: Database) -> None:
    answers = books_of(database, kept_days=2).answers
    answers.keep(asked(), ANSWER, LARGE, ABOUT, now=TODAY)
    assert answers.find(asked(), LARGE, ABOUT, now=TODAY + timedelta(days=1))
    assert answers.find(asked(), LARGE, ABOUT, now=TODAY + timedelta(days=2)) is None


def test_a_subject_is_erased_and_the_others_stay(database: Database) -> None:
    answers, other = books_of(database).answers, ABOUT._replace(subject="c_2")
    for about in (ABOUT, other, ABOUT._replace(workspace_id="elsewhere")):
        answers.keep(asked("0"), ANSWER, LARGE, about, now=TODAY)
        answers.keep(asked("1"), ANSWER, LARGE, about, now=TODAY)
    assert answers.forget("shop", ABOUT.subject) == 2
    assert (texts(answers), texts(answers, other)) == ([], ["0", "1"])
    assert texts(answers, ABOUT._replace(workspace_id="elsewhere")) == ["0", "1"]


@pytest.mark.parametrize("most", [0, 9])
def test_nothing_is_kept_for_nobody_nor_where_nothing_is_to_be_kept(database: Database, most: int) -> None:
    answers = books_of(database, most_kept=most).answers
    answers.keep(asked("0"), ANSWER, LARGE, NOBODY if most else ABOUT, now=TODAY)
    assert (answers.number("shop"), answers.number("")) == (0, 0)


def test_a_row_that_was_damaged_is_no_answer(database: Database) -> None:
    answers = books_of(database).answers
    answers.keep(asked(), ANSWER, LARGE, ABOUT, now=TODAY)
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE kept_answers SET origin = '{'")
    assert answers.find(asked(), LARGE, ABOUT, now=TODAY) is None


@given(st.lists(st.tuples(st.sampled_from(("system", "user")), st.text(max_size=9)), max_size=3))
def test_the_fingerprint_changes_with_everything_that_decides_the_answer(said: list[tuple[str, str]]) -> None:
    messages = tuple(Message(role, text) for role, text in said)  # type: ignore[arg-type]
    question = Question(messages, SCHEMA, Sampling())
    same = fingerprint(question._replace(fingerprint="other file, same words"), "m")
    others = {
        fingerprint(question, "m2"),
        fingerprint(question._replace(messages=(*messages, Message("user", ""))), "m"),
        fingerprint(question._replace(schema=None), "m"),
        fingerprint(question._replace(schema=AnswerSchema("N", {"type": "array"})), "m"),
        fingerprint(question._replace(sampling=Sampling(thinking=False)), "m"),
    }
    assert same == fingerprint(question, "m")
    assert len(others | {same}) == 6
