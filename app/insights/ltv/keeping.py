"""What of a model's explanation holds: drivers that keep their direction, risks that are ones, actions that fit.

A sentence on a driver may not turn its direction round nor borrow from another; a reason for an action may name no
offer whatever its claims say.
"""

import re
from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import NamedTuple

import yaml

from app.insights.known import Known
from app.insights.lexicon import any_of, lexicon
from app.insights.ltv.advice import Allowed, advised
from app.insights.ltv.asking import Asked
from app.insights.ltv.compose import Worded, driver_sentence
from app.insights.ltv.schemas import Advice, AdviceDraft, DriverDraft, DriverSentence, LtvDraft
from app.insights.ltv.shares import Share
from app.insights.schemas import DraftSentence
from app.insights.sift import sift
from app.narrative.schemas import Sentence
from app.text.normalise import normalise

_OFFERS = ("offer", "refund")
"""Senses of the lexicon that no advice has."""
_QUOTE = re.compile(r"“[^”]*”|「[^」]*」|『[^』]*』|\"[^\"]*\"")
"""What a customer said of an offer is no offer; that it is whole and theirs is checked with the rest."""


def kept(draft: LtvDraft, given: Asked, known: Known) -> tuple[Worded, tuple[str, ...]]:
    """What of an answer holds, and why the rest does not."""
    drivers, of_drivers = _drivers(draft.drivers, given)
    risks, of_risks = _risks(draft.risks, given)
    advice, of_advice = _advice(draft.advice, given, known)
    faults = (
        *(f"driver {fault}" for fault in of_drivers),
        *(f"risk {fault}" for fault in of_risks),
        *(f"advice {fault}" for fault in of_advice),
    )
    return Worded(drivers, risks, advice), faults


def _drivers(drafts: Sequence[DriverDraft], given: Asked) -> tuple[tuple[DriverSentence, ...], tuple[str, ...]]:
    share_of = {share.reason.group: share for share in given.shares}
    refused, seen = dict[int, str](), set[str]()
    for number, draft in enumerate(drafts, 1):
        share = share_of.get(draft.driver)
        if share is None or draft.driver in seen:
            refused[number] = "its driver was not given, or is told already"
        elif fault := _fault_of_driver(draft, share, given):
            refused[number] = fault
        else:
            seen.add(draft.driver)
    sifted = sift(drafts, given.ground, refused=refused)
    group_of = {draft.text.strip(): draft.driver for n, draft in enumerate(drafts, 1) if n not in refused}
    told = tuple(driver_sentence(share_of[group_of[s.text]], s.text, s.claim_ids) for s in sifted.sentences)
    return told, sifted.faults


def _fault_of_driver(draft: DriverDraft, share: Share, given: Asked) -> str | None:
    own = {share.claim.claim_id, *share.reason.claim_ids}
    if share.claim.claim_id not in draft.claims or not own.issuperset(draft.claims):
        return "it does not cite its own driver, or cites what does not belong to it"
    text = normalise(draft.text)
    plain = normalise(" ; ".join(given.ground.spoken[claim_id] for claim_id in draft.claims))
    against = _directions()["takes" if share.direction == "up" else "adds"]
    if any(match[0] not in plain for match in against.finditer(text)):
        return "it turns the direction of its driver round"
    return None


def _risks(drafts: Sequence[DraftSentence], given: Asked) -> tuple[tuple[Sentence, ...], tuple[str, ...]]:
    of_risks = {claim_id for risk in given.found.risks for claim_id in risk.claim_ids}
    refused = {n: "it cites no risk" for n, draft in enumerate(drafts, 1) if not of_risks & set(draft.claims)}
    sifted = sift(drafts, given.ground, refused=refused)
    return sifted.sentences, sifted.faults


class _Reason(NamedTuple):
    """The reason of an advice, as a sentence to be sifted."""

    text: str
    claims: tuple[str, ...]


def _advice(drafts: Sequence[AdviceDraft], given: Asked, known: Known) -> tuple[tuple[Advice, ...], tuple[str, ...]]:
    fitting = {one.action: one for one in given.actions}
    refused, seen = dict[int, str](), set[str]()
    for number, draft in enumerate(drafts, 1):
        if draft.action not in fitting or draft.action in seen:
            refused[number] = "its action was not offered, or is advised already"
        elif fault := _fault_of_reason(draft, fitting[draft.action]):
            refused[number] = fault
        else:
            seen.add(draft.action)
    sifted = sift([_Reason(draft.reason, draft.claims) for draft in drafts], given.ground, refused=refused)
    held = {s.text: s for s in sifted.sentences}
    told = [
        advised(fitting[draft.action], known, held[draft.reason.strip()].text, held[draft.reason.strip()].claim_ids)
        for number, draft in enumerate(drafts, 1)
        if number not in refused and draft.reason.strip() in held
    ]
    return tuple(told), sifted.faults


def _fault_of_reason(draft: AdviceDraft, one: Allowed) -> str | None:
    if not {claim.claim_id for claim in one.claims} & set(draft.claims):
        return "its reason cites no claim of the action"
    said = normalise(_QUOTE.sub(" ", draft.reason))
    if any(lexicon().senses[sense].search(said) for sense in _OFFERS):
        return "its reason speaks of an offer"
    return None


@cache
def _directions() -> dict[str, re.Pattern[str]]:
    text = (resources.files("app.insights.ltv") / "words.yaml").read_text(encoding="utf-8")
    return {name: any_of(words) for name, words in yaml.safe_load(text).items()}
