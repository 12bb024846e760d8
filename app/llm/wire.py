"""What crosses the wire to a model server: bounded in time and size, and checked before anything else reads it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, TypeVar

import httpx
from pydantic import BaseModel, Field, ValidationError

from app.errors import ModelOutputError
from app.llm.chat_model import Completion, whole
from app.llm.failures import NO_ANSWER, CallFailed

MAX_BODY = 2_000_000
"""Bytes. The longest answer we ask for is a hundredth of this."""

T = TypeVar("T")


_Tokens = Annotated[int, Field(ge=0, le=1_000_000_000)]


class _Usage(BaseModel):
    prompt_tokens: _Tokens = 0
    completion_tokens: _Tokens = 0
    total_tokens: _Tokens = 0


class _Message(BaseModel):
    role: str = "assistant"
    content: str


class _Choice(BaseModel):
    index: int = 0
    message: _Message
    finish_reason: str


class ChatAnswer(BaseModel):
    """The part of an OpenAI chat completion that we read; the rest is dropped at the door."""

    id: str = ""
    object: str = "chat.completion"
    created: int = 0
    model: Annotated[str, Field(max_length=200)]
    choices: Annotated[list[_Choice], Field(min_length=1, max_length=1)]
    usage: _Usage | None = None

    def completion(self, ms: float) -> Completion:
        """The same in our own words."""
        choice, usage = self.choices[0], self.usage or _Usage()
        return Completion(
            text=choice.message.content,
            finish_reason=choice.finish_reason,
            model=self.model,
            prompt_tokens=usage.prompt_tokens,
            completion_tokens=usage.completion_tokens,
            ms=ms,
        )


class CheckedTransport(httpx.BaseTransport):
    """Lets a response through only when it is small, plain and a finished chat completion.

    The client libraries behind it fail in many ways on other bodies (and accept truncated answers), so they only
    ever see what has been validated here.
    """

    def __init__(self, inner: httpx.BaseTransport) -> None:
        """Send through `inner`."""
        self._inner = inner

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """The checked response; ModelOutputError when the server answers 200 with something unusable."""
        request.headers["accept-encoding"] = "identity"
        response = self._inner.handle_request(request)
        try:
            if not response.is_success:
                kept = {name: response.headers[name] for name in ("retry-after",) if name in response.headers}
                return httpx.Response(response.status_code, headers=kept, request=request)
            body = _bounded(response)
        finally:
            response.close()
        return httpx.Response(200, json=read_answer(body).model_dump(), request=request)

    def close(self) -> None:
        """Close the connection beneath; a call that still waits on it fails at once or at its next byte."""
        self._inner.close()


def _bounded(response: httpx.Response) -> bytes:
    if response.headers.get("content-encoding", "identity") != "identity":
        raise ModelOutputError("the model server compressed its answer although it was asked not to")
    body = bytearray()
    for chunk in response.iter_raw():
        body += chunk
        if len(body) > MAX_BODY:
            raise ModelOutputError(f"the model server sent more than {MAX_BODY:,} bytes; the answer was refused")
    return bytes(body)


def read_answer(body: bytes) -> ChatAnswer:
    """The finished answer in a response body, or ModelOutputError."""
    try:
        answer = ChatAnswer.model_validate_json(body, strict=True)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "body"
        raise ModelOutputError(
            f"the model server's answer is no chat completion ({where}: {first['msg']}); "
            "is the URL that of an OpenAI-compatible API, ending in /v1?"
        ) from None
    whole(answer.completion(0.0))
    return answer


def within(seconds: float, work: Callable[[], T], *, cut: Callable[[], None], name: str) -> T:
    """What `work` returns, unless it takes longer than `seconds`: then `cut` ends it and CallFailed names the model.

    A read timeout alone does not bound a call: a server that drips one byte a second never trips it.
    """
    worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="model-call")
    future = worker.submit(work)
    try:
        return future.result(timeout=seconds)
    except TimeoutError:
        raise CallFailed(
            f"{name} gave no answer within {seconds:.1f} s; raise UNDERSTORY_LLM_TIMEOUT_S or use a faster model",
            label=NO_ANSWER,
            slow=True,
        ) from None
    finally:
        cut()
        worker.shutdown(wait=False)
