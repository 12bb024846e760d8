"""Where a customer stands by their orders and their own rhythm, and how often they buy at a discount."""

from enum import StrEnum
from typing import Final

NEW_DAYS: Final = 60
"""Somebody with one purchase day is new for so long, and has no rhythm to be away from."""
SLOWING: Final = 1.5
"""Usual gaps between purchase days without an order after which somebody slows down ..."""
AWAY: Final = 3.0
"""... and after which they are away."""
_SOMETIMES, _OFTEN = 0.2, 0.6
"""Shares of discounted orders from which a customer buys so sometimes, and often."""


class Stage(StrEnum):
    """From the first visit to leaving."""

    VISITOR = "visitor"
    NEW = "new"
    ACTIVE = "active"
    SLOWING = "slowing"
    AWAY = "away"


class PriceBand(StrEnum):
    """How often somebody buys at a discount."""

    SELDOM = "seldom"
    SOMETIMES = "sometimes"
    OFTEN = "often"


def stage_of(orders: int, days_since_order: float, usual_gap: float | None) -> Stage:
    """The stage at a moment; `usual_gap` is the median of days between purchase days, None below two of them."""
    if not orders:
        return Stage.VISITOR
    if usual_gap is None:
        return Stage.NEW if days_since_order <= NEW_DAYS else Stage.AWAY
    waits = days_since_order / max(usual_gap, 1.0)
    return Stage.ACTIVE if waits < SLOWING else Stage.SLOWING if waits < AWAY else Stage.AWAY


def price_band_of(discount_share: float) -> PriceBand:
    """The band of a share of discounted orders."""
    if discount_share < _SOMETIMES:
        return PriceBand.SELDOM
    return PriceBand.OFTEN if discount_share >= _OFTEN else PriceBand.SOMETIMES
