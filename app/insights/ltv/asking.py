"""What a model is asked to word: drivers, risks and actions, each line with the claims that it may cite."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from app.insights.drivers import CustomerExplanation
from app.insights.ground import Ground
from app.insights.known import Known
from app.insights.ltv.advice import Allowed
from app.insights.ltv.schemas import LtvDraft
from app.insights.ltv.shares import Share
from app.insights.ltv.wording import wording
from app.llm.prompts import LANGUAGES, PromptLibrary, RenderedPrompt
from app.narrative.schemas import Sentence

PROMPT = "ltv_explanation"


class Asked(NamedTuple):
    """What the model is given to word."""

    shares: tuple[Share, ...]
    found: CustomerExplanation
    actions: tuple[Allowed, ...]
    ground: Ground


def asked(
    shares: tuple[Share, ...],
    found: CustomerExplanation,
    actions: tuple[Allowed, ...],
    known: Known,
    tellings: tuple[Sentence, ...] = (),
) -> Asked:
    """Everything with its claims: drivers with their figures, risks as they are told, the rest in plain sentences.

    `tellings` is how code tells drivers and risks.
    """
    cited = {c.claim_id: c for c in found.claims} | {c.claim_id: c for one in actions for c in one.claims}
    spoken = {share.claim.claim_id: share.plain for share in shares}
    spoken |= {risk.claim_ids[0]: risk.said for risk in found.risks if risk.kind == "sign"}
    claims = (*(share.claim for share in shares), *cited.values())
    return Asked(shares, found, actions, known.ground(claims, spoken, tellings))


def question(prompts: PromptLibrary, given: Asked, known: Known) -> RenderedPrompt:
    """The prompt over drivers, risks and actions under their ids."""
    return prompts.render(
        PROMPT,
        LtvDraft,
        {
            "drivers": "\n".join(_driver_lines(given)),
            "risks": "\n".join(_risk_lines(given)) or "none",
            "actions": "\n".join(_action_lines(given, known)) or "none",
            "language": LANGUAGES[known.lang],
        },
    )


def _driver_lines(given: Asked) -> Iterator[str]:
    for share in given.shares:
        yield f"{share.reason.group}: {_cited(given, [share.claim.claim_id, *share.reason.claim_ids])}"


def _risk_lines(given: Asked) -> Iterator[str]:
    for risk in given.found.risks:
        yield f"{risk.kind}: {_cited(given, risk.claim_ids)}"


def _action_lines(given: Asked, known: Known) -> Iterator[str]:
    for one in given.actions:
        if ids := [claim.claim_id for claim in one.claims]:
            yield f"{one.action}: {wording(known.lang).advice[one.action].do} {_cited(given, ids)}"


def _cited(given: Asked, claim_ids: Sequence[str]) -> str:
    return " ".join(f"[{claim_id}] {' '.join(given.ground.spoken[claim_id].split())}" for claim_id in claim_ids)
