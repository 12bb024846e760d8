"""Where the workspace's buyers stand among each other, from its order lines alone."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from statistics import median
from typing import NamedTuple
from zoneinfo import ZoneInfo

from evals.scorers.ledger import Bought

_CLASSES = {
    "value": (True, True),
    "develop": (True, False),
    "keep": (False, True),
    "win_back": (False, False),
}
"""Second half of a class's name -> recent, frequent."""


class Buyer(NamedTuple):
    """One buyer: the fewer days the better, the more of the others."""

    days: int
    orders: int
    spent: int


class Standings(NamedTuple):
    """All buyers at one moment."""

    buyers: Mapping[str, Buyer]

    def class_of(self, customer_id: str) -> str:
        """The class by medians: recent at or below that of days, frequent and important above those of the others."""
        own = self.buyers[customer_id]
        middle = [median(column) for column in zip(*self.buyers.values(), strict=True)]
        traits = (own.days <= middle[0], own.orders > middle[1])
        weight = "important" if own.spent > middle[2] else "general"
        return f"{weight}_{next(name for name, wanted in _CLASSES.items() if wanted == traits)}"

    def fifths_of(self, customer_id: str) -> tuple[int, int, int]:
        """Quintiles, 5 best: how many of the four edges a buyer lies beyond; equal values have equal quintiles."""
        days, orders, spent = (
            sum(own > edge for edge in _edges(sorted(column)))
            for own, column in zip(self.buyers[customer_id], zip(*self.buyers.values(), strict=True), strict=True)
        )
        return 5 - days, 1 + orders, 1 + spent


def standings(bought: Sequence[Bought], as_of: datetime, zone: ZoneInfo) -> Standings:
    """Group the order lines of a workspace by customer."""
    today, lines = as_of.astimezone(zone).toordinal(), dict[str, list[Bought]]()
    for line in bought:
        lines.setdefault(line.customer_id, []).append(line)
    return Standings(
        {
            customer: Buyer(
                today - max(line.at.astimezone(zone).toordinal() for line in own),
                len({line.order for line in own}),
                sum(line.amount for line in own),
            )
            for customer, own in lines.items()
        }
    )


def _edges(ascending: Sequence[int]) -> list[int]:
    """The smallest values that at least a fifth, two, three and four fifths of the buyers do not exceed."""
    n = len(ascending)
    return [next(value for place, value in enumerate(ascending, start=1) if 5 * place >= k * n) for k in range(1, 5)]
