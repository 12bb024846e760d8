"""What does a customer buy next, and when? Learn up to each cut, compare with the purchase that came.

On any table of order lines, or on a demo shop of its own with everything that its log tells. The category of a
purchase is the one that most of the day was spent on.
"""

from collections.abc import Sequence
from datetime import date

import numpy as np
from pydantic import Field

from app.errors import InvalidInput
from app.predict.fitted import LONGEST_HORIZON_DAYS
from app.predict.inputs.purchases import Floats, Ints
from app.predict.inputs.tables import to_date, to_day
from app.predict.intent import choices, windows
from app.predict.intent.learning import Intent, learn
from app.predict.reckoning import HORIZON_DAYS
from app.predict.value import bg_nbd
from evals.baselines import next_purchase
from evals.intervals import weights
from evals.purchase_material import Known, Material, opened
from evals.rolling import RollingOptions
from evals.scorers import intent as scorer
from evals.scorers.intent import TOP, Case
from evals.scorers.paired import OURS, CutDraws, Sides, Weights, differences, over_cuts, paired
from evals.task import Curve, CutResult, Plain, Sample, Say, Score, TaskResult

_AT_ONCE = 2_000
MOST_SAMPLES = 50_000


class IntentOptions(RollingOptions):
    """Options of `run intent`; without --transactions a demo shop is made."""

    category: str = ""
    """column that names the category of a line; without it only the time is forecast"""
    horizon_days: int = Field(default=HORIZON_DAYS, ge=7, le=LONGEST_HORIZON_DAYS)
    """days after the cut in which the next purchase is looked for"""


class IntentTask:
    """The task."""

    name = "intent"
    purpose = "When a customer buys next and what, as probabilities, beside base rates, last and usual category."
    options = IntentOptions

    def run(self, options: IntentOptions, say: Say) -> TaskResult:
        """Learn and score every cut; figures are means over cuts, intervals from redrawing customers."""
        with opened(options, options.category, say) as material:
            cases = [_case(material, cut, options, say) for cut in _cuts(material, options)]
        drawn = _weights(len(material.customers), options)
        say(f"scoring, {len(drawn) - 1} bootstrap draws")
        scored = [scorer.figures(case, drawn) for case in cases]
        sides = scorer.sides(cases[0].windows)
        figures = over_cuts(scored)
        return TaskResult(
            task=self.name,
            seed=options.seed,
            n=sum(cut.n for cut in scored),
            cuts=[_result(cut, sides) for cut in scored],
            metrics=figures.pop(OURS),
            baselines=figures,
            differences=differences(scored, sides),
            paired=paired(scored, sides),
            counts={str(case.cut): {"customers": len(case.wait), "purchases": len(case.buyer)} for case in cases},
            provenance=material.origin | _provenance(material, options, len(drawn) - 1),
            warnings=[warning for case in cases for warning in _warnings(case, material, options)],
            samples=[s for case in cases for s in _samples(case, material.customers, MOST_SAMPLES // len(cases))],
            curves=[curve for case in cases for curve in _curves(case)],
        )


def _cuts(material: Material, options: IntentOptions) -> list[date]:
    cuts = sorted(set(options.cut)) or [to_date(material.last_day - options.horizon_days)]
    for cut in cuts:
        if not material.first_day <= to_day(cut) < material.last_day:
            first, last = to_date(material.first_day), to_date(material.last_day)
            raise InvalidInput(
                f"--cut {cut}: purchases run from {first} to {last}; a cut must leave days on both sides"
            )
    return cuts


def _case(material: Material, cut: date, options: IntentOptions, say: Say) -> Case:
    day, horizon = to_day(cut), options.horizon_days
    known = material.known(day)
    learned = learn(known.baskets, known.touches, day=day, horizon_days=horizon)
    if isinstance(learned, tuple):
        raise InvalidInput(f"cut {cut}: too little data to learn from; missing: {', '.join(learned)}")
    customers = np.unique(known.baskets.customer)
    customers = customers[np.isfinite(known.p_no_purchase[customers])]
    say(f"cut {cut}: {customers.size:,} customers, {len(learned.habits.names)} categories")
    spans = (*(w for w in windows.WINDOWS if w < horizon), horizon)
    mains = material.all_(learned.habits.names).of(customers).mains()
    after = (mains.day > day) & (mains.day <= day + horizon)
    who, first = np.unique(mains.customer[after], return_index=True)
    buyer = np.searchsorted(customers, who)
    wait = np.full(customers.size, np.inf)
    wait[buyer] = mains.day[after][first] - day
    shares, ranked = _what(learned, known, who, day)
    return Case(
        cut=cut,
        customer=customers,
        wait=wait,
        windows=spans,
        chances=_when(learned, known, customers, spans, day),
        buyer=buyer,
        chosen=mains.category[after][first],
        basket=_baskets(material, learned, who, mains.day[after][first]),
        ranked=ranked,
        shares=shares,
    )


def _when(learned: Intent, known: Known, customers: Ints, spans: Sequence[int], day: int) -> dict[str, Floats]:
    pace = windows.pace(known.baskets, known.touches, customers, day)
    silent = known.p_no_purchase[customers]
    curves = windows.agree(windows.within(learned.hazards, pace), silent)
    at = np.array(spans, np.float64)
    plain = [bg_nbd.p_purchase(learned.hazards.counts, pace.histories, span) for span in spans]
    return {
        OURS: np.array([windows.chance_at(learned.hazards.edges, curve, at) for curve in curves]),
        "bg_nbd": np.column_stack(plain),
        "base_rate": next_purchase.base_rates(known.baskets, customers, tuple(spans), day),
    }


def _what(learned: Intent, known: Known, who: Ints, day: int) -> tuple[dict[str, Floats], dict[str, Ints]]:
    if learned.choices is None or not learned.habits.names:
        return {}, {}
    parts = [
        learned.choices.shares(choices.features(learned.habits, known.baskets, known.touches, some, day))
        for some in np.split(who, range(_AT_ONCE, who.size, _AT_ONCE))
    ]
    shares = np.concatenate(parts)
    popular = np.tile(next_purchase.popularity(known.baskets), (who.size, 1))
    ranked = {
        OURS: np.argsort(-shares[:, :-1], axis=1, kind="stable")[:, :TOP],
        "popularity": next_purchase.popular(known.baskets, who),
        "last_bought": next_purchase.last_bought(known.baskets, who),
        "most_frequent": next_purchase.most_frequent(known.baskets, who),
    }
    return {OURS: shares, "popularity": popular}, ranked


def _baskets(material: Material, learned: Intent, who: Ints, days: Ints) -> Floats:
    """[b, C + 1] 1 for each category of the purchase day of each."""
    rows = material.all_(learned.habits.names).of(who)
    place = np.searchsorted(who, rows.customer)
    then = rows.day == days[place]
    found = np.zeros((who.size, rows.other + 1))
    found[place[then], rows.category[then]] = 1
    return found


def _weights(n: int, options: IntentOptions) -> Weights:
    rounds = options.bootstrap or max(40, min(400, 60_000_000 // (n * max(1, len(options.cut)))))
    return np.stack([drawn.astype(np.uint8) for drawn in weights(n, rounds=rounds, seed=options.seed)])


def _result(cut: CutDraws, sides: Sides) -> CutResult:
    figures = over_cuts([cut])
    return CutResult(
        cut=cut.cut,
        n=cut.n,
        metrics=figures.pop(OURS),
        baselines=figures,
        differences=differences([cut], sides),
        paired=paired([cut], sides),
    )


def _provenance(material: Material, options: IntentOptions, rounds: int) -> dict[str, Plain]:
    return {
        "data_start": str(to_date(material.first_day)),
        "data_end": str(to_date(material.last_day)),
        "horizon_days": options.horizon_days,
        "bootstrap": rounds,
    }


def _warnings(case: Case, material: Material, options: IntentOptions) -> list[str]:
    seen = material.last_day - to_day(case.cut)
    short = f"cut {case.cut}: purchases end {to_date(material.last_day)}, after {seen} of {options.horizon_days} days"
    blind = f"cut {case.cut}: no category is foretold: too few lines name one"
    return [*([short] if seen < options.horizon_days else []), *([] if case.ranked else [blind])]


def _samples(case: Case, names: Sequence[str], most: int) -> list[Sample]:
    """Customer by customer; of a large case evenly spread ones, the same in every run."""
    step = -(-len(case.wait) // most)
    rows = zip(
        case.customer[::step].tolist(), case.wait[::step].tolist(), case.chances[OURS][::step].tolist(), strict=True
    )
    return [
        Sample(
            id=f"{case.cut}/{names[who]}",
            input={"cut": str(case.cut), "customer": names[who]},
            target={"days": None if np.isinf(wait) else int(wait)},
            output={f"p_{days}": p for days, p in zip(case.windows, chances, strict=True)},
            scores={
                f"brier_{days}": Score((p - (wait <= days)) ** 2) for days, p in zip(case.windows, chances, strict=True)
            },
        )
        for who, wait, chances in rows
    ]


def _curves(case: Case) -> list[Curve]:
    """Per cut: does a chance of p come true p of the time, for every window and for the category."""
    lines = {
        f"within {days} days": _reliability((case.wait <= days).astype(np.float64), case.chances[OURS][:, i])
        for i, days in enumerate(case.windows)
    }
    if OURS in case.shares:
        shares = case.shares[OURS]
        hit = shares[:, :-1].argmax(axis=1) == case.chosen
        lines["likeliest category"] = _reliability(hit.astype(np.float64), shares[:, :-1].max(axis=1))
    return [Curve(title=f"{case.cut}: by tenth of the chance", x="predicted", y="seen", lines=lines, diagonal=True)]


def _reliability(came: Floats, chance: Floats) -> list[tuple[float, float]]:
    tenths = np.array_split(np.argsort(chance, kind="stable"), 10)
    return [(float(chance[t].mean()), float(came[t].mean())) for t in tenths if t.size]
