"""What the prompt layout and batching buy on the real server. Ratios within one run; answers are checked first."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from app.bootstrap import App
from app.insights.schemas import StoryDraft
from app.llm.chat_model import Message, Sampling
from app.llm.prompts import RenderedPrompt
from app.llm.server import ServerChild
from app.llm.structured import read
from app.llm.vllm import OpenAICompatibleModel
from tests.vllm.asking import SCHEMA, stories
from tests.vllm.conftest import metric


def cached_share(server: ServerChild, conversations: Sequence[Sequence[Message]]) -> float:
    """Share of prompt tokens that the server took from its cache."""
    names = ("vllm:prefix_cache_hits_total", "vllm:prefix_cache_queries_total")
    before = [metric(server, name) for name in names]
    model = OpenAICompatibleModel(server.url, "tiny-random", timeout_s=110)
    for messages in conversations:
        model.complete(messages, schema=SCHEMA, sampling=Sampling(temperature=0.2, max_tokens=2000))
    hits, queries = (metric(server, name) - was for name, was in zip(names, before, strict=True))
    return hits / queries


def customer_first(prompt: RenderedPrompt) -> tuple[Message, ...]:
    """The same prompt laid out the other way: the customer, then what is said about every customer."""
    system, user = prompt.messages
    return (Message("system", f"{user.content}\n{system.content}"), Message("user", "Answer."))


def test_the_servers_cache_serves_what_our_prompts_share_and_nothing_when_the_customer_comes_first(
    server: ServerChild, demo: App
) -> None:
    ours = cached_share(server, [prompt.messages for prompt in stories(demo, 20, mark="ours")])
    other = cached_share(server, [customer_first(prompt) for prompt in stories(demo, 20, mark="other")])
    print(f"cached prompt tokens: {ours:.0%} with our layout, {other:.0%} with the customer first")
    assert ours >= 0.3  # the rest are the customer's own claims
    assert other <= 0.1


def test_64_prompts_at_once_take_at_most_a_third_of_the_time_of_one_after_the_other(
    server: ServerChild, demo: App
) -> None:
    model = OpenAICompatibleModel(server.url, "tiny-random", timeout_s=110)
    apart, together = list(stories(demo, 64, mark="apart")), list(stories(demo, 64, mark="together"))
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

    single, batch = tokens_per_second(1, apart), tokens_per_second(64, together)
    print(f"tokens/s: {single:.0f} one by one, {batch:.0f} at once, {batch / single:.1f}x")
    assert batch >= 3 * single
