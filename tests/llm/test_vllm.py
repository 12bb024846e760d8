"""The client over real HTTP: every way in which a server can misbehave becomes one of our two errors."""

import gzip
import json
import socket

import pytest

from app.errors import ModelOutputError, ModelUnavailable
from app.llm.chat_model import AnswerSchema, Completion, Message, Sampling
from app.llm.failures import RETRY_PAUSE_S, CallFailed, place
from app.llm.vllm import OpenAICompatibleModel
from app.llm.wire import MAX_BODY
from tests.llm.openai_server import (
    OpenAIServer,
    Reply,
    completion,
    drips,
    drips_headers,
    hangs_up,
    keeps_silent,
    says,
    sends,
)

HELLO = [Message("system", "你是助手。"), Message("user", "你好 <b>")]


def ask(server: OpenAIServer, *, timeout_s: float = 20.0, **more: object) -> str:
    model = OpenAICompatibleModel(server.url, "tiny", timeout_s=timeout_s)
    return model.complete(HELLO, **more).text  # type: ignore[arg-type]


def test_a_good_answer_arrives_with_its_model_and_its_cost() -> None:
    with OpenAIServer(says('{"greeting": "你好"}')) as server:
        answer = OpenAICompatibleModel(server.url, "tiny").complete(HELLO)
    assert answer._replace(ms=0) == Completion('{"greeting": "你好"}', "stop", "served-model", 11, 7)
    assert answer.ms > 0


def test_the_request_carries_strict_schema_sampling_and_key_and_nothing_streams() -> None:
    schema = AnswerSchema("Greeting", {"type": "object", "properties": {}, "additionalProperties": False})
    sampling = Sampling(temperature=0.3, max_tokens=99, seed=5)
    with OpenAIServer(says("{}")) as server:
        model = OpenAICompatibleModel(server.url, "tiny", api_key="secret")
        model.complete(HELLO, schema=schema, sampling=sampling)
        request = server.received[0]
    assert request.path == "/v1/chat/completions"
    assert request.headers["authorization"] == "Bearer secret"
    assert request.body == {
        "model": "tiny",
        "messages": [{"role": "system", "content": "你是助手。"}, {"role": "user", "content": "你好 <b>"}],
        "temperature": 0.3,
        "max_completion_tokens": 99,
        "seed": 5,
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "Greeting", "schema": dict(schema.json_schema), "strict": True},
        },
    } | ({"stream": False} if "stream" in request.body else {})


@pytest.mark.parametrize("thinking", [None, False, True])
def test_thinking_is_switched_as_settings_say_and_not_mentioned_otherwise(thinking: bool | None) -> None:
    with OpenAIServer(says("{}")) as server:
        OpenAICompatibleModel(server.url, "tiny").complete(HELLO, sampling=Sampling(top_p=0.8, thinking=thinking))
        body = server.received[0].body
    assert body["top_p"] == 0.8
    expected = None if thinking is None else {"enable_thinking": thinking}
    assert body.get("chat_template_kwargs") == expected


@pytest.mark.parametrize(
    ("reply", "label", "again_in_s", "slow"),
    [
        (sends(b"{}", 500), "HTTP 500", RETRY_PAUSE_S, False),
        (sends(b"{}", 503, [("retry-after", "2")]), "HTTP 503", 2.0, False),
        (sends(b"{}", 429, [("retry-after", "1")]), "HTTP 429", 1.0, False),
        (sends(b"{}", 429), "HTTP 429", None, False),
        (sends(b"{}", 429, [("retry-after", "Sun, 06 Nov 2044 08:49:37 GMT")]), "HTTP 429", None, False),
        (sends(b"{}", 404), "HTTP 404", None, False),
        (hangs_up(), "no connection, or one that broke off", RETRY_PAUSE_S, False),
        (keeps_silent(), "no answer in time", None, True),
    ],
)
def test_a_failure_says_whether_and_when_another_try_makes_sense(
    reply: Reply, label: str, again_in_s: float | None, slow: bool
) -> None:
    with OpenAIServer(reply) as server, pytest.raises(CallFailed) as failed:
        ask(server, timeout_s=0.3 if slow else 20.0)
    assert (failed.value.label, failed.value.again_in_s, failed.value.slow) == (label, again_in_s, slow)


def test_user_and_password_of_a_url_are_never_shown() -> None:
    with pytest.raises(CallFailed) as failed:
        OpenAICompatibleModel("http://me:hidden@127.0.0.1:1/v1", "tiny").complete(HELLO)
    assert "hidden" not in str(failed.value)
    assert place("http://me:hidden@127.0.0.1:1/v1") == "http://127.0.0.1:1/v1"


def test_one_failure_is_one_request_because_the_client_never_retries() -> None:
    with OpenAIServer(sends(b"{}", 500)) as server:
        with pytest.raises(ModelUnavailable):
            ask(server)
        assert len(server.received) == 1


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        (500, "see its log"),
        (503, "see its log"),
        (429, "busy"),
        (401, "UNDERSTORY_LLM_API_KEY"),
        (404, "UNDERSTORY_LLM_MODEL"),
        (400, "its log says why"),
        (204, "no chat completion"),
    ],
)
def test_a_status_other_than_ok_is_our_error_and_its_message_says_what_to_do(status: int, advice: str) -> None:
    with OpenAIServer(sends(b'{"error": "secret prompt"}', status)) as server:
        with pytest.raises((ModelUnavailable, ModelOutputError), match=advice) as raised:
            ask(server)
        assert "secret prompt" not in str(raised.value)


def test_a_redirect_is_not_followed_because_the_data_would_go_elsewhere() -> None:
    with OpenAIServer(says("{}")) as other:
        moved = sends(b"", 307, [("location", f"{other.url}/chat/completions")])
        with OpenAIServer(moved) as server, pytest.raises(ModelUnavailable, match="redirects"):
            ask(server)
        assert other.received == []


def test_a_refused_connection_is_unavailable() -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        model = OpenAICompatibleModel(f"http://127.0.0.1:{reserved.getsockname()[1]}/v1", "tiny")
        with pytest.raises(ModelUnavailable, match="start it or check UNDERSTORY_LLM_URL"):
            model.complete(HELLO)


@pytest.mark.parametrize("reply", [drips(0.05), drips_headers(0.05), keeps_silent()])
def test_a_server_that_never_finishes_is_cut_off_at_the_deadline(reply: Reply) -> None:
    with OpenAIServer(reply) as server, pytest.raises(ModelUnavailable, match="UNDERSTORY_LLM_TIMEOUT_S"):
        ask(server, timeout_s=0.4)


def test_time_spent_on_a_first_attempt_is_taken_from_the_second() -> None:
    with OpenAIServer(says("{}")) as server:
        with pytest.raises(ModelUnavailable, match="used up"):
            ask(server, timeout_s=2.0, spent_ms=2000.0)
        assert server.received == []


def test_a_connection_that_is_dropped_is_unavailable() -> None:
    with OpenAIServer(hangs_up()) as server, pytest.raises(ModelUnavailable):
        ask(server)


@pytest.mark.parametrize("reason", ["length", "content_filter", "tool_calls"])
def test_an_answer_that_did_not_end_by_itself_is_refused(reason: str) -> None:
    with OpenAIServer(says('{"complete": true}', reason)) as server, pytest.raises(ModelOutputError, match=reason):
        ask(server)


GOOD = completion("{}")


@pytest.mark.parametrize(
    "body",
    [
        b"<html>It works!</html>",
        b'{"choices": [',
        b"",
        b"null",
        b"[]",
        json.dumps(GOOD).encode().replace(b"chatcmpl-1", b"\xff\xfe\xfa"),
        json.dumps(GOOD).encode("utf-16"),
        json.dumps(GOOD | {"choices": []}).encode(),
        json.dumps(GOOD | {"choices": None}).encode(),
        json.dumps(GOOD | {"usage": {"prompt_tokens": "many"}}).encode(),
        json.dumps(completion(None)).encode(),
        json.dumps({"error": {"message": "out of memory"}}).encode(),
    ],
)
def test_a_body_that_is_no_chat_completion_is_refused(body: bytes) -> None:
    with OpenAIServer(sends(body)) as server, pytest.raises(ModelOutputError, match="no chat completion"):
        ask(server)


def test_a_missing_usage_is_not_held_against_an_answer() -> None:
    with OpenAIServer(sends(json.dumps(GOOD | {"usage": None}).encode())) as server:
        assert ask(server) == "{}"


def test_a_body_of_ten_megabytes_is_refused_before_it_is_read_to_the_end() -> None:
    too_long = says("x" * 10_000_000)
    with OpenAIServer(too_long) as server, pytest.raises(ModelOutputError, match=f"{MAX_BODY:,} bytes"):
        ask(server)


def test_a_compressed_body_is_refused_because_it_could_be_of_any_size() -> None:
    packed = gzip.compress(json.dumps(GOOD).encode())
    with OpenAIServer(sends(packed, headers=[("content-encoding", "gzip")])) as server:
        with pytest.raises(ModelOutputError, match="compressed"):
            ask(server)
        assert server.received[0].headers["accept-encoding"] == "identity"


def test_keys_proxies_and_tracing_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with OpenAIServer(says("{}")) as elsewhere, OpenAIServer(says("{}")) as server:
        origin = elsewhere.url.removesuffix("/v1")
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "OPENAI_PROXY", "LANGSMITH_ENDPOINT"):
            monkeypatch.setenv(name, origin)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-private")
        monkeypatch.setenv("LANGSMITH_TRACING", "true")
        monkeypatch.setenv("LANGSMITH_API_KEY", "ls-private")
        assert ask(server) == "{}"
        from langchain_core.tracers.langchain import wait_for_all_tracers

        wait_for_all_tracers()
        assert elsewhere.received == []
        assert server.received[0].headers["authorization"] == "Bearer none"
