"""Tells the customers of an open demo shop by one rung of the ladder, and has every story judged."""

import dataclasses
import time
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from functools import lru_cache

from pydantic import BaseModel

from app.bootstrap import PROMPTS
from app.demo.shop import DemoShop
from app.insights.schemas import ProfileStory, StoryDraft
from app.insights.select import Selection
from app.insights.story import Storyteller
from app.llm.ladder import Rung
from app.llm.prompts import PromptLibrary
from app.llm.structured import read
from app.pipeline import Pipeline
from app.predict.model import CustomerModel
from app.schema import Lang
from evals import shop as shops
from evals.ceilings.tellable import Life
from evals.overheard import Asked, Overheard
from evals.scorers import prose
from evals.scorers.citations import Judge, cited
from evals.scorers.grounding import Grounding, check, words_of_others
from evals.scorers.ledger import Ledger
from evals.scorers.predictions import estimator
from evals.scorers.story_figures import Told
from evals.scorers.story_truth import intent_named, named, persona_of, says_by_claims, says_by_words
from evals.task import Say

_OUTPUTS: dict[str, type[BaseModel]] = {output.__name__: output for output in (StoryDraft, Selection)}
"""What a story's models are asked for."""


class Telling:
    """One open shop, one rung, and the model of that rung."""

    def __init__(self, opened: shops.Open, shop: DemoShop, rung: Rung, model: Overheard | None) -> None:
        """Without a model the composer tells."""
        self._opened, self._shop, self._model = opened, shop, model
        self._pipeline = _with_rung(opened.pipeline, rung, model)
        self._as_of = opened.pipeline.clock(opened.workspace, now=opened.now)
        self._personas = {name: one.topics for name, one in shop.parameters.personas.items()}
        self._titles: dict[str, str] = {}

    @property
    def _last_day(self) -> date:
        return self._shop.ends_at.astimezone(self._shop.workspace.zone).date() - timedelta(days=1)

    def stories(self, lives: Sequence[Life], languages: Sequence[Lang], say: Say) -> Iterator[Told]:
        """Each customer whom the product knows, in each language."""
        opened = self._opened
        known = shops.known(opened, [life.truth for life in lives])
        customers = {truth.index: customer_id for customer_id, truth in known.items()}
        with Ledger(opened.database_url, opened.workspace.workspace_id, opened.pipeline.taxonomy) as ledger:
            bought, served = ledger.orders(self._as_of), opened.pipeline.reckoner.at(opened.workspace, self._as_of)

            @lru_cache(maxsize=4)
            def refit(horizon_days: int) -> CustomerModel:
                return estimator(bought, served, zone=ledger.zone, horizon_days=horizon_days)

            for number, life in enumerate(lives, 1):
                for lang in languages if life.truth.index in customers else ():
                    story, ms, answers = self._tell(customers[life.truth.index], lang)
                    yield self._judged(life, story, ms, answers, check(story, ledger, refit), ledger)
                if number % 50 == 0:
                    say(f"told {number:,} of {len(lives):,}")

    def _tell(self, customer_id: str, lang: Lang) -> tuple[ProfileStory, float, list[Asked]]:
        """The story, how long it took, and what the model was asked for it."""
        before = len(self._model.asked) if self._model else 0
        started = time.perf_counter()
        reading = self._pipeline.read_customer(self._opened.workspace, customer_id, as_of=self._as_of, lang=lang)
        ms = (time.perf_counter() - started) * 1000
        return reading.story, ms, self._model.asked[before:] if self._model else []

    def _judged(
        self, life: Life, story: ProfileStory, ms: float, answers: Sequence[Asked], found: Grounding, ledger: Ledger
    ) -> Told:
        taxonomy = ledger.taxonomy
        judge = Judge(taxonomy, self._titles_of(story, ledger), ledger.zone, story.lang)
        said = says_by_words(story, taxonomy)
        persona = persona_of(said.topics, self._personas)
        return Told(
            number=life.truth.index,
            story=story,
            ms=ms,
            answers_valid=tuple(map(_fits, answers)),
            grounding=found,
            citations=cited(story, found, judge, words_of_others(story, ledger)),
            prose=prose.read(story, taxonomy),
            tellable=life.tellable,
            said=said,
            named=named(life.tellable, said),
            named_by_claims=named(life.tellable, says_by_claims(story)),
            quiet=life.truth.shift is None,
            persona_named=None if persona is None else persona == life.truth.persona,
            intent_named=intent_named(life, story, said, taxonomy, self._last_day),
        )

    def _titles_of(self, story: ProfileStory, ledger: Ledger) -> dict[str, str]:
        for item_id in {claim.item_id for claim in story.claims if claim.item_id} - self._titles.keys():
            self._titles[item_id] = ledger.title(item_id, self._as_of) or item_id
        return self._titles


def _with_rung(pipeline: Pipeline, rung: Rung, model: Overheard | None) -> Pipeline:
    """The pipeline, telling by one rung above the composer."""
    prompts = PromptLibrary(PROMPTS)
    large, small = (model if rung == name else None for name in ("large", "small"))
    teller = dataclasses.replace(pipeline.teller, storyteller=Storyteller(large, prompts, small=small))
    return dataclasses.replace(pipeline, teller=teller)


def _fits(asked: Asked) -> bool:
    """Whether an answer is what its schema asks for."""
    output = _OUTPUTS.get(asked.schema.name) if asked.schema else None
    try:
        return output is None or bool(read(asked.completion.text, output))
    except ValueError:
        return False
