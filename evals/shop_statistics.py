"""The figures by which shops are compared: how often people come and buy, how baskets and habits spread.

One set of definitions for the demo shop and for real logs. A figure that the data cannot give is absent, never zero.
Intervals redraw customers (percentile bootstrap); simple shares have Wilson's.
"""

from collections.abc import Callable, Mapping
from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from evals import intervals
from evals.task import Metric

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

SOON_DAYS = 90
ROUNDS = 100
_TAIL = 0.05
"""Share of orders whose logs make Hill's tail index."""
_LEAST_ORDERS = 40
"""Fewer orders have no tail to speak of."""


class Kind(IntEnum):
    """Kinds that are compared across shops."""

    OTHER = 0
    VIEW = 1
    FAVOURITE = 2
    CART = 3
    ORDER = 4


_STEPS = (Kind.VIEW, Kind.FAVOURITE, Kind.CART, Kind.ORDER)


class Orders(NamedTuple):
    """One row per order, by customer and day; `amount` in major units, None where the log has none."""

    customer: Ints
    day: Ints
    amount: Floats | None


class Messages(NamedTuple):
    """One row per marketing message: to whom, and whether an order followed."""

    customer: Ints
    answered: Flags


class Behaviour(NamedTuple):
    """A shop's log, reduced. Customers are numbered from 0."""

    customers: int
    days: int
    """From the first to the last event, both included."""
    customer: Ints | None
    """Of each event; None for a log of purchases only."""
    kind: Ints | None
    orders: Orders | None
    messages: Messages | None


class Spread(NamedTuple):
    """Values in ascending order, each with the customer whom it belongs to, ready for reweighting."""

    value: Floats
    owner: Ints

    def quantile(self, share: float, weight: Floats) -> float:
        """The value below which `share` of the weight lies."""
        reached = np.cumsum(weight[self.owner])
        return float(self.value[min(int(np.searchsorted(reached, share * reached[-1])), len(self.value) - 1)])

    def mean(self, weight: Floats) -> float:
        """The weighted mean."""
        return float(np.average(self.value, weights=weight[self.owner]))

    def cv(self, weight: Floats) -> float:
        """Standard deviation over mean."""
        of, mean = weight[self.owner], self.mean(weight)
        return float(np.sqrt(np.average((self.value - mean) ** 2, weights=of)) / mean)

    def top_share(self, share: float, weight: Floats) -> float:
        """Share of the sum that the largest `share` of the values holds."""
        of = weight[self.owner]
        counted = np.clip(np.cumsum(of) - (1 - share) * of.sum(), 0, of)
        return float(counted @ self.value / (of @ self.value))

    def tail_index(self, weight: Floats) -> float:
        """Hill's (1975) estimate 1 / mean ln(x / x_min) over the largest values; smaller means a heavier tail."""
        of = weight[self.owner]
        chosen = np.cumsum(of) > (1 - _TAIL) * of.sum()
        least = self.value[max(int(chosen.argmax()) - 1, 0)]
        excess = np.average(np.log(self.value[chosen] / least), weights=of[chosen])
        return float(1 / excess) if excess > 0 else float("nan")


def spread(value: NDArray[np.generic], owner: Ints) -> Spread:
    """Sort once."""
    order = np.argsort(value, kind="stable")
    return Spread(value[order].astype(np.float64), owner[order])


def statistics(behaviour: Behaviour, *, seed: int) -> dict[str, Metric]:
    """Every figure that the log can give."""
    found = {"customers": Metric(float(behaviour.customers), None, None, behaviour.customers)}
    if behaviour.days:
        found["days"] = Metric(float(behaviour.days), None, None, behaviour.customers)
    if behaviour.customer is not None and behaviour.kind is not None:
        bought = np.unique(behaviour.customer[behaviour.kind == Kind.ORDER])
        found["buyers"] = intervals.wilson(len(bought), behaviour.customers)
        found |= _activity(behaviour.customers, behaviour.customer, behaviour.kind, seed=seed)
    if behaviour.orders is not None and len(behaviour.orders.day):
        found |= _buying(behaviour.customers, behaviour.orders, seed=seed)
    if behaviour.messages is not None and len(behaviour.messages.customer):
        found |= _contacts(behaviour.customers, behaviour.messages, seed=seed)
    return found


def _activity(customers: int, customer: Ints, kind: Ints, *, seed: int) -> dict[str, Metric]:
    """Events per customer and what becomes of views."""
    events = np.bincount(customer, minlength=customers)
    by_kind = {k: np.bincount(customer[kind == k], minlength=customers).astype(np.float64) for k in Kind}
    count = spread(events, np.arange(customers))

    def statistic(weight: Floats) -> dict[str, float]:
        views, favourites, carts, orders = (float(by_kind[k] @ weight) for k in _STEPS)
        return {
            "events_per_customer": count.mean(weight),
            **{f"events_per_customer_p{round(100 * q)}": count.quantile(q, weight) for q in (0.1, 0.5, 0.9, 0.99)},
            "favourites_per_view": _ratio(favourites, views),
            "carts_per_view": _ratio(carts, views),
            "orders_per_view": _ratio(orders, views),
            "favourites_per_order": _ratio(favourites, orders),
            "carts_per_order": _ratio(carts, orders),
        }

    return _drawn(statistic, count.owner, customers, seed=seed)


def _buying(customers: int, orders: Orders, *, seed: int) -> dict[str, Metric]:
    """Gaps, repeat purchases and baskets. Several orders on one day are one purchase day."""
    days = np.unique(np.stack([orders.customer, orders.day], axis=1), axis=0)
    first = np.unique(days[:, 0], return_index=True)[1]
    count = np.diff(np.append(first, len(days)))
    again, per_buyer = count > 1, spread(count, days[first, 0])
    found = {
        "repeat_rate": intervals.wilson(int(again.sum()), len(first)),
        **_soon(days, first, again),
        **_drawn(_quantiles("purchase_days", per_buyer, (0.5, 0.9)), per_buyer.owner, customers, seed=seed),
    }
    same = days[1:, 0] == days[:-1, 0]
    if same.any():
        gaps = spread((days[1:, 1] - days[:-1, 1])[same], days[1:, 0][same])
        found |= _drawn(lambda weight: _gap_figures(gaps, weight), gaps.owner, customers, seed=seed)
    return found if orders.amount is None else found | _baskets(customers, orders.customer, orders.amount, seed=seed)


def _soon(days: Ints, first: Ints, again: Flags) -> dict[str, Metric]:
    """Who came back within SOON_DAYS, of those whom the log watched for so long."""
    began = days[first, 1]
    watched = began + SOON_DAYS <= days[:, 1].max()
    if not watched.any():
        return {}
    second = days[np.minimum(first + 1, len(days) - 1), 1]
    back = again & (second - began <= SOON_DAYS)
    return {f"repeat_rate_{SOON_DAYS}d": intervals.wilson(int(back[watched].sum()), int(watched.sum()))}


def _gap_figures(gaps: Spread, weight: Floats) -> dict[str, float]:
    return {
        "gap_days_p50": gaps.quantile(0.5, weight),
        "gap_days_p90": gaps.quantile(0.9, weight),
        "gap_days_cv": gaps.cv(weight),
    }


def _baskets(customers: int, customer: Ints, amount: Floats, *, seed: int) -> dict[str, Metric]:
    paid = np.isfinite(amount) & (amount > 0)
    if not paid.any():
        return {}
    baskets, enough = spread(amount[paid], customer[paid]), int(paid.sum()) >= _LEAST_ORDERS

    def statistic(weight: Floats) -> dict[str, float]:
        middle = baskets.quantile(0.5, weight)
        return {
            "basket_p50": middle,
            "basket_p90_to_p50": baskets.quantile(0.9, weight) / middle,
            "basket_p99_to_p50": baskets.quantile(0.99, weight) / middle,
            "basket_top1_share": baskets.top_share(0.01, weight),
            "basket_tail_index": baskets.tail_index(weight) if enough else float("nan"),
        }

    return _drawn(statistic, baskets.owner, customers, seed=seed)


def _contacts(customers: int, messages: Messages, *, seed: int) -> dict[str, Metric]:
    count = np.bincount(messages.customer, minlength=customers)
    reached = np.flatnonzero(count)
    figures = _quantiles("messages_per_customer", spread(count[reached], reached), (0.5, 0.9))
    return {
        **_drawn(figures, reached, customers, seed=seed),
        "messages_followed_by_order": intervals.wilson(int(messages.answered.sum()), len(messages.answered)),
    }


def _quantiles(name: str, of: Spread, shares: tuple[float, ...]) -> Callable[[Floats], dict[str, float]]:
    return lambda weight: {f"{name}_p{round(100 * share)}": of.quantile(share, weight) for share in shares}


def _drawn(
    statistic: Callable[[Floats], Mapping[str, float]], owner: Ints, customers: int, *, seed: int
) -> dict[str, Metric]:
    """Metrics of the rows that `owner` names customers for, with redrawn customers; what is undefined is left out."""
    names = statistic(np.ones(customers))

    def careful(weight: Floats) -> Mapping[str, float]:
        return statistic(weight) if weight[owner].any() else dict.fromkeys(names, float("nan"))

    drawn = intervals.draw(careful, customers, rounds=ROUNDS, seed=seed)
    return {name: intervals.interval(values, len(owner)) for name, values in drawn.items() if np.isfinite(values[0])}


def _ratio(above: float, below: float) -> float:
    return above / below if below > 0 else float("nan")
