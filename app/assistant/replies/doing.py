"""Answers to "what should we do": a strategy for one customer, a plan for a group, how to spend a budget."""

from collections.abc import Iterator

from app.assistant.replies import links
from app.assistant.replies.finding import AT_RISK, listed
from app.assistant.replies.parts import Parts, Question, expecting, joining, segment_ref, stating
from app.assistant.schemas import Table
from app.assistant.tools.acting import (
    AMPLE_MINOR,
    Arguments,
    DraftedPlan,
    DraftedStrategy,
    DraftPlan,
    DraftStrategy,
    draft_plan,
    draft_strategy,
    pending_of,
)
from app.assistant.tools.audience import Who, audience_of
from app.insights.schemas import Provenance
from app.narrative.schemas import Sentence
from app.planning import MOST
from app.profile.fold import FOLD_VERSION
from app.retrieval.schemas import Channel
from app.strategy.batch.schemas import Plan, PlannedArm
from app.strategy.schemas import Strategy


def draft(question: Question) -> Parts:
    """What to do about a customer or a group. Nothing is logged or sent."""
    slots, one = question.slots, question.one()
    if one:
        return _strategy(question, one)
    if question.whom().state in AT_RISK:
        return _listed_and_planned(question)
    return _plan(question, slots.budget_minor)


def allocate(question: Question) -> Parts:
    """Over whom a budget is spent best, by what past campaigns brought."""
    return _plan(question, question.slots.budget_minor)


def _listed_and_planned(question: Question) -> Parts:
    """Who they are, with the first step for each, and what a plan for all of them would bring."""
    found = listed(question, question.whom())
    if not found.tables:
        return found
    planned = _plan(question, question.slots.budget_minor)
    *sentences, expression = found.sentences
    return Parts(
        sentences=(*sentences, *planned.sentences[1:], expression),
        tables=(*found.tables, *planned.tables),
        links=tuple(dict.fromkeys((*found.links, *planned.links))),
        suggestions=found.suggestions,
        warnings=planned.warnings,
        pending=planned.pending,
    )


def _strategy(question: Question, ref: str) -> Parts:
    say = question.say
    found = draft_strategy(question.pipeline, question.asking, say.lang, DraftStrategy(customer=ref))
    strategy, name = found.strategy, say.customer(found.name)
    head = joining(say("draft.understood", name=name))
    page = links.customer(say, strategy.customer_id, name)
    if strategy.channel is None:
        return Parts(
            sentences=(head, *_standing_still(question, strategy)),
            links=(page,),
            suggestions=(say("ask.who_is", name=name), say("ask.when_next", name=name)),
        )
    arguments: Arguments = {"customer": strategy.customer_id}
    return Parts(
        sentences=(head, *_proposal(question, found)),
        tables=(_themes(question, strategy),),
        links=(page, *(links.case(say, one, one) for one in strategy.campaigns)),
        suggestions=(say("ask.best_time", name=name), say("ask.tried_for", name=name), say("ask.who_is", name=name)),
        pending=pending_of(question.asking, "propose_campaign", say("pending.propose_customer", name=name), arguments),
        provenance=_provenance(found),
    )


def _standing_still(question: Question, strategy: Strategy) -> Iterator[Sentence]:
    say = question.say
    yield stating(say("draft.nothing"), strategy.customer_id, *strategy.campaigns)
    if strategy.status_reason:
        yield stating(strategy.status_reason, *strategy.campaigns, *strategy.rationale)
    yield stating(say("draft.look_again", why=strategy.timing.reason), *strategy.rationale)


def _proposal(question: Question, found: DraftedStrategy) -> Iterator[Sentence]:
    say, strategy = question.say, found.strategy
    assert strategy.channel is not None  # an abstention stands still
    text = say(
        "draft.proposal_onsite" if strategy.channel is Channel.ONSITE else "draft.proposal",
        channel=say.channel(strategy.channel), at=say.moment(strategy.timing.at), title=strategy.themes[0].title,
        offer=say.offer(strategy.offer),
    )  # fmt: skip
    yield stating(text, *strategy.campaigns)
    yield stating(say("draft.when", why=strategy.timing.reason), *strategy.rationale)
    if strategy.status_reason:
        yield expecting(strategy.status_reason, *strategy.campaigns)
    yield stating(say("draft.risk", risk=strategy.risk), *strategy.campaigns)
    for rule in strategy.rules_fired[:2]:
        yield stating(say("draft.rule", effect=rule.effect), *strategy.rationale)


def _provenance(found: DraftedStrategy) -> Provenance:
    decision = found.decision
    return Provenance(
        rung=decision.rung, model=decision.model, prompt_fingerprint=decision.prompt_fingerprint,
        fold_version=FOLD_VERSION, identity_version=0, fallback_reason=decision.fallback_reason,
    )  # fmt: skip


def _themes(question: Question, strategy: Strategy) -> Table:
    say = question.say
    rows = tuple((theme.title, theme.draft) for theme in strategy.themes)
    return Table(
        title=say("draft.table"), columns=(say("columns.title"), say("columns.text")), rows=rows, total=len(rows)
    )


def _plan(question: Question, budget_minor: int | None) -> Parts:
    say, asking = question.say, question.asking
    budget = AMPLE_MINOR if budget_minor is None else budget_minor
    who = question.whom()
    if refusal := _cannot(question, who):
        return refusal
    found = draft_plan(question.pipeline, asking, say.lang, DraftPlan(**who.model_dump(), budget_minor=budget))
    plan, group = found.page.plan, say.group(found.audience, asking.as_of, who.period)
    expression = found.audience.expression
    limit = say("plan.any_budget") if budget_minor is None else say("plan.budget", money=say.whole(budget_minor))
    head = joining(say("plan.understood", who=group, limit=limit))
    if not plan.given:
        return Parts(
            sentences=(head, stating(say("plan.nothing"), segment_ref(plan.expression)), *_left_out(question, plan)),
            links=(links.plan(say, expression), links.segment(say, expression)),
            suggestions=(say("ask.worked"), say("ask.leaving")),
        )
    return Parts(
        sentences=(head, *_expectation(question, found), *_left_out(question, plan)),
        tables=(_arms(question, plan),),
        links=(links.plan(say, expression), links.segment(say, expression)),
        suggestions=(say("ask.worked"), say("ask.leaving")),
        pending=pending_of(asking, "propose_campaign", _would(question, found, group), _arguments(who, found)),
        warnings=(say("cases.simulated"),) if _simulated(question, plan) else (),
    )


def _cannot(question: Question, who: Who) -> Parts | None:
    """Why there is nothing to plan: nobody is meant, or too many are."""
    say, asking = question.say, question.asking
    audience = audience_of(question.pipeline, asking, who.model_copy(update={"channel": None}))
    n = len(question.pipeline.audiences.members(asking.workspace, audience.expression, as_of=asking.as_of))
    if 0 < n <= MOST:
        return None
    text = say("plan.nobody") if not n else say("plan.too_many", n=say.number(n), most=say.number(MOST))
    return Parts(
        sentences=(stating(text, segment_ref(audience.expression)),),
        links=(links.segment(say, audience.expression),),
        suggestions=(say("ask.classes"), say("ask.leaving")),
        abstained=True,
    )


def _expectation(question: Question, found: DraftedPlan) -> Iterator[Sentence]:
    say, plan = question.say, found.page.plan
    refs = [ref for arm in plan.arms for ref in arm.stands_on]
    if plan.customers < found.members:
        n, of = say.number(plan.customers), say.number(found.members)
        yield stating(say("plan.foremost", n=n, of=of), segment_ref(plan.expression))
    text = say(
        "plan.spend",
        of=say.number(plan.customers), n=say.number(plan.given), held=say.number(plan.held),
        cost=say.estimate(plan.cost_minor),
    )  # fmt: skip
    yield stating(text, segment_ref(plan.expression))
    mean, low, high = (say.estimate(minor) for minor in (plan.profit.mean, plan.profit.low, plan.profit.high))
    yield expecting(say("plan.profit", mean=mean, low=low, high=high, days=plan.window_days), *refs)
    best = max(plan.arms, key=lambda arm: arm.profit.mean)
    yield expecting(say("plan.best", how=_how(question, best), n=say.number(best.given)), *best.stands_on)
    if plan.wish.budget_minor < AMPLE_MINOR and plan.cost_minor < plan.wish.budget_minor / 2:
        left = say.estimate(plan.wish.budget_minor - plan.cost_minor)
        yield stating(say("plan.rest", left=left), segment_ref(plan.expression))
    if plan.comparison.power < 0.5 and plan.customers == found.members:
        yield stating(say("plan.power", power=say.share(plan.comparison.power)), segment_ref(plan.expression))


def _left_out(question: Question, plan: Plan) -> Iterator[Sentence]:
    say = question.say
    told = [say("plan.reason", n=say.number(one.customers), why=one.told) for one in plan.reasons[:3]]
    if told:
        yield stating(say("plan.left_out", reasons=say("semicolon").join(told)), segment_ref(plan.expression))


def _how(question: Question, arm: PlannedArm) -> str:
    say = question.say
    return say("cases.how", channel=say.channel(arm.channel), offer=say.offer(arm.offer))


def _arms(question: Question, plan: Plan) -> Table:
    say = question.say
    rows = tuple(
        (
            _how(question, arm), say.number(arm.given), say.number(arm.held), say.estimate(arm.cost_minor),
            say("range", low=say.estimate(arm.profit.low), high=say.estimate(arm.profit.high)),
            say.estimate(arm.profit.mean),
        )
        for arm in plan.arms
    )  # fmt: skip
    heads = tuple(say(f"columns.{name}") for name in ("how", "given", "held", "cost", "profit_range", "profit"))
    return Table(title=say("plan.table"), columns=heads, rows=rows, total=len(rows))


def _would(question: Question, found: DraftedPlan, group: str) -> str:
    say, plan = question.say, found.page.plan
    if plan.customers < found.members:
        return say("pending.propose_many", who=group, n=say.number(found.members))
    n, held, cost = say.number(plan.given), say.number(plan.held), say.estimate(plan.cost_minor)
    return say("pending.propose_group", who=group, n=n, held=held, cost=cost)


def _arguments(who: Who, found: DraftedPlan) -> Arguments:
    budget = found.page.plan.wish.budget_minor
    return {"segment": found.audience.expression, "budget_minor": budget, "channel": who.channel}


def _simulated(question: Question, plan: Plan) -> bool:
    cases = question.pipeline.knowledge_base.cases(question.asking.workspace.workspace_id)
    cited = {ref for arm in plan.arms for ref in arm.stands_on}
    return any(c.campaign.evidence_kind == "simulated" for c in cases if c.campaign.campaign_id in cited)
