"""What we work out of a server's prefix cache is what the server's own metrics say."""

from collections.abc import Sequence

import httpx
import pytest

from app.bootstrap import App, build
from app.config import TINY_MODEL
from app.llm.chat_model import Message
from app.llm.server import ServerChild
from evals.benchmarks.prompts import customer_first
from evals.overheard import Listening
from evals.prompt_cache import PrefixCache, cached_share
from evals.tokens import tokens_of
from tests.vllm.asking import refs
from tests.vllm.conftest import metric

CUSTOMERS = 12
BLOCK = 32
"""The server's, as `vllm_command` starts it."""


@pytest.fixture(scope="module")
def batch(demo: App) -> list[tuple[Message, ...]]:
    """Story prompts of some customers, as the product asks them."""
    ears = Listening()
    app = build(demo.settings, model=ears)
    workspace = app.pipeline.access.workspace("demo")
    moment = app.pipeline.log.latest("demo")
    assert moment
    for ref in refs(demo, CUSTOMERS):
        app.pipeline.read_customer(workspace, ref, as_of=moment, lang="zh")
    app.database.close()
    return [question.messages for question in ears.heard]


def read_by(server: ServerChild, prompts: Sequence[Sequence[Message]]) -> float:
    """The share of prompt tokens that the server says it found in its cache."""
    names = ("vllm:prefix_cache_hits_total", "vllm:prefix_cache_queries_total")
    before = [metric(server, name) for name in names]
    for messages in prompts:
        body = {"model": "tiny-random", "max_tokens": 1, "messages": [message._asdict() for message in messages]}
        httpx.post(f"{server.url}/chat/completions", json=body, timeout=110, trust_env=False).raise_for_status()
    hits, queries = (metric(server, name) - was for name, was in zip(names, before, strict=True))
    return hits / queries


def unseen(messages: Sequence[Message], mark: str) -> tuple[Message, ...]:
    """The same prompt with a start that no other test has sent."""
    first, *rest = messages
    return (first._replace(content=f"{mark}\n{first.content}"), *rest)


def test_the_share_that_we_work_out_is_the_share_that_the_server_measures(
    server: ServerChild, batch: list[tuple[Message, ...]]
) -> None:
    ours = [unseen(messages, "as we lay it out") for messages in batch]
    turned = [unseen(customer_first(messages), "turned round") for messages in batch]
    for prompts in (ours, turned):
        expected = cached_share([tokens_of(p, TINY_MODEL) for p in prompts], PrefixCache(block=BLOCK))
        measured = read_by(server, prompts)
        print(f"cached prompt tokens: {measured:.3f} by /metrics, {expected:.3f} worked out")
        assert measured == pytest.approx(expected, abs=0.01)
