"""What a plan is expected to bring in all, and how sure that is.

Customers who get the same past campaign's message share the error of its measured lift: it is one number, and if it is
too high, it is too high for all of them. So within a campaign errors add up, and only between campaigns do they
average out:

    Var(sum) = sum over campaigns of (sum of the customers' standard deviations)^2

which is the covariance of errors that are wholly shared within a campaign and independent between campaigns. A 90%
interval of a customer's expectation gives sd = (high - low) / (2 * 1.645). Adding variances as if customers were
independent would promise an interval sqrt(n) times too narrow.
"""

import math
from collections import defaultdict
from collections.abc import Iterable
from statistics import NormalDist
from typing import Annotated, NamedTuple

from pydantic import Field

from app.schema import Frozen

Z90 = NormalDist().inv_cdf(0.95)
"""Half of a 90% interval in standard deviations."""
_Real = Annotated[float, Field(allow_inf_nan=False)]


class Expected(Frozen):
    """An expectation with its 90% interval, minor units."""

    mean: _Real
    low: _Real
    high: _Real


class Share(NamedTuple):
    """What one customer adds."""

    campaign_id: str
    """The past campaign that it stands on."""
    mean: float
    low: float
    high: float


def together(shares: Iterable[Share]) -> Expected:
    """The sum over customers; errors are shared within a campaign."""
    mean, spread = 0.0, defaultdict[str, float](float)
    for share in shares:
        mean += share.mean
        spread[share.campaign_id] += (share.high - share.low) / (2 * Z90)
    half = Z90 * math.sqrt(math.fsum(sd**2 for sd in spread.values()))
    return Expected(mean=mean, low=mean - half, high=mean + half)
