"""The descent from rung to rung."""

import pytest

from app.errors import ModelOutputError, ModelUnavailable
from app.llm.chat_model import ChatModel, Sampling
from app.llm.ladder import Descent, Origin, Said, Step, descend
from app.llm.scripted import ScriptedModel
from app.llm.structured import Asked

ASKED = Asked("m1", "f1", Sampling(seed=3), calls=1, prompt_tokens=10, completion_tokens=5, ms=20.0)
MODEL = ScriptedModel([])


def says(said: Said[str]) -> Step[str]:
    return Step("large", MODEL, lambda _model, _spent: said)


def fails(error: Exception) -> Step[str]:
    def say(model: ChatModel, spent_ms: float) -> Said[str]:
        raise error

    return Step("small", MODEL, say)


def test_the_highest_rung_with_an_answer_speaks_and_says_how_it_was_asked() -> None:
    found = descend([says(Said("hello", ASKED, ("a part",)))], lambda: "composed")
    origin = Origin(
        rung="large", model="m1", prompt_fingerprint="f1", sampling=Sampling(seed=3), prompt_tokens=10,
        completion_tokens=5, ms=20.0,
    )  # fmt: skip
    assert found == Descent("hello", origin, ("a part",))


def test_without_models_the_composer_speaks_and_nothing_fell_back() -> None:
    none: list[Step[str]] = [Step("large", None, lambda _m, _s: Said("x", ASKED))]
    assert descend(none, lambda: "composed") == Descent("composed", Origin(rung="composer"))


def test_every_reason_on_the_way_down_is_told_once_and_what_was_dropped_stays() -> None:
    steps = [
        fails(ModelUnavailable("away")),
        fails(ModelOutputError("gibberish")),
        fails(ModelUnavailable("away")),
        says(Said("half", ASKED, ("sentence 1: no",), unfit="too little")),
    ]
    found = descend(steps, lambda: "composed")
    reason = "away; gibberish; too little"
    assert found == Descent("composed", Origin(rung="composer", fallback_reason=reason), ("sentence 1: no",))


def test_a_lower_rung_is_told_how_much_of_the_deadline_is_gone() -> None:
    spent: list[float] = []

    def note(model: ChatModel, spent_ms: float) -> Said[str]:
        spent.append(spent_ms)
        raise ModelUnavailable("away")

    descend([Step("large", MODEL, note), Step("small", MODEL, note)], lambda: "composed")
    assert 0 <= spent[0] <= spent[1]


def test_a_mistake_of_ours_is_not_hidden_as_a_models() -> None:
    with pytest.raises(ZeroDivisionError):
        descend([fails(ZeroDivisionError())], lambda: "composed")
