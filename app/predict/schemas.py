"""What the estimators publish. All amounts are integer minor units."""

from datetime import date, datetime
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from app.schema import Frozen

Confidence = Literal["high", "medium", "low"]
Status = Literal["ok", "not_enough_data"]
Basis = Literal["gross", "net_of_refunds"]
"""Whether refunds were taken off the amounts."""


class Calibration(Frozen):
    """How the interval did on data that the model had not seen."""

    set: str
    """What it was measured on, e.g. `backtest, cut 2011-06-12, 90 d`."""
    above_q90: float
    """Share of customers whose actual value exceeded the predicted 90% quantile; the ideal is .10."""
    n: int


class ChurnCalibration(Frozen):
    """How the chance of no purchase did on a backtest; each customer was forecast by what others taught.

    It speaks for the days of the backtest: a season, or a wave of customers leaving, that starts later is not in it.
    """

    set: str
    """What it was measured on, e.g. `backtest, cut 2011-06-12, 90 d`."""
    n: int
    """Customers of the backtest."""
    brier: float
    """Mean squared difference between p_no_purchase and what happened; 0 is perfect."""
    predicted: float
    """Mean p_no_purchase; near `observed` when the level is right."""
    observed: float
    """Share of these customers who did not buy."""


class ModelCard(Frozen):
    """What a fitted model stands on."""

    model_card_id: str
    """Fingerprint of data, parameters and code version."""
    model: str
    fitted_until: datetime
    """Training used no event after this moment."""
    customers: int
    repeat_customers: int
    parameters: dict[str, float]
    horizon_days: int
    calibration: Calibration | None
    """None when the data are too short for a backtest."""
    churn_calibration: ChurnCalibration | None = None
    """None when the data are too short for a backtest."""


class LtvEstimate(Frozen):
    """Expected spend of one customer over the horizon, with its interval."""

    value: int | None
    """Mean of the predictive distribution; None when status is not ok."""
    median: int | None
    q10: int | None
    q90: int | None
    leaned_value: int | None = None
    """A model's bounded lean; off until an evaluation shows that it helps."""
    segment_value: int | None = None
    """Only without an estimate of their own: what visitors who had not bought either went on to spend, on average."""
    horizon_days: int
    currency: str
    basis: Literal["gross", "net_of_refunds"] = "gross"
    model_card_id: str | None
    calibration: Calibration | None
    confidence: Confidence | None
    drivers: tuple[str, ...] = ()
    """claim_ids of what carries the number."""
    risks: tuple[str, ...] = ()
    """claim_ids of what may undo it."""
    status: Status = "ok"
    missing: tuple[str, ...] = ()
    """What would be needed for an estimate."""


class ChurnEstimate(Frozen):
    """How likely the customer is to buy nothing, and how likely they are leaving."""

    p_no_purchase: float | None
    """Probability of no purchase within the horizon, corrected by what the shop's past taught."""
    p_no_activity: float | None = None
    churn_risk: float | None
    """Calibrated chance that the customer is leaving by their own rhythm, 0 to 1: see `app.predict.churn.chances`."""
    horizon_days: int
    calibration: ChurnCalibration | None = None
    """Of p_no_purchase; None when the data are too short for a backtest."""
    signals: tuple[str, ...] = ()
    """claim_ids of the behaviour that points the same way."""
    status: Status = "ok"
    missing: tuple[str, ...] = ()


Action = Literal["no_action", "light", "strong"]
"""What is done for a customer: nothing, a message without an offer, a message with one."""
Intervention = Literal["light", "strong"]


MinorUnits = Annotated[float, Field(ge=-1e15, le=1e15, allow_inf_nan=False)]


class InterventionLift(Frozen):
    """What an action was measured to add to one customer's order value, in minor units, with a 90% interval."""

    kind: Intervention
    mean_minor: MinorUnits
    low_minor: MinorUnits
    high_minor: MinorUnits
    window_days: Annotated[int, Field(ge=1)]
    """Days after the message within which orders were counted."""
    campaigns: tuple[str, ...]
    """campaign_ids that it was measured in."""
    randomised: bool
    """False when customers were not drawn into the groups: the lift may then be overstated."""
    cost_minor: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    """What the action costs for one customer, messages and offers together; not part of any path."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.low_minor <= self.mean_minor <= self.high_minor:
            raise ValueError("the mean of a lift must lie within its interval")
        return self


class PathPoint(Frozen):
    """An expected amount from now to the end of a day, in minor units.

    `low_minor` and `high_minor` are the 90% interval of this expectation that the lift's own uncertainty leaves; how
    far one customer's spend strays from its expectation is another matter (`q10_minor`, `q90_minor` of all paths).
    """

    day: int
    """Days from now."""
    expected_minor: int
    low_minor: int
    high_minor: int


class ValuePath(Frozen):
    """How a customer's order value is expected to add up after one action; or what is missing to say so."""

    action: Action
    points: tuple[PathPoint, ...] = ()
    """Expected order value, from day 0 to the end of the horizon."""
    gains: tuple[PathPoint, ...] = ()
    """The same less that of no action; empty for no action itself."""
    lift: InterventionLift | None = None
    """None for no action, and where none is known."""
    status: Literal["ok", "no_lift_known"] = "ok"
    missing: tuple[str, ...] = ()


class ValuePaths(Frozen):
    """The paths of one customer over the horizon, all on the same days."""

    horizon_days: int
    currency: str
    basis: Literal["gross", "net_of_refunds"] = "gross"
    model_card_id: str | None = None
    q10_minor: int | None = None
    """Left alone, the customer spends less than this by the end of the horizon with a chance of 10%."""
    q90_minor: int | None = None
    """Left alone, the customer spends more than this by the end of the horizon with a chance of 10%."""
    paths: tuple[ValuePath, ...] = ()
    """No action, light touch, strong offer; empty without an estimate."""
    status: Status = "ok"
    missing: tuple[str, ...] = ()
    """What would be needed for an estimate."""


class WindowCalibration(Frozen):
    """How the chance of a purchase within some days did on the past."""

    days: int
    brier: float
    """Mean squared difference between chance and what happened; 0 is perfect."""
    predicted: float
    """Mean chance; near `observed` when the level is right."""
    observed: float
    """Share of customers who did buy within these days."""


class IntentCalibration(Frozen):
    """How intent did on a backtest; each customer was forecast by what others taught."""

    set: str
    """What it was measured on, e.g. `backtest, cut 2011-06-12, 90 d`."""
    n: int
    """Customers of the backtest."""
    windows: tuple[WindowCalibration, ...]
    purchases: int
    """Next purchases whose category was foretold."""
    top1: float | None
    """Share of them whose main category was the likeliest one; None without categories."""
    top3: float | None
    """Share of them whose main category was among the three likeliest."""
    top1_popular: float | None
    """The same for a forecast that names the shop's most popular category to everybody."""
    top1_predicted: float | None
    """Mean chance given to the likeliest category; near `top1` when it is calibrated."""


class PurchaseWindow(Frozen):
    """The chance of at least one purchase within the next days."""

    days: int
    probability: float


IntentReason = Literal["popular", "own", "last", "follows", "due", "wanted", "cart"]
"""What speaks for a category: the shop's favourites, own purchases, the last one, what others bought after that one,
the rhythm of buying it again, what was looked at and searched for, what lies in the cart."""


class CategoryReason(Frozen):
    """One thing that speaks for a category."""

    name: IntentReason
    factor: float
    """How many times likelier it makes the category against the others, on average; above 1."""
    evidence: tuple[str, ...] = ()
    """Newest events behind it, newest last; none where it is the shop's."""


class CategoryChance(Frozen):
    """One category of the next purchase: the one that most of it is spent on."""

    category: str
    """Topic id of the taxonomy, else the item's category path."""
    share: float
    """P(category | the customer buys); those of all categories and `other_share` sum to 1."""
    within: tuple[PurchaseWindow, ...]
    """P(a purchase within the days, and its category is this one)."""
    reasons: tuple[CategoryReason, ...] = ()
    """Strongest first."""


class Replenishment(Frozen):
    """A category that the customer buys again and again."""

    category: str
    every_days: float
    """Mean days between two purchases of it: their own, shrunk to the shop's."""
    purchases: int
    """Days on which they bought it."""
    last_days_ago: int
    due_in_days: int
    """Until the rhythm expects it; 0 when it is overdue."""


class IntentEstimate(Frozen):
    """When a customer buys next, and what. Every probability is an estimate with a record, never a fact."""

    horizon_days: int
    windows: tuple[PurchaseWindow, ...] = ()
    """Rising with the days; at `horizon_days` it is 1 - p_no_purchase of the churn estimate."""
    likely_window: PurchaseWindow | None = None
    """The shortest window with a probability of 50% or more; None when a purchase within the horizon is unlikely."""
    earliest_days: int | None = None
    """Days after which the chance has reached 10%; None when it does not within the horizon."""
    median_days: int | None = None
    """Days after which the chance has reached 50%; None when it does not within the horizon."""
    categories: tuple[CategoryChance, ...] = ()
    """Likeliest first, a handful."""
    other_share: float | None = None
    """P(any other category | the customer buys); None without categories."""
    categories_missing: tuple[str, ...] = ()
    """What would be needed to say what is bought."""
    replenishments: tuple[Replenishment, ...] = ()
    """Due first."""
    learned_until: date | None = None
    """The last local day that the shop's habits were learned from; the customer's own acts count up to the moment."""
    calibration: IntentCalibration | None = None
    """None when the data are too short for a backtest."""
    status: Status = "ok"
    missing: tuple[str, ...] = ()
    """What would be needed for an estimate."""


DriverGroup = Literal["often", "recently", "tenure", "order", "lately", "rhythm", "browsing", "signs", "season"]
"""What a number comes from: how often they buy, how recently, for how long, for how much per order, what they bought
lately, their rhythm, what they do beside buying, the early signs of leaving, the season ahead."""


class Contribution(Frozen):
    """What one group of facts adds to a customer's number beside a typical customer's."""

    group: DriverGroup
    factor: float
    """What it multiplies the typical value by; the product over all groups is value / typical value."""
    amount_minor: int
    """The same as an amount; over all groups they sum to value - typical value exactly."""
    odds_factor: float
    """What it multiplies the typical odds of no purchase by."""
    no_purchase_points: float
    """The same in probability; over all groups they sum to the distance from the typical chance."""


WhatIfKind = Literal["one_order", "two_orders", "no_order", "no_visit"]
"""What may happen within some days: an order of the usual size, two of them, none, or no act at all."""


class WhatIf(Frozen):
    """What the same model would say some days from now if this had happened; all else, the season too, as it is now."""

    kind: WhatIfKind
    within_days: int
    order_minor: int | None
    """What each order in it is worth; None without one."""
    value_minor: int
    p_no_purchase: float


class Explanation(Frozen):
    """Why a customer's number is what it is, worked out on demand by the model that gave the number."""

    horizon_days: int
    currency: str
    basis: Basis = "gross"
    model_card_id: str | None = None
    value_minor: int | None = None
    """As the estimate has it."""
    p_no_purchase: float | None = None
    typical_value_minor: int | None = None
    """The geometric mean of the customers compared with, before any season: who is like most."""
    typical_p_no_purchase: float | None = None
    compared_with: int = 0
    """Customers spread over the shop that the typical ones are the mean of."""
    years_seen: int = 0
    """Earlier years in which the shop saw the season ahead; at 0 the season is the declared calendar's alone."""
    contributions: tuple[Contribution, ...] = ()
    """Largest first; what makes no difference is left out."""
    what_ifs: tuple[WhatIf, ...] = ()
    status: Status = "ok"
    missing: tuple[str, ...] = ()
    """What would be needed for an estimate."""
