"""A model of random weights behind the real server: whatever is right in its answers, the grammar did."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.bootstrap import App
from app.insights.schemas import StoryDraft
from app.llm.chat_model import NOBODY
from app.llm.output_schema import strict_schema
from app.llm.server import ServerChild
from app.llm.structured import ask
from app.llm.vllm import OpenAICompatibleModel
from app.schema import Frozen
from app.strategy.copywriter import StrategyDraft
from evals.overheard import Overheard
from tests.vllm.asking import fits, stories, strategies

CALLS = 16


@pytest.mark.parametrize("output", [StoryDraft, StrategyDraft])
def test_every_answer_ends_parses_and_passes_schema_and_pydantic_at_the_first_try(
    server: ServerChild, demo: App, output: type[Frozen]
) -> None:
    prompts = list(stories(demo, CALLS) if output is StoryDraft else strategies(demo, CALLS))
    assert len({prompt.messages for prompt in prompts}) == CALLS
    model = Overheard(OpenAICompatibleModel(server.url, "tiny-random", timeout_s=110))
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda prompt: ask(model, prompt, output, NOBODY), prompts))
    schema = strict_schema(output)
    answered = [asked.completion for asked in model.asked]
    assert [answer.calls for answer in answers] == [1] * CALLS
    assert all(type(answer.value) is output for answer in answers)
    assert {answer.finish_reason for answer in answered} == {"stop"}
    assert all(fits(json.loads(answer.text), schema, schema["$defs"]) for answer in answered)
