"""Ask a model to lean on an expected value, over closed facts alone: no text of anybody's ever reaches this prompt.

What a customer wrote counts through closed fields only: a rating, a reading of the taxonomy, a sign. So two customers
whose texts differ but read the same get the same question, and whatever a text demands cannot be obeyed.
"""

from collections.abc import Iterator, Sequence
from typing import Annotated

from pydantic import Field

from app.insights.known import Known
from app.insights.ltv.leaning import QUANTILES, EvaluatedLean, Lean, ToldLean, leaned_value
from app.insights.ltv.wording import wording
from app.llm.chat_model import ChatModel
from app.llm.ladder import Origin
from app.llm.prompts import PromptLibrary, RenderedPrompt
from app.llm.structured import ask
from app.narrative.phrases import parsed
from app.narrative.schemas import Claim, Predicate
from app.narrative.speech import Speaker
from app.predict.schemas import LtvEstimate
from app.schema import Frozen

PROMPT = "ltv_lean"
MOST = 24
"""Facts that are shown."""
FOUNDATIONS = frozenset({Predicate.SIGNAL, Predicate.REVIEWED, Predicate.INTENT, Predicate.SUPPORT_CONTACT})
"""A lean stands on one of these: signs, and what the customer said."""
_SAID = {Predicate.REVIEWED: "review", Predicate.INTENT: "intent", Predicate.SUPPORT_CONTACT: "support"}
_CLOSED = (
    Predicate.LTV, Predicate.NO_PURCHASE, Predicate.CHURN_RISK, Predicate.ORDER_COUNT, Predicate.AVERAGE_ORDER_VALUE,
    Predicate.USUAL_GAP, Predicate.DAYS_SINCE_LAST_ORDER, Predicate.ORDER_COUNT_CHANGE, Predicate.ORDER_VALUE_CHANGE,
    Predicate.VISIT_GAP, Predicate.DISCOUNT_SHARE, Predicate.INTEREST_SHIFT, Predicate.SIGNAL, *_SAID,
)  # fmt: skip
"""What is shown, in this order: facts whose plain sentence holds no word of the customer's, nor a product's name."""

Number = Annotated[int, Field(ge=1, le=MOST)]


class LeanDraft(Frozen):
    """Where the truth may lie beside the estimate, and the facts that speak for it."""

    lean: Lean
    """`as_estimated` unless facts that the estimate may have missed speak clearly for another."""
    grounds: Annotated[tuple[Number, ...], Field(max_length=6)]
    """Numbers of the facts it stands on; empty when it is `as_estimated`."""


class Leaner:
    """Asks for leans where an evaluation has shown that those of this very model and prompt help."""

    def __init__(self, model: ChatModel | None, prompts: PromptLibrary, allowed: EvaluatedLean | None) -> None:
        """Without `allowed` no model is ever asked."""
        self._model, self._prompts, self._allowed = model, prompts, allowed

    def lean(self, known: Known, ltv: LtvEstimate, speaker: Speaker, *, spent_ms: float = 0.0) -> ToldLean:
        """The model's lean, or why there is none. ModelUnavailable and ModelOutputError are the caller's."""
        words = wording(known.lang).lean
        if self._allowed is None:
            return ToldLean(reason=words["off"])
        if self._model is None:
            return ToldLean(reason=words["no_model"])
        if self._allowed.prompt_fingerprint != self._prompts.fingerprint(PROMPT):
            return ToldLean(reason=words["other_model"])
        found = ask_to_lean(self._model, self._prompts, known, ltv, speaker, spent_ms=spent_ms)
        if found.origin is not None and found.origin.model != self._allowed.model:
            return ToldLean(reason=words["other_model"])
        return found.model_copy(update={"evaluated": self._allowed}) if found.lean else found


def ask_to_lean(
    model: ChatModel,
    prompts: PromptLibrary,
    known: Known,
    ltv: LtvEstimate,
    speaker: Speaker,
    *,
    spent_ms: float = 0.0,
) -> ToldLean:
    """What a model leans to, whoever allowed it: evaluations ask here too."""
    shown = in_shown_order(known.claims)
    words = wording(known.lang).lean
    if ltv.value is None or not FOUNDATIONS & {claim.predicate for claim in shown}:
        return ToldLean(reason=words["no_estimate" if ltv.value is None else "ungrounded"])
    answer = ask(model, question(prompts, shown, known, speaker), LeanDraft, known.about, spent_ms=spent_ms)
    draft = answer.value
    origin = Origin(
        rung="large", model=answer.model, prompt_fingerprint=answer.prompt_fingerprint, sampling=answer.sampling,
        prompt_tokens=answer.prompt_tokens, completion_tokens=answer.completion_tokens, ms=answer.ms, kept=answer.kept,
    )  # fmt: skip
    cited = [shown[number - 1] for number in dict.fromkeys(draft.grounds) if number <= len(shown)]
    if draft.lean is not Lean.AS_ESTIMATED and not any(claim.predicate in FOUNDATIONS for claim in cited):
        return ToldLean(origin=origin, reason=words["ungrounded"])
    return ToldLean(
        lean=draft.lean,
        quantile=QUANTILES[draft.lean],
        claim_ids=tuple(claim.claim_id for claim in cited),
        origin=origin,
    )


def with_lean(ltv: LtvEstimate, told: ToldLean) -> LtvEstimate:
    """The estimate with what the lean means in `leaned_value`; nothing else of it ever changes."""
    return ltv.model_copy(update={"leaned_value": leaned_value(ltv, told.lean)}) if told.lean else ltv


def in_shown_order(claims: Sequence[Claim]) -> tuple[Claim, ...]:
    """The closed facts in an order that no text decides: by predicate, then by moment and value."""
    found = [claim for claim in claims if claim.predicate in _CLOSED]
    return tuple(sorted(found, key=_place)[:MOST])


def _place(claim: Claim) -> tuple[int, str, float, str]:
    at = claim.at.isoformat() if claim.at else ""
    return _CLOSED.index(claim.predicate), at, claim.value or 0, f"{claim.name} {claim.reading} {claim.topic}"


def question(prompts: PromptLibrary, shown: Sequence[Claim], known: Known, speaker: Speaker) -> RenderedPrompt:
    """The prompt over numbered facts."""
    lines = (f"{number}. {said}" for number, said in enumerate(_lines(shown, known, speaker), 1))
    return prompts.render(PROMPT, LeanDraft, {"facts": "\n".join(lines)})


def _lines(shown: Sequence[Claim], known: Known, speaker: Speaker) -> Iterator[str]:
    closed = wording(known.lang).closed
    for claim in shown:
        said = _SAID.get(claim.predicate)
        text = speaker.fill(parsed(closed[said]), {"c": claim}) if said else known.spoken[claim.claim_id]
        yield " ".join(text.split())
