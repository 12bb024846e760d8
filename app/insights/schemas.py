"""The story of a customer and where it came from."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from app.narrative.schemas import Claim, Sentence
from app.schema import Frozen, Lang

Rung = Literal["large", "small", "composer"]
"""Who spoke: a large model, a small model, or the deterministic composer."""


class Provenance(Frozen):
    """Where an answer came from; shown with every answer."""

    rung: Rung
    model: str | None = None
    prompt_fingerprint: str | None = None
    fold_version: int
    identity_version: int
    fallback_reason: str | None = None
    """Why a lower rung spoke than the one that is configured."""


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


class StoryDraft(Frozen):
    """A story as a model words it."""

    sentences: Annotated[tuple[DraftSentence, ...], Field(min_length=3, max_length=12)]
    """In this order: who the customer is, what they like, their rhythm, what changed, what may come next."""
