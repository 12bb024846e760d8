"""What comparing those who get something with those held out can show. Shares of customers who order."""

import math
from typing import Annotated

from pydantic import Field

from app.schema import Frozen
from app.strategy.power import detectable_effect, power_of, sample_size

_Chance = Annotated[float, Field(ge=0, le=1)]


class Comparison(Frozen):
    """The test that a plan makes possible."""

    baseline: _Chance
    """Share of such customers who order within the window without contact."""
    effect: float
    """The absolute change worth finding, as the policy declares it."""
    given: int
    held: int
    effective: int
    """Customers per group of an equal split that would show as much: the harmonic mean of both groups."""
    wanted: int
    """Customers per group of an equal split that would find the effect with 80% power at 5%."""
    power: _Chance
    """With which these groups find it."""
    detectable: float | None
    """The smallest change that these groups find with 80% power; None when they find none at all."""


def compare(purchase_rate: float, effect: float, *, given: int, held: int) -> Comparison:
    """The comparison of two groups of unequal size, two-sided at 5%; `effect` is relative to the purchase rate."""
    baseline = min(max(purchase_rate, 0.005), 0.995)
    change = min(effect * baseline, (1.0 - baseline) / 2)
    effective = math.floor(2 / (1 / given + 1 / held)) if given and held else 0
    return Comparison(
        baseline=baseline,
        effect=change,
        given=given,
        held=held,
        effective=effective,
        wanted=sample_size(baseline, change),
        power=power_of(baseline, change, effective),
        detectable=detectable_effect(baseline, effective),
    )
