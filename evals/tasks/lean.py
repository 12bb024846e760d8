"""Does a model's lean bring expected spend nearer to what customers then spent? The product on a demo shop.

The shop is read at the end of the cut, with a model that was learned before it; what is spent within the horizon comes
from the log. Without a served model no lean is asked for, and the run says what leaning could give: at best, by an
oracle that picks the nearest of the five amounts, and by a plain rule over the same closed facts that a model is shown.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
from pydantic import Field

from app.bootstrap import PROMPTS
from app.demo.shop import DEFAULT_CUSTOMERS, DEFAULT_SEED, DemoShop
from app.demo.synonyms import Vocabulary
from app.errors import InvalidInput, ModelOutputError, ModelUnavailable
from app.events.timestamps import end_of_day
from app.insights.ltv.lean import PROMPT, ask_to_lean
from app.insights.ltv.leaning import Lean, leaned_value
from app.llm.chat_model import ChatModel
from app.llm.prompts import PromptLibrary
from app.llm.vllm import OpenAICompatibleModel
from app.narrative.schemas import Claim, Predicate
from app.predict.inputs.purchases import spend_between
from app.predict.inputs.tables import MINOR, to_day
from app.predict.reckoning import HORIZON_DAYS
from app.predict.schemas import LtvEstimate
from app.schema import Frozen, Lang
from app.views import CustomerReading
from evals import shop as shops
from evals.intervals import wilson
from evals.scorers.lean import Forecasts, best_of, figures
from evals.task import Metric, Sample, Say, Score, TaskResult

PATIENCE_S = 60.0
"""For one answer: the figures are about leans, not about deadlines on a busy machine."""
NOT_ASKED = "no model was asked: name one with --base-url and --model; `helps` of the product is therefore unknown"


class LeanOptions(Frozen):
    """Options of `run lean`."""

    seed: int = Field(default=DEFAULT_SEED, ge=0)
    """seed of the demo shop and the bootstrap"""
    customers: int = Field(default=DEFAULT_CUSTOMERS, ge=100, le=20_000)
    """customers of the demo shop"""
    wording: Vocabulary = "A"
    """words that its customers use: A, or the held-out B"""
    cut: date | None = None
    """day that is read at its end; without it the last one whose horizon the log covers"""
    most: int | None = Field(default=None, ge=10, le=100_000)
    """customers that are read, evenly spread; without it all buyers"""
    lang: Lang = "zh"
    """language in which the facts are told to the model"""
    base_url: str = ""
    """a served model's address, ending in /v1"""
    model: str = ""
    """the name under which it is served"""


class Case(NamedTuple):
    """One buyer at the cut."""

    reading: CustomerReading
    spent: float
    """Within the horizon, minor units."""


class Asked(NamedTuple):
    """What a model leaned to, or why it did not."""

    lean: Lean | None
    reason: str | None
    model: str | None = None


class LeanTask:
    """The task."""

    name = "lean"
    purpose = "Whether a model's lean beats the estimator's expected spend; without a model, what leaning could give."
    options = LeanOptions

    def run(self, options: LeanOptions, say: Say) -> TaskResult:
        """Read every buyer at the cut, ask for leans where there is a model, and compare with what was spent."""
        model, cut = _model(options), _cut(options)
        with shops.demo(seed=options.seed, customers=options.customers, wording=options.wording, say=say) as opened:
            return measured(opened, cut, options, model, say)


def measured(opened: shops.Open, cut: date, options: LeanOptions, model: ChatModel | None, say: Say) -> TaskResult:
    """The same on an open shop; `model` None asks nobody."""
    prompts = PromptLibrary(PROMPTS)
    cases = _cases(opened, cut, options, say)
    asked = [_ask(opened, model, prompts, case, say) for case in cases] if model else []
    return _result(options, cut, cases, asked, prompts)


def rule(claims: Sequence[Claim]) -> Lean:
    """What anybody would say by the closed facts: signs of leaving and falling orders lower, rising orders higher."""
    signs = {claim.name for claim in claims if claim.predicate is Predicate.SIGNAL}
    moved = {claim.direction for claim in claims if claim.predicate is Predicate.ORDER_COUNT_CHANGE}
    if "dissatisfaction" in signs or len(signs) > 1:
        return Lean.MUCH_LOWER
    if signs or "down" in moved:
        return Lean.LOWER
    return Lean.HIGHER if "up" in moved else Lean.AS_ESTIMATED


def _model(options: LeanOptions) -> ChatModel | None:
    if bool(options.base_url) != bool(options.model):
        raise InvalidInput("--base-url and --model belong together; name both, or neither")
    return OpenAICompatibleModel(options.base_url, options.model, timeout_s=PATIENCE_S) if options.model else None


def _cut(options: LeanOptions) -> date:
    shop = DemoShop(options.seed, options.customers, options.wording)
    first = shop.calendar.midnight.date()
    last = shop.ends_at.astimezone(shop.workspace.zone).date() - timedelta(days=1 + HORIZON_DAYS)
    cut = options.cut or last
    if not first < cut <= last:
        raise InvalidInput(f"--cut: use a day after {first} and up to {last}, so that the log covers the horizon")
    return cut


def _cases(opened: shops.Open, cut: date, options: LeanOptions, say: Say) -> list[Case]:
    """Every buyer with an estimate at the cut, and what they spent within the horizon after it."""
    pipeline, workspace = opened.pipeline, opened.workspace
    as_of = end_of_day(cut, workspace.zone)
    known = pipeline.reckoner.at(workspace, as_of).model
    whole = pipeline.reckoner.at(workspace, opened.now).cohort.purchases
    everybody = np.arange(len(whole.customer_ids))
    spent, _ = spend_between(whole, everybody, to_day(cut), to_day(cut) + HORIZON_DAYS)
    buyers = [(name, spent[i]) for i, name in enumerate(whole.customer_ids) if known.ltv(name).value is not None]
    if not buyers:
        raise InvalidInput(f"--cut {cut}: too little was known by then for an estimate")
    step = -(-len(buyers) // (options.most or len(buyers)))
    say(f"reading {len(buyers[::step]):,} of {len(buyers):,} buyers at {cut}")
    return [
        Case(pipeline.read_customer(workspace, name, as_of=as_of, lang=options.lang, ask_model=False), float(amount))
        for name, amount in buyers[::step]
    ]


def _ask(opened: shops.Open, model: ChatModel, prompts: PromptLibrary, case: Case, say: Say) -> Asked:
    explaining, reading = opened.pipeline.explaining, case.reading
    known, speaker = explaining.known_of(opened.workspace, reading), explaining.speaker_of(opened.workspace, reading)
    try:
        found = ask_to_lean(model, prompts, known, reading.ltv, speaker)
    except (ModelUnavailable, ModelOutputError) as error:
        say(str(error))
        return Asked(None, str(error))
    return Asked(found.lean, found.reason, found.origin.model if found.origin else None)


def _result(
    options: LeanOptions, cut: date, cases: Sequence[Case], asked: Sequence[Asked], prompts: PromptLibrary
) -> TaskResult:
    found = figures(_forecasts(cases, asked), seed=options.seed)
    value, ours = found["value"], found.get("model")
    leans = Counter(one.lean for one in asked if one.lean)
    moved = sum(n for lean, n in leans.items() if lean is not Lean.AS_ESTIMATED)
    return TaskResult(
        task=LeanTask.name,
        seed=options.seed,
        n=len(cases),
        metrics={**(ours or {**value, "helps": Metric(None, None, None, 0)}), "leaned": wilson(moved, len(asked))},
        baselines={"value": value, "rule": found["rule"]},
        ceilings={"oracle": found["oracle"], "naive": {}},
        counts={"leans": {str(lean): n for lean, n in sorted(leans.items())}, "no_lean": _reasons(asked)},
        provenance={
            "data": f"demo shop, seed {options.seed}, {options.customers} customers, wording {options.wording}",
            "cut": str(cut),
            "horizon_days": HORIZON_DAYS,
            "model": next((one.model for one in asked if one.model), None),
            "prompt_fingerprint": prompts.fingerprint(PROMPT) if asked else None,
        },
        warnings=[] if asked else [NOT_ASKED],
        samples=[
            _sample(case, one) for case, one in zip(cases, asked or [Asked(None, None)] * len(cases), strict=True)
        ],
    )


def _reasons(asked: Sequence[Asked]) -> dict[str, int]:
    return dict(Counter(one.reason for one in asked if one.reason).most_common())


def _forecasts(cases: Sequence[Case], asked: Sequence[Asked]) -> Forecasts:
    """Amounts in major units: the estimator's, and what each leaning made of it."""
    actual = np.array([case.spent for case in cases]) / MINOR
    candidates = np.array([[_amount(case.reading.ltv, lean) for lean in Lean] for case in cases])
    leaned = {
        "rule": np.array([_amount(case.reading.ltv, rule(case.reading.story.claims)) for case in cases]),
        "oracle": best_of(actual, candidates),
    }
    if asked:
        pairs = zip(cases, asked, strict=True)
        leaned["model"] = np.array([_amount(c.reading.ltv, a.lean or Lean.AS_ESTIMATED) for c, a in pairs])
    value = np.array([_amount(case.reading.ltv, Lean.AS_ESTIMATED) for case in cases])
    return Forecasts(actual, value, leaned)


def _amount(ltv: LtvEstimate, lean: Lean) -> float:
    return (leaned_value(ltv, lean) or 0) / MINOR


def _sample(case: Case, asked: Asked) -> Sample:
    ltv = case.reading.ltv
    value, leaned = (_amount(ltv, lean) for lean in (Lean.AS_ESTIMATED, asked.lean or Lean.AS_ESTIMATED))
    return Sample(
        id=case.reading.customer_id,
        input={"customer": case.reading.customer_id, "as_of": case.reading.as_of.isoformat()},
        target={"spent": case.spent / MINOR},
        output={"value": value, "lean": asked.lean, "leaned": leaned, "reason": asked.reason},
        scores={"mae": Score(abs(case.spent / MINOR - leaned))},
    )
