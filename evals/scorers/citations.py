"""Does a sentence say what it cites? One citation is one claim behind one sentence.

A citation supports its sentence when the claim holds and the sentence says what is the claim's own: its topics, item,
quotation or attribute by name, its value as a number, a date or a word. Shares no code with app/narrative but names.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from app.insights.schemas import ProfileStory
from app.narrative.phrases import wording
from app.narrative.schemas import Claim, ClaimKind, Predicate, Sentence, Unit
from app.schema import Lang
from app.text.normalise import normalise
from app.text.taxonomy import Taxonomy
from evals.scorers import numbers
from evals.scorers.grounding import Grounding
from evals.scorers.story_text import topics_named

_BESIDE: Final = (
    "compared_to", "out_of", "compared_out_of", "size", "weight", "low", "high", "period", "horizon_days", "confidence",
)  # fmt: skip
"""Fields that say something beside a claim's own value."""
_NAMED_IS_ENOUGH: Final = frozenset(
    {Predicate.INTEREST, Predicate.INTEREST_SHIFT, Predicate.ATTRIBUTE, Predicate.INTENT}
)
"""Claims that are said by naming what they are about."""
_NONE: Final = {
    "zh": re.compile(r"没有|当天|没再|都没"),
    "en": re.compile(r"\b(no|none|on the day|not|nothing)\b", re.I),
}
"""How a zero is said."""
_FEW: Final = {
    1: ("once", "one", "一单", "一次"), 2: ("twice", "two", "两"), 3: ("three",), 4: ("four",), 5: ("five",),
}  # fmt: skip
_ALL: Final = ("全部", "all of", "entire")
"""How a whole share is said."""
_SAID: Final = {
    "dissatisfaction": re.compile(r"不满|unhappy|dissatisfied", re.I),
    "consent_withdrawn": re.compile(r"授权|consent", re.I),
}
"""Signs that are a word of the customer and have no number."""


class Citations(NamedTuple):
    """What was counted in one story."""

    citations: int
    supporting: int
    stating: int
    """Sentences that state a fact."""
    covered: int
    """Those with a supporting citation and no number that stands on no claim."""
    remarks: tuple[str, ...]


class Judge(NamedTuple):
    """What citations are judged by: names of topics and items, and the clock of the shop."""

    taxonomy: Taxonomy
    titles: Mapping[str, str]
    """Item id -> title."""
    zone: ZoneInfo
    lang: Lang

    def supports(self, claim: Claim, text: str) -> bool:
        """Whether the sentence says what is the claim's own."""
        named = self._named(claim, text)
        if named is False:
            return False
        if named and (claim.predicate in _NAMED_IS_ENOUGH or claim.value is None or claim.quote):
            return True
        return self._value_said(claim, text)

    def _named(self, claim: Claim, text: str) -> bool | None:
        """Whether everything that the claim names is named; None where it names nothing."""
        if claim.predicate is Predicate.INTENT:
            return self._reads(claim, text)
        parts = [self._attribute(claim, text)] if claim.predicate is Predicate.ATTRIBUTE else []
        if topics := {topic for topic in (claim.topic, claim.to_topic) if topic}:
            parts.append(topics <= topics_named(text, self.lang, self.taxonomy))
        if claim.item_id and claim.predicate is not Predicate.REVIEWED:
            parts.append(_holds(text, self.titles.get(claim.item_id, claim.item_id)))
        if claim.quote and (claim.value is None or _holds(text, claim.quote)):
            parts.append(_holds(text, claim.quote))
        return all(parts) if parts else None

    def _attribute(self, claim: Claim, text: str) -> bool:
        if claim.detail in (None, "true", "false"):
            return _holds(text, wording(self.lang).names["attributes"].get(claim.name or "", claim.name or ""))
        return _holds(text, claim.detail or "")

    def _reads(self, claim: Claim, text: str) -> bool:
        reading = self.taxonomy.readings.get(claim.reading or "")
        said = (reading.zh if self.lang == "zh" else reading.en) if reading else ""
        return bool(said and _holds(text, said)) or bool(claim.quote and _holds(text, claim.quote))

    def _value_said(self, claim: Claim, text: str) -> bool:
        names = wording(self.lang).names
        if claim.name in _SAID:
            return bool(_SAID[claim.name].search(text))
        if claim.predicate is Predicate.RFM_POSITION and _holds(text, names["classes"][claim.name or ""]):
            return True
        if claim.unit is Unit.WEEKDAY:
            return names["weekdays"][str(int(claim.value or 0))] in text
        return self._as_number(claim, text) or _in_words(claim, text, self.lang)

    def _as_number(self, claim: Claim, text: str) -> bool:
        """Whether one of the sentence's numbers is the claim's own, as far as rounding goes."""
        own = claim.model_copy(update=dict.fromkeys(_BESIDE))
        stated = len(numbers.numbers_in(text))
        return len(numbers.unsupported(text, [own], foreign=(), zone=self.zone)) < stated


def _holds(text: str, words: str) -> bool:
    return _bare(words) in _bare(text)


def _bare(text: str) -> str:
    return re.sub(r"[\W_]+", "", normalise(text))


def _in_words(claim: Claim, text: str, lang: Lang) -> bool:
    if claim.value == 0:
        return bool(_NONE[lang].search(text))
    if claim.unit is Unit.SHARE:
        return claim.value == 1 and any(word in text.lower() for word in _ALL)
    return any(word in text.lower() for word in _FEW.get(int(claim.value or 0), ()))


def cited(story: ProfileStory, found: Grounding, judge: Judge, foreign: Collection[str]) -> Citations:
    """Judge every citation of a story; `found` says which claims do not hold."""
    claims = {claim.claim_id: claim for claim in story.claims}
    holding = {claim_id: claim for claim_id, claim in claims.items() if claim_id not in found.faulty}
    pairs = [(sentence, claim_id) for sentence in story.sentences for claim_id in sentence.claim_ids]
    good = {
        (sentence.text, claim_id)
        for sentence, claim_id in pairs
        if claim_id in holding and judge.supports(holding[claim_id], sentence.text)
    }
    stating = [sentence for sentence in story.sentences if _states(sentence, judge)]
    covered = [sentence for sentence in stating if _is_covered(sentence, good, claims, foreign, judge.zone)]
    return Citations(
        citations=len(pairs),
        supporting=sum((sentence.text, claim_id) in good for sentence, claim_id in pairs),
        stating=len(stating),
        covered=len(covered),
        remarks=(
            *(_remark(sentence, claims.get(i)) for sentence, i in pairs if (sentence.text, i) not in good),
            *(f"nothing stands behind: {sentence.text}" for sentence in stating if sentence not in covered),
        ),
    )


def _states(sentence: Sentence, judge: Judge) -> bool:
    """A link states nothing, unless it names a topic or a number all the same."""
    if sentence.kind is not ClaimKind.LINK or sentence.claim_ids:
        return True
    return bool(numbers.numbers_in(sentence.text) or topics_named(sentence.text, judge.lang, judge.taxonomy))


def _is_covered(
    sentence: Sentence,
    good: Collection[tuple[str, str]],
    claims: Mapping[str, Claim],
    foreign: Collection[str],
    zone: ZoneInfo,
) -> bool:
    behind: Sequence[Claim] = [claims[i] for i in sentence.claim_ids if i in claims]
    supported = any((sentence.text, claim_id) in good for claim_id in sentence.claim_ids)
    return supported and not numbers.unsupported(sentence.text, behind, foreign=foreign, zone=zone)


def _remark(sentence: Sentence, claim: Claim | None) -> str:
    return f"{claim.predicate if claim else 'a claim that is not there'} is not said by: {sentence.text}"
