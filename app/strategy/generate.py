"""From profile, numbers and past outcomes to one proposal: the choice by code alone, the words perhaps by a model.

    retrieval -> plan: choose (candidates, relevance, consent, frequency), unless a complaint or a list stands in the
                 way, then the message (timing, offer, themes, each by its rule)
              -> words, perhaps a model's -> gate, whatever the words became
              -> Strategy for people, Decision for the log

The choice is deterministic. It stands still after a complaint and when nothing is near, nothing surely pays or no
channel is open, and it proposes a first test with a holdout where there are no past outcomes at all.
"""

from collections.abc import Sequence
from typing import NamedTuple

from app.llm.chat_model import About
from app.llm.ladder import Rung
from app.retrieval.schemas import Channel
from app.schema import Lang
from app.strategy.choose import Choice, stand_still
from app.strategy.copywriter import Copywriter, Worded, Words
from app.strategy.drafts import Voice, dressed, offers_told, write_themes
from app.strategy.evidence import shown
from app.strategy.gate.contact import open_channels
from app.strategy.gate.final import Facts, gate
from app.strategy.gate.schemas import Firing, Ruling
from app.strategy.gate.subjects import without_complaint
from app.strategy.grounds import Grounds, grounds_of
from app.strategy.message import Message
from app.strategy.plan import Plan, plan_of, standing
from app.strategy.reasons import composed_reasons
from app.strategy.request import StrategyRequest
from app.strategy.schemas import Decision, Strategy
from app.strategy.statement import state
from app.strategy.wording import say_offer, say_rule

LOG_LANG: Lang = "en"
"""Decisions are logged in one language, so that the same choice is the same record whoever asked."""

_MAX_RATIONALE = 8


class Proposal(NamedTuple):
    """What to do, and the record of how it was chosen."""

    strategy: Strategy
    decision: Decision


def propose(request: StrategyRequest, copywriter: Copywriter | None = None) -> Proposal:
    """One proposal for one customer. Same request, same proposal; language and copywriter change words only."""
    return propose_plan(request, plan_of(request), copywriter)


def propose_plan(request: StrategyRequest, plan: Plan, copywriter: Copywriter | None = None) -> Proposal:
    """The same, of a request whose plan is known."""
    found = _told(request, plan, copywriter)
    if found.value.strategy.channel == plan.choice.channel:
        return found.value
    # The last gate stopped it: then nothing is sent, and what is told is about that.
    choice = stand_still(plan.choice, "unfit", found.fired)
    return _told(request, standing(request, choice, plan.test), None).value


def _told(request: StrategyRequest, plan: Plan, copywriter: Copywriter | None) -> Ruling[Proposal]:
    """The plan in words, after the last look of the gate."""
    voice = voice_of(request, plan.message)
    composed = composed_of(request, plan, voice)
    worded = _worded(request, composed, copywriter if plan.message.channel else None)
    facts = facts_of(request, plan, voice, composed, worded.origin.rung)
    themes = dressed(worded.words.themes, plan.message.subjects, voice)
    draft = facts.ours.model_copy(update={"themes": themes, "rationale_told": worded.words.reasons})
    gated = gate(draft, facts)
    fired = plan.fired + gated.fired
    told = tuple(say_rule(f, request.workspace.currency, request.lang) for f in fired)
    strategy = gated.strategy.model_copy(update={"rules_fired": told})
    decision = _decision(request, plan.choice, worded, fired, strategy.rationale)
    return Ruling(Proposal(strategy, decision), fired)


class Composed(NamedTuple):
    """What code alone says of a plan, and what anybody may say of it."""

    words: Words
    rationale: tuple[str, ...]
    """claim_ids that speak for it."""
    grounds: Grounds


def composed_of(request: StrategyRequest, plan: Plan, voice: Voice) -> Composed:
    """The words of a plan as the composer says them, and what they stand on."""
    rationale = _rationale(request, plan)
    grounds = grounds_of(request, plan, rationale)
    themes = write_themes(plan.message.subjects, voice, request.taxonomy)
    return Composed(Words(themes, composed_reasons(request, plan, rationale, grounds)), rationale, grounds)


def facts_of(request: StrategyRequest, plan: Plan, voice: Voice, composed: Composed, rung: Rung = "composer") -> Facts:
    """What the words of a plan are held against, whoever wrote them."""
    subjects, said = plan.message.subjects, composed.words
    return Facts(
        ours=state(
            request, plan, said._replace(themes=dressed(said.themes, subjects, voice)), rung, composed.rationale
        ),
        composed=said.themes,
        told=offers_told(subjects, voice),
        open_channels=open_channels(Channel, request.profile.consents, request.contacts, request.policy).value,
        campaigns=frozenset(m.campaign.campaign_id for m in request.retrieval.matches),
        claims=frozenset(claim.claim_id for claim in request.usable_claims),
        grounds=composed.grounds,
        shop=voice.shop,
        zone=request.workspace.zone,
        policy=request.policy,
        taxonomy=request.taxonomy,
    )


def _rationale(request: StrategyRequest, plan: Plan) -> tuple[str, ...]:
    """The claims that speak for it: a complaint, those behind the themes, then behind the risk and the value."""
    complained = plan.choice.reason == "complaint"
    complaints = without_complaint(request.claims, request.policy).value if complained else ()
    spoken = [claim_id for subject in plan.message.subjects for claim_id in subject.claim_ids]
    usable = {claim.claim_id for claim in request.usable_claims}
    wanted = dict.fromkeys((*complaints, *spoken, *request.churn.signals, *request.ltv.drivers))
    return tuple(claim_id for claim_id in wanted if claim_id in usable)[:_MAX_RATIONALE]


def voice_of(request: StrategyRequest, message: Message) -> Voice:
    """How the message of a case is dressed."""
    return Voice(
        shop=request.workspace.sender,
        channel=message.channel,
        offer=say_offer(message.offer, request.workspace.currency, request.lang),
        lang=request.lang,
        customer_id=request.profile.customer_id,
        link=request.policy.texts.unsubscribe_link,
    )


def _worded(request: StrategyRequest, composed: Composed, copywriter: Copywriter | None) -> Worded:
    """The copywriter's words when there is one; what is not sent needs no model."""
    if copywriter is None:
        return Worded(composed.words)
    about = About(request.workspace.workspace_id, request.profile.customer_id)
    return copywriter.word(composed.words, composed.grounds, request.lang, about)


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
        **worded.origin.model_dump(),
        evidence=rationale,
        campaigns=_campaigns(request, choice),
    )


def _campaigns(request: StrategyRequest, choice: Choice) -> tuple[str, ...]:
    """The campaigns that were weighed, best match first."""
    weighed = shown(request.retrieval, choice.candidates).matches
    return tuple(dict.fromkeys(match.campaign.campaign_id for match in weighed))
