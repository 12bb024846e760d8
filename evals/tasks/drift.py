"""Does the drift check keep quiet where nothing changed, and speak within two months where something did?

Every replay is a shop of its own (`evals/steady.py`), fitted on one day and asked after 30 and after 60 days. It is
fitted by BG/NBD and Gamma-Gamma, the very process that made it, so an alarm where nothing changed is the check's own.
"""

from typing import get_args

from pydantic import Field

from app.predict.inputs.purchases import rfm
from app.predict.kept import drift
from app.predict.kept.measuring import Forecast
from app.predict.value.intervals import fit_spend, spend
from app.schema import Frozen
from evals import intervals
from evals.steady import Change, shop
from evals.task import Metric, Sample, Say, Score, TaskResult

HORIZON_DAYS = 90
FITTED_DAY = 500
LEAST_REPLAYS = 10
WINDOWS = (30, 60)
"""Days after the fit on which the check is asked."""


class DriftOptions(Frozen):
    """Options of `run drift`."""

    seed: int = Field(default=0, ge=0)
    """seed of the first shop; the others follow"""
    replays: int = Field(default=100, ge=1, le=10_000)
    """shops in which nothing changes; of each change a tenth as many, at least 10"""
    customers: int = Field(default=2_000, ge=400, le=100_000)
    """customers of each shop"""


class Drift:
    """The task."""

    name = "drift"
    purpose = "False alarms of the drift check where nothing changes, and how often a planted change is found."
    options = DriftOptions

    def run(self, options: DriftOptions, say: Say) -> TaskResult:
        """Ask about every shop; a share is counted with Wilson's interval."""
        samples: list[Sample] = []
        for change in get_args(Change):
            replays = options.replays if change == "nothing" else max(options.replays // 10, LEAST_REPLAYS)
            say(f"{replays} shops, change: {change}")
            samples += [_asked(change, options, options.seed + i) for i in range(replays)]
        return TaskResult(
            task=self.name,
            seed=options.seed,
            n=len(samples),
            metrics={
                "false_alarms": _share(samples, "nothing", WINDOWS),
                "found_half_purchases": _share(samples, "half_purchases", WINDOWS),
                "found_half_purchases_first_month": _share(samples, "half_purchases", WINDOWS[:1]),
                "found_half_baskets": _share(samples, "half_baskets", WINDOWS),
                "found_half_baskets_first_month": _share(samples, "half_baskets", WINDOWS[:1]),
            },
            provenance={"data": f"steady shops of {options.customers} customers", "fitted_on_day": FITTED_DAY},
            samples=samples,
        )


def _asked(change: Change, options: DriftOptions, seed: int) -> Sample:
    """One shop with the verdict of each window."""
    purchases = shop(
        customers=options.customers, days=FITTED_DAY + max(WINDOWS) + 1, change=change, after=FITTED_DAY, seed=seed
    )
    known = purchases.until(FITTED_DAY)
    table = rfm(known, FITTED_DAY)
    said = spend(fit_spend(table), table, HORIZON_DAYS)
    forecast = Forecast(table.customer, said.mean, said.median, said.q10, said.q90, 1 - said.p_purchase)
    kept = drift.shape(known, day=FITTED_DAY, window_days=HORIZON_DAYS)
    scores = {}
    for days in WINDOWS:
        seen, day = purchases.until(FITTED_DAY + days), FITTED_DAY + days
        passed = drift.since(seen, forecast, fitted_day=FITTED_DAY, horizon_days=HORIZON_DAYS, day=day)
        verdict = drift.conclude(drift.shifts(kept, seen, day=day), passed).verdict
        scores[f"shifted_{days}d"] = Score(float(verdict == "shifted"))
    return Sample(id=f"{change}-{seed}", input={"change": change, "seed": seed}, scores=scores)


def _share(samples: list[Sample], change: Change, windows: tuple[int, ...]) -> Metric:
    """Share of the shops with this change in which one of these windows raised an alarm."""
    mine = [sample for sample in samples if sample.input["change"] == change]
    alarmed = [any(sample.scores[f"shifted_{days}d"].value for days in windows) for sample in mine]
    return intervals.wilson(sum(alarmed), len(mine))
