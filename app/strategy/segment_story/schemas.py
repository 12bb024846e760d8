"""Claims about a segment, its story, and what a model may word of it."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from app.insights.fitness import MAX_SENTENCE
from app.insights.schemas import DraftSentence
from app.llm.ladder import Origin
from app.narrative.schemas import ClaimKind, QueryRef
from app.schema import Frozen, Lang

LEAST = 10
"""Customers below which nothing is told of a group, nor of what is left of a group without it."""


class Part(StrEnum):
    """What a sentence is about, in the order of telling."""

    WHO = "who"
    """How many they are, and where they stand."""
    WANTS = "wants"
    """What they are interested in."""
    DIFFERS = "differs"
    """What sets them apart from all customers."""
    CHANGED = "changed"
    """What changed lately."""
    WORKS = "works"
    """What past campaigns did with such customers."""


Measure = Literal["size", "share", "median", "lift"]


class SegmentClaim(Frozen):
    """One aggregate of a segment that code can count again: the same question gives the same members and number."""

    claim_id: str
    part: Part
    kind: ClaimKind = ClaimKind.AGGREGATE
    measure: Measure
    about: str
    """What is counted: the name of a question in questions.yaml, or `campaign_id/arm_id` for a lift."""
    topic: str | None = None
    value: float
    """A number of customers, a share, a median, or the lift per customer in minor units."""
    of_all: float | None = None
    """The same of all customers; None where it says nothing, or where it would give a small group away."""
    n: int
    """Customers behind the value; always LEAST or more."""
    out_of: int | None = None
    """Customers of whom a share is taken."""
    currency: str | None = None
    low: float | None = None
    high: float | None = None
    query_ref: QueryRef
    """The expression, how many customers it means, and a hash of their ids."""


class SegmentSentence(Frozen):
    """One sentence and the claims it stands on."""

    part: Part
    text: str
    claim_ids: tuple[str, ...] = ()


class SegmentStory(Frozen):
    """Who the customers of a segment are, what they want, how they differ, what changed, what works with them."""

    expression: str
    as_of: datetime
    lang: Lang
    customers: int | None
    """None when they are too few to be told of."""
    sentences: tuple[SegmentSentence, ...]
    claims: tuple[SegmentClaim, ...]
    spoken: dict[str, str]
    """claim_id -> the claim as one plain sentence."""
    provenance: Origin
    dropped: tuple[str, ...] = ()
    """Why sentences of a model were left out, one reason each."""

    @property
    def text(self) -> str:
        """The whole story as one paragraph."""
        return ("" if self.lang == "zh" else " ").join(s.text for s in self.sentences)


class SegmentDraftSentence(DraftSentence):
    """One sentence of the story and the claims that it retells."""

    text: Annotated[str, Field(max_length=MAX_SENTENCE)]
    """One plain sentence in the language asked for, without claim ids, markup or line breaks."""
    part: Part
    """`who`, `wants`, `differs`, `changed` or `works`: the part that its claims stand under."""


class SegmentDraft(Frozen):
    """The story of a segment as a model words it."""

    sentences: Annotated[tuple[SegmentDraftSentence, ...], Field(min_length=1, max_length=10)]
    """In this order: who, wants, differs, changed, works."""
