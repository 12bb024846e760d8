"""What makes one customer's number differ from a typical customer's: contributions that add up to it exactly.

Shapley values (Shapley 1953) of the very function that estimates, with groups of columns as players. A set of groups is
worth the mean of ln(value) over customers who are like this one in these groups, each with these columns replaced by
this customer's own (Aas, Jullum and Loland 2021, doi 10.1016/j.artint.2021.103502, the empirical approach: what is not
in the set comes from people who exist beside what is in it). No set: customers evenly spread over the shop, without any
season. With their value V0

    ln V = ln V0 + sum of contributions,   ln V0 = mean of ln V over these customers,

and the log-odds of no purchase are shared out alike. A contribution c becomes the amount c (V - V0) / ln(V / V0), so
the amounts add up to V - V0 (the logarithmic mean, Ang 2004, doi 10.1016/j.enpol.2003.10.010). Contributions say what
the model makes of what it knows, not what causes what.
"""

from dataclasses import dataclass
from math import factorial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit

from app.errors import InvalidInput
from app.predict.fitted import Fitted, blended
from app.predict.inputs.purchases import Floats, Ints, PurchaseDays, RfmTable
from app.predict.model import CustomerModel
from app.predict.schemas import DriverGroup
from app.predict.value import ensemble
from app.predict.value.ensemble import Ensemble
from app.predict.value.features import Beside, Features, build, modelled
from app.predict.value.season import Season

COMPARED_WITH = 48
"""Customers that a set of groups is judged by."""
_POOL = 2000
"""Customers that these are taken from."""
_EVENLY = (5**0.5 - 1) / 2
"""Multiples of it, less their whole part, below any limit come at nearly equal steps (the three-gap theorem)."""
SEASON: DriverGroup = "season"
_GROUPS: dict[DriverGroup, tuple[str, ...]] = {
    "often": ("frequency",),
    "recently": ("silence",),
    "tenure": ("age",),
    "order": ("average_order", "last_order", "first_order", "largest_order", "repeat_order"),
    "lately": ("spend_", "orders_"),
    "rhythm": ("usual_gap", "last_gap", "overdue"),
    "signs": ("sign_", "signs_"),
}
"""Columns by group; a name that ends in `_` stands for all that begin with it. Any other column is of behaviour."""
_FOLLOWS = ("recency", "total_spend", "expected_purchases", "chance_to_buy", "expected_per_purchase", "expected_spend")
"""Columns worked out from others."""
_SURE = 1e-9


class Shares(NamedTuple):
    """How one customer's number comes about; value in minor units, not rounded."""

    groups: tuple[DriverGroup, ...]
    log_value: Floats
    """What each group adds to ln V, shape [groups]; they sum to ln(value / typical_value)."""
    log_odds: Floats
    """What each adds to the log-odds of no purchase; they sum to the distance of both log-odds."""
    value: float
    typical_value: float
    p_no_purchase: float
    typical_p_no_purchase: float

    @property
    def amounts(self) -> Floats:
        """In minor units; they sum to value - typical_value."""
        distance = float(self.log_value.sum())
        each = (self.value - self.typical_value) / distance if abs(distance) > _SURE else self.value
        return np.asarray(self.log_value * each)

    @property
    def points(self) -> Floats:
        """In probability; they sum to p_no_purchase - typical_p_no_purchase."""
        distance, chance = float(self.log_odds.sum()), self.p_no_purchase
        far = abs(distance) > _SURE
        each = (chance - self.typical_p_no_purchase) / distance if far else chance * (1 - chance)
        return np.asarray(self.log_odds * each)


def drivers(
    model: CustomerModel, purchases: PurchaseDays, row: int, *, day: int, beside: Beside | None = None
) -> Shares:
    """Of the customer with index `row`, who has bought by `day`; reads nothing later. The model holds an estimate."""
    fitted, taught = model.fitted, taught_of(model.fitted)
    known, pool = purchases.until(day), _pool(model)
    held = Held.of(beside, day) if beside and fitted.beside else None

    def mixing(horizon: int) -> _Mixing:
        own, others = (
            build(only(known, rows), day, horizon_days=horizon, model=taught.model, unit=taught.unit, beside=held)
            for rows in (np.array([row]), pool)
        )
        return _Mixing(taught, horizon, own, others, np.argsort(np.argsort(pool)))

    asked = mixing(fitted.horizon_days)
    learned = taught.learned
    short = asked if learned is None or learned.horizon_days == fitted.horizon_days else mixing(learned.horizon_days)
    sets = _sets(len(asked.groups))
    like = asked.like(sets)
    means = ensemble.of_features(taught, asked.mixed(sets, like), short.mixed(sets, like))
    return _shares(fitted, means, asked.groups, fitted.seasons(day), taught.unit)


@dataclass(frozen=True, eq=False)
class Held:
    """What is known beside purchases, read once, and as it stood then whichever day is asked for."""

    names: tuple[str, ...]
    columns: Floats

    @classmethod
    def of(cls, beside: Beside, day: int) -> "Held":
        """As it stands at the end of `day`."""
        return cls(beside.names, beside.at(day))

    def at(self, day: int) -> Floats:
        """The columns, shape [customers, names]."""
        return self.columns


class _Mixing(NamedTuple):
    """A customer, and those that they are compared with, at one horizon."""

    taught: Ensemble
    horizon_days: int
    own: Features
    others: Features
    order: Ints
    """Rows of the others: any first so many are spread evenly over the shop."""

    @property
    def groups(self) -> tuple[DriverGroup, ...]:
        """Those of which there is a column."""
        there = {_group_of(name) for name in self.own.names if name not in _FOLLOWS}
        return tuple(group for group in (*_GROUPS, "browsing") if group in there)

    def like(self, sets: NDArray[np.bool_]) -> Ints:
        """Rows of the others who are most like the customer in each set of groups, shape [sets, COMPARED_WITH]."""
        far = np.array([self._distance(group) for group in self.groups])[:, self.order]
        apart = sets.astype(np.float64) @ far
        nearest = np.argsort(apart, axis=1, kind="stable")[:, :COMPARED_WITH]
        return np.asarray(self.order[nearest])

    def mixed(self, sets: NDArray[np.bool_], like: Ints) -> Features:
        """One row per set of groups and other customer: what is in the set is the customer's own."""
        names, groups = self.own.names, self.groups
        place = [groups.index(_group_of(name)) if name not in _FOLLOWS else 0 for name in names]
        columns = np.where(sets[:, None, place], self.own.columns[None], self.others.columns[like])
        return self._whole(columns.reshape(-1, len(names)))

    def _distance(self, group: DriverGroup) -> Floats:
        """Mean squared distance of ranks, shape [others]; what does not exist is far from what does."""
        wanted = [i for i, name in enumerate(self.own.names) if name not in _FOLLOWS and _group_of(name) == group]
        apart = [_ranks(self.others.columns[:, i], self.own.columns[:, i]) for i in wanted]
        return np.asarray(np.square(apart).mean(axis=0))

    def _whole(self, columns: Floats) -> Features:
        """What is worked out from other columns is worked out anew."""
        column = dict(zip(self.own.names, columns.T, strict=True))
        frequency, age = column["frequency"], column["age"]
        days = np.clip(age - column["silence"], np.minimum(frequency, age), age)
        column["recency"][:] = np.where(frequency > 0, days, 0)
        column["total_spend"][:] = column["average_order"] * (frequency + 1)
        table = _table(frequency, column["recency"], age, column["repeat_order"] * self.taught.unit)
        by_model = modelled(self.taught.model, table, horizon_days=self.horizon_days, unit=self.taught.unit)
        for name, found in by_model.items():
            column[name][:] = found
        return Features(table, self.own.names, columns, by_model["expected_spend"], by_model["chance_to_buy"])


def taught_of(fitted: Fitted) -> Ensemble:
    """What estimates are made with; InvalidInput where the shop had too little to make any."""
    if fitted.ensemble is None:
        raise InvalidInput(f"nothing was fitted, so nothing can be explained; missing: {', '.join(fitted.missing)}")
    return fitted.ensemble


def only(purchases: PurchaseDays, rows: Ints) -> PurchaseDays:
    """The purchases of some customers; all keep their index."""
    kept = np.isin(purchases.customer, rows)
    return PurchaseDays(purchases.customer_ids, purchases.customer[kept], purchases.day[kept], purchases.amount[kept])


def _shares(
    fitted: Fitted,
    means: ensemble.Means,
    groups: tuple[DriverGroup, ...],
    seasons: dict[str, Season],
    unit: float,
) -> Shares:
    """The season is one more player: without it every day is an average one."""
    average = {name: Season(1.0, 0.0, 0) for name in seasons}
    told = [blended(fitted, means, which) for which in (average, seasons)]
    sets = 2 * (1 << len(groups))
    log_value = np.log(np.maximum(np.concatenate([one.mean for one in told]) * unit, _SURE))
    log_odds = _odds(np.concatenate([one.p_zero for one in told]))
    value, odds = (column.reshape(sets, -1).mean(axis=1) for column in (log_value, log_odds))
    chances = 1 / (1 + np.exp(-odds[[-1, 0]]))
    return Shares(
        groups=(*groups, SEASON),
        log_value=_shapley(value),
        log_odds=_shapley(odds),
        value=float(np.exp(value[-1])),
        typical_value=float(np.exp(value[0])),
        p_no_purchase=float(chances[0]),
        typical_p_no_purchase=float(chances[1]),
    )


def _pool(model: CustomerModel) -> Ints:
    """Buyers in an order of which any first so many are evenly spread over the shop's values."""
    found = model.estimates
    buyers = np.flatnonzero(found.known)
    by_value = buyers[np.argsort(found.value[buyers], kind="stable")]
    evenly = np.argsort((np.arange(by_value.size) + 0.5) * _EVENLY % 1)
    return np.asarray(by_value[evenly][:_POOL])


def _ranks(others: Floats, own: Floats) -> Floats:
    """How far the others' ranks (0 to 1) are from the customer's own, shape [others]."""
    values = np.append(others, own)
    known = np.sort(values[~np.isnan(values)])
    middle = (known.searchsorted(values) + known.searchsorted(values, side="right")) / (2 * max(known.size, 1))
    ranks = np.where(np.isnan(values), -1.0, middle)
    return np.asarray(ranks[:-1] - ranks[-1])


def _group_of(name: str) -> DriverGroup:
    for group, begins in _GROUPS.items():
        if name in begins or name.startswith(tuple(begin for begin in begins if begin.endswith("_"))):
            return group
    return "browsing"


def _sets(players: int) -> NDArray[np.bool_]:
    """All sets, shape [2^players, players]; the place of a set has a bit for each of its players."""
    bits = np.arange(1 << players)[:, None] >> np.arange(players)
    return np.asarray(bits & 1 == 1)


def _shapley(worth: Floats) -> Floats:
    """What each player adds on average over all orders in which they may come, from the worth of every set."""
    players = worth.size.bit_length() - 1
    within = _sets(players)
    size = within.sum(axis=1)
    orders = [factorial(k) * factorial(players - k - 1) / factorial(players) for k in range(players)]
    found = np.empty(players)
    for player in range(players):
        without = np.flatnonzero(~within[:, player])
        found[player] = np.array(orders)[size[without]] @ (worth[without | 1 << player] - worth[without])
    return found


def _table(frequency: Floats, recency: Floats, age: Floats, repeat_spend: Floats) -> RfmTable:
    x, t_x, whole_age = (np.rint(column).astype(np.int64) for column in (frequency, recency, age))
    return RfmTable(np.arange(x.size), x, t_x, whole_age, repeat_spend, -whole_age, t_x - whole_age)


def _odds(chance: Floats) -> Floats:
    found: Floats = logit(chance.clip(_SURE, 1 - _SURE))
    return found
