"""What came of the past campaigns: the sums a shop would have kept, drawn from the response model.

Each eligible customer is drawn into an arm and, within it, into the holdout that is never written to. Orders of both
count in the same window, so that their difference is caused by the messages alone. Within one arm, arrays have one
row per customer; `n` rows are the kinds of customers that are eligible times their likenesses.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import cached_property
from typing import NamedTuple
from zlib import crc32

import numpy as np
from numpy.random import PCG64, Generator, SeedSequence
from numpy.typing import NDArray

from app.demo.calendar import Calendar
from app.demo.campaigns import PastCampaigns, Run, is_meant_for, may_reach
from app.demo.parameters import Parameters
from app.demo.plans import Plan, Planner, expected_orders
from app.demo.response import Message, Odds, message_cost, odds
from app.demo.translations import translations
from app.retrieval.schemas import Arm, Audience, Campaign, Case, Offer, Outcome

OUTCOMES_PLACE = 5
_SETTLES_AFTER = timedelta(days=1)
_MOST_ORDERS = 5

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


class Crowd(NamedTuple):
    """The odds of the customers of one arm, see `response.Odds`; one row per customer."""

    expected: Floats
    basket: Floats
    clicks: Floats
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
        return tuple(map(self._case, campaigns.runs))

    @cached_property
    def _kinds(self) -> tuple[Plan, ...]:
        return tuple(map(self._planner.plan, range(self._parameters.campaign_kinds)))

    def odds(self, run: Run) -> tuple[list[Odds], ...]:
        """By arm, of each kind of customer that it was meant for and may reach."""
        channels = {message.arm.channel for message in run.messages}
        audience = [
            (plan, expected_orders(plan, run.window, self._calendar))
            for plan in self._kinds
            if is_meant_for(plan, run) and any(may_reach(plan, channel, run) for channel in channels)
        ]
        return tuple(self._odds(message, run, audience) for message in run.messages)

    def _odds(self, message: Message, run: Run, audience: Iterable[tuple[Plan, float]]) -> list[Odds]:
        channel, model = message.arm.channel, self._parameters.response
        return [odds(plan, message, expected, model) for plan, expected in audience if may_reach(plan, channel, run)]

    def _case(self, run: Run) -> Case:
        ends_at = run.spec.starts_at + timedelta(days=run.spec.window)
        results = [self._results(run, position, arm) for position, arm in enumerate(self.odds(run))]
        outcomes = tuple(
            _outcome(
                run,
                message.arm,
                result,
                ends_at + _SETTLES_AFTER,
                message_cost(message.arm.channel, self._parameters.response),
            )
            for message, result in zip(run.messages, results, strict=True)
        )
        return Case(campaign=_campaign(run, results, ends_at, outcomes), outcomes=outcomes)

    def _results(self, run: Run, position: int, kinds: list[Odds]) -> Results:
        # By its id, so that one campaign more does not redraw the others.
        place = (OUTCOMES_PLACE, crc32(run.spec.campaign_id.encode()), position)
        draw = Generator(PCG64(SeedSequence(self._seed, spawn_key=place))).random
        crowd = self._crowd(kinds)
        drawn = draw(len(crowd.expected)) < run.spec.share / len(run.messages)
        crowd = Crowd(*(column[drawn] for column in crowd))
        spread = self._parameters.customer.basket_sigma_within
        return _play(crowd, run.spec.holdout, spread, draw((8 + 2 * _MOST_ORDERS, len(crowd.expected))))

    def _crowd(self, kinds: list[Odds]) -> Crowd:
        table = np.array(kinds, dtype=np.float64).reshape(-1, len(Crowd._fields))
        return Crowd(*np.repeat(table, self._parameters.campaign_likenesses, axis=0).T)


def _play(crowd: Crowd, holdout: float, spread: float, u: Floats) -> Results:
    """Draw what every customer does; `u` holds one column of uniform numbers per customer."""
    held_out = u[0] < holdout
    clicked = (u[1] < crowd.clicks) & ~held_out
    more = clicked & (u[2] < crowd.buys)
    fewer = (u[3] < crowd.put_off) & ~held_out & ~clicked
    orders = np.clip(_poisson(crowd.expected, u[4]) - fewer, 0, None) + more
    # Box-Muller: a standard normal from two uniforms, one per possible order.
    normal = np.sqrt(-2.0 * np.log(1.0 - u[8 : 8 + _MOST_ORDERS])) * np.cos(2.0 * np.pi * u[8 + _MOST_ORDERS :])
    placed = np.arange(_MOST_ORDERS)[:, None] < orders
    values = np.rint((crowd.basket * np.exp(spread * normal) * placed).sum(axis=0)).astype(np.int64)
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
        campaign_id=run.spec.campaign_id,
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
        campaign_id=spec.campaign_id,
        evidence_kind="simulated",
        title=spec.title,
        titles=translations().of_title(spec.title),
        objective=spec.objective,
        audience=Audience(rfm_classes=spec.rfm, topics=spec.topics),
        eligible_n=sum(len(result.values) for result in results),
        arms=tuple(message.arm for message in run.messages),
        holdout_share=spec.holdout,
        window_days=spec.window,
        metric="order_value",
        starts_at=spec.starts_at,
        ends_at=ends_at,
        cost_minor=sum(outcome.cost_minor for outcome in outcomes),
        approved_by="demo",
    )
