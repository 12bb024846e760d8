"""From what everybody would get to a plan under a budget. Pure: offerings in, plan and customers out."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from app.access.schemas import Workspace
from app.predict.reckoning import HORIZON_DAYS
from app.retrieval.schemas import Objective
from app.schema import Lang
from app.strategy.batch.arms import ArmKey, arms_of, planned_arms
from app.strategy.batch.comparing import Comparison, compare
from app.strategy.batch.knapsack import Filled, Item, fill
from app.strategy.batch.offering import FIRST_TEST, Nothing, Offering
from app.strategy.batch.schemas import Plan, PlannedCustomer, PlanWish, Reason, WhyNot
from app.strategy.batch.totals import Share, together
from app.strategy.gate.policy import Policy
from app.strategy.generate import Proposal
from app.strategy.running.planning import WINDOW_DAYS, enough_held
from app.strategy.wording import wording


class Brief(NamedTuple):
    """What a plan is drafted for."""

    workspace: Workspace
    plan_id: str
    wish: PlanWish
    expression: str
    as_of: datetime
    now: datetime
    lang: Lang
    policy: Policy


class Shop(NamedTuple):
    """What drafting asks of everything around it."""

    is_held: Callable[[str], bool]
    """Whether the draw leaves a customer in peace."""
    write: Callable[[Offering], Proposal]
    """The words of one customer's message, and the record of the choice."""
    names: Callable[[Sequence[str]], Mapping[str, str]]
    """What people call these customers."""
    purchase_rate: Callable[[Sequence[str]], float | None]
    """Share of these customers who order within the horizon of the estimates; None when unknown."""
    objectives: Mapping[str, Objective]
    """Past campaign -> what it was for."""


class Drafted(NamedTuple):
    """A plan with all its customers, best first."""

    plan: Plan
    customers: tuple[PlannedCustomer, ...]


class _Chosen(NamedTuple):
    """Somebody who gets something, or is held out from it."""

    offering: Offering
    told: Proposal
    held: bool


def holdout_share(brief: Brief, found: Iterable[Offering | Nothing]) -> float:
    """As wished, else as the policy declares; its larger share where nothing is known yet and all is a first test.

    Of a small plan more are held out, so that some are expected to be there, as in every campaign.
    """
    if brief.wish.holdout_share is not None:
        return brief.wish.holdout_share
    offered = [one for one in found if isinstance(one, Offering)]
    tests = all(one.stands_on == FIRST_TEST for one in offered)
    items = (Item(o.customer_id, o.profit.mean, o.cost, o.channel) for o in offered)
    planned = len(fill(items, brief.wish.budget_minor, brief.wish.limits).taken)
    share = brief.policy.first_test.holdout_share if tests else brief.policy.holdout_share
    return enough_held(share, planned)


def draft(brief: Brief, found: Sequence[Offering | Nothing], shop: Shop, *, holdout: float) -> Drafted:
    """The plan; words are written only for those who are in it."""
    offered = {one.customer_id: one for one in found if isinstance(one, Offering)}
    filled = fill(_items(offered.values(), shop), brief.wish.budget_minor, brief.wish.limits)
    written = [_Chosen(offered[i.key], shop.write(offered[i.key]), i.held) for i in filled.taken]
    fit = [one for one in written if one.told.strategy.channel is one.offering.channel]
    keys = arms_of([one.offering for one in fit])
    names = shop.names([one.offering.customer_id for one in fit])
    customers = tuple(_customer(one, keys, names) for one in fit)
    given = [one.offering for one in fit if not one.held]
    window = brief.wish.window_days or max((o.window_days for o in given if o.window_days), default=WINDOW_DAYS)
    plan = Plan(
        plan_id=brief.plan_id,
        wish=brief.wish,
        expression=brief.expression,
        made_at=brief.now,
        as_of=brief.as_of,
        lang=brief.lang,
        currency=brief.workspace.currency,
        objective=_objective(given, shop.objectives),
        holdout_share=holdout,
        window_days=window,
        customers=len(found),
        given=len(given),
        held=len(fit) - len(given),
        cost_minor=math.fsum(o.cost for o in given),
        profit=together(Share(o.stands_on, o.profit.mean, o.profit.low, o.profit.high) for o in given),
        lift=together(Share(o.stands_on, o.lift.mean, o.lift.low, o.lift.high) for o in given),
        bound_minor=filled.bound,
        comparison=_comparison(brief, fit, shop, window),
        arms=planned_arms(keys.values(), customers, {one.offering.customer_id: one.offering.stands_on for one in fit}),
        reasons=_told(_why_nothing(found, filled, written), brief.lang),
    )
    return Drafted(plan, customers)


def _items(offered: Iterable[Offering], shop: Shop) -> Iterator[Item]:
    for o in offered:
        yield Item(o.customer_id, o.profit.mean, o.cost, o.channel, shop.is_held(o.customer_id))


def _customer(one: _Chosen, keys: Mapping[str, ArmKey], names: Mapping[str, str]) -> PlannedCustomer:
    offering, customer_id = one.offering, one.offering.customer_id
    return PlannedCustomer(
        customer_id=customer_id,
        name=names.get(customer_id, customer_id),
        arm_id=keys[customer_id].arm_id,
        held=one.held,
        cost_minor=offering.cost,
        profit=offering.profit,
        lift=offering.lift,
        strategy=one.told.strategy,
        decision=one.told.decision,
    )


def _objective(given: Iterable[Offering], objectives: Mapping[str, Objective]) -> Objective:
    """What most of the messages are for."""
    counts = Counter(objectives[o.stands_on] for o in given if o.stands_on in objectives)
    return min(counts, key=lambda name: (-counts[name], name), default="retain")


def _comparison(brief: Brief, fit: Sequence[_Chosen], shop: Shop, window: int) -> Comparison:
    """The purchase rate is that of the planned customers, spread evenly over the horizon that it was estimated for."""
    rate = shop.purchase_rate([one.offering.customer_id for one in fit])
    rule = brief.policy.first_test
    within = rule.default_baseline if rate is None else 1 - (1 - rate) ** (window / HORIZON_DAYS)
    held = sum(one.held for one in fit)
    return compare(within, rule.relative_effect, given=len(fit) - held, held=held)


def _why_nothing(found: Iterable[Offering | Nothing], filled: Filled, written: Iterable[_Chosen]) -> "Counter[WhyNot]":
    counts = Counter[WhyNot](one.why for one in found if isinstance(one, Nothing))
    counts.update(filled.left.values())
    unfit = sum(one.told.strategy.channel is not one.offering.channel for one in written)
    return counts + Counter[WhyNot]({"unfit": unfit})


def _told(counts: Mapping[WhyNot, int], lang: Lang) -> tuple[Reason, ...]:
    words = wording(lang).batch
    ordered = sorted(counts, key=lambda why: (-counts[why], why))
    return tuple(Reason(reason=why, customers=counts[why], told=words[why]) for why in ordered)
