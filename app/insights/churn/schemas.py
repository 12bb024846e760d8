"""The churn read of a customer, and what a model may word of it."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, NamedTuple

from pydantic import Field

from app.insights.schemas import DraftSentence, Provenance
from app.narrative.schemas import Claim, Sentence
from app.schema import Frozen, Lang


class ChurnVerdict(StrEnum):
    """What the estimator's churn risk and the thresholds say; no model has a say in it."""

    LEAVING = "leaving"
    WATCH = "watch"
    CALM = "calm"
    UNKNOWN = "not_enough_data"


class Thresholds(NamedTuple):
    """The churn risks from which a customer is watched, and from which they are taken to be leaving."""

    watch: float
    leaving: float

    def verdict(self, churn_risk: float | None) -> ChurnVerdict:
        """What a risk means."""
        if churn_risk is None:
            return ChurnVerdict.UNKNOWN
        if churn_risk >= self.leaving:
            return ChurnVerdict.LEAVING
        return ChurnVerdict.WATCH if churn_risk >= self.watch else ChurnVerdict.CALM


class ReadPart(StrEnum):
    """What a sentence of a churn read is about, in the order of telling."""

    SIGNS = "signs"
    """Which signs of leaving, since when, in the order in which they came."""
    WORDS = "words"
    """What the customer said."""
    RHYTHM = "rhythm"
    """How that compares with their own rhythm."""
    AGAINST = "against"
    """What speaks against it."""


class ReadSentence(Sentence):
    """One sentence of a churn read."""

    part: ReadPart


class SeenSign(Frozen):
    """One sign that stands, with the moment since when."""

    name: str
    since: datetime
    claim_id: str


class ChurnRead(Frozen):
    """Whether a customer is drifting away, as a narrative. The number and the verdict are never a model's."""

    customer_id: str
    as_of: datetime
    lang: Lang
    verdict: ChurnVerdict
    verdict_name: str
    churn_risk: float | None
    """As the estimate has it."""
    p_no_purchase: float | None
    horizon_days: int
    watch_from: float
    leaving_from: float
    headline: str
    """Verdict and number in one sentence, always by code."""
    signs: tuple[SeenSign, ...]
    """In the order in which they came."""
    sentences: tuple[ReadSentence, ...]
    """By part; what a model left out of a part is told by the composer."""
    claims: tuple[Claim, ...]
    """All that are cited, with their evidence."""
    spoken: dict[str, str]
    """claim_id -> the claim as one plain sentence."""
    missing: tuple[str, ...] = ()
    """What would be needed for a verdict."""
    provenance: Provenance
    dropped: tuple[str, ...] = ()
    """Why sentences of a model were left out, one reason each."""

    @property
    def text(self) -> str:
        """The whole read as one paragraph."""
        return ("" if self.lang == "zh" else " ").join([self.headline, *(s.text for s in self.sentences)])


class ChurnSentence(DraftSentence):
    """One sentence of a churn read and the claims that it retells."""

    part: ReadPart
    """`signs`: which signs stand and since when, earliest first; `words`: what the customer said; `rhythm`: how that
    compares with their own rhythm; `against`: what speaks against it."""


class ChurnDraft(Frozen):
    """A churn read as a model words it; the verdict and its number stand above it already."""

    sentences: Annotated[tuple[ChurnSentence, ...], Field(min_length=1, max_length=10)]
    """In this order: signs, words, rhythm, against."""
