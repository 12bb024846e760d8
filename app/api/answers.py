"""The envelope of every answer: the data, the moment they hold for, where they came from, and what to be wary of."""

from datetime import datetime
from typing import Generic, TypeVar

from pydantic import ConfigDict, Field

from app.api.problems import documented
from app.insights.schemas import Provenance
from app.llm.ladder import Origin, Rung
from app.profile.fold import FOLD_VERSION
from app.schema import Frozen
from app.strategy.told_paths import CustomerPaths
from app.views import CustomerReading, NextPurchase, Recommendation

T = TypeVar("T")

READ_PROBLEMS = documented(401, 403, 404, 422, 500)
"""What any read may answer instead."""


class AnswerProvenance(Origin):
    """Where an answer came from."""

    rung: Rung = "composer"
    """Who spoke; `composer` where nothing but code computed the answer."""
    fold_version: int = FOLD_VERSION
    identity_version: int | None = None
    """None when the answer is about many customers, or none."""


class Answer(Frozen, Generic[T]):
    """One answer."""

    # For each T pydantic would look for these docstrings anew, in all modules: together 0.5 s of every start.
    model_config = ConfigDict(use_attribute_docstrings=False)

    data: T
    as_of: datetime
    provenance: AnswerProvenance = AnswerProvenance()
    warnings: tuple[str, ...] = Field(default=(), description="Stable code, then a colon, then particulars.")


def of_story(provenance: Provenance) -> AnswerProvenance:
    """The provenance of a story as that of the answer around it."""
    return AnswerProvenance.model_validate(provenance.model_dump())


def fallback_warning(reason: str | None) -> tuple[str, ...]:
    """Why a lower rung spoke than the one that is configured, if one did."""
    return (f"fallback: {reason}",) if reason else ()


def reading_warnings(reading: CustomerReading) -> tuple[str, ...]:
    """What a reader should know before trusting a reading."""
    found = list(fallback_warning(reading.story.provenance.fallback_reason))
    found += [f"sentence dropped: {reason}" for reason in reading.story.dropped]
    if reading.ltv.status != "ok":
        found.append(f"not enough data: {', '.join(reading.ltv.missing)}")
    return tuple(found)


def told_warnings(provenance: Provenance, dropped: tuple[str, ...], missing: tuple[str, ...]) -> tuple[str, ...]:
    """What a reader should know before trusting numbers told in words."""
    unknown = (f"not enough data: {', '.join(missing)}",) if missing else ()
    return (*fallback_warning(provenance.fallback_reason), *(f"sentence dropped: {d}" for d in dropped), *unknown)


def strategy_warnings(found: Recommendation) -> tuple[str, ...]:
    """What made a strategy poorer than it could be."""
    silent = "embedder silent: past campaigns were found by words and audience alone"
    return (*fallback_warning(found.decision.fallback_reason), *([silent] if found.retrieval.without_meaning else []))


def intent_warnings(found: NextPurchase) -> tuple[str, ...]:
    """What keeps the next purchase from being foretold, or its category."""
    intent = found.intent
    estimate = (f"not enough data: {', '.join(intent.missing)}",) if intent.missing else ()
    unknown = (f"no categories: {', '.join(intent.categories_missing)}",) if intent.categories_missing else ()
    return (*estimate, *unknown)


def paths_warnings(found: CustomerPaths) -> tuple[str, ...]:
    """What keeps a customer's paths from being drawn."""
    estimate = (f"not enough data: {', '.join(found.values.missing)}",) if found.values.missing else ()
    unknown = [path.action for path in found.values.paths if path.status == "no_lift_known"]
    return (*estimate, *(f"no lift known: {action}" for action in unknown))
