"""From profile, numbers and past outcomes to one proposal, by code alone; a model may later reword it.

    retrieval -> choose (candidates, consent, frequency) -> message (timing, offer, themes, each by its rule)
              -> Strategy for people, Decision for the log

The choice is deterministic. It stands still when nothing is near, nothing surely pays or no channel is
open, and it proposes a first test with a holdout where there are no past outcomes at all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from app.access.schemas import Workspace
from app.insights.schemas import Rung
from app.narrative.schemas import Claim
from app.predict.schemas import ChurnEstimate, Confidence, LtvEstimate
from app.profile.schemas import Profile
from app.retrieval.schemas import Channel, Offer, Retrieval
from app.retrieval.trials import NEAR
from app.schema import Lang
from app.strategy.choose import Choice, choose
from app.strategy.explain import Explainer
from app.strategy.policy import Firing, Policy, capped_offer, not_sensitive, outside_quiet_hours
from app.strategy.power import Measurement, plan_measurement
from app.strategy.schemas import Decision, Strategy, Theme, Timing
from app.strategy.themes import Subject, Voice, choose_subjects, write_themes
from app.strategy.timing import Activity, Moment, best_moment
from app.strategy.wording import say_offer, say_rule
from app.text.taxonomy import Taxonomy

LOG_LANG: Lang = "en"
"""Decisions are logged in one language, so that the same choice is the same record whoever asked."""

_MAX_RATIONALE = 8


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
    test = plan_measurement(request.purchase_rate, request.policy)
    choice = choose(
        request.retrieval,
        request.profile,
        test=test,
        recent_contacts=request.recent_contacts,
        policy=request.policy,
    )
    message = _compose(request, choice, choice.channel) if choice.channel else None
    fired = choice.fired + (message.fired if message else ())
    rationale = _rationale(request, message.subjects if message else ())
    return Proposal(
        _strategy(request, choice, message, fired, rationale, test), _decision(request, choice, fired, rationale)
    )


def _compose(request: StrategyRequest, choice: Choice, channel: Channel) -> _Message:
    """Timing, offer and subjects, each through its rule."""
    arm = choice.match.arm if choice.match else None
    zone, policy = request.workspace.zone, request.policy
    moment = best_moment(request.activity, channel, after=request.profile.as_of, zone=zone, policy=policy)
    timed = outside_quiet_hours(moment.at, channel, zone, policy)
    offer = capped_offer(arm.offer if arm else None, policy)
    topics = not_sensitive(_topics(request, choice), request.taxonomy)
    tested = not_sensitive(_tested_themes(choice, topics.value), request.taxonomy)
    subjects = choose_subjects(_usable(request.claims), topics.value, tested.value, request.taxonomy)
    return _Message(
        channel,
        moment._replace(at=timed.value),
        offer.value,
        subjects,
        timed.fired + offer.fired + topics.fired + tested.fired,
    )


def _topics(request: StrategyRequest, choice: Choice) -> dict[str, str]:
    """The customer's topics with their names, those that the campaign was about first."""
    known = request.taxonomy.topics
    own = [i.topic for i in request.profile.interests if i.topic in known]
    about = choice.match.campaign.audience.topics if choice.match else ()
    return {topic: f"{known[topic].zh} {known[topic].en}" for topic in sorted(own, key=lambda t: t not in about)}


def _tested_themes(choice: Choice, topics: Sequence[str]) -> dict[str, str]:
    """What the campaign spoke about, unless that was none of this customer's topics."""
    if choice.match is None:
        return {}
    about = choice.match.campaign.audience.topics
    foreign = bool(about) and not set(about) & set(topics)
    return {} if foreign else {theme: theme for theme in choice.match.arm.themes}


def _usable(claims: Sequence[Claim]) -> list[Claim]:
    return [claim for claim in claims if claim.sensitivity == "none"]


def _rationale(request: StrategyRequest, subjects: Sequence[Subject]) -> tuple[str, ...]:
    """The claims that speak for it: behind the themes first, then behind the risk and the value."""
    usable = {claim.claim_id for claim in _usable(request.claims)}
    spoken = [claim_id for subject in subjects for claim_id in subject.claim_ids]
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
    topics = not_sensitive(_topics(request, choice), request.taxonomy).value
    return Strategy(
        decision_id=request.decision_id,
        customer_id=request.profile.customer_id,
        as_of=request.profile.as_of,
        lang=request.lang,
        channel=choice.channel,
        themes=_themes(request, message) if message else (),
        timing=Timing(at=message.moment.at, reason=explain.moment(message.moment)) if message else None,
        offer=message.offer if message else None,
        metric=explain.metric(test, request.churn) if message else None,
        holdout_share=_holdout_share(choice, request.policy),
        rationale=rationale,
        campaigns=(choice.match.campaign.campaign_id,) if choice.match else (),
        risk=explain.risk(choice, request.churn, request.policy),
        confidence=_confidence(choice),
        why_for_customer=explain.why(request.profile, topics, choice.channel),
        ai_label=explain.label(request.rung),
        status="proposed" if message else "abstained",
        status_reason=explain.reason(choice, request.retrieval, test),
        rules_fired=tuple(say_rule(f, request.workspace.currency, request.lang) for f in fired),
    )


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
