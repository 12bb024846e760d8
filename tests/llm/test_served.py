"""A served model within its limits: what is sent, what is tried again, what is counted, what is kept."""

from pathlib import Path
from typing import Annotated

import pytest
from pydantic import Field

from app.database.engine import Database
from app.errors import ModelOutputError, ModelUnavailable
from app.llm.budgets import Budget
from app.llm.chat_model import NOBODY, Completion, Message, Sampling
from app.llm.failures import CallFailed
from app.llm.prompts import PromptLibrary, RenderedPrompt
from app.llm.scripted import Line, ScriptedModel
from app.llm.structured import Answer, ask
from app.llm.usage import Usage
from app.model_settings import ModelSettings
from app.schema import Frozen
from tests.factories_models import ABOUT, PRICED, TODAY, books_of, served

HELLO = [Message("system", "Be brief."), Message("user", "Hello")]
SAID = Completion("hi", "stop", "m-1", prompt_tokens=20, completion_tokens=4)
RESET = CallFailed("it broke off", label="reset", again_in_s=0.0)
SLOW = CallFailed("no answer", label="no answer in time", slow=True)
PROMPT = """---
purpose: A test
output: tests.llm.test_served.Number
variables: [who]
---
<!-- system -->
{{ output_schema }}
<!-- user -->
{{ who }}
<!-- repair -->
{{ fault }}
"""


class Number(Frozen):
    """The answer asked for."""

    number: Annotated[int, Field(ge=0, le=99)]


@pytest.fixture
def prompt(tmp_path: Path) -> RenderedPrompt:
    (tmp_path / "count.md").write_text(PROMPT)
    return PromptLibrary(tmp_path).render("count", Number, {"who": "Li"})


def usage(database: Database) -> Usage:
    (row,) = books_of(database).usage.by_day("shop", TODAY.date())
    return row


def test_settings_of_the_model_take_the_place_of_the_prompts_and_are_told(database: Database) -> None:
    inner = ScriptedModel([SAID])
    settings = ModelSettings(temperature=0.7, top_p=0.8, max_tokens=500, thinking=True, thinking_tokens=1000)
    answer = served(inner, books_of(database), settings).complete(HELLO, sampling=Sampling(seed=7))
    wanted = Sampling(temperature=0.7, top_p=0.8, max_tokens=1500, seed=7, thinking=True)
    assert inner.requests[0].sampling == answer.sampling == wanted


def test_a_question_that_cannot_fit_is_not_sent(database: Database) -> None:
    inner = ScriptedModel([SAID, SAID])
    model = served(inner, books_of(database), ModelSettings(context_length=1000))
    long = [Message("user", "很长的话" * 300)]
    with pytest.raises(ModelUnavailable, match=r"do not fit the 1,000 of m-1; it was not sent"):
        model.complete(long, sampling=Sampling(max_tokens=100))
    assert (inner.requests, model.state().failures) == ([], 0)
    assert model.complete(HELLO, sampling=Sampling(max_tokens=100)).text == "hi"


def test_a_call_that_broke_off_is_tried_once_more_and_both_are_counted(database: Database) -> None:
    inner = ScriptedModel([RESET, SAID])
    model = served(inner, books_of(database))
    assert model.complete(HELLO, about=ABOUT).text == "hi"
    assert len(inner.requests) == 2
    assert usage(database) == Usage(
        day=TODAY.date(), model="m-1", calls=2, failed=1, prompt_tokens=20, completion_tokens=4, cost_micros=18
    )


@pytest.mark.parametrize(
    "failure",
    [
        SLOW,
        CallFailed("no such model", label="HTTP 404"),
        CallFailed("busy", label="HTTP 429", again_in_s=5.0),
        ModelOutputError("gibberish"),
    ],
)
def test_what_would_not_work_in_time_is_not_tried_again(database: Database, failure: Line) -> None:
    inner = ScriptedModel([failure, SAID])
    with pytest.raises((ModelUnavailable, ModelOutputError)):
        served(inner, books_of(database)).complete(HELLO)
    assert len(inner.requests) == 1


def test_never_more_than_one_retry(database: Database) -> None:
    inner = ScriptedModel([RESET] * 5)
    with pytest.raises(CallFailed):
        served(inner, books_of(database), limit=9).complete(HELLO)
    assert len(inner.requests) == 2


def test_a_model_that_is_left_alone_is_not_sent_anything(database: Database) -> None:
    inner = ScriptedModel([SLOW, SAID])
    model = served(inner, books_of(database))
    with pytest.raises(CallFailed):
        model.complete(HELLO)
    with pytest.raises(ModelUnavailable, match="left alone after failures"):
        model.complete(HELLO)
    assert len(inner.requests) == 1
    assert model.state().last_error == "no answer in time"


def test_a_call_with_hardly_any_time_left_does_not_speak_against_the_model(database: Database) -> None:
    model = served(ScriptedModel([SLOW] * 9), books_of(database))
    for _ in range(5):
        with pytest.raises(CallFailed):
            model.complete(HELLO, spent_ms=7000)
    assert model.state().state == "closed"
    with pytest.raises(ModelUnavailable, match="used up"):
        model.complete(HELLO, spent_ms=8000)


def test_a_question_that_the_server_refuses_does_not_speak_against_the_model(database: Database) -> None:
    too_long = CallFailed("too long", label="HTTP 400", about_question=True)
    model = served(ScriptedModel([too_long] * 5), books_of(database))
    for _ in range(5):
        with pytest.raises(CallFailed):
            model.complete(HELLO)
    assert model.state().state == "closed"


def test_a_spent_budget_stops_the_next_call_before_it_is_sent(database: Database) -> None:
    inner = ScriptedModel([SAID, SAID])
    model = served(inner, books_of(database, budget=Budget(daily_tokens=140)))
    model.complete(HELLO, sampling=Sampling(max_tokens=100), about=ABOUT)
    with pytest.raises(ModelUnavailable, match=r"budget of 140 tokens leaves too little \(24 used, 122 needed\)"):
        model.complete(HELLO, sampling=Sampling(max_tokens=100), about=ABOUT)
    assert (len(inner.requests), model.state().failures) == (1, 0)
    assert model.complete(HELLO, about=NOBODY).text == "hi"


def test_a_budget_of_cost_is_held_in_the_currency_of_the_prices(database: Database) -> None:
    model = served(ScriptedModel([SAID] * 9), books_of(database, budget=Budget(daily_cost_micros=230)))
    model.complete(HELLO, sampling=Sampling(max_tokens=100), about=ABOUT)
    with pytest.raises(ModelUnavailable, match=r"budget of 0.00023 leaves too little \(0.000018 spent, 0.000215"):
        model.complete(HELLO, sampling=Sampling(max_tokens=102), about=ABOUT)


def test_a_server_that_counts_nothing_is_counted_by_estimate(database: Database) -> None:
    model = served(ScriptedModel(["some words", SLOW]), books_of(database))
    model.complete(HELLO, about=ABOUT)
    first = usage(database)
    assert first.prompt_tokens > 4
    assert first.completion_tokens > 1
    with pytest.raises(CallFailed):
        model.complete(HELLO, about=ABOUT)
    assert usage(database).prompt_tokens == 2 * first.prompt_tokens


def told(answer: Answer[Number]) -> tuple[int, bool, int, int]:
    return answer.value.number, answer.kept, answer.prompt_tokens, answer.completion_tokens


def test_the_same_question_is_answered_from_what_was_kept(database: Database, prompt: RenderedPrompt) -> None:
    inner = ScriptedModel([SAID._replace(text='```json\n{"number": 3}\n```')])
    model = served(inner, books_of(database))
    first, second = (ask(model, prompt, Number, ABOUT) for _ in range(2))
    assert told(first) == (3, False, 20, 4)
    assert told(second) == (3, True, 20, 4)
    assert (second.prompt_fingerprint, second.model, second.sampling) == (
        first.prompt_fingerprint, first.model, first.sampling,
    )  # fmt: skip
    assert len(inner.requests) == 1


def test_another_subject_sampling_or_model_asks_anew(database: Database, prompt: RenderedPrompt) -> None:
    inner, books = ScriptedModel(lambda _messages: '{"number": 3}'), books_of(database)
    ask(served(inner, books), prompt, Number, ABOUT)
    ask(served(inner, books), prompt, Number, ABOUT._replace(subject="c_2"))
    ask(served(inner, books), prompt, Number, ABOUT._replace(workspace_id="other"))
    ask(served(inner, books, name="m-2"), prompt, Number, ABOUT)
    ask(served(inner, books, PRICED.model_copy(update={"seed": 9})), prompt, Number, ABOUT)
    assert len(inner.requests) == 5


def test_a_failure_is_never_kept_and_unusable_answers_in_a_row_leave_the_model_alone(
    database: Database, prompt: RenderedPrompt
) -> None:
    inner = ScriptedModel(lambda _messages: "no JSON")
    model = served(inner, books_of(database))
    for _ in range(2):
        with pytest.raises((ModelOutputError, ModelUnavailable)):
            ask(model, prompt, Number, ABOUT)
    assert len(inner.requests) == 3
    assert model.state().last_error == "unusable answer"
    assert model.books.answers.number("shop") == 0


def test_what_was_kept_for_another_shape_of_answer_is_asked_for_anew(
    database: Database, prompt: RenderedPrompt
) -> None:
    inner = ScriptedModel(['{"number": 3}', '{"number": 4}'])
    model = served(inner, books_of(database))
    ask(model, prompt, Number, ABOUT)
    with database.write() as connection:
        connection.exec_driver_sql("""UPDATE kept_answers SET answer = '{"number": "three"}'""")
    assert told(ask(model, prompt, Number, ABOUT)) == (4, False, 0, 0)
    assert told(ask(model, prompt, Number, ABOUT))[:2] == (4, True)
