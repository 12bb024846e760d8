"""Every way in which a model server can fail, over real HTTP through the API: an answer, in time, that says why.

Times are short by settings and asserted generously: what is measured in seconds belongs to `evals run faults`.
"""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, NamedTuple

import pytest
from httpx import Response
from pydantic import Field

from app.api.answers import Answer
from app.api.routes.chat import ChatAnswer
from app.bootstrap import build
from app.config import Settings
from app.database.engine import Database
from app.errors import ModelOutputError, ModelUnavailable
from app.llm.chat_model import NOBODY
from app.llm.prompts import PromptLibrary
from app.llm.structured import ask
from app.llm.vllm import OpenAICompatibleModel
from app.reflecting import Reflected
from app.schema import Frozen
from app.views import CustomerReading, Recommendation
from evals.faults.server import FAULTS, MODEL, WELL, FaultServer, completion
from tests.factories_api import Served, an_order_body
from tests.factories_models import books_of, served
from tests.llm.openai_server import OpenAIServer, sends

DEADLINE_S = 0.4
GENEROUS_S = 10.0
"""For an answer of the whole API on a busy machine."""
PROMPT = """---
purpose: A test
output: tests.llm.test_fault_matrix.Number
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
    """A short answer."""

    number: Annotated[int, Field(ge=0, le=9)]


class Shop(NamedTuple):
    """The product behind its API, and the server that its model is on."""

    api: Served
    server: FaultServer

    def story(self) -> Response:
        return self.api.get("/v1/customers/u1/profile?lang=en")

    def strategy(self) -> Response:
        return self.api.ask("POST", "/v1/customers/u1/strategy?lang=en")

    def tags(self) -> Response:
        self.api.send(self.words())
        return self.api.ask("POST", "/v1/customers/u1/reflections?lang=en")

    def words(self) -> dict[str, object]:
        number = next(_numbers)
        text = f"organic baby food, number {number}"
        return _event("search", f"s{number}", text=text, occurred_at=f"2026-04-01T10:{number % 60:02d}:00+08:00")


_numbers = iter(range(1, 10_000))


def _event(kind: str, message_id: str, **more: object) -> dict[str, object]:
    identifiers = {"user_id": "u1"}
    return {"kind": kind, "message_id": message_id, "identifiers": identifiers, **more}


def _history() -> Iterator[dict[str, object]]:
    for number in range(1, 7):
        yield an_order_body(number)
    granted = {"purpose": "marketing", "channel": "sms", "granted": True}
    yield _event("consent", "c1", properties=granted, occurred_at="2026-03-20T10:00:00+08:00")
    yield _event("cart_add", "a1", item_id="cream", occurred_at="2026-04-01T10:00:00+08:00")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with FaultServer() as server:
        settings = Settings(
            data_dir=tmp_path_factory.mktemp("faults"), llm_url=server.url, llm_model=MODEL, llm_timeout_s=DEADLINE_S,
            kept_answers=0, breaker_failures=100, breaker_pause_s=0.001,
        )  # fmt: skip
        app = build(settings)
        api = Served(app)
        assert api.send(*_history()).status_code == 200
        yield Shop(api, server)
        app.database.close()


ASKED: dict[str, tuple[Callable[[Shop], Response], type[Frozen]]] = {
    "story": (Shop.story, CustomerReading),
    "strategy": (Shop.strategy, Recommendation),
    "tags": (Shop.tags, Reflected),
}


def answered(shop: Shop, what: str) -> dict[str, object]:
    """The answer to one question: never a 5xx, always of its schema, in time. Who spoke and why."""
    put, shape = ASKED[what]
    started = time.monotonic()
    response = put(shop)
    assert time.monotonic() - started < GENEROUS_S
    assert response.status_code in (200, 201), response.text[:300]
    found = Answer[shape].model_validate_json(response.content)  # type: ignore[valid-type]
    if isinstance(found.data, Reflected):
        return {"rung": found.data.rung, "reason": found.data.fallback_reason}
    return {"rung": found.provenance.rung, "reason": found.provenance.fallback_reason}


@pytest.mark.parametrize("fault", [*FAULTS, "refused"])
def test_whatever_the_server_does_the_next_rung_answers_and_says_why(shop: Shop, fault: str) -> None:
    shop.server.behave(fault)
    for what in ASKED:
        found = answered(shop, what)
        assert found["rung"] in ("composer", "lexicon")
        assert found["reason"], f"{what} does not say why no model spoke"
        assert "secret" not in str(found["reason"])


@pytest.mark.parametrize("fault", [*FAULTS, "refused"])
def test_a_question_in_the_chat_is_answered_whatever_the_server_does(shop: Shop, fault: str) -> None:
    shop.server.behave(fault)
    response = shop.api.ask("POST", "/v1/chat", json={"message": "hm, what about the usual thing with that one?"})
    assert response.status_code == 200, response.text[:300]
    said = Answer[ChatAnswer].model_validate_json(response.content).data
    assert said.sentences
    assert said.provenance.rung == "composer"


@pytest.mark.parametrize("manner", WELL)
def test_a_server_that_is_well_is_heard_also_through_think_tags_fences_and_another_name(
    shop: Shop, manner: str
) -> None:
    shop.server.behave(manner)
    assert answered(shop, "story") == {"rung": "large", "reason": None}
    assert answered(shop, "tags") == {"rung": "large", "reason": None}


def test_readiness_names_each_rung_its_state_and_its_last_error_and_no_address(shop: Shop) -> None:
    shop.server.behave("refused")
    answered(shop, "story")
    ready = shop.api.client.get("/readyz")
    (rung,) = ready.json()["rungs"]
    assert ready.status_code == 200
    assert (rung["rung"], rung["model"], rung["last_error"]) == ("large", MODEL, "no connection, or one that broke off")
    assert "127.0.0.1" not in ready.text


def test_what_was_asked_is_counted_and_shown(shop: Shop) -> None:
    shop.server.behave("well")
    before = shop.api.get("/v1/model-usage").json()["data"]["used"]
    answered(shop, "story")
    (row,) = shop.api.get("/v1/model-usage").json()["data"]["used"]
    calls, tokens = (row[name] - sum(old[name] for old in before) for name in ("calls", "prompt_tokens"))
    assert (calls, tokens) == (1, 900)
    other = shop.api.get("/v1/model-usage", key=shop.api.issue("other")).json()["data"]["used"]
    assert other == []


def test_a_model_that_hangs_is_left_alone_and_heard_again_when_it_is_well(
    database: Database, library: PromptLibrary
) -> None:
    with FaultServer() as server:
        inner = OpenAICompatibleModel(server.url, MODEL, timeout_s=DEADLINE_S)
        model = served(inner, books_of(database), deadline_s=DEADLINE_S, pause_s=0.3)
        prompt = library.render("count", Number, {"who": "Li"})
        server.behave("black_hole")
        with pytest.raises(ModelUnavailable):
            ask(model, prompt, Number, NOBODY)
        assert (model.state().state, server.received) == ("open", 1)
        with pytest.raises(ModelUnavailable, match="left alone"):
            ask(model, prompt, Number, NOBODY)
        assert server.received == 1
        server.behave("well")
        while model.state().state != "half-open":
            time.sleep(0.01)
        assert ask(model, prompt, Number, NOBODY).value == Number(number=0)
        assert model.state().state == "closed"


SHORT = completion('{"number": 3}').replace(b'"id": "1", "object": "chat.completion", "created": 1, ', b"")


@pytest.mark.parametrize("cut_short", [False, True])
def test_an_answer_that_is_cut_at_any_byte_is_never_taken_for_a_whole_one(
    library: PromptLibrary, cut_short: bool
) -> None:
    """Once with the length of what is left, once with the connection closed before the promised length."""
    declared = (("content-length", str(len(SHORT))),) if cut_short else ()
    replies = [sends(SHORT[:end], headers=declared) for end in range(len(SHORT))]
    with OpenAIServer(*replies, sends(SHORT)) as server:
        model = OpenAICompatibleModel(server.url, "tiny", timeout_s=20)
        prompt = library.render("count", Number, {"who": "Li"})
        while len(server.received) < len(replies):
            with pytest.raises((ModelUnavailable, ModelOutputError)):
                ask(model, prompt, Number, NOBODY)
        assert ask(model, prompt, Number, NOBODY).value == Number(number=3)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> PromptLibrary:
    folder = tmp_path_factory.mktemp("prompts")
    (folder / "count.md").write_text(PROMPT)
    return PromptLibrary(folder)


def test_slow_calls_leave_no_threads_behind(library: PromptLibrary) -> None:
    before = threading.active_count()
    with FaultServer() as server:
        server.behave("slow_drip")
        inner = OpenAICompatibleModel(server.url, MODEL, timeout_s=0.2)
        prompt = library.render("count", Number, {"who": "Li"})

        def slow(_: int) -> bool:
            try:
                ask(inner, prompt, Number, NOBODY)
            except ModelUnavailable:
                return True
            return False

        with ThreadPoolExecutor(25) as pool:
            assert all(pool.map(slow, range(100)))
    waited = threading.Event()
    for _ in range(100):
        if threading.active_count() <= before + 2:
            return
        waited.wait(0.1)
    raise AssertionError([thread.name for thread in threading.enumerate()])
