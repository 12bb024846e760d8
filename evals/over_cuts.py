"""One question asked at every cut, and the answers put together: figures, differences, samples, pictures."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import NamedTuple

import numpy as np
from msgspec import structs

from app.demo.shop import DemoShop
from app.predict.inputs.purchases import PurchaseDays
from app.predict.inputs.tables import Transactions, to_date, to_day
from evals import rolling
from evals.ceilings.measure import NO_ORACLE, WHY, Ceilings, ceilings
from evals.intervals import weights
from evals.rolling import Loaded, RollingOptions, View
from evals.scorers.paired import OURS, CutDraws, Sides, Weights, differences, over_cuts, paired
from evals.task import Curve, CutResult, Plain, Sample, Say, TaskResult

YEAR = 365
LONG_SILENCE = 60
"""Days without a purchase by anybody that are told of: a hole in the data, or wrong dates on one side of it."""
MOST_SAMPLES = 20_000
"""Customers kept one by one, over all cuts; figures always stand on all of them."""


class Answer(NamedTuple):
    """What one cut says."""

    model_card_id: str
    draws: CutDraws
    samples: list[Sample]
    curves: list[Curve]
    counts: dict[str, int]


class Question(NamedTuple):
    """What a task asks of a view."""

    task: str
    answer: Callable[[View, Weights, int], Answer]
    """Of a view, the customers' weights and how many samples to keep at most."""
    sides: Sides
    shares: tuple[str, ...]
    """Figures that a perfect answer would bring to 1."""


def ask(question: Question, options: RollingOptions, say: Say) -> TaskResult:
    """Fit and score cut by cut; figures are means over cuts, intervals from redrawing customers."""
    loaded = rolling.load(options, say)
    cuts = rolling.cuts_of(loaded.table.purchases, options)
    drawn, answers = _redraws(loaded.table.purchases, options, len(cuts)), list[Answer]()
    for cut in cuts:
        say(f"cut {cut}: fitting, asking the baselines, {len(drawn) - 1} bootstrap draws")
        most = MOST_SAMPLES // len(cuts)
        answers.append(question.answer(rolling.view_at(loaded, cut, options.horizon_days), drawn, most))
    result = _together(question, answers, loaded.table, options)
    origin = loaded.origin | _provenance(loaded, answers, options, len(drawn) - 1)
    origin |= _ceilings_origin(question, options)
    return structs.replace(result, ceilings=_ceilings(question, options, say), provenance=origin)


def _together(
    question: Question, answers: Sequence[Answer], table: Transactions, options: RollingOptions
) -> TaskResult:
    scored = [answer.draws for answer in answers]
    cuts = [_result(cut, question.sides, table.purchases, options.horizon_days) for cut in scored]
    figures = over_cuts(scored)
    return TaskResult(
        task=question.task,
        seed=options.seed,
        n=sum(cut.n for cut in scored),
        cuts=cuts,
        metrics=figures.pop(OURS),
        baselines=figures,
        differences=differences(scored, question.sides),
        paired=paired(scored, question.sides),
        counts={str(answer.draws.cut): answer.counts for answer in answers if answer.counts},
        warnings=table.warnings + _silence(table.purchases) + [warning for cut in cuts for warning in cut.warnings],
        samples=[sample for answer in answers for sample in answer.samples],
        curves=[curve for answer in answers for curve in answer.curves],
    )


def _redraws(purchases: PurchaseDays, options: RollingOptions, cuts: int) -> Weights:
    """Weights of all customers; with many customers a rough interval is a narrow one anyway, so there are fewer."""
    n = len(purchases.customer_ids)
    rounds = options.bootstrap or max(20, min(400, 60_000_000 // (n * cuts)))
    return np.stack([drawn.astype(np.uint8) for drawn in weights(n, rounds=rounds, seed=options.seed)])


def _provenance(loaded: Loaded, answers: Sequence[Answer], options: RollingOptions, rounds: int) -> dict[str, Plain]:
    """What was read, what was left out, and what the figures stand on."""
    table = loaded.table
    return {
        "rows": table.rows,
        "negative_rows_left_out": table.negative,
        "unusable_rows_left_out": table.unusable,
        "duplicate_rows_kept": table.duplicates,
        "basis": "gross: refunds and cancellations are left out, not subtracted",
        "data_start": str(to_date(int(table.purchases.day.min()))),
        "data_end": str(to_date(int(table.purchases.day.max()))),
        "horizon_days": options.horizon_days,
        "season": f"declared calendar for {loaded.zone}, and the seasons before the cut",
        "model_cards": " ".join(answer.model_card_id for answer in answers),
        "bootstrap": rounds,
    }


def _ceilings(question: Question, options: RollingOptions, say: Say) -> Ceilings:
    """Those of the demo shop, 1 for figures no filter is practical for; a table of transactions has no truth."""
    if options.transactions is not None:
        return {"oracle": {}, "naive": {}}
    found = ceilings(DemoShop(options.seed, options.customers, options.wording), say)
    return found | {"oracle": found["oracle"] | dict.fromkeys(question.shares, NO_ORACLE)}


def _ceilings_origin(question: Question, options: RollingOptions) -> dict[str, Plain]:
    told = f"{WHY}; 1 for {', '.join(question.shares)}: no filter is practical"
    return {} if options.transactions is not None else {"ceilings": told}


def _result(cut: CutDraws, sides: Sides, purchases: PurchaseDays, horizon: int) -> CutResult:
    figures = over_cuts([cut])
    first, last = int(purchases.day.min()), int(purchases.day.max())
    day = to_day(cut.cut)
    return CutResult(
        cut=cut.cut,
        n=cut.n,
        metrics=figures.pop(OURS),
        baselines=figures,
        differences=differences([cut], sides),
        paired=paired([cut], sides),
        horizon_seen_days=min(horizon, last - day),
        prior_season=first <= day + 1 - YEAR,
        warnings=_warnings(cut.cut, last, horizon),
    )


def _warnings(cut: date, last: int, horizon: int) -> list[str]:
    seen = last - to_day(cut)
    if seen >= horizon:
        return []
    return [
        f"cut {cut}: purchases end {to_date(last)}, so only {seen} of {horizon} days of the horizon are seen; "
        "what was spent and who bought is counted too low"
    ]


def _silence(purchases: PurchaseDays) -> list[str]:
    """The longest stretch in which nobody bought, where it is long."""
    first = int(purchases.day.min())
    bought = np.flatnonzero(np.bincount(purchases.day - first)) + first
    longest = int(np.argmax(np.diff(bought))) if bought.size > 1 else 0
    before, after = int(bought[longest]), int(bought[min(longest + 1, bought.size - 1)])
    if after - before <= LONG_SILENCE:
        return []
    return [
        f"nobody bought between {to_date(before)} and {to_date(after)}; horizons in it see nothing, and dates on one "
        "side of it may be wrong"
    ]
