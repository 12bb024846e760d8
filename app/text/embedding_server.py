"""What an OpenAI-compatible server of embeddings is asked, and what of its answers is let through.

Texts go to that server and nowhere else: environment proxies and redirects are off. An answer is read within bounds
of time and size and checked whole before a number of it is used. A server that is silent or broken is then left alone
for REST_S seconds, so that it costs those who can do without it one timeout and not one each.
"""

import time
import weakref
from collections.abc import Callable, Mapping
from typing import Annotated, TypeVar

import httpx
import numpy as np
from pydantic import BaseModel, Field, ValidationError

from app.errors import ModelOutputError, ModelUnavailable
from app.text.embedder import Vectors

REST_S = 15.0
MAX_BODY = 64_000_000
"""Bytes of one answer: 64 vectors of 16,384 numbers fit in."""

_Answer = TypeVar("_Answer", bound=BaseModel)


class _SilentError(ModelUnavailable):
    """Asking again at once would only cost time."""


class ServedModel(BaseModel):
    """A model that the server names."""

    id: str
    root: str | None = None
    """Where the server has it from; vLLM says so."""


class _Models(BaseModel):
    data: Annotated[list[ServedModel], Field(min_length=1)]


class _Row(BaseModel):
    index: Annotated[int, Field(ge=0)]
    embedding: list[float]


class _Rows(BaseModel):
    data: list[_Row]


class EmbeddingServer:
    """Two questions: which models, and the vectors of some texts.

    ModelUnavailable when there is no answer in time or a refusal, ModelOutputError when the answer cannot be used;
    both say what to do.
    """

    def __init__(
        self, url: str, *, api_key: str = "", timeout_s: float = 5.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Ask at `url`, ending in /v1; `timeout_s` bounds one request."""
        self.url, self._timeout_s, self._clock, self._rests_until = url.rstrip("/"), timeout_s, clock, 0.0
        key = {"authorization": f"Bearer {api_key}"} if api_key else {}
        headers = {"accept-encoding": "identity", **key}
        self._http = httpx.Client(timeout=timeout_s, trust_env=False, headers=headers)
        weakref.finalize(self, self._http.close)

    def models(self) -> list[ServedModel]:
        """What it serves, at least one."""
        return self._ask("GET", "models", _Models).data

    def vectors(self, model: str, texts: list[str]) -> Vectors:
        """One finite row per text, all of one length, as the model gave them."""
        body = {"model": model, "input": texts, "encoding_format": "float"}
        rows = sorted(self._ask("POST", "embeddings", _Rows, body).data, key=lambda row: row.index)
        if [row.index for row in rows] != list(range(len(texts))) or len({len(row.embedding) for row in rows}) != 1:
            raise ModelOutputError(f"{self.url} did not send one vector of one length for each of {len(texts)} texts")
        vectors = np.array([row.embedding for row in rows], dtype=np.float32)
        if not vectors.shape[1] or not np.isfinite(vectors).all():
            raise ModelOutputError(f"{self.url} sent a vector that is empty or not finite")
        return vectors

    def _ask(self, method: str, path: str, answer: type[_Answer], body: Mapping[str, object] | None = None) -> _Answer:
        if self._clock() < self._rests_until:
            raise ModelUnavailable(f"the embedder at {self.url} did not answer lately; it is asked again soon")
        try:
            raw = self._sent(method, f"{self.url}/{path}", body)
        except _SilentError:
            self._rests_until = self._clock() + REST_S
            raise
        try:
            return answer.model_validate_json(raw)
        except ValidationError as error:
            raise ModelOutputError(
                f"{self.url}/{path} sent something else than the OpenAI API's answer ({error.errors()[0]['msg']}); "
                "does the URL end in /v1, and does the server serve embeddings?"
            ) from None

    def _sent(self, method: str, url: str, body: Mapping[str, object] | None) -> bytes:
        try:
            with self._http.stream(method, url, json=body) as response:
                if not response.is_success:
                    kind = _SilentError if response.is_server_error else ModelUnavailable
                    raise kind(f"the embedder at {self.url} {_refusal(response.status_code)}")
                return self._whole(response)
        except httpx.TimeoutException:
            raise _SilentError(self._too_slow()) from None
        except httpx.HTTPError as error:
            fault = type(error).__name__
            raise _SilentError(f"no embedder answers at {self.url} ({fault}); start it, or mend the URL") from None

    def _whole(self, response: httpx.Response) -> bytes:
        """All of the body: a read timeout alone does not bound a server that drips one byte a second."""
        ends, body = self._clock() + self._timeout_s, bytearray()
        for chunk in response.iter_raw():
            body += chunk
            if len(body) > MAX_BODY:
                raise _SilentError(f"the embedder at {self.url} sent more than {MAX_BODY:,} bytes")
            if self._clock() > ends:
                raise _SilentError(self._too_slow())
        return bytes(body)

    def _too_slow(self) -> str:
        waited = f"gave no whole answer within {self._timeout_s:g} s"
        return f"the embedder at {self.url} {waited}; raise UNDERSTORY_EMBEDDER_TIMEOUT_S"


def _refusal(status: int) -> str:
    if status in (401, 403):
        return f"refused the key ({status}); check UNDERSTORY_EMBEDDER_API_KEY"
    if status == 404:
        return "has no such model or path (404); give the URL that ends in /v1 of a server that serves embeddings"
    if status < 400:
        return f"redirects elsewhere ({status}); we do not follow, give its final URL"
    return f"refused the request ({status}); its log says why"
