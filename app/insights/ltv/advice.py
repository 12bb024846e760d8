"""What may be advised: a closed list, of which code allows what a customer's claims give reason for.

Nothing here sets an offer, an amount or a channel. A text may close an action (words of dissatisfaction end all
advertising) only through a closed reading, a rating or a sign.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from app.insights.churn.material import LITTLE, material_of
from app.insights.churn.schemas import ChurnVerdict, ReadPart
from app.insights.known import Known
from app.insights.ltv.schemas import Advice, AdviceAction
from app.insights.ltv.wording import wording
from app.insights.risks import risks_of
from app.narrative.schemas import Claim, Predicate

MOST = 3
"""Pieces of advice."""
_MUST = (AdviceAction.SETTLE_FIRST, AdviceAction.DO_NOT_WRITE)
"""Advised whenever they fit: no model leaves them out."""
_UNHAPPY = frozenset({"dissatisfaction", "harsher_support", "poorer_reviews"})
_UNMET = frozenset({"broader_searches", "ignored_recommendations"})


class Standing(NamedTuple):
    """What beside the claims decides what may be advised."""

    verdict: ChurnVerdict
    reachable: bool
    """Whether any outgoing channel is open to them."""
    uncertain: bool
    """Whether the estimate itself says that it knows little."""


class Allowed(NamedTuple):
    """An action that fits, and the claims that give reason for it; a closed channel is no claim."""

    action: AdviceAction
    claims: tuple[Claim, ...]


def allowed(claims: Sequence[Claim], standing: Standing) -> tuple[Allowed, ...]:
    """The actions that fit, the most pressing first. Nobody unhappy is advertised to, nobody closed is written to."""
    fitting = (Allowed(action, tuple(found)) for action, found in _fitting(claims, standing))
    return tuple(one for one in fitting if one.claims or one.action is AdviceAction.DO_NOT_WRITE)


def _fitting(claims: Sequence[Claim], standing: Standing) -> Iterator[tuple[AdviceAction, Sequence[Claim]]]:
    by: dict[Predicate, list[Claim]] = {}
    for claim in claims:
        by.setdefault(claim.predicate, []).append(claim)
    signs, risk = by.get(Predicate.SIGNAL, []), by.get(Predicate.CHURN_RISK, [])
    unhappy, waiting = _unhappy(claims, signs), _not_due(claims, standing)
    yield AdviceAction.SETTLE_FIRST, unhappy
    if not standing.reachable:
        yield AdviceAction.DO_NOT_WRITE, []
    yield AdviceAction.SHOW_OTHER_THINGS, [sign for sign in signs if sign.name in _UNMET]
    if standing.reachable and standing.verdict is ChurnVerdict.LEAVING:
        yield AdviceAction.GET_IN_TOUCH, [*risk, *signs[:2]]
    if standing.reachable and not unhappy and not waiting:
        yield from _invitations(claims, by)
    if not unhappy:
        yield AdviceAction.WAIT, waiting
    if standing.uncertain:
        yield AdviceAction.LOOK_AGAIN, [c for c in by.get(Predicate.ORDER_COUNT, []) if (c.value or 0) <= LITTLE]


def _invitations(
    claims: Sequence[Claim], by: dict[Predicate, list[Claim]]
) -> Iterator[tuple[AdviceAction, Sequence[Claim]]]:
    """What a message may be about."""
    overdue = [claim for risk in risks_of(claims) if risk.kind == "overdue" for claim in risk.claims]
    yield AdviceAction.REMIND_OF_CART, by.get(Predicate.CARTED_NOT_BOUGHT, [])[:1]
    yield AdviceAction.INVITE_BACK, overdue
    yield AdviceAction.SPEAK_OF_INTEREST, by.get(Predicate.INTEREST, [])[:1]


def _unhappy(claims: Sequence[Claim], signs: Sequence[Claim]) -> list[Claim]:
    soured = [claim for risk in risks_of(claims) if risk.kind == "soured" for claim in risk.claims]
    return [*soured, *(sign for sign in signs if sign.name in _UNHAPPY)]


def _not_due(claims: Sequence[Claim], standing: Standing) -> list[Claim]:
    """Silence and gap of somebody calm who is within their own rhythm."""
    if standing.verdict is not ChurnVerdict.CALM or not claims:
        return []
    lines = material_of(claims, as_of=claims[0].as_of).lines
    return [c for line in lines if (line.part, line.plan) == (ReadPart.RHYTHM, "within") for c in line.claims.values()]


def chosen(worded: Sequence[Advice], found: Sequence[Allowed], known: Known) -> tuple[Advice, ...]:
    """What is advised: what must be comes first, whoever words it; then a model's choice, else the most pressing."""
    said = {advice.action: advice for advice in worded}
    must = [said.get(one.action) or advised(one, known) for one in found if one.action in _MUST]
    freely = [advice for advice in worded if advice.action not in _MUST]
    rest = [advised(one, known) for one in found if one.action not in _MUST]
    return tuple([*must, *(freely or rest)][:MOST])


def advised(one: Allowed, known: Known, reason: str | None = None, claim_ids: tuple[str, ...] = ()) -> Advice:
    """An action in words; without a reason its own claims are the reason."""
    words, first = wording(known.lang), one.claims[:2]
    said = ("" if known.lang == "zh" else " ").join(known.spoken[claim.claim_id] for claim in first)
    return Advice(
        action=one.action,
        name=words.advice[one.action].name,
        do=words.advice[one.action].do,
        reason=reason or said or words.unreachable,
        claim_ids=claim_ids or tuple(claim.claim_id for claim in first),
    )
