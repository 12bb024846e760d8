"""From profile, numbers and past outcomes to one proposal, by code alone; a model may later reword it.

    retrieval -> choose (candidates, relevance, consent, frequency), unless a complaint stands in the way
              -> message (timing, offer, themes, each by its rule) -> Strategy for people, Decision for the log

The choice is deterministic. It stands still after a complaint and when nothing is near, nothing surely pays or no
channel is open, and it proposes a first test with a holdout where there are no past outcomes at all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from app.access.schemas import Workspace
from app.insights.schemas import Rung
from app.narrative.schemas import Claim, Predicate
from app.predict.schemas import ChurnEstimate, Confidence, LtvEstimate
from app.profile.schemas import Profile
from app.retrieval.schemas import Channel, Offer, Retrieval
from app.retrieval.situation import carted_topics
from app.retrieval.trials import NEAR
from app.schema import Lang
from app.strategy.choose import Choice, choose, serve_first
from app.strategy.explain import Explainer, Why
from app.strategy.policy import (
    Firing,
    Policy,
    capped_offer,
    not_sensitive,
    outside_quiet_hours,
    without_complaint,
)
from app.strategy.power import Measurement, plan_measurement
from app.strategy.schemas import Decision, Strategy, Theme, Timing
from app.strategy.themes import Ground, Idea, PastThemes, Standing, Subject, Voice, choose_subjects, write_themes
from app.strategy.timing import Activity, Moment, best_moment
from app.strategy.wording import say_offer, say_rule
from app.text.taxonomy import Taxonomy

LOG_LANG: Lang = "en"
"""Decisions are logged in one language, so that the same choice is the same record whoever asked."""

_MAX_RATIONALE = 8

_BIG_BASKET = 2
"""An offer that asks for more than so many times the average order is named among the risks."""


@dataclass(frozen=True, kw_only=True)
class StrategyRequest:
    """All that a proposal for one customer is made from. The moment is the profile's `as_of`."""

    workspace: Workspace
    profile: Profile
    ltv: LtvEstimate
    churn: ChurnEstimate
    claims: tuple[Claim, ...]
    retrieval: Retrieval
    purchase_rate: float | None
    """Share of such customers (same class) who buy within the horizon without contact; None when unknown."""
    activity: Activity
    recent_contacts: int
    """Outgoing messages within the policy's frequency window."""
    policy: Policy
    taxonomy: Taxonomy
    decision_id: str
    lang: Lang
    rung: Rung = "composer"
    item_topics: Mapping[str, str] = field(default_factory=dict)
    """Item id -> topic id, at least of the items left in the cart; items without a topic are absent."""
    audience_size: int | None = None
    """Customers of this customer's class, among whom the proposal would be measured; None when unknown."""


class Proposal(NamedTuple):
    """What to do, and the record of how it was chosen."""

    strategy: Strategy
    decision: Decision


class _Message(NamedTuple):
    """What would be sent, after the gate and before it has words."""

    channel: Channel
    moment: Moment
    offer: Offer | None
    subjects: tuple[Subject, ...]
    fired: tuple[Firing, ...]


def propose(request: StrategyRequest) -> Proposal:
    """One proposal for one customer. Same request, same proposal; the language changes words only."""
    test = plan_measurement(request.purchase_rate, request.policy, request.audience_size)
    complaints = without_complaint(request.claims, request.policy)
    choice = _choose(request, test)
    if complaints.fired:
        choice = serve_first(choice, complaints.fired[0])
    message = _compose(request, choice, choice.channel) if choice.channel else None
    fired = choice.fired + (message.fired if message else ())
    spoken = [claim_id for subject in message.subjects for claim_id in subject.claim_ids] if message else []
    rationale = _rationale(request, [*complaints.value, *spoken])
    return Proposal(
        _strategy(request, choice, message, fired, rationale, test), _decision(request, choice, fired, rationale)
    )


def _choose(request: StrategyRequest, test: Measurement) -> Choice:
    return choose(
        request.retrieval,
        request.profile,
        topics=_relevant_topics(request),
        test=test,
        recent_contacts=request.recent_contacts,
        policy=request.policy,
    )


def _relevant_topics(request: StrategyRequest) -> tuple[str, ...]:
    """The strongest interests and what lies in the cart: a campaign about other topics is none of the customer's."""
    top = request.profile.interests[: request.policy.relevance.top_interests]
    carted = carted_topics(request.claims, request.item_topics)
    return tuple(dict.fromkeys((*(interest.topic for interest in top), *carted)))


def _compose(request: StrategyRequest, choice: Choice, channel: Channel) -> _Message:
    """Timing, offer and subjects, each through its rule."""
    arm = choice.match.arm if choice.match else None
    policy, taxonomy = request.policy, request.taxonomy
    offer = capped_offer(arm.offer if arm else None, policy)
    topics = not_sensitive(_topics(request, choice), taxonomy)
    themes = not_sensitive({theme: theme for theme in arm.themes} if arm else {}, taxonomy)
    subjects = choose_subjects(
        _ground(request, topics.value), _tested(request, choice, themes.value), taxonomy, policy.themes
    )
    moment = _moment(request, channel, _is_about_cart(choice, subjects))
    timed = outside_quiet_hours(moment.at, channel, request.workspace.zone, policy)
    return _Message(
        channel,
        moment._replace(at=timed.value),
        offer.value,
        subjects,
        timed.fired + offer.fired + topics.fired + themes.fired,
    )


def _moment(request: StrategyRequest, channel: Channel, about_cart: bool) -> Moment:
    return best_moment(
        request.activity,
        channel,
        after=request.profile.as_of,
        zone=request.workspace.zone,
        policy=request.policy,
        within_hours=request.policy.timing.cart_hours if about_cart else None,
    )


def _is_about_cart(choice: Choice, subjects: Sequence[Subject]) -> bool:
    reminds = choice.match is not None and choice.match.campaign.objective == "reactivate_cart"
    return reminds or any(subject.idea is Idea.CART for subject in subjects)


def _ground(request: StrategyRequest, topics: Sequence[str]) -> Ground:
    """What subjects are chosen from; items are told by topics that are in the taxonomy and not sensitive."""
    known = {topic: f"{words.zh} {words.en}" for topic, words in request.taxonomy.topics.items()}
    allowed = not_sensitive(known, request.taxonomy).value
    items = {item: topic for item, topic in request.item_topics.items() if topic in allowed}
    return Ground(_usable(request.claims), topics, _standing(request), items)


def _standing(request: StrategyRequest) -> Standing:
    profile, claims = request.profile, request.claims
    values = {claim.predicate: claim.value for claim in claims}
    seen = profile.last_seen_at
    return Standing(
        orders=profile.rfm.orders if profile.rfm else 0,
        since_order=values.get(Predicate.DAYS_SINCE_LAST_ORDER) or _days_since_order(profile),
        usual_gap=values.get(Predicate.USUAL_GAP) or profile.usual_gap_days,
        unseen=(profile.as_of - seen).total_seconds() / 86_400 if seen else 0.0,
    )


def _days_since_order(profile: Profile) -> float | None:
    return (profile.as_of - profile.rfm.last_order_at).total_seconds() / 86_400 if profile.rfm else None


def _topics(request: StrategyRequest, choice: Choice) -> dict[str, str]:
    """The customer's topics with their names, those that the campaign was about first."""
    known = request.taxonomy.topics
    own = [i.topic for i in request.profile.interests if i.topic in known]
    about = choice.match.campaign.audience.topics if choice.match else ()
    return {topic: f"{known[topic].zh} {known[topic].en}" for topic in sorted(own, key=lambda t: t not in about)}


def _tested(request: StrategyRequest, choice: Choice, themes: tuple[str, ...]) -> PastThemes:
    """What the campaign spoke about, and which of its topics are this customer's."""
    about = choice.match.campaign.audience.topics if choice.match else ()
    return PastThemes(themes, about, tuple(topic for topic in _relevant_topics(request) if topic in about))


def _usable(claims: Sequence[Claim]) -> list[Claim]:
    return [claim for claim in claims if claim.sensitivity == "none"]


def _rationale(request: StrategyRequest, spoken: Sequence[str]) -> tuple[str, ...]:
    """The claims that speak for it: a complaint, those behind the themes, then behind the risk and the value."""
    usable = {claim.claim_id for claim in _usable(request.claims)}
    wanted = dict.fromkeys((*spoken, *request.churn.signals, *request.ltv.drivers))
    return tuple(claim_id for claim_id in wanted if claim_id in usable)[:_MAX_RATIONALE]


def _strategy(
    request: StrategyRequest,
    choice: Choice,
    message: _Message | None,
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
        themes=_themes(request, message) if message else (),
        timing=timing,
        offer=message.offer if message else None,
        metric=explain.metric(test, request.churn) if message else None,
        holdout_share=_holdout_share(choice, request.policy),
        rationale=rationale,
        campaigns=choice.campaigns,
        risk=explain.risk(choice, request.churn, request.policy, _doubts(request, explain, message, test)),
        confidence=_confidence(choice),
        why_for_customer=explain.why(_why(request, choice, message), _topics_told(request, message), choice.channel),
        ai_label=explain.label(request.rung),
        status="proposed" if message else "abstained",
        status_reason=explain.reason(choice, request.retrieval, test),
        rules_fired=tuple(say_rule(f, request.workspace.currency, request.lang) for f in fired),
    )


def _when(request: StrategyRequest, explain: Explainer, message: _Message) -> str:
    return explain.moment(message.moment, after=request.profile.as_of)


def _doubts(
    request: StrategyRequest, explain: Explainer, message: _Message | None, test: Measurement
) -> tuple[str, ...]:
    """What is doubtful about this one message: a basket out of reach, a class too small to measure it."""
    doubts: list[str] = []
    rfm = request.profile.rfm
    if message and message.offer and rfm and message.offer.threshold_minor > _BIG_BASKET * rfm.total / rfm.orders:
        doubts.append(explain.basket_too_big(message.offer, rfm.total / rfm.orders))
    if message and test.wanted is not None and request.audience_size is not None:
        doubts.append(explain.class_too_small(test, request.audience_size))
    return tuple(doubts)


def _topics_told(request: StrategyRequest, message: _Message | None) -> tuple[str, ...]:
    """The customer's interests that the message speaks of."""
    told = [topic for subject in (message.subjects if message else ()) for topic in (subject.topic, subject.other)]
    interests = {interest.topic for interest in request.profile.interests}
    return tuple(dict.fromkeys(topic for topic in told if topic in interests))


def _why(request: StrategyRequest, choice: Choice, message: _Message | None) -> Why:
    """The real ground, strongest first: something in the cart, a long absence, an interest, being a customer."""
    ideas = {subject.idea for subject in message.subjects} if message else set()
    wins_back = choice.match is not None and choice.match.campaign.objective == "win_back"
    if Idea.CART in ideas:
        return "cart"
    if Idea.COMEBACK in ideas or (wins_back and _standing(request).is_away(request.policy.themes)):
        return "away"
    if _topics_told(request, message):
        return "interests"
    return "customer" if request.profile.rfm else "visitor"


def _themes(request: StrategyRequest, message: _Message) -> tuple[Theme, ...]:
    voice = Voice(
        shop=request.workspace.workspace_id,
        channel=message.channel,
        offer=say_offer(message.offer, request.workspace.currency, request.lang),
        lang=request.lang,
        customer_id=request.profile.customer_id,
    )
    return write_themes(message.subjects, voice, request.taxonomy)


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
    request: StrategyRequest, choice: Choice, fired: Sequence[Firing], rationale: tuple[str, ...]
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
        rung=request.rung,
        evidence=rationale,
        campaigns=tuple(dict.fromkeys(m.campaign.campaign_id for m in request.retrieval.matches)),
    )
