"""The story of a customer and where it came from."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from app.llm.ladder import Origin
from app.narrative.schemas import Claim, Predicate, Sentence
from app.schema import Frozen, Lang


class Provenance(Origin):
    """Where an answer about a customer came from; shown with every one."""

    fold_version: int
    identity_version: int


class ProfileStory(Frozen):
    """A customer's story: sentences, each standing on claims that were recomputed from the events."""

    customer_id: str
    as_of: datetime
    lang: Lang
    sentences: tuple[Sentence, ...]
    claims: tuple[Claim, ...]
    provenance: Provenance
    dropped: tuple[str, ...] = ()
    """Why sentences of a model were left out, one reason each."""

    @property
    def text(self) -> str:
        """The story as one paragraph."""
        return ("" if self.lang == "zh" else " ").join(s.text for s in self.sentences)


class DraftSentence(Frozen):
    """One sentence of a story and the claims that it retells."""

    text: Annotated[str, Field(max_length=200)]
    """One plain sentence in the language asked for, without claim ids, markup or line breaks."""
    claims: Annotated[tuple[Annotated[str, Field(max_length=40)], ...], Field(min_length=1, max_length=6)]
    """Ids of the claims that this sentence retells, as they stand in square brackets."""


Kind = Literal["fact", "aggregate", "change", "inference", "prediction"]
"""Kinds of claims that state something; a sentence without a claim is a link."""


class OwnClaim(Frozen):
    """A claim of the model's own, as data. Code measures it again on the events that it cites."""

    kind: Kind
    predicate: Predicate
    value: Annotated[str, Field(max_length=20)] = ""
    """The number with its unit, as the sentence states it: "6", "65%", "¥412.34"; empty when there is none."""
    direction: Literal["up", "down", "flat", "none"] = "none"
    days: Annotated[int, Field(ge=0, le=3650)] = 0
    """The last so many days; 0 for all time."""
    topic: Annotated[str, Field(max_length=40)] = ""
    """The topic as the material names it, or empty."""
    item: Annotated[str, Field(max_length=80)] = ""
    """The product as the material names it, or empty."""
    quote: Annotated[str, Field(max_length=60)] = ""
    """For an inference: the customer's words that it is read from, exactly."""
    hedge: Annotated[str, Field(max_length=20)] = ""
    """For an inference: the word of the sentence that says it is one, such as "may" or 可能."""
    events: Annotated[tuple[Annotated[str, Field(max_length=6)], ...], Field(max_length=6)] = ()
    """Markers of the events that it stands on, as they stand in square brackets in the story: e1, e2."""
    campaigns: Annotated[tuple[Annotated[str, Field(max_length=40)], ...], Field(max_length=2)] = ()
    """Ids of the campaigns that it names, or empty."""


class StorySentence(Frozen):
    """One sentence of a story and what it claims."""

    text: Annotated[str, Field(max_length=200)]
    """One plain sentence in the language asked for, without claim ids, markup or line breaks."""
    claims: Annotated[tuple[Annotated[str, Field(max_length=40)], ...], Field(max_length=6)] = ()
    """Ids of the given claims that this sentence retells, as they stand in square brackets."""
    own: Annotated[tuple[OwnClaim, ...], Field(max_length=2)] = ()
    """What it claims beyond them, read from the story; mostly empty. A sentence without any claim may state nothing."""


class StoryDraft(Frozen):
    """A story as a model words it."""

    sentences: Annotated[tuple[StorySentence, ...], Field(min_length=3, max_length=10)]
    """In this order: who the customer is now, what they like, their rhythm, what changed and why, what may come."""
