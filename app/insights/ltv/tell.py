"""Tell why an expected value is what it is: figures by code, words by the highest rung that keeps to the claims."""

import time

from app.errors import ModelOutputError, ModelUnavailable
from app.insights.drivers import CustomerExplanation
from app.insights.known import Known
from app.insights.ltv import compose
from app.insights.ltv.advice import Allowed, Standing, allowed, chosen
from app.insights.ltv.asking import Asked, asked
from app.insights.ltv.compose import Worded
from app.insights.ltv.lean import Leaner, with_lean
from app.insights.ltv.leaning import ToldLean
from app.insights.ltv.schemas import FEWEST, DriverSentence, LtvStory
from app.insights.ltv.shares import Share, shares_of
from app.insights.ltv.word import word
from app.insights.ltv.wording import wording
from app.llm.chat_model import ChatModel
from app.llm.ladder import Descent, Said, Step, descend
from app.llm.prompts import PromptLibrary
from app.narrative.schemas import Claim
from app.narrative.speech import Speaker
from app.predict.schemas import LtvEstimate


class LtvTeller:
    """Explains values with the model that there is, or with none.

    There is no small rung: which drivers are told and in which order is given by their size.
    """

    def __init__(self, large: ChatModel | None, prompts: PromptLibrary, leaner: Leaner) -> None:
        """`large` words the explanation; without it the composer speaks."""
        self._large, self._prompts, self._leaner = large, prompts, leaner

    def tell(
        self,
        known: Known,
        found: CustomerExplanation,
        ltv: LtvEstimate,
        standing: Standing,
        speaker: Speaker,
        *,
        ask_model: bool = True,
    ) -> LtvStory:
        """The explanation in words, all questions within one deadline. No model can make this fail."""
        started = time.monotonic()
        shares, actions = shares_of(found), allowed(known.claims, standing)
        composed = compose.drivers(shares, found)
        given = asked(shares, found, actions, known, (*composed, *compose.risks(found.risks, ())))
        told = self._told(known, given, ask_model=ask_model)
        lean = self._lean(known, ltv, speaker, (time.monotonic() - started) * 1000) if ask_model else ToldLean()
        beside = _beside(found, shares, actions, lean, known)
        return LtvStory(
            **{name: getattr(found, name) for name in CustomerExplanation.model_fields if name != "notes"},
            notes=(*found.notes, *((wording(known.lang).terms,) if actions else ())),
            ltv=with_lean(ltv, lean),
            drivers=_filled(told.value.drivers, composed),
            told_risks=(*told.value.risks, *compose.risks(found.risks, told.value.risks)),
            advice=chosen(told.value.advice, actions, known),
            lean=lean,
            told_claims=tuple(beside),
            told_spoken={claim.claim_id: said for claim, said in beside.items()},
            provenance=known.provenance(told.origin),
            dropped=told.dropped,
        )

    def _told(self, known: Known, given: Asked, *, ask_model: bool) -> Descent[Worded]:
        def by_model(model: ChatModel, spent_ms: float) -> Said[Worded]:
            return word(model, self._prompts, given, known, spent_ms=spent_ms)

        steps = [Step("large", self._large, by_model)] if ask_model and given.shares else []
        return descend(steps, Worded)

    def _lean(self, known: Known, ltv: LtvEstimate, speaker: Speaker, spent_ms: float) -> ToldLean:
        try:
            return self._leaner.lean(known, ltv, speaker, spent_ms=spent_ms)
        except (ModelUnavailable, ModelOutputError) as error:
            return ToldLean(reason=str(error))


def _filled(said: tuple[DriverSentence, ...], composed_: tuple[DriverSentence, ...]) -> tuple[DriverSentence, ...]:
    """What the model said in the order of size; where that is too few, the composer says the drivers left out."""
    by_group = {sentence.group: sentence for sentence in said}
    missing = max(FEWEST - len(said), 0)
    left = [sentence for sentence in composed_ if sentence.group not in by_group]
    if not said:
        return composed_
    by_group |= {sentence.group: sentence for sentence in left[:missing]}
    return tuple(by_group[sentence.group] for sentence in composed_ if sentence.group in by_group)


def _beside(
    found: CustomerExplanation, shares: tuple[Share, ...], actions: tuple[Allowed, ...], lean: ToldLean, known: Known
) -> dict[Claim, str]:
    """Claims that are cited beyond those of the explanation, each with its plain sentence."""
    cited = {claim.claim_id for one in actions for claim in one.claims} | {*lean.claim_ids}
    added = [claim for claim in known.claims if claim.claim_id in cited - found.spoken.keys()]
    return {share.claim: share.plain for share in shares} | {c: known.spoken[c.claim_id] for c in added}
