"""What batching buys on the real server. Ratios within one run; answers are checked first."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from app.bootstrap import App
from app.insights.schemas import StoryDraft
from app.llm.prompts import RenderedPrompt
from app.llm.server import ServerChild
from app.llm.structured import read
from app.llm.vllm import OpenAICompatibleModel
from tests.vllm.asking import SCHEMA, stories

TOGETHER = 16


def test_prompts_at_once_give_more_tokens_a_second_than_one_after_the_other(server: ServerChild, demo: App) -> None:
    model = OpenAICompatibleModel(server.url, "tiny-random", timeout_s=110)
    apart, together = list(stories(demo, TOGETHER, mark="apart")), list(stories(demo, TOGETHER, mark="together"))
    model.complete(
        apart[0].messages, schema=SCHEMA, sampling=apart[0].sampling
    )  # the grammar is compiled, the shared part cached

    def tokens_per_second(at_once: int, prompts: Sequence[RenderedPrompt]) -> float:
        started = time.perf_counter()
        with ThreadPoolExecutor(at_once) as pool:
            ask = partial(model.complete, schema=SCHEMA)
            answers = list(pool.map(lambda prompt: ask(prompt.messages, sampling=prompt.sampling), prompts))
        seconds = time.perf_counter() - started
        assert all(read(answer.text, StoryDraft) for answer in answers)
        return sum(answer.completion_tokens for answer in answers) / seconds

    single, batch = tokens_per_second(1, apart), tokens_per_second(TOGETHER, together)
    print(f"tokens/s: {single:.0f} one by one, {batch:.0f} at once, {batch / single:.1f}x")
    assert batch >= 1.5 * single
