"""What words something for people, with the models that it may ask: made of settings, once."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from app.config import Settings
from app.database.engine import Database
from app.insights.brief.brief import Briefer
from app.insights.churn.read import ChurnReader
from app.insights.conclusion.conclude import Concluder
from app.insights.ltv.lean import Leaner
from app.insights.ltv.leaning import evaluated
from app.insights.ltv.tell import LtvTeller
from app.insights.story import Storyteller
from app.insights.tags import Tagger
from app.llm.budgets import Budget, micros
from app.llm.chat_model import ChatModel
from app.llm.prompts import PromptLibrary
from app.llm.rungs import Address, Rungs, Terms, open_books, open_rungs
from app.strategy.copywriter import Copywriter
from app.strategy.segment_story.tell import SegmentTeller
from app.text.taxonomy import Taxonomy


@dataclass(frozen=True)
class Speakers:
    """Everybody who words something; without a model each of them composes."""

    storyteller: Storyteller
    tagger: Tagger
    ltv_teller: LtvTeller
    churn_reader: ChurnReader
    briefer: Briefer
    concluder: Concluder
    copywriter: Copywriter
    segment_teller: SegmentTeller


def speakers(
    settings: Settings, prompts: PromptLibrary, taxonomy: Taxonomy, *, large: ChatModel | None, small: ChatModel | None
) -> Speakers:
    """Those who word something, over these models; a lean is asked for only where its evaluation allows it."""
    leans = evaluated(Path(settings.lean_evaluation)) if settings.lean_evaluation else None
    return Speakers(
        storyteller=Storyteller(large, prompts, small=small),
        tagger=Tagger(large, prompts, taxonomy, small=small),
        ltv_teller=LtvTeller(large, prompts, Leaner(large, prompts, leans)),
        churn_reader=ChurnReader(large, prompts),
        briefer=Briefer(large, prompts),
        concluder=Concluder(large, prompts),
        copywriter=Copywriter(large, prompts),
        segment_teller=SegmentTeller(large, prompts),
    )


def chosen_rungs(settings: Settings, database: Database) -> Rungs:
    """The models that settings name; where there is none, the rungs below it speak, and say so."""
    books = open_books(
        database,
        default=Budget(daily_tokens=settings.model_daily_tokens, daily_cost_micros=micros(settings.model_daily_cost)),
        most_kept=settings.kept_answers,
        kept_days=settings.kept_answers_days,
        now=lambda: datetime.now(UTC),
    )
    terms = Terms(
        deadline_s=settings.llm_timeout_s,
        api_key=settings.llm_api_key.get_secret_value(),
        failures=settings.breaker_failures,
        pause_s=settings.breaker_pause_s,
        models=settings.models,
    )
    large = Address(settings.llm_url, settings.llm_model)
    return open_rungs(books, large, Address(settings.small_llm_url, settings.small_llm_model), terms)
