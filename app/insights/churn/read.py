"""Read whether a customer is drifting away: verdict and number by code, the telling by the highest rung that holds."""

from collections.abc import Iterator, Mapping

from app.insights.churn.compose import Composer
from app.insights.churn.material import Material, material_of
from app.insights.churn.schemas import ChurnRead, ReadPart, ReadSentence, SeenSign, Thresholds
from app.insights.churn.word import Worded, word
from app.insights.churn.wording import wording
from app.insights.ground import Ground
from app.insights.known import Known
from app.llm.chat_model import ChatModel
from app.llm.ladder import Descent, Said, Step, descend
from app.llm.prompts import PromptLibrary
from app.narrative.schemas import Claim
from app.narrative.speech import Speaker
from app.predict.churn.leads import SignalLead
from app.predict.schemas import ChurnEstimate


class ChurnReader:
    """Reads customers with the model that there is, or with none."""

    def __init__(self, large: ChatModel | None, prompts: PromptLibrary) -> None:
        """`large` words the claims; without it the composer speaks."""
        self._large, self._prompts = large, prompts

    def read(
        self,
        known: Known,
        churn: ChurnEstimate,
        speaker: Speaker,
        leads: Mapping[str, SignalLead],
        thresholds: Thresholds,
        *,
        ask_model: bool = True,
    ) -> ChurnRead:
        """The read of claims that were recomputed already. A model that is down, slow or wrong never makes this fail.

        `leads` is what the shop's past says of each sign. Without `ask_model` the composer tells it.
        """
        material = material_of(known.claims, as_of=known.as_of)
        verdict, composer = thresholds.verdict(churn.churn_risk), Composer(speaker, leads, thresholds)
        composed = composer.sentences(material, verdict, horizon_days=churn.horizon_days)
        ground = known.ground(material.claims, composer.plainly(material.signs), composed)
        told = self._told(known, material, ground, ask_model=ask_model)
        sentences = tuple(_joined(told.value, composed))
        cited = {claim_id for sentence in sentences for claim_id in sentence.claim_ids}
        claims = tuple(claim for claim in known.claims if claim.claim_id in cited or claim == material.risk)
        return ChurnRead(
            customer_id=known.customer_id,
            as_of=known.as_of,
            lang=known.lang,
            verdict=verdict,
            verdict_name=wording(known.lang).verdicts[verdict],
            churn_risk=churn.churn_risk,
            p_no_purchase=churn.p_no_purchase,
            horizon_days=churn.horizon_days,
            watch_from=thresholds.watch,
            leaving_from=thresholds.leaving,
            headline=composer.headline(verdict, churn.churn_risk),
            signs=tuple(_seen(sign, known) for sign in material.signs),
            sentences=sentences,
            claims=claims,
            spoken={claim.claim_id: known.spoken[claim.claim_id] for claim in claims},
            missing=churn.missing,
            provenance=known.provenance(told.origin),
            dropped=told.dropped,
        )

    def _told(self, known: Known, material: Material, ground: Ground, *, ask_model: bool) -> Descent[Worded]:
        def by_model(model: ChatModel, spent_ms: float) -> Said[Worded]:
            return word(model, self._prompts, material, ground, known.lang, known.about, spent_ms=spent_ms)

        worth_it = ask_model and bool(material.claims)
        steps = [Step("large", self._large, by_model)] if worth_it else []
        return descend(steps, tuple)


def _joined(worded: Worded, composed: tuple[ReadSentence, ...]) -> Iterator[ReadSentence]:
    """Part by part what the model said of it, else what the composer says."""
    for part in ReadPart:
        said = [sentence for sentence in worded if sentence.part is part]
        yield from said or (sentence for sentence in composed if sentence.part is part)


def _seen(sign: Claim, known: Known) -> SeenSign:
    return SeenSign(name=sign.name or "", since=sign.at or known.as_of, claim_id=sign.claim_id)
