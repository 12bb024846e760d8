"""What came of the past campaigns: the sums a shop would have kept, drawn from the response model.

Each eligible customer is drawn into an arm and, within it, into the holdout that is never written to. Orders of both
count in the same window, so that their difference is caused by the messages alone. Within one arm, arrays have one
row per customer; `n` rows are the kinds of customers that are eligible times their likenesses.
"""

from datetime import datetime, timedelta
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.random import PCG64, Generator, SeedSequence
from numpy.typing import NDArray

from app.demo.calendar import Calendar
from app.demo.campaigns import PastCampaigns, Run, eligible
from app.demo.parameters import Parameters
from app.demo.plans import Plan, Planner, expected_orders
from app.demo.response import chance_to_buy, chance_to_click, chance_to_put_off, chance_to_read, message_cost
from app.retrieval.schemas import Arm, Audience, Campaign, Case, Offer, Outcome

OUTCOMES_PLACE = 5
_SETTLES_AFTER = timedelta(days=1)
_MOST_ORDERS = 5

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


class Odds(NamedTuple):
    """What decides the answers of the customers of one arm; one row per customer."""

    expected: Floats
    """Orders in the window without a message."""
    basket: Floats
    reads_and_clicks: Floats
    buys: Floats
    put_off: Floats


class Results(NamedTuple):
    """What the customers of one arm did; one row per customer, values in whole fen."""

    held_out: Flags
    clicked: Flags
    values: NDArray[np.int64]


class CampaignArchive:
    """The past campaigns of one shop with their outcomes."""

    def __init__(self, seed: int, planner: Planner, calendar: Calendar, parameters: Parameters) -> None:
        """Nothing is drawn until asked for."""
        self._seed = seed
        self._planner = planner
        self._calendar = calendar
        self._parameters = parameters

    def cases(self, campaigns: PastCampaigns) -> tuple[Case, ...]:
        """One case per campaign, in order of time."""
        return tuple(self._case(number, run) for number, run in enumerate(campaigns.runs))

    @cached_property
    def _kinds(self) -> tuple[Plan, ...]:
        return tuple(map(self._planner.plan, range(self._parameters.campaign_kinds)))

    def _case(self, number: int, run: Run) -> Case:
        ends_at = run.spec.starts_at + timedelta(days=run.spec.window)
        results = [self._results(number, position, run) for position in range(len(run.arms))]
        outcomes = tuple(
            _outcome(
                run,
                arm,
                result,
                ends_at + _SETTLES_AFTER,
                message_cost(arm.channel, self._parameters.response),
            )
            for arm, result in zip(run.arms, results, strict=True)
        )
        return Case(campaign=_campaign(run, results, ends_at, outcomes), outcomes=outcomes)

    def _results(self, number: int, position: int, run: Run) -> Results:
        draw = Generator(PCG64(SeedSequence(self._seed, spawn_key=(OUTCOMES_PLACE, number, position)))).random
        odds = self._odds(run, position)
        drawn = draw(len(odds.expected)) < run.spec.share / len(run.arms)
        odds = Odds(*(column[drawn] for column in odds))
        spread = self._parameters.customer.basket_sigma_within
        return _play(odds, run.spec.holdout, spread, draw((8 + 2 * _MOST_ORDERS, len(odds.expected))))

    def _odds(self, run: Run, position: int) -> Odds:
        arm, about, model = run.arms[position], run.spec.arms[position].about, self._parameters.response
        rows = [
            (
                expected_orders(plan, run.window, self._calendar),
                plan.customer.basket,
                chance_to_read(plan.customer, run.day, arm.channel, model)
                * chance_to_click(plan.customer, run.day, about, arm.offer, model),
                chance_to_buy(plan, run.day, model),
                chance_to_put_off(plan.customer, run.day, about, arm.channel, model),
            )
            for plan in self._kinds
            if eligible(plan, arm, run)
        ]
        table = np.array(rows, dtype=np.float64).reshape(-1, 5)
        return Odds(*np.repeat(table, self._parameters.campaign_likenesses, axis=0).T)


def _play(odds: Odds, holdout: float, spread: float, u: Floats) -> Results:
    """Draw what every customer does; `u` holds one column of uniform numbers per customer."""
    held_out = u[0] < holdout
    clicked = (u[1] < odds.reads_and_clicks) & ~held_out
    more = clicked & (u[2] < odds.buys)
    fewer = (u[3] < odds.put_off) & ~held_out & ~clicked
    orders = np.clip(_poisson(odds.expected, u[4]) - fewer, 0, None) + more
    # Box-Muller: a standard normal from two uniforms, one per possible order.
    normal = np.sqrt(-2.0 * np.log(1.0 - u[8 : 8 + _MOST_ORDERS])) * np.cos(2.0 * np.pi * u[8 + _MOST_ORDERS :])
    placed = np.arange(_MOST_ORDERS)[:, None] < orders
    values = np.rint((odds.basket * np.exp(spread * normal) * placed).sum(axis=0)).astype(np.int64)
    return Results(held_out, clicked, values)


def _poisson(mean: Floats, u: Floats) -> NDArray[np.int64]:
    """Inverse of the Poisson distribution function, cut off where the array of orders ends."""
    term = np.exp(-mean)
    below, count = term.copy(), np.zeros(mean.shape, dtype=np.int64)
    for k in range(1, _MOST_ORDERS):
        count += u >= below
        term = term * mean / k
        below += term
    return count


def _outcome(run: Run, arm: Arm, results: Results, computed_at: datetime, cost_of_100: int) -> Outcome:
    treated, control = results.values[~results.held_out], results.values[results.held_out]
    return Outcome(
        campaign_id=run.spec.id,
        arm_id=arm.arm_id,
        sent=len(treated),
        treated_n=len(treated),
        treated_conversions=int((treated > 0).sum()),
        treated_sum=int(treated.sum()),
        treated_sumsq=float((treated**2).sum()),
        control_n=len(control),
        control_conversions=int((control > 0).sum()),
        control_sum=int(control.sum()),
        control_sumsq=float((control**2).sum()),
        cost_minor=cost_of_100 * len(treated) // 100 + _redeemed(arm.offer, results),
        computed_at=computed_at,
    )


def _redeemed(offer: Offer | None, results: Results) -> int:
    """Those who clicked redeem the offer once, when they spend its threshold."""
    if offer is None:
        return 0
    redeem = results.clicked & (results.values >= max(1, offer.threshold_minor))
    return offer.amount_minor * int(redeem.sum())


def _campaign(run: Run, results: list[Results], ends_at: datetime, outcomes: tuple[Outcome, ...]) -> Campaign:
    spec = run.spec
    return Campaign(
        campaign_id=spec.id,
        evidence_kind="simulated",
        title=spec.title,
        objective=spec.objective,
        audience=Audience(rfm_classes=spec.rfm, topics=spec.topics),
        eligible_n=sum(len(result.values) for result in results),
        arms=run.arms,
        holdout_share=spec.holdout,
        window_days=spec.window,
        metric="order_value",
        starts_at=spec.starts_at,
        ends_at=ends_at,
        cost_minor=sum(outcome.cost_minor for outcome in outcomes),
        approved_by="demo",
    )
