"""The rationale in the composer's words: what speaks of the customer, what the past arm did, what warns of it."""

from collections.abc import Iterator, Sequence

from app.strategy.grounds import Grounds, campaign_of, quotes
from app.strategy.plan import Plan
from app.strategy.request import StrategyRequest
from app.strategy.schemas import Reason
from app.strategy.wording import wording

_OF_CUSTOMER = 2
"""Sentences about the customer."""


def composed_reasons(
    request: StrategyRequest, plan: Plan, rationale: Sequence[str], grounds: Grounds
) -> tuple[Reason, ...]:
    """Two to four sentences; the reason of the choice where there is nothing else to say."""
    told = [*_of_customer(request, rationale), *_of_cases(grounds), *_without_case(request, plan)]
    return tuple(told)


def _of_customer(request: StrategyRequest, rationale: Sequence[str]) -> list[Reason]:
    """What is told of the claims that speak for it, the weightiest claim first."""
    usable = {claim.claim_id for claim in request.usable_claims}
    fit = [s for s in request.told if usable.issuperset(s.claim_ids) and not quotes(s.text)]
    found = dict.fromkeys(sentence for name in rationale for sentence in fit if name in sentence.claim_ids)
    return [Reason(text=sentence.text, claim_ids=sentence.claim_ids) for sentence in [*found][:_OF_CUSTOMER]]


def _of_cases(grounds: Grounds) -> Iterator[Reason]:
    for name, text in grounds.own.items():
        yield Reason(text=text, campaign_ids=(campaign_of(name),))


def _without_case(request: StrategyRequest, plan: Plan) -> Iterator[Reason]:
    """That there is no past campaign, where that is why it is a test."""
    if plan.choice.reason == "first_test":
        yield Reason(text=wording(request.lang).rationale["no_case"])
