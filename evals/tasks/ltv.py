"""How good is expected spend? Fit the product's estimator up to each cut, compare with what customers then spent.

Runs on any table of transactions, or on a demo shop of its own. Features come from days up to and including the cut;
the horizon is (cut, cut + N days]; only customers who had bought by the cut are scored. Amounts in major units.
"""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import numpy as np
from pydantic import AfterValidator, Field

from app.access.schemas import known_zone
from app.demo.shop import DEFAULT_CUSTOMERS, DemoShop
from app.demo.synonyms import Vocabulary
from app.errors import InvalidInput
from app.events.timestamps import end_of_day
from app.predict import model
from app.predict.cohort import Cohort
from app.predict.purchases import Floats, PurchaseDays, rfm, spend_between
from app.schema import Frozen
from evals import shop
from evals.ceilings.measure import NO_ORACLE, WHY, Ceilings, ceilings
from evals.provenance import file_hash
from evals.scorers import numeric, spend
from evals.scorers.spend import OURS, Case
from evals.task import Curve, Plain, Sample, Say, Score, TaskResult
from evals.tasks.naive import baselines
from evals.transactions import MINOR, Columns, Transactions, read, to_date, to_day

_SHARES = ("spearman", "gini", "level")
MOST_SAMPLES = 100_000
"""Customers kept one by one; figures always stand on all of them."""
NO_CURRENCY = "XXX"
"""ISO 4217 for none: a table of amounts does not name one."""


class LtvOptions(Frozen):
    """Options of `run ltv`; without --transactions a demo shop is made."""

    transactions: Path | None = None
    """Parquet or CSV file with one row per order or order line"""
    customer: str = "customer_id"
    """column that names the customer"""
    time: str = "time"
    """column with the date or moment of the purchase"""
    amount: str = "amount"
    """column with the amount in major units"""
    time_format: str = ""
    """strptime format of a text time column; without it ISO 8601 and YYYYMMDD are read"""
    zone: Annotated[str, AfterValidator(known_zone)] = "UTC"
    """zone in which moments are cut into days"""
    cut: tuple[date, ...] = ()
    """last training day; may be given several times; without it the last day minus the horizon"""
    horizon_days: int = Field(default=90, ge=1, le=model.LONGEST_HORIZON_DAYS)
    """days after the cut that are predicted"""
    seed: int = Field(default=7, ge=0)
    """seed of the demo shop, the fit and the bootstrap"""
    customers: int = Field(default=DEFAULT_CUSTOMERS, ge=10, le=100_000)
    """customers of the demo shop"""
    wording: Vocabulary = "A"
    """words that the demo shop's customers use: A, or the held-out B"""
    bootstrap: int | None = Field(default=None, ge=20, le=10_000)
    """bootstrap draws behind each interval; without it 200, down to 40 for very many customers"""


class Ltv:
    """The task."""

    name = "ltv"
    purpose = "Expected spend and its interval against what customers then spent, beside naive baselines."
    options = LtvOptions

    def run(self, options: LtvOptions, say: Say) -> TaskResult:
        """Fit and score every cut; figures are means over cuts, intervals from redrawing customers."""
        table, origin = _load(options, say)
        purchases = table.purchases
        cases = [_case(purchases, cut, options, say) for cut in _cuts(purchases, options)]
        rounds = options.bootstrap or _rounds(sum(len(case.actual) for case in cases))
        say(f"scoring, {rounds} bootstrap draws")
        scored = spend.score(cases, len(purchases.customer_ids), rounds=rounds, seed=options.seed)
        figures = spend.over_cuts(scored)
        return TaskResult(
            task=self.name,
            seed=options.seed,
            n=sum(scored.sizes),
            cuts=[spend.of_cut(scored, i, case.cut) for i, case in enumerate(cases)],
            metrics=figures.pop(OURS),
            baselines=figures,
            ceilings=_ceilings(options, say),
            differences=spend.differences(scored),
            provenance=origin | _provenance(table, cases, options, rounds),
            samples=[s for case in cases for s in _samples(case, purchases.customer_ids, MOST_SAMPLES // len(cases))],
            curves=[curve for case in cases for curve in _curves(case)],
        )


def _load(options: LtvOptions, say: Say) -> tuple[Transactions, dict[str, Plain]]:
    if options.transactions is None:
        data = f"demo shop, seed {options.seed}, {options.customers} customers, wording {options.wording}"
        return _demo(options, say), {
            "data": data,
            "ceilings": f"{WHY}; 1 for {', '.join(_SHARES)}: no filter is practical",
        }
    columns = Columns(
        options.customer,
        options.time,
        options.amount,
        zone=ZoneInfo(options.zone),
        time_format=options.time_format,
    )
    say(f"reading {options.transactions}")
    table = read(options.transactions, columns)
    return table, {"data": options.transactions.name, "data_sha256": file_hash(options.transactions)}


def _ceilings(options: LtvOptions, say: Say) -> Ceilings:
    """Those of the demo shop; a table of transactions has no truth to find."""
    if options.transactions is not None:
        return {"oracle": {}, "naive": {}}
    found = ceilings(DemoShop(options.seed, options.customers, options.wording), say)
    return found | {"oracle": found["oracle"] | dict.fromkeys(_SHARES, NO_ORACLE)}


def _demo(options: LtvOptions, say: Say) -> Transactions:
    with shop.demo(seed=options.seed, customers=options.customers, wording=options.wording, say=say) as made:
        workspace, pipeline = made.workspace, made.pipeline
        until = pipeline.clock(workspace, now=made.now)
        orders = pipeline.log.order_totals(workspace.workspace_id, until=until)
        owners = pipeline.identity.owners(workspace.workspace_id)
    purchases = Cohort.build(orders, owners, zone=workspace.zone, as_of=until).purchases
    return Transactions(purchases, rows=len(orders), negative=0, unusable=0)


def _cuts(purchases: PurchaseDays, options: LtvOptions) -> list[date]:
    first, last = to_date(int(purchases.day.min())), to_date(int(purchases.day.max()))
    cuts = sorted(set(options.cut)) or [to_date(to_day(last) - options.horizon_days)]
    for cut in cuts:
        if not first <= cut < last:
            raise InvalidInput(
                f"--cut {cut}: purchases run from {first} to {last}; a cut must leave days on both sides"
            )
    return cuts


def _case(purchases: PurchaseDays, cut: date, options: LtvOptions, say: Say) -> Case:
    day, horizon = to_day(cut), options.horizon_days
    if int(purchases.day.max()) < day + horizon:
        say(f"note: purchases end {to_date(int(purchases.day.max()))}, before the horizon of cut {cut} does")
    known = purchases.until(day)
    seen = rfm(known, day)
    say(f"cut {cut}: fitting on {seen.customer.size:,} customers")
    fitted = _fit(known, cut, options)
    found = fitted.all()
    spent, _ = spend_between(purchases, seen.customer, day, day + horizon)
    naive = baselines(known, seen, cut=day, horizon=horizon)
    floor = max(0.01 * float(naive["constant"][0]) / MINOR, 1e-9)
    means: dict[str, Floats] = {OURS: found.value[seen.customer].astype(np.float64), **naive}
    return Case(
        cut=cut,
        customer=seen.customer,
        forecasts={k: numeric.forecast(spent / MINOR, v / MINOR, floor=floor) for k, v in means.items()},
        medians={k: v / MINOR for k, v in ({OURS: found.median[seen.customer]} | naive).items()},
        q10=found.q10[seen.customer] / MINOR,
        q90=found.q90[seen.customer] / MINOR,
        p_zero=found.p_no_purchase[seen.customer],
        model_card_id=fitted.card.model_card_id,
    )


def _fit(known: PurchaseDays, cut: date, options: LtvOptions) -> model.CustomerModel:
    fitted = model.fit(
        known,
        as_of_day=to_day(cut),
        horizon_days=options.horizon_days,
        currency=NO_CURRENCY,
        seed=options.seed,
        fitted_until=end_of_day(cut, ZoneInfo(options.zone)),
    )
    if fitted.missing:
        raise InvalidInput(f"cut {cut}: too little data to fit; missing: {', '.join(fitted.missing)}")
    return fitted


def _rounds(scored: int) -> int:
    """Draws that end in minutes: with many customers a rough interval is a narrow one anyway."""
    return max(40, min(200, 10_000_000 // scored))


def _provenance(table: Transactions, cases: Sequence[Case], options: LtvOptions, rounds: int) -> dict[str, Plain]:
    return {
        "rows": table.rows,
        "negative_rows_left_out": table.negative,
        "unusable_rows_left_out": table.unusable,
        "data_end": str(to_date(int(table.purchases.day.max()))),
        "horizon_days": options.horizon_days,
        "model_cards": " ".join(case.model_card_id for case in cases),
        "bootstrap": rounds,
    }


def _samples(case: Case, names: Sequence[str], most: int) -> list[Sample]:
    """Customer by customer; of a large case evenly spread ones, the same in every run."""
    ours = case.forecasts[OURS]
    columns = (case.customer, ours.actual, ours.predicted, case.medians[OURS], case.q10, case.q90, case.p_zero)
    step = -(-len(case.actual) // most)
    rows = zip(*(column[::step].tolist() for column in columns), strict=True)
    return [
        Sample(
            id=f"{case.cut}/{names[who]}",
            input={"cut": str(case.cut), "customer": names[who]},
            target={"spent": spent},
            output={"mean": mean, "median": median, "q10": q10, "q90": q90, "p_no_purchase": p_zero},
            scores={"mae": Score(abs(spent - median)), "pinball90": Score(_pinball90(spent, q90))},
        )
        for who, spent, mean, median, q10, q90, p_zero in rows
    ]


def _pinball90(spent: float, q90: float) -> float:
    return max(0.9 * (spent - q90), 0.1 * (q90 - spent))


def _curves(case: Case) -> list[Curve]:
    """Per cut: predicted against actual by tenth, and the share of spend that each ranking puts first."""
    shown = {OURS, "naive_rate", "last_horizon_days"}
    tenths = np.array_split(np.argsort(case.forecasts[OURS].predicted, kind="stable"), 10)
    calibration = [
        (float(case.forecasts[OURS].predicted[t].mean()), float(case.actual[t].mean())) for t in tenths if t.size
    ]
    gains = {label: _gain(f) for label, f in case.forecasts.items() if label in shown}
    return [
        Curve(
            title=f"{case.cut}: mean spend by predicted tenth",
            x="predicted",
            y="actual",
            lines={OURS: calibration},
            diagonal=True,
        ),
        Curve(
            title=f"{case.cut}: share of spend caught",
            x="share of customers, best first",
            y="share of spend",
            lines=gains,
        ),
    ]


def _gain(f: numeric.Forecast) -> list[tuple[float, float]]:
    caught = np.cumsum(f.actual[np.argsort(-f.predicted, kind="stable")])
    at = np.linspace(0, len(caught) - 1, 41).astype(int)
    return [(0.0, 0.0)] + [((int(i) + 1) / len(caught), float(caught[i] / max(caught[-1], 1e-12))) for i in at]
