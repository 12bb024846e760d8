"""Does `churn_risk` find who is truly leaving? The product on a demo shop, against the shop's truth.

The whole log lies in the product; each cut is read as of its end, with a model that was learned before it. The truth
says who has left by then and who leaves within the days after; the log says who did anything within the horizon.
"""

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
from pydantic import Field

from app.demo.shop import DEFAULT_CUSTOMERS, DEFAULT_SEED, DemoShop
from app.demo.synonyms import Vocabulary
from app.demo.truth import CustomerTruth, truth
from app.errors import InvalidInput
from app.events.timestamps import end_of_day
from app.predict.behaviour.columns import rhythm
from app.predict.behaviour.days import Behaviour
from app.predict.inputs.purchases import rfm
from app.predict.reckoning import HORIZON_DAYS, Reckoning
from app.predict.scores import Floats
from app.schema import Frozen
from evals import intervals
from evals import shop as shops
from evals.scorers.leaving import SIDES, Case, figures, leaves_in
from evals.scorers.paired import OURS, Weights, differences, over_cuts, paired
from evals.shop import Open
from evals.task import CutResult, Say, TaskResult

ROUNDS = 400
_EPOCH = date(1970, 1, 1)


class LeavingOptions(Frozen):
    """Options of `run leaving`."""

    seed: int = Field(default=DEFAULT_SEED, ge=0)
    """seed of the demo shop and the bootstrap"""
    customers: int = Field(default=DEFAULT_CUSTOMERS, ge=200, le=20_000)
    """customers of the demo shop"""
    wording: Vocabulary = "A"
    """words that its customers use: A, or the held-out B"""
    cut: tuple[date, ...] = ()
    """day that is read at its end; may be given several times; without it 90, 60, 30 and 0 days before the last"""


class Leaving:
    """The task."""

    name = "leaving"
    purpose = "Who is truly leaving a demo shop: churn_risk beside the chance of no purchase and days of silence."
    options = LeavingOptions

    def run(self, options: LeavingOptions, say: Say) -> TaskResult:
        """Read every cut, and score what the product says of its buyers."""
        shop = DemoShop(options.seed, options.customers, options.wording)
        last = shop.ends_at.astimezone(shop.workspace.zone).date() - timedelta(days=1)
        cuts = sorted(set(options.cut)) or [last - timedelta(days=days) for days in (90, 60, 30, 0)]
        if not all(shop.calendar.midnight.date() < cut <= last for cut in cuts):
            raise InvalidInput(f"--cut: use days after {shop.calendar.midnight.date()} and up to {last}")
        truths = truth(shop)
        weights = np.array([*intervals.weights(len(truths), rounds=ROUNDS, seed=options.seed)], np.uint8)
        with shops.demo(seed=options.seed, customers=options.customers, wording=options.wording, say=say) as opened:
            cases = _cases(opened, truths, cuts, last, say)
        scored = [figures(case, weights) for case in cases]
        found = over_cuts(scored)
        return TaskResult(
            task=self.name,
            seed=options.seed,
            n=sum(cut.n for cut in scored),
            cuts=[_result(case, weights) for case in cases],
            metrics=found.pop(OURS),
            baselines=found,
            differences=differences(scored, SIDES),
            paired=paired(scored, SIDES),
            provenance={
                "data": f"demo shop, seed {options.seed}, {options.customers} customers, wording {options.wording}",
                "horizon_days": HORIZON_DAYS,
            },
        )


def _result(case: Case, weights: Weights) -> CutResult:
    """The figures of one cut alone."""
    drawn = figures(case, weights)
    found = over_cuts([drawn])
    return CutResult(
        cut=case.cut,
        n=drawn.n,
        metrics=found.pop(OURS),
        baselines=found,
        differences=differences([drawn], SIDES),
        paired=paired([drawn], SIDES),
    )


def _cases(opened: Open, truths: Sequence[CustomerTruth], cuts: Sequence[date], last: date, say: Say) -> list[Case]:
    reckoner, workspace = opened.pipeline.reckoner, opened.workspace
    of = shops.known(opened, truths)
    whole = reckoner.at(workspace, end_of_day(last, workspace.zone)).cohort.behaviour
    found = []
    for cut in cuts:
        say(f"reading {cut}")
        found.append(_case(reckoner.at(workspace, end_of_day(cut, workspace.zone)), whole, of, cut, last))
    return found


def _case(read: Reckoning, whole: Behaviour | None, of: dict[str, CustomerTruth], cut: date, last: date) -> Case:
    cohort, names = read.cohort, read.cohort.purchases.customer_ids
    table = rfm(cohort.purchases, cohort.as_of_day)
    known = np.array([names[who] in of for who in table.customer])
    rows = table.customer[known]
    truths = [of[names[who]] for who in rows]
    found = read.model.all()
    silence = (cohort.as_of_day - table.last_day).astype(np.float64)
    scores = {
        OURS: found.churn_risk[rows],
        "p_no_purchase": found.p_no_purchase[rows],
        "days_since_purchase": silence[known],
    }
    if cohort.behaviour is not None:
        scores["p_no_activity"] = found.p_no_activity[rows]
        scores["days_since_activity"] = cohort.as_of_day - rhythm(cohort.behaviour.acts, len(names)).last[rows]
    return Case(
        cut=cut,
        customer=np.array([one.index for one in truths]),
        repeat=table.frequency[known] > 0,
        leaves=np.array([leaves_in(one, cut) for one in truths]),
        until=(last - cut).days,
        scores=scores,
        p_no_activity=found.p_no_activity[rows],
        inactive=_inactive(whole, [names[who] for who in rows], (cut - _EPOCH).days) if _covered(cut, last) else None,
    )


def _covered(cut: date, last: date) -> bool:
    return (last - cut).days >= HORIZON_DAYS


def _inactive(whole: Behaviour | None, customers: Sequence[str], day: int) -> Floats | None:
    """Who did nothing of their own within the horizon after a day, as the whole log has it."""
    if whole is None:
        return None
    acts = whole.acts
    inside = (acts.day > day) & (acts.day <= day + HORIZON_DAYS)
    active = {whole.customer_ids[who] for who in np.unique(acts.customer[inside])}
    return np.array([customer not in active for customer in customers], np.float64)
