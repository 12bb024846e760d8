"""From profile, numbers and past outcomes to one proposal: the choice by code alone, the words perhaps by a model.

    retrieval -> choose (candidates, relevance, consent, frequency), unless a complaint stands in the way
              -> message (timing, offer, themes, each by its rule) -> Strategy for people, Decision for the log

The choice is deterministic. It stands still after a complaint and when nothing is near, nothing surely pays or no
channel is open, and it proposes a first test with a holdout where there are no past outcomes at all.
"""

from collections.abc import Sequence
from typing import NamedTuple

from app.predict.schemas import Confidence
from app.retrieval.trials import NEAR
from app.schema import Lang
from app.strategy.choose import Choice, choose, serve_first
from app.strategy.copywriter import Copywriter, Worded
from app.strategy.explain import Explainer, Why
from app.strategy.message import Message, compose
from app.strategy.policy import Firing, Policy, without_complaint
from app.strategy.power import Measurement, plan_measurement
from app.strategy.request import StrategyRequest
from app.strategy.schemas import Decision, Strategy, Timing
from app.strategy.themes import (
    Idea,
    Voice,
    dressed,
    write_themes,
)
from app.strategy.wording import say_offer, say_rule

LOG_LANG: Lang = "en"
"""Decisions are logged in one language, so that the same choice is the same record whoever asked."""

_MAX_RATIONALE = 8

_BIG_BASKET = 2
"""An offer that asks for more than so many times the average order is named among the risks."""


class Proposal(NamedTuple):
    """What to do, and the record of how it was chosen."""

    strategy: Strategy
    decision: Decision


def propose(request: StrategyRequest, copywriter: Copywriter | None = None) -> Proposal:
    """One proposal for one customer. Same request, same proposal; language and copywriter change words only."""
    test = plan_measurement(request.purchase_rate, request.policy, request.audience_size)
    complaints = without_complaint(request.claims, request.policy)
    choice = _choose(request, test)
    if complaints.fired:
        choice = serve_first(choice, complaints.fired[0])
    message = compose(request, choice, choice.channel) if choice.channel else None
    fired = choice.fired + (message.fired if message else ())
    spoken = [claim_id for subject in message.subjects for claim_id in subject.claim_ids] if message else []
    rationale = _rationale(request, [*complaints.value, *spoken])
    worded = _worded(request, message, copywriter) if message else Worded(())
    return Proposal(
        _strategy(request, choice, message, worded, fired, rationale, test),
        _decision(request, choice, worded, fired, rationale),
    )


def _choose(request: StrategyRequest, test: Measurement) -> Choice:
    return choose(
        request.retrieval,
        request.profile,
        topics=request.relevant_topics,
        test=test,
        recent_contacts=request.recent_contacts,
        policy=request.policy,
    )


def _rationale(request: StrategyRequest, spoken: Sequence[str]) -> tuple[str, ...]:
    """The claims that speak for it: a complaint, those behind the themes, then behind the risk and the value."""
    usable = {claim.claim_id for claim in request.usable_claims}
    wanted = dict.fromkeys((*spoken, *request.churn.signals, *request.ltv.drivers))
    return tuple(claim_id for claim_id in wanted if claim_id in usable)[:_MAX_RATIONALE]


def _strategy(
    request: StrategyRequest,
    choice: Choice,
    message: Message | None,
    worded: Worded,
    fired: Sequence[Firing],
    rationale: tuple[str, ...],
    test: Measurement,
) -> Strategy:
    explain = Explainer(request.lang, request.workspace, request.taxonomy)
    timing = Timing(at=message.moment.at, reason=_when(request, explain, message)) if message else None
    return Strategy(
        decision_id=request.decision_id,
        customer_id=request.profile.customer_id,
        as_of=request.profile.as_of,
        lang=request.lang,
        channel=choice.channel,
        themes=worded.themes,
        timing=timing,
        offer=message.offer if message else None,
        metric=explain.metric(test, request.churn) if message else None,
        holdout_share=_holdout_share(choice, request.policy),
        rationale=rationale,
        campaigns=choice.campaigns,
        risk=explain.risk(choice, request.churn, request.policy, _doubts(request, explain, message, test)),
        confidence=_confidence(choice),
        why_for_customer=explain.why(_why(request, choice, message), _topics_told(request, message), choice.channel),
        ai_label=explain.label(worded.rung),
        status="proposed" if message else "abstained",
        status_reason=explain.reason(choice, request.retrieval, test),
        rules_fired=tuple(say_rule(f, request.workspace.currency, request.lang) for f in fired),
    )


def _when(request: StrategyRequest, explain: Explainer, message: Message) -> str:
    return explain.moment(message.moment, after=request.profile.as_of)


def _doubts(
    request: StrategyRequest, explain: Explainer, message: Message | None, test: Measurement
) -> tuple[str, ...]:
    """What is doubtful about this one message: a basket out of reach, a class too small to measure it."""
    doubts: list[str] = []
    rfm = request.profile.rfm
    if message and message.offer and rfm and message.offer.threshold_minor > _BIG_BASKET * rfm.total / rfm.orders:
        doubts.append(explain.basket_too_big(message.offer, rfm.total / rfm.orders))
    if message and test.wanted is not None and request.audience_size is not None:
        doubts.append(explain.class_too_small(test, request.audience_size))
    return tuple(doubts)


def _topics_told(request: StrategyRequest, message: Message | None) -> tuple[str, ...]:
    """The customer's interests that the message speaks of."""
    told = [topic for subject in (message.subjects if message else ()) for topic in (subject.topic, subject.other)]
    interests = {interest.topic for interest in request.profile.interests}
    return tuple(dict.fromkeys(topic for topic in told if topic in interests))


def _why(request: StrategyRequest, choice: Choice, message: Message | None) -> Why:
    """The real ground, strongest first: something in the cart, a long absence, an interest, being a customer."""
    ideas = {subject.idea for subject in message.subjects} if message else set()
    wins_back = choice.match is not None and choice.match.campaign.objective == "win_back"
    if Idea.CART in ideas:
        return "cart"
    if Idea.COMEBACK in ideas or (wins_back and request.standing.is_away(request.policy.themes)):
        return "away"
    if _topics_told(request, message):
        return "interests"
    return "customer" if request.profile.rfm else "visitor"


def _worded(request: StrategyRequest, message: Message, copywriter: Copywriter | None) -> Worded:
    """The message's themes, worded by the copywriter when there is one, then dressed for the channel."""
    voice = Voice(
        shop=request.workspace.workspace_id,
        channel=message.channel,
        offer=say_offer(message.offer, request.workspace.currency, request.lang),
        lang=request.lang,
        customer_id=request.profile.customer_id,
    )
    composed = write_themes(message.subjects, voice, request.taxonomy)
    forbidden = request.taxonomy.forbidden_words()
    worded = copywriter.word(composed, request.lang, forbidden) if copywriter else Worded(composed)
    return worded._replace(themes=dressed(worded.themes, message.subjects, voice))


def _holdout_share(choice: Choice, policy: Policy) -> float:
    if choice.channel is None:
        return 0.0
    return policy.first_test.holdout_share if choice.reason == "first_test" else policy.holdout_share


def _confidence(choice: Choice) -> Confidence:
    """High when even the lower bound keeps half of what is expected, from a near and randomised case."""
    match = choice.match
    if choice.reason != "from_outcomes" or match is None or choice.moved:
        return "low"
    if match.campaign.evidence_kind in ("observational", "reported"):
        return "low"
    firm = choice.chosen.low >= choice.chosen.expected / 2
    return "high" if firm and match.closeness >= NEAR else "medium"


def _decision(
    request: StrategyRequest, choice: Choice, worded: Worded, fired: Sequence[Firing], rationale: tuple[str, ...]
) -> Decision:
    currency = request.workspace.currency
    return Decision(
        decision_id=request.decision_id,
        customer_id=request.profile.customer_id,
        as_of=request.profile.as_of,
        candidates=choice.candidates,
        chosen=choice.chosen.action,
        propensity=1.0,
        policy_version=f"{request.policy.policy_version}-{request.taxonomy.fingerprint}",
        rules_fired=tuple(say_rule(firing, currency, LOG_LANG) for firing in fired),
        rung=worded.rung,
        model=worded.model,
        prompt_fingerprint=worded.prompt_fingerprint,
        fallback_reason=worded.fallback_reason,
        evidence=rationale,
        campaigns=tuple(dict.fromkeys(m.campaign.campaign_id for m in request.retrieval.matches)),
    )
