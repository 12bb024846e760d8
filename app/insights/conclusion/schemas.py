"""The conclusion of a reflection, and what a model may word of it."""

from typing import Annotated, NamedTuple

from pydantic import Field

from app.insights.schemas import DraftSentence
from app.llm.ladder import Origin
from app.schema import Frozen

MOST = 3
"""Sentences of one conclusion."""


class Concluded(Frozen):
    """One sentence of a conclusion."""

    text: str
    claim_ids: tuple[str, ...]
    evidence: tuple[str, ...]
    """Events that it stands on, newest last."""
    quote: str | None = None
    """The customer's words that it reads something from, redacted."""
    names: tuple[str, ...] = ()
    """Inferences that it rests on: whoever rejects one rejects this sentence."""


class Conclusion(NamedTuple):
    """What changed and what it may have to do with; empty where nothing did."""

    sentences: tuple[Concluded, ...] = ()
    origin: Origin = Origin(rung="composer")
    dropped: tuple[str, ...] = ()


class ConclusionDraft(Frozen):
    """A conclusion as a model words it."""

    sentences: Annotated[tuple[DraftSentence, ...], Field(min_length=1, max_length=MOST)]
    """First what changed, then what it may have to do with."""
