"""Which schema engine of vLLM keeps a model to a schema, and at what price: guidance against xgrammar.

The model has random weights, so nothing but the engine makes an answer valid. Both engines get the story prompt, once
with the schema as we send it (every string bounded) and once without the bounds of strings. One call at a time.
"""

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import httpx
from pydantic import Field, JsonValue, TypeAdapter

from app.bootstrap import PROMPTS
from app.config import TINY_MODEL, VLLM_PYTHON
from app.errors import ModelUnavailable
from app.insights.schemas import StoryDraft
from app.llm.chat_model import AnswerSchema
from app.llm.output_schema import strict_schema
from app.llm.prompts import PromptLibrary
from app.llm.server import ServerChild, free_port, read_mark, vllm_command
from app.llm.structured import read
from app.llm.vllm import response_format
from app.llm.wire import ChatAnswer
from app.schema import Frozen
from evals.intervals import mean, wilson
from evals.task import Metric, Sample, Say, Score, TaskResult

ENGINES = ("guidance", "xgrammar")
READY_S, CALL_S = 600.0, 300.0

_SCHEMA: TypeAdapter[dict[str, JsonValue]] = TypeAdapter(dict[str, JsonValue])


class StructuredOutputOptions(Frozen):
    """Options of `run structured-output`."""

    model: Path = TINY_MODEL
    """folder of the model (`make tiny-model`)"""
    python: Path = VLLM_PYTHON
    """interpreter of the environment that holds vLLM (`make vllm`)"""
    calls: int = Field(default=30, ge=2, le=1000)
    """calls per engine and schema"""
    max_tokens: int = Field(default=1200, ge=100, le=4000)
    """where an answer that does not end is cut off"""
    seed: int = Field(default=7, ge=0)
    """seed of the first call; each further call takes the next"""


class Call(NamedTuple):
    """One answer of one engine to one schema."""

    setting: str
    number: int
    finish_reason: str
    tokens: int
    ms: float
    fault: str | None

    @property
    def ms_per_token(self) -> float:
        """Milliseconds per completion token, the prompt's reading included."""
        return self.ms / max(self.tokens, 1)


class StructuredOutput:
    """The task."""

    name = "structured-output"
    purpose = "Which schema engine of vLLM makes any model's answer valid, and its price: guidance against xgrammar."
    options = StructuredOutputOptions

    def run(self, options: StructuredOutputOptions, say: Say) -> TaskResult:
        """Serve the model with one engine after the other and ask both the same."""
        calls = [call for engine in ENGINES for call in _asked(engine, options, say)]
        by_setting: dict[str, list[Call]] = {}
        for call in calls:
            by_setting.setdefault(call.setting, []).append(call)
        figures = {setting: _metrics(made, options.seed) for setting, made in by_setting.items()}
        ours = next(iter(figures))
        return TaskResult(
            task=self.name,
            seed=options.seed,
            n=len(calls),
            metrics=figures.pop(ours),
            baselines=figures,
            counts={setting: Counter(call.finish_reason for call in made) for setting, made in by_setting.items()},
            provenance={"ours": ours, "model": read_mark(options.model).name},
            samples=[_sample(call) for call in calls],
        )


def _asked(engine: str, options: StructuredOutputOptions, say: Say) -> Iterator[Call]:
    name, port = read_mark(options.model).name, free_port()
    command = vllm_command(options.python, options.model, name, port, backend=engine)
    with ServerChild(command, port, log=options.model.parent / f"vllm-{engine}.log", say=say) as server:
        if not server.wait_ready(READY_S):
            raise ModelUnavailable(
                f"vLLM was not ready within {READY_S:.0f} s; see {options.model.parent}/vllm-{engine}.log"
            )
        for bounds, schema in _schemas().items():
            made = [
                _call(server, name, f"{engine}_{bounds}", number, schema, options) for number in range(options.calls)
            ]
            say(f"{engine}, {bounds}: {sum(call.fault is None for call in made)} of {len(made)} valid")
            yield from made


def _schemas() -> Mapping[str, AnswerSchema]:
    """The story's schema as we send it, and without the bounds of its strings."""
    bounded = strict_schema(StoryDraft)
    return {
        "bounded": AnswerSchema("StoryDraft", bounded),
        "endless": AnswerSchema("StoryDraft", _SCHEMA.validate_python(_without_lengths(bounded))),
    }


def _without_lengths(node: JsonValue) -> JsonValue:
    if isinstance(node, dict):
        return {key: _without_lengths(part) for key, part in node.items() if key not in ("maxLength", "minLength")}
    return [_without_lengths(part) for part in node] if isinstance(node, list) else node


def _call(
    server: ServerChild, name: str, setting: str, number: int, schema: AnswerSchema, options: StructuredOutputOptions
) -> Call:
    """One request over plain HTTP: the product's client would refuse an answer that was cut off, unseen."""
    claims = "\n".join(f"[c{number}-{line}] {number + line} orders in the last {30 + line} days." for line in range(12))
    values = {"claims": claims, "story": "", "language": "简体中文"}
    prompt = PromptLibrary(PROMPTS).render("profile_story", StoryDraft, values)
    body = {
        "model": name,
        "messages": [message._asdict() for message in prompt.messages],
        "response_format": response_format(schema),
        "temperature": prompt.sampling.temperature,
        "max_tokens": options.max_tokens,
        "seed": options.seed + number,
    }
    started = time.perf_counter()
    response = httpx.post(f"{server.url}/chat/completions", json=body, timeout=CALL_S, trust_env=False)
    ms = (time.perf_counter() - started) * 1000
    if not response.is_success:
        return Call(setting, number, f"http {response.status_code}", 0, ms, "refused by the server")
    answer = ChatAnswer.model_validate_json(response.content).completion(ms)
    return Call(setting, number, answer.finish_reason, answer.completion_tokens, ms, _fault(answer.text))


def _fault(text: str) -> str | None:
    try:
        read(text, StoryDraft)
    except ValueError as fault:
        return str(fault)
    return None


def _metrics(calls: list[Call], seed: int) -> dict[str, Metric]:
    warm = calls[1:]  # the first call compiles the grammar
    return {
        "valid": wilson(sum(call.fault is None for call in calls), len(calls)),
        "ended": wilson(sum(call.finish_reason == "stop" for call in calls), len(calls)),
        "ms_per_token": mean([call.ms_per_token for call in warm], seed=seed),
        "ms_per_answer": mean([call.ms for call in warm], seed=seed),
    }


def _sample(call: Call) -> Sample:
    return Sample(
        id=f"{call.setting}/{call.number}",
        output={"finish_reason": call.finish_reason, "tokens": call.tokens, "ms": round(call.ms, 1)},
        scores={"valid": Score(float(call.fault is None), call.fault)},
    )
