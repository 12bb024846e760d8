"""The brief of a customer for an agent, and what a model may word of it."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from app.insights.schemas import DraftSentence, Provenance
from app.narrative.schemas import Sentence
from app.schema import Frozen, Lang


class Part(StrEnum):
    """What a sentence of a brief is about, in the order of telling."""

    WHO = "who"
    """Who this is."""
    LAST = "last"
    """What they last bought, looked for, left in the cart and said, and when."""
    OPEN = "open"
    """What is not settled: refunds, poor reviews, messages without an answer."""
    REACH = "reach"
    """What they allow, and when they are usually about."""
    AVOID = "avoid"
    """What to leave alone."""


WORDED = (Part.WHO, Part.LAST, Part.OPEN)
"""Parts that a model may word; what may be done and what not is said by code alone."""


class BriefSentence(Sentence):
    """One sentence of a brief; one without claims states a rule or a consent."""

    part: Part


class Brief(Frozen):
    """What an agent should know before talking to a customer.

    It holds no expected value, no spend and no class of spend: how somebody is served must not hang on that.
    """

    customer_id: str
    as_of: datetime
    lang: Lang
    sentences: tuple[BriefSentence, ...]
    """By part; what a model left out of a part is told by the composer."""
    opening: str
    """How the talk may begin."""
    evidence: dict[str, tuple[str, ...]]
    """claim_id -> the events that it cites; the claims themselves stand in the profile, some with amounts."""
    spoken: dict[str, str]
    """claim_id -> what the brief says of it in one plain sentence."""
    provenance: Provenance
    dropped: tuple[str, ...] = ()
    """Why sentences of a model were left out, one reason each."""

    @property
    def text(self) -> str:
        """The whole brief as one paragraph."""
        return ("" if self.lang == "zh" else " ").join([*(s.text for s in self.sentences), self.opening])


class BriefDraftSentence(DraftSentence):
    """One sentence of a brief and the claims that it retells."""

    part: Part
    """`who`: who the customer is; `last`: what they last bought, looked for or said; `open`: what is not settled."""


class BriefDraft(Frozen):
    """A brief as a model words it; what is allowed and what to avoid is added by code."""

    sentences: Annotated[tuple[BriefDraftSentence, ...], Field(min_length=1, max_length=8)]
    """In this order: who, last, open."""
    opening: Annotated[str, Field(max_length=200)]
    """The suggested opening said again, warmer, without anything that it does not say."""
