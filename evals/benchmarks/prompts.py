"""Prompts: how much of them a server with automatic prefix caching has read before. Counted, not timed.

The standard batch is what the product itself asks a large model for each customer of a demo shop, in the order of their
ids: overheard on the way, so that nothing is laid out for the bench alone. `evals/prompt_cache.py` says what would be
found in a cache of `BLOCKS` blocks, no more than a small server has.

- `prompts.cached_share`: of all prompt tokens, the share found. Limit: what any order of the same prompts could share,
  with a cache that forgets nothing.
- `prompts.cached_share_by_segment`: the same with customers grouped by segment, so that those who share the evidence of
  a segment follow each other.
- `prompts.cached_share_customer_first`: the same prompts with the customer before what is said about everybody; it is
  there to compare with and has no floor.
"""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path as Folder
from typing import Final, NamedTuple

from app.access.schemas import Workspace
from app.bootstrap import build
from app.config import Settings
from app.demo.load import load_shop
from app.demo.shop import DemoShop
from app.llm.chat_model import Message, Question
from app.pipeline import Pipeline
from app.retrieval.situation import situation_of
from app.schema import Lang
from evals.benchmarks.harness import Share
from evals.overheard import Listening
from evals.prompt_cache import BLOCK, PrefixCache, cached_share
from evals.tokens import tokens_of

SEED, CUSTOMERS = 7, 200
BLOCKS = 65_536 // BLOCK
"""Blocks of the cache: 65,536 tokens, a third of what an 8B model leaves free on a card of 40 GB."""
WANTED, WANTED_BY_SEGMENT = 0.60, 0.75
_LANG: Final[Lang] = "zh"


class Asked(NamedTuple):
    """One prompt of the batch."""

    customer_id: str
    segment: str
    question: Question


class PromptsBench:
    """The bench."""

    name = "prompts"
    purpose = "How much of the prompts of a batch a server with prefix caching has read before."

    @contextmanager
    def prepare(self) -> Iterator[Sequence[Share]]:
        """A demo shop in a temporary folder, asked about once."""
        with tempfile.TemporaryDirectory(prefix="understory-bench-") as folder:
            yield shares(tuple(overheard(Folder(folder))))


def overheard(folder: Folder, customers: int = CUSTOMERS) -> Iterator[Asked]:
    """What the product asks a large model for every customer of a demo shop, in the order of their ids."""
    ears, shop = Listening(), DemoShop(SEED, customers)
    app = build(Settings(data_dir=folder, database_url=""), model=ears)
    try:
        workspace = load_shop(app.pipeline, shop, now=shop.ends_at, progress=lambda _: None)
        found = app.pipeline.customers(workspace, as_of=shop.ends_at, limit=customers).rows
        for customer_id in sorted(row.customer_id for row in found):
            segment = _asked_for_all(app.pipeline, workspace, customer_id, shop.ends_at)
            yield from (Asked(customer_id, segment, question) for question in ears.heard)
            ears.heard.clear()
    finally:
        app.database.close()


def _asked_for_all(pipeline: Pipeline, workspace: Workspace, ref: str, at: datetime) -> str:
    """Ask for everything that a batch tells of a customer; returns the segment whose evidence they share."""
    reading = pipeline.read_customer(workspace, ref, as_of=at, lang=_LANG)
    pipeline.explaining.ltv_of(workspace, reading)
    pipeline.explaining.churn_of(workspace, reading)
    pipeline.briefing.brief_of(workspace, reading)
    pipeline.recommender.propose(workspace, ref, as_of=at, now=at, lang=_LANG)
    pipeline.reflecting.reflect(workspace, ref, trigger=None, now=at)
    situation = situation_of(reading.profile)
    return f"{situation.lifecycle} {situation.stage}"


def shares(batch: Sequence[Asked]) -> Sequence[Share]:
    """The paths over one batch."""
    by_segment = sorted(batch, key=lambda asked: (asked.segment, asked.customer_id))
    plain, grouped = _tokens(batch), _tokens(by_segment)
    turned = [tokens_of(customer_first(asked.question.messages)) for asked in batch]

    def bound() -> float:
        return cached_share(plain, PrefixCache())

    def share(prompts: Sequence[Sequence[int]]) -> float:
        return cached_share(prompts, PrefixCache(blocks=BLOCKS))

    return (
        Share(path="prompts.cached_share", share=partial(share, plain), floor=WANTED, bound=bound),
        Share(
            path="prompts.cached_share_by_segment", share=partial(share, grouped), floor=WANTED_BY_SEGMENT, bound=bound
        ),
        Share(path="prompts.cached_share_customer_first", share=partial(share, turned), floor=0.0, bound=bound),
    )


def _tokens(batch: Sequence[Asked]) -> list[list[int]]:
    return [tokens_of(asked.question.messages) for asked in batch]


def customer_first(messages: Sequence[Message]) -> tuple[Message, ...]:
    """The same prompt laid out the other way."""
    system, user = messages
    return (Message("system", user.content), Message("user", system.content))
