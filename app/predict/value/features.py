"""What is known of every buyer at the end of a day, as columns: one builder for training and for serving.

Nothing after `day` is read, whatever the tables hold. Money is in units of the shop's usual order, so that no figure
depends on the currency.
"""

from typing import NamedTuple, Protocol

import numpy as np

from app.predict.inputs.purchases import Floats, PurchaseDays, RfmTable, rfm, spend_between
from app.predict.value import bg_nbd, gamma_gamma
from app.predict.value.intervals import SpendModel

WINDOWS = (30, 60, 90, 180, 365)
"""Days before `day` over which spend and purchase days are counted."""
USUAL_ORDER = 30.0
"""What a usual order counts as: large beside the 1 of ln(1 + x)."""
_SHOP_GAP = 30.0
"""Days that a customer's own gaps are shrunk to."""


class Beside(Protocol):
    """What is known beside purchases: behaviour and signs, by customer of the purchases' `customer_ids`."""

    @property
    def names(self) -> tuple[str, ...]:
        """Of the columns."""
        ...

    def at(self, day: int) -> Floats:
        """The columns at the end of `day`, [customers, names], NaN where nothing is known; reads nothing later."""
        ...


class Features(NamedTuple):
    """One row per buyer known at the end of `day`."""

    table: RfmTable
    """Frequency, recency, age and spend; `table.customer` names the rows."""
    names: tuple[str, ...]
    columns: Floats
    """[n, names], NaN where something does not exist (the gap of who bought once)."""
    expected: Floats
    """BG/NBD + Gamma-Gamma: mean spend over the horizon, in units (a usual order is USUAL_ORDER)."""
    p_purchase: Floats
    """BG/NBD: chance of any purchase in the horizon."""

    @property
    def beside(self) -> tuple[str, ...]:
        """Names of the columns that purchases alone do not give."""
        return self.names[self.names.index("expected_spend") + 1 :]

    def column(self, name: str) -> Floats:
        """One column by name, with 0 where it does not exist."""
        return np.nan_to_num(self.columns[:, self.names.index(name)])


def unit_of(purchases: PurchaseDays) -> float:
    """Minor units that count as one: the usual (mean) purchase day is USUAL_ORDER."""
    return max(float(purchases.amount.mean()) / USUAL_ORDER, 1e-9) if purchases.amount.size else 1.0


def build(
    purchases: PurchaseDays, day: int, *, horizon_days: int, model: SpendModel, unit: float, beside: Beside | None
) -> Features:
    """The columns of every buyer at the end of `day`; `unit` is minor units (`unit_of`)."""
    known = purchases.until(day)
    table = rfm(known, day)
    by_model = modelled(model, table, horizon_days=horizon_days, unit=unit)
    own = _own(known, table, day, unit) | by_model
    columns = [*own.values()]
    names = [*own]
    if beside is not None:
        columns += list(beside.at(day)[table.customer].T)
        names += beside.names
    whole = np.column_stack(columns).astype(np.float64)
    return Features(table, tuple(names), whole, by_model["expected_spend"], by_model["chance_to_buy"])


def modelled(model: SpendModel, table: RfmTable, *, horizon_days: int, unit: float) -> dict[str, Floats]:
    """What BG/NBD + Gamma-Gamma make of each history over the horizon; spend in units."""
    histories = table.histories
    times = bg_nbd.expected_purchases(model.counts, histories, horizon_days)
    worth = gamma_gamma.expected_spend(model.money, table.frequency, table.monetary_value) / unit
    return {
        "expected_purchases": times,
        "chance_to_buy": bg_nbd.p_purchase(model.counts, histories, horizon_days),
        "expected_per_purchase": worth,
        "expected_spend": times * worth,
    }


def _own(known: PurchaseDays, table: RfmTable, day: int, unit: float) -> dict[str, Floats]:
    """What the purchases themselves say."""
    frequency, recency, age = (column.astype(np.float64) for column in table.histories)
    repeat = frequency > 0
    silence = age - recency
    first = np.searchsorted(known.customer, table.customer)
    last = first + table.frequency
    amount = known.amount / unit
    total = np.add.reduceat(amount, first) if first.size else amount
    before_last = np.where(repeat, known.day[last] - known.day[np.maximum(last - 1, 0)], np.nan)
    found = {
        "frequency": frequency,
        "recency": recency,
        "age": age,
        "silence": silence,
        "usual_gap": np.where(repeat, recency / np.maximum(frequency, 1), np.nan),
        "last_gap": before_last,
        "overdue": np.where(repeat, silence * (frequency + 1) / (recency + _SHOP_GAP), np.nan),
        "average_order": total / (frequency + 1),
        "total_spend": total,
        "last_order": amount[last],
        "first_order": amount[first],
        "largest_order": np.maximum.reduceat(amount, first) if first.size else amount,
        "repeat_order": table.monetary_value / unit,
    }
    for days in WINDOWS:
        spend, times = spend_between(known, table.customer, day - days, day)
        found[f"spend_{days}d"], found[f"orders_{days}d"] = spend / unit, times.astype(np.float64)
    return found
