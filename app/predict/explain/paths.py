"""What a customer is expected to spend by each day of the horizon: left alone, and with something done for them.

Without action the path is the published value, spread over the days as BG/NBD expects the purchases (Fader, Hardie
& Lee 2005, eq. 10). An action adds the lift that was measured for it: evenly over the days of its window, because
its sums say how much came by the end and not when, and nothing more after them, because nobody measured that. A
harmful lift takes away no more than what was expected within its window, and no path falls.

Lifts are plain arguments; where they come from is not known here. Amounts are gross minor units.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from app.predict.inputs.purchases import Floats, Histories, Ints, PurchaseDays, rfm
from app.predict.schemas import Intervention, InterventionLift, LtvEstimate, PathPoint, ValuePath, ValuePaths
from app.predict.value import bg_nbd
from app.predict.value.bg_nbd import BgNbd

STEP_DAYS = 7
_INTERVENTIONS: tuple[Intervention, ...] = ("light", "strong")


def value_paths(
    ltv: LtvEstimate, counts: BgNbd | None, history: Histories, lifts: Sequence[InterventionLift] = ()
) -> ValuePaths:
    """The three paths of one customer; `lifts` has at most one of each kind.

    A kind without a lift is `no_lift_known`, without points; a customer without a value has no paths at all.
    """
    known = {lift.kind: lift for lift in lifts}
    paths: list[ValuePath] = []
    if ltv.value is not None:
        days = days_of(ltv.horizon_days, [lift.window_days for lift in lifts])
        base = np.rint(ltv.value * arrivals(counts, history, days)).astype(np.int64)
        alone = ValuePath(action="no_action", points=_points(days, np.array([base] * 3)))
        paths = [alone, *(_path(kind, known.get(kind), base, days) for kind in _INTERVENTIONS)]
    return ValuePaths(
        horizon_days=ltv.horizon_days,
        currency=ltv.currency,
        basis=ltv.basis,
        model_card_id=ltv.model_card_id,
        q10_minor=ltv.q10,
        q90_minor=ltv.q90,
        paths=tuple(paths),
        status=ltv.status,
        missing=ltv.missing,
    )


def days_of(horizon_days: int, windows: Sequence[int] = ()) -> tuple[int, ...]:
    """Day 0, every week, the last day of each window within the horizon, and the horizon."""
    weeks = range(0, horizon_days, STEP_DAYS)
    ends = (window for window in windows if window < horizon_days)
    return tuple(sorted({*weeks, *ends, horizon_days}))


def arrivals(counts: BgNbd | None, history: Histories, days: Sequence[int]) -> Floats:
    """Share of the purchases expected by the last of `days` that comes by each of them, shape [days].

    E[Y(t)] / E[Y(last)] of the one row of `history`: from 0 to exactly 1, never falling. Even, t / last, for a customer
    without a row, or of whom no purchase is expected.
    """
    even = np.asarray(days, np.float64) / days[-1]
    if counts is None or not history.T.size:
        return even
    expected = np.array([bg_nbd.expected_purchases(counts, history, day)[0] for day in days])
    share = expected / expected[-1] if expected[-1] > 0 else even
    rising: Floats = np.maximum.accumulate(np.clip(share, 0.0, 1.0))
    return rising


def counts_of(parameters: Mapping[str, float]) -> BgNbd | None:
    """The BG/NBD among the parameters of a model card; None where none was fitted, or the card rounded it to 0."""
    found = BgNbd(*(parameters.get(name, 0.0) for name in BgNbd._fields))
    return found if min(found) > 0 else None


def history_of(purchases: PurchaseDays, customer_id: str, day: int) -> Histories:
    """One customer's frequency, recency and age at the end of `day`; no row for one who has not bought by then."""
    known = customer_id in purchases.customer_ids
    own = purchases.customer == (purchases.customer_ids.index(customer_id) if known else -1)
    columns = (purchases.customer[own], purchases.day[own], purchases.amount[own])
    return rfm(PurchaseDays(purchases.customer_ids, *columns), day).histories


def _path(kind: Intervention, lift: InterventionLift | None, base: Ints, days: Sequence[int]) -> ValuePath:
    """The path with a lift; its mean and both ends of its interval go the same way."""
    if lift is None:
        return ValuePath(action=kind, status="no_lift_known", missing=(f"{kind}_lift",))
    windowed = np.minimum(days, lift.window_days)
    amounts = np.array([[lift.mean_minor], [lift.low_minor], [lift.high_minor]])
    effect = np.rint(amounts * windowed / lift.window_days).astype(np.int64)
    at_stake = base[np.searchsorted(days, windowed)]
    points = np.maximum.accumulate(base + np.maximum(effect, -at_stake), axis=1)
    return ValuePath(action=kind, lift=lift, points=_points(days, points), gains=_points(days, points - base))


def _points(days: Sequence[int], columns: Ints) -> tuple[PathPoint, ...]:
    """One point a day, from mean, low and high."""
    return tuple(
        PathPoint(day=day, expected_minor=mean, low_minor=low, high_minor=high)
        for day, (mean, low, high) in zip(days, columns.T.tolist(), strict=True)
    )
