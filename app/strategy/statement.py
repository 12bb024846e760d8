"""A plan told to people: the strategy with its reasons, its risk, its measure, and why the customer gets it."""

from app.llm.ladder import Rung
from app.predict.schemas import Confidence
from app.retrieval.trials import NEAR
from app.strategy.choose import Choice
from app.strategy.copywriter import Words
from app.strategy.evidence import failed_alike, passed_over
from app.strategy.explain import Explainer, Why, is_without_offer, leaves_offer_out
from app.strategy.gate.policy import Policy
from app.strategy.message import Message
from app.strategy.plan import Plan
from app.strategy.power import Measurement
from app.strategy.request import StrategyRequest
from app.strategy.schemas import Strategy, Timing
from app.strategy.themes import Idea

_BIG_BASKET = 2
"""An offer that asks for more than so many times the average order is named among the risks."""


def state(request: StrategyRequest, plan: Plan, words: Words, rung: Rung, rationale: tuple[str, ...]) -> Strategy:
    """The whole strategy around three dressed themes and the reasons for it."""
    choice, message, test = plan.choice, plan.message, plan.test
    explain = Explainer(request.lang, request.workspace, request.taxonomy)
    return Strategy(
        decision_id=request.decision_id,
        customer_id=request.profile.customer_id,
        as_of=request.profile.as_of,
        lang=request.lang,
        channel=message.channel,
        themes=words.themes,
        timing=Timing(at=message.moment.at, reason=_when(request, explain, message)),
        offer=message.offer,
        metric=explain.metric(test, request.churn),
        holdout_share=_holdout_share(choice, request.policy),
        rationale=rationale,
        rationale_told=words.reasons,
        campaigns=choice.campaigns,
        risk=explain.risk(choice, request.churn, message, request.policy, _doubts(request, explain, message, test)),
        confidence=_confidence(choice, message),
        why_for_customer=explain.why(_why(request, choice, message), _topics_told(request, message), message.channel),
        ai_label=explain.label(rung),
        status="proposed" if message.channel else "abstained",
        status_reason=_reason(request, explain, choice, test),
    )


def _reason(request: StrategyRequest, explain: Explainer, choice: Choice, test: Measurement) -> str:
    """Why this was chosen and, where more was expected of something else, why not that."""
    better = passed_over(request, choice)
    sentences = [explain.reason(choice, request.retrieval, test), explain.passed_over(better) if better else ""]
    return ("" if request.lang == "zh" else " ").join(filter(None, sentences))


def _when(request: StrategyRequest, explain: Explainer, message: Message) -> str:
    return explain.moment(message.moment, after=request.profile.as_of)


def _doubts(request: StrategyRequest, explain: Explainer, message: Message, test: Measurement) -> tuple[str, ...]:
    """What is doubtful about this one message: a case that failed, a basket out of reach, too few to measure it on."""
    doubts: list[str] = []
    if message.channel and (failed := failed_alike(request.retrieval, message.channel, message.offer)):
        doubts.append(explain.warned(failed))
    rfm = request.profile.rfm
    if message.offer and rfm and message.offer.threshold_minor > _BIG_BASKET * rfm.total / rfm.orders:
        doubts.append(explain.basket_too_big(message.offer, rfm.total / rfm.orders))
    if message.channel and test.wanted is not None and request.audience_size is not None:
        doubts.append(explain.class_too_small(test, request.audience_size))
    return tuple(doubts)


def _topics_told(request: StrategyRequest, message: Message) -> tuple[str, ...]:
    """The customer's interests that the message speaks of."""
    told = [topic for subject in message.subjects for topic in (subject.topic, subject.other)]
    interests = {interest.topic for interest in request.profile.interests}
    return tuple(dict.fromkeys(topic for topic in told if topic in interests))


def _why(request: StrategyRequest, choice: Choice, message: Message) -> Why:
    """The real ground, strongest first: something in the cart, a long absence, an interest, being a customer."""
    ideas = {subject.idea for subject in message.subjects}
    wins_back = choice.match is not None and choice.match.campaign.objective == "win_back"
    if Idea.CART in ideas:
        return "cart"
    if Idea.COMEBACK in ideas or (wins_back and request.standing.is_away(request.policy.themes)):
        return "away"
    if _topics_told(request, message):
        return "interests"
    return "customer" if request.profile.rfm else "visitor"


def _holdout_share(choice: Choice, policy: Policy) -> float:
    if choice.channel is None:
        return 0.0
    return policy.first_test.holdout_share if choice.reason == "first_test" else policy.holdout_share


def _confidence(choice: Choice, message: Message) -> Confidence:
    """High when even the lower bound keeps half of what is expected, from a near and randomised case as it was."""
    match = choice.match
    if choice.reason != "from_outcomes" or match is None or choice.moved or is_without_offer(choice, message):
        return "low"
    if match.campaign.evidence_kind in ("observational", "reported"):
        return "low"
    firm = choice.chosen.low >= choice.chosen.expected / 2 and not leaves_offer_out(choice)
    return "high" if firm and match.closeness >= NEAR else "medium"
