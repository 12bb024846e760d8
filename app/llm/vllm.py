"""A chat model behind an OpenAI-compatible API: vLLM on GPU or CPU, or any other server that speaks it.

The messages go to that server and nowhere else: environment proxies, redirects, response caches and LangSmith
tracing are all off, whatever the environment says.
"""

import time
from collections.abc import Sequence

import httpx
from pydantic import SecretStr

from app.errors import ModelOutputError, ModelUnavailable
from app.llm.chat_model import (
    DEFAULT_SAMPLING,
    NOBODY,
    About,
    AnswerSchema,
    ChatModel,
    Completion,
    Message,
    Sampling,
    whole,
)
from app.llm.failures import NO_ANSWER, RETRY_PAUSE_S, CallFailed, place, refused_with
from app.llm.wire import CheckedTransport, within


class OpenAICompatibleModel(ChatModel):
    """Sends requests to one served model, one a call. `ServedModel` decides whether and how often."""

    def __init__(self, base_url: str, model: str, api_key: str = "", timeout_s: float = 8.0) -> None:
        """Ask `model` at `base_url` (ending in /v1); `timeout_s` bounds one question, its repair included."""
        import langchain_openai  # two seconds: paid here, once, and not inside a deadline
        import langsmith
        import openai

        self._chat, self._openai, self._langsmith = langchain_openai.ChatOpenAI, openai, langsmith
        self._url, self._model, self._timeout_s = base_url.rstrip("/"), model, timeout_s
        self._place = place(self._url)
        # Any non-empty key keeps the client from sending OPENAI_API_KEY of the environment to this server.
        self._api_key = SecretStr(api_key or "none")
        self._tls = httpx.create_ssl_context()

    def complete(
        self,
        messages: Sequence[Message],
        *,
        schema: AnswerSchema | None = None,
        sampling: Sampling = DEFAULT_SAMPLING,
        spent_ms: float = 0.0,
        about: About = NOBODY,
    ) -> Completion:
        """One HTTP request, one finished answer, within what is left of the deadline."""
        seconds = self._timeout_s - spent_ms / 1000
        if seconds <= 0:
            raise ModelUnavailable(
                f"the {self._timeout_s:.1f} s that an answer may take were used up before this attempt"
            )
        http = self._connection(seconds)
        return within(
            seconds, lambda: self._ask(http, seconds, messages, schema, sampling), cut=http.close, name=self._model
        )

    def _connection(self, seconds: float) -> httpx.Client:
        """A connection for one call: cutting it off at the deadline cannot hurt another call."""
        transport = CheckedTransport(httpx.HTTPTransport(verify=self._tls))
        return httpx.Client(transport=transport, timeout=seconds, trust_env=False, follow_redirects=False)

    def _ask(
        self,
        http: httpx.Client,
        seconds: float,
        messages: Sequence[Message],
        schema: AnswerSchema | None,
        sampling: Sampling,
    ) -> Completion:
        chat = self._chat(
            model=self._model,
            base_url=self._url,
            api_key=self._api_key,
            http_client=http,
            openai_proxy=None,
            timeout=seconds,
            max_retries=0,
            cache=False,
            streaming=False,
            use_responses_api=False,
            temperature=sampling.temperature,
            max_completion_tokens=sampling.max_tokens,
            seed=sampling.seed,
            top_p=sampling.top_p,
            extra_body=thinking(sampling.thinking),
            model_kwargs={"response_format": response_format(schema)} if schema else {},
        )
        started = time.perf_counter()
        try:
            with self._langsmith.tracing_context(enabled=False):
                message = chat.invoke([(m.role, m.content) for m in messages])
        except self._openai.OpenAIError as error:
            raise self._in_our_words(error) from error
        usage = message.usage_metadata or {"input_tokens": 0, "output_tokens": 0}
        return whole(
            Completion(
                text=message.text,
                finish_reason=str(message.response_metadata.get("finish_reason")),
                model=str(message.response_metadata.get("model_name", self._model)),
                prompt_tokens=usage["input_tokens"],
                completion_tokens=usage["output_tokens"],
                ms=(time.perf_counter() - started) * 1000,
            )
        )

    def _in_our_words(self, error: Exception) -> ModelUnavailable | ModelOutputError:
        """The client's error as one of ours, saying what to do."""
        if isinstance(error.__cause__, ModelOutputError):
            return error.__cause__
        if isinstance(error, self._openai.APITimeoutError):
            return CallFailed(
                f"the model at {self._place} took too long; raise UNDERSTORY_LLM_TIMEOUT_S", label=NO_ANSWER, slow=True
            )
        if isinstance(error, self._openai.APIStatusError):
            return refused_with(self._place, error.status_code, error.response.headers.get("retry-after"))
        return CallFailed(
            f"no model server answers at {self._place} (yet); start it or check UNDERSTORY_LLM_URL",
            label="no connection, or one that broke off",
            again_in_s=RETRY_PAUSE_S,
        )


def thinking(wanted: bool | None) -> dict[str, object] | None:
    """What the request adds to switch thinking on or off in the chat template, as Qwen3 and its like read it."""
    return None if wanted is None else {"chat_template_kwargs": {"enable_thinking": wanted}}


def response_format(schema: AnswerSchema) -> dict[str, object]:
    """The request's `response_format`: strict, so that the server's grammar lets nothing else through."""
    return {
        "type": "json_schema",
        "json_schema": {"name": schema.name, "schema": dict(schema.json_schema), "strict": True},
    }
