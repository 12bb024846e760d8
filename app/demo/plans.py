"""When each customer would come and buy if nobody wrote to them: the part of a life that campaigns can change.

Purchases are a renewal process run through the customer's own rate over the calendar (seasons, weekends, stages):
the n-th order falls on the day when the cumulative rate passes the sum of n Erlang gaps.
"""

from bisect import bisect_right
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.demo.calendar import Calendar
from app.demo.dice import Dice
from app.demo.parameters import Manner, Parameters
from app.demo.personas import Casting, Customer, Stage

PLANS_PLACE = 3

Floats = NDArray[np.float64]


class Leaving(NamedTuple):
    """The day after which a customer never buys again, and why: drift shows signs, silence does not."""

    day: int
    reason: Manner


class Plan(NamedTuple):
    """A customer with the days on which they order and otherwise visit."""

    customer: Customer
    order_days: tuple[int, ...]
    baskets: tuple[float, ...]
    """What each order is meant to come to, in fen."""
    visit_days: tuple[int, ...]
    leaving: Leaving | None

    def has_left(self, day: int) -> bool:
        """True once they will not come back by themselves."""
        return self.leaving is not None and self.leaving.day < day


class Planner:
    """Draws the plans of one shop's customers."""

    def __init__(self, seed: int, calendar: Calendar, parameters: Parameters) -> None:
        """Nothing is drawn until asked for."""
        self._seed = seed
        self._calendar = calendar
        self._parameters = parameters
        self._casting = Casting(parameters)

    def plan(self, index: int) -> Plan:
        """The plan of the customer with this number; the others have no influence on it."""
        customer = self._casting.draw(self._seed, index)
        dice = Dice(self._seed, PLANS_PLACE, index)
        order_days, leaving = _draw_order_days(customer, self._calendar, self._parameters, dice)
        baskets = tuple(_draw_basket(customer, day, self._parameters, dice) for day in order_days)
        visit_days = _draw_visit_days(customer, leaving, self._calendar, self._parameters.customer.lingers, dice)
        return Plan(customer, order_days, baskets, visit_days, leaving)


def _draw_visit_days(
    customer: Customer, leaving: Leaving | None, calendar: Calendar, lingers: int, dice: Dice
) -> tuple[int, ...]:
    """The day of joining, then browsing until the log ends; who left in silence may linger a little."""
    last_day = calendar.days - 1
    if leaving is not None:
        last_day = min(last_day, leaving.day + (0 if leaving.reason == "drift" else dice.whole(0, lingers)))
    rate = customer.visits_per_day * _pace(customer, calendar, "visits", range(calendar.days))
    visits = [day for day in _passings(np.cumsum(rate).tolist(), 1, dice.erlang(1), dice) if day <= last_day]
    return (customer.joined, *visits)


def _draw_basket(customer: Customer, day: int, parameters: Parameters, dice: Dice) -> float:
    spread, usual = parameters.customer, customer.basket * customer.stage_at(day).phase.basket
    big = dice.between(*spread.big_basket) if dice.chance(spread.big_baskets) else 1.0
    return dice.log_normal(usual * big, spread.basket_sigma_within)


def _draw_order_days(
    customer: Customer, calendar: Calendar, parameters: Parameters, dice: Dice
) -> tuple[tuple[int, ...], Leaving | None]:
    if customer.single:
        day = min(calendar.days - 1, customer.joined + dice.whole(0, parameters.customer.at_once_days))
        return (day,), Leaving(day, "one_off")
    days = _draw_purchases(customer, calendar, parameters, dice)
    for position, day in enumerate(days):
        if dice.chance(customer.quits_per_order):
            return tuple(days[: position + 1]), Leaving(day, "silent")
    silence = next((stage.first for stage in customer.stages if stage.cool and stage.phase.orders == 0), None)
    return tuple(days), None if silence is None else Leaving(silence, "drift")


def _draw_purchases(customer: Customer, calendar: Calendar, parameters: Parameters, dice: Dice) -> list[int]:
    """Many come because they want to buy; the others wait for their first purchase as for any other, only shorter."""
    rate = customer.orders_per_day * _pace(customer, calendar, "orders", range(calendar.days))
    by_day, shape, spread = np.cumsum(rate).tolist(), customer.regularity, parameters.customer
    if customer.orders_per_day == 0 or not dice.chance(spread.buys_at_once):
        return _passings(by_day, shape, dice.erlang(shape) * spread.first_gap, dice)
    first = min(calendar.days - 1, customer.joined + dice.whole(0, spread.at_once_days))
    return [first, *_passings(by_day, shape, by_day[first] + dice.erlang(shape), dice)]


def expected_orders(plan: Plan, days: range, calendar: Calendar) -> float:
    """Mean number of orders on the given days, of a customer who is still there on the day before."""
    if plan.has_left(days.start - 1):
        return 0.0
    return plan.customer.orders_per_day * float(_pace(plan.customer, calendar, "orders", days).sum())


def _pace(customer: Customer, calendar: Calendar, what: Literal["orders", "visits"], days: range) -> Floats:
    """Factor on the customer's rate on each of the days; zero before they joined."""
    pace = calendar.pace(customer.season_power, customer.sale_power)[days.start : days.stop].copy()
    spans = [(stage.first, stage.last, _factor(stage, what)) for stage in customer.stages]
    for first, last, factor in (*spans, *customer.quiet, (0, customer.joined, 0.0)):
        pace[max(0, first - days.start) : max(0, last - days.start)] *= factor
    return pace


def _factor(stage: Stage, what: Literal["orders", "visits"]) -> float:
    return stage.phase.orders if what == "orders" else stage.phase.visits


def _passings(by_day: list[float], shape: int, reached: float, dice: Dice) -> list[int]:
    """Days, each at most once, on which the cumulative rate passes `reached` and then gap after gap."""
    days: list[int] = []
    while reached < by_day[-1]:
        day = bisect_right(by_day, reached)
        if not days or day > days[-1]:
            days.append(day)
        reached += dice.erlang(shape)
    return days
