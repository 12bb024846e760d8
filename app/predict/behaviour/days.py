"""What customers did on which day, as columns: what estimators read beside the purchases.

Only the customer's own acts make a day active; what is done to them (messages, refunds) stands in columns of its own.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from app.errors import InvalidInput
from app.events.activity import COLUMNS
from app.predict.behaviour.signs import Acts, Signs, signs
from app.predict.inputs.purchases import Ints, PurchaseDays
from app.profile.telltales import Telltale

LEAST_SEEN_DAYS = 45
"""Days for which acts have to be on record before their absence means anything."""

_PLACE = {name: place for place, name in enumerate(COLUMNS)}


@dataclass(frozen=True, eq=False)
class Behaviour:
    """One row per customer and local day, sorted by customer, then day.

    `customer_ids` is the very tuple of the cohort's PurchaseDays: who never bought has rows here and none there.
    """

    customer_ids: tuple[str, ...]
    customer: NDArray[np.int32]
    """Index into `customer_ids`, shape [n]."""
    day: NDArray[np.int32]
    """Local days since 1970-01-01, shape [n]."""
    counts: NDArray[np.int32]
    """[n, columns of `app.events.activity.COLUMNS`], >= 0."""
    signs: Signs | None = None
    """The profile's early signs of leaving; None where no profiles are kept."""

    def __post_init__(self) -> None:
        """Refuse columns that break the promise of the class."""
        if self.customer.shape != self.day.shape or self.counts.shape != (self.customer.size, len(COLUMNS)):
            raise InvalidInput("customer, day and counts must have one row each per customer and day")
        if self.customer.size and not 0 <= self.customer.min() <= self.customer.max() < len(self.customer_ids):
            raise InvalidInput("customer holds an index outside customer_ids")
        if (np.diff(_key(self.customer, self.day)) <= 0).any() or (self.counts < 0).any():
            raise InvalidInput("rows must be unique, sorted and not negative; build them with from_rows")

    @classmethod
    def from_rows(cls, customer_ids: tuple[str, ...], customer: Ints, day: Ints, counts: NDArray[np.int32]) -> Self:
        """Add up rows in any order; `customer` (an index) is -1 where a row is nobody's."""
        known = customer >= 0
        key, row = np.unique(_key(customer[known], day[known]), return_inverse=True)
        sums = [np.bincount(row, column, key.size) for column in counts[known].T]
        table = np.array(sums).reshape(len(COLUMNS), key.size).T.astype(np.int32)
        return cls(customer_ids, (key >> 32).astype(np.int32), (key & 0xFFFFFFFF).astype(np.int32), table)

    def column(self, name: str) -> NDArray[np.int32]:
        """One of the columns, shape [n]."""
        return self.counts[:, _PLACE[name]]

    def until(self, day: int) -> Self:
        """The same customers as they stood at the end of `day`; later rows are gone."""
        seen = self.day <= day
        signs = self.signs and self.signs.until(day)
        return type(self)(self.customer_ids, self.customer[seen], self.day[seen], self.counts[seen], signs)

    @property
    def acts(self) -> Acts:
        """The days on which customers did anything of their own."""
        return self._days(self.column("acts") > 0)

    @property
    def visits(self) -> Acts:
        """The days on which they were in the shop."""
        return self._days(self.column("presence") > 0)

    @property
    def first_day(self) -> int | None:
        """The first day on which anybody did anything but buy; None in a shop that records nothing but orders."""
        browsed = self.column("acts") > self.column("orders")
        return int(self.day[browsed].min()) if browsed.any() else None

    def tells(self, day: int) -> bool:
        """Whether acts were on record for so long before `day` that their absence means something."""
        return self.first_day is not None and day - self.first_day >= LEAST_SEEN_DAYS

    def _days(self, wanted: NDArray[np.bool_]) -> Acts:
        return Acts(self.customer[wanted].astype(np.int64), self.day[wanted].astype(np.int64))


def with_signs(
    behaviour: Behaviour,
    purchases: PurchaseDays,
    told: Iterable[tuple[str, Telltale]],
    *,
    zone: ZoneInfo,
    as_of: datetime,
) -> Behaviour:
    """The same with the early signs that the customers' states tell of, by `as_of`."""
    bought = Acts(purchases.customer.astype(np.int64), purchases.day.astype(np.int64))
    found = signs(told, behaviour.customer_ids, behaviour.visits, bought, zone=zone, as_of=as_of)
    return replace(behaviour, signs=found)


def _key(customer: NDArray[np.integer], day: NDArray[np.integer]) -> Ints:
    return (customer.astype(np.int64) << 32) | day.astype(np.int64)
