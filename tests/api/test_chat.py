"""The assistant over HTTP: asking, streaming, deciding, history, and whose it all is."""

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from starlette.requests import Request

from app.access.schemas import Role
from app.api.chat_stream import MEDIA_TYPE, streamed
from app.api.routes import chat
from app.bootstrap import build
from app.config import Settings
from app.errors import Busy
from app.text.taxonomy import Taxonomy
from tests.factories_api import Served
from tests.factories_assistant import DiaryReplies, an_assistant


class Asked(Served):
    """A served app whose assistant writes what it does into a diary."""

    replies: DiaryReplies

    def chat(self, message: str, **more: Any) -> Any:
        role, headers = more.pop("role", Role.EDITOR), more.pop("headers", {})
        return self.ask("POST", "/v1/chat", json={"message": message} | more, role=role, headers=headers)

    def decide(self, data: dict[str, Any], decision: str, **more: Any) -> Any:
        body = {"pending_id": data["pending"]["pending_id"], "decision": decision}
        return self.ask("POST", f"/v1/chat/{data['conversation_id']}/decisions", json=body, **more)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, taxonomy: Taxonomy) -> Iterator[Asked]:
    app = build(Settings(data_dir=tmp_path_factory.mktemp("chat"), llm_url=""))
    replies = DiaryReplies()
    served = Asked(replace(app, assistant=an_assistant(app.database, taxonomy, replies)))
    served.replies = replies
    yield served
    app.database.close()


@pytest.fixture(autouse=True)
def a_new_diary(served: Asked) -> None:
    served.replies.done, served.replies.fault = [], None


def test_an_answer_has_its_place_its_moment_and_its_source(served: Asked) -> None:
    answer = served.chat("who is u1?", role=Role.VIEWER)
    body = answer.json()
    assert (answer.status_code, body["data"]["understood"]["intent"]) == (200, "read_customer")
    assert body["provenance"]["rung"] == "composer"
    assert body["as_of"] == body["data"]["as_of"]
    assert body["data"]["turn"] == 1
    again = served.chat("and?", conversation_id=body["data"]["conversation_id"]).json()
    assert again["data"]["turn"] == 2


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_language_is_the_questions_unless_one_is_named(served: Asked, lang: str) -> None:
    assert served.chat("who?", lang=lang).json()["data"]["understood"]["lang"] == lang
    named = served.ask("POST", f"/v1/chat?lang={lang}", json={"message": "who?"}).json()
    assert named["data"]["understood"]["lang"] == lang


def test_a_moment_may_be_named(served: Asked) -> None:
    body = served.ask("POST", "/v1/chat?as_of=2026-03-01", json={"message": "who?"}).json()
    assert body["as_of"] == "2026-03-01T15:59:59.999999Z"


def events_of(text: str) -> list[tuple[str, Any]]:
    found = []
    for block in text.strip().split("\n\n"):
        name, _, data = block.partition("\n")
        found.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return found


def test_a_stream_says_what_was_understood_then_the_answer_then_all_of_it(served: Asked) -> None:
    answer = served.chat("approve c1", headers={"accept": MEDIA_TYPE})
    assert answer.headers["content-type"].startswith(MEDIA_TYPE)
    events = events_of(answer.text)
    assert [name for name, _ in events] == ["understood", "sentence", "pending", "done"]
    whole = dict(events)["done"]
    assert whole["data"]["sentences"] == [dict(events)["sentence"]]
    kept = served.get(f"/v1/chat/{whole['data']['conversation_id']}").json()["data"]["turns"]
    assert [turn["question"] for turn in kept] == ["approve c1"]


def test_a_stream_that_fails_ends_with_the_problem(served: Asked) -> None:
    served.replies.fault = Busy("not now")
    (_, (name, problem)) = events_of(served.chat("who?", headers={"accept": MEDIA_TYPE}).text)
    assert (name, problem["status"], problem["type"]) == ("error", 503, "/problems/busy")
    assert served.chat("who?").status_code == 503


@pytest.mark.asyncio
async def test_a_slow_answer_is_accompanied_by_heartbeats() -> None:
    def slow(heard: Any) -> Any:
        time.sleep(0.2)
        raise Busy("after all")

    stream = streamed(Request({"type": "http", "headers": []}), slow, heartbeat_s=0.05)
    said = [event async for event in stream]
    assert said[0] == ": still at it\n\n"
    assert said[-1].startswith("event: error")


def test_what_waits_is_done_once_an_editor_says_so(served: Asked) -> None:
    data = served.chat("approve c1", role=Role.VIEWER).json()["data"]
    assert data["pending"]["status"] == "waiting"
    assert served.decide(data, "approve", role=Role.VIEWER).status_code == 403
    assert served.replies.done == []
    done = served.decide(data, "approve")
    assert (done.status_code, done.json()["data"]["pending"]["status"]) == (201, "approved")
    assert len(served.replies.done) == 1
    second = served.decide(data, "approve")
    assert (second.status_code, second.json()["type"]) == (409, "/problems/conflict")
    kept = served.get(f"/v1/chat/{data['conversation_id']}").json()["data"]["turns"]
    assert [turn["decision"] for turn in kept] == [None, "approve"]
    assert kept[0]["reply"]["pending"]["status"] == "approved"
    assert len(served.replies.done) == 1


def test_a_no_is_kept_and_final(served: Asked) -> None:
    data = served.chat("approve c1").json()["data"]
    assert served.decide(data, "reject").json()["data"]["pending"]["status"] == "rejected"
    assert served.decide(data, "approve").status_code == 409
    assert served.replies.done == []


def test_conversations_belong_to_one_workspace(served: Asked) -> None:
    data = served.chat("approve c1").json()["data"]
    place, stranger = data["conversation_id"], served.issue("other")
    for method, path, body in (
        ("GET", f"/v1/chat/{place}", None),
        ("DELETE", f"/v1/chat/{place}", None),
        ("POST", "/v1/chat", {"message": "who?", "conversation_id": place}),
        ("POST", f"/v1/chat/{place}/decisions", {"pending_id": data["pending"]["pending_id"], "decision": "approve"}),
    ):
        answer = served.ask(method, path, key=stranger, json=body)
        assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-found"), path
    streamed = served.ask(
        "POST", "/v1/chat", key=stranger, json={"message": "who?", "conversation_id": place},
        headers={"accept": MEDIA_TYPE},
    )  # fmt: skip
    assert streamed.status_code == 404
    assert served.ask("GET", "/v1/chat", key=stranger).json()["data"] == []
    assert served.replies.done == []


def test_a_conversation_is_listed_and_erased(served: Asked) -> None:
    place = served.chat("who is u1?").json()["data"]["conversation_id"]
    listed = served.get("/v1/chat?limit=1").json()["data"]
    assert [(c["conversation_id"], c["title"]) for c in listed] == [(place, "who is u1?")]
    assert served.ask("DELETE", f"/v1/chat/{place}", role=Role.VIEWER).status_code == 403
    assert served.ask("DELETE", f"/v1/chat/{place}").status_code == 200
    assert served.get(f"/v1/chat/{place}").status_code == 404


def test_an_ingest_key_may_not_ask(served: Asked) -> None:
    assert served.chat("who?", role=Role.INGEST).status_code == 403
    assert served.get("/v1/chat", role=Role.INGEST).status_code == 403


@pytest.mark.parametrize(
    "body",
    [
        b'{"message": ""}',
        b'{"message": "   "}',
        b'{"message": 7}',
        b'{"message": "a", "workspace_id": "other"}',
        b'{"message": "a", "lang": "fr"}',
        b'{"message": "a", "conversation_id": ""}',
        b'{"message": "a", "on_screen": "\\u202e"}',
        b'{"message": "a\\u0000"}',
        b'{"message": "a\\ud800"}',
        b'{"message": "a", "message": "b"}',
        b'{"message": "' + b"a" * (chat.MAX_MESSAGE + 1) + b'"}',
        b"[]",
        b"{",
        b"\xff",
    ],
)
def test_bodies_that_cannot_be_used_are_told_why(served: Asked, body: bytes) -> None:
    before = served.get("/v1/chat?limit=200").json()["data"]
    for accept in ("application/json", MEDIA_TYPE):
        answer = served.ask(
            "POST", "/v1/chat", content=body, headers={"content-type": "application/json", "accept": accept}
        )
        assert answer.status_code == 422, body
        assert answer.headers["content-type"] == "application/problem+json"
    assert served.get("/v1/chat?limit=200").json()["data"] == before


@pytest.mark.parametrize("body", [{}, {"pending_id": "x"}, {"pending_id": "x", "decision": "maybe"}])
def test_a_decision_must_be_one(served: Asked, body: dict[str, str]) -> None:
    assert served.ask("POST", "/v1/chat/conv_x/decisions", json=body).status_code == 422


def test_what_does_not_wait_is_not_found(served: Asked) -> None:
    place = served.chat("who?").json()["data"]["conversation_id"]
    body = {"pending_id": "pend_x", "decision": "approve"}
    assert served.ask("POST", f"/v1/chat/{place}/decisions", json=body).status_code == 404
