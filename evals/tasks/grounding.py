"""Is every word of a story true? Tell stories through the product, then check them on the raw rows of its database.

The check shares no code with app/narrative: it reads the database with SQL and recomputes each claim by what its
predicate means (evals/scorers/recompute.py). Runs on a workspace that is there, or on a demo shop of its own.
"""

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Literal, NamedTuple

from pydantic import Field

from app.access.schemas import Workspace
from app.demo.shop import DEFAULT_CUSTOMERS, DemoShop
from app.demo.synonyms import Vocabulary
from app.events.timestamps import parse_as_of
from app.insights.schemas import ProfileStory
from app.pipeline import Pipeline
from app.predict.model import CustomerModel
from app.schema import Frozen, Lang
from evals import shop
from evals.ceilings.measure import NO_ORACLE, WHY, Ceilings, ceilings
from evals.intervals import count, wilson
from evals.scorers.grounding import Grounding as Checked
from evals.scorers.grounding import check
from evals.scorers.ledger import Ledger
from evals.scorers.predictions import estimator
from evals.task import Metric, Plain, Sample, Say, Score, TaskResult

DEMO_LIMIT = 300
"""Customers of a demo shop that are told without --limit."""
_SHARES = ("numbers_supported", "citation_coverage")
_WHY = f"{WHY}; 1 for {' and '.join(_SHARES)}: a story can be wholly true"

LANGUAGES: dict[str, tuple[Lang, ...]] = {"zh": ("zh",), "en": ("en",), "both": ("zh", "en")}


class GroundingOptions(Frozen):
    """Options of `run grounding`; without --workspace a demo shop is made in a temporary folder."""

    workspace: str | None = None
    """tell the customers of this workspace"""
    data: Path = Path("data")
    """data folder of the workspace"""
    as_of: str | None = None
    """point of view: a date (the end of that day) or an ISO time; without it as far as the data reach"""
    limit: int | None = Field(default=None, ge=1)
    """tell this many of the customers known by then, drawn at random; without it 300 of a demo shop's, else all"""
    lang: Literal["zh", "en", "both"] = "both"
    """language of the stories"""
    seed: int = Field(default=7, ge=0)
    """seed of the demo shop and of the draw"""
    customers: int = Field(default=DEFAULT_CUSTOMERS, ge=10, le=100_000)
    """customers of the demo shop"""
    wording: Vocabulary = "A"
    """words that the demo shop's customers use: A, or the held-out B"""

    @property
    def most(self) -> int | None:
        """How many customers are told at most; telling all of a demo shop would take an hour and say no more."""
        return DEMO_LIMIT if self.limit is None and self.workspace is None else self.limit


class Told(NamedTuple):
    """One story with what the check found."""

    story: ProfileStory
    found: Checked


class Grounding:
    """The task."""

    name = "grounding"
    purpose = "Whether every citation, claim and number of the stories holds against the raw events."
    options = GroundingOptions

    def run(self, options: GroundingOptions, say: Say) -> TaskResult:
        """Tell and check; every fault is a remark on its story."""
        with shop.opened(
            options.workspace,
            options.data,
            seed=options.seed,
            customers=options.customers,
            wording=options.wording,
            say=say,
        ) as open_:
            as_of = _as_of(open_.pipeline, open_.workspace, options.as_of, open_.now)
            with Ledger(open_.database_url, open_.workspace.workspace_id, open_.pipeline.taxonomy) as ledger:
                chosen = _chosen(ledger.customers(as_of), options)
                say(f"telling {len(chosen):,} customers as of {as_of.isoformat()}")
                told = list(_tell(open_, chosen, as_of, ledger, LANGUAGES[options.lang], say))
        return TaskResult(
            task=self.name,
            seed=options.seed,
            n=len(told),
            metrics=_metrics([t.found for t in told], asked=len(chosen) * len(LANGUAGES[options.lang])),
            counts=_counts([t.found for t in told]),
            ceilings=_ceilings(options, say),
            provenance=_provenance(open_.workspace, as_of, told) | ({} if options.workspace else {"ceilings": _WHY}),
            samples=[_sample(t) for t in told],
        )


def _as_of(pipeline: Pipeline, workspace: Workspace, given: str | None, now: datetime) -> datetime:
    return parse_as_of(given, workspace.zone) if given else pipeline.clock(workspace, now=now)


def _chosen(customers: Sequence[str], options: GroundingOptions) -> list[str]:
    if options.most is None or options.most >= len(customers):
        return list(customers)
    return random.Random(options.seed).sample(list(customers), options.most)


def _ceilings(options: GroundingOptions, say: Say) -> Ceilings:
    """Those of the demo shop, and of this task's own shares, which a true story brings to 1."""
    if options.workspace is not None:
        return {"oracle": {}, "naive": {}}
    found = ceilings(DemoShop(options.seed, options.customers, options.wording), say)
    return found | {"oracle": found["oracle"] | dict.fromkeys(_SHARES, NO_ORACLE)}


def _tell(
    open_: shop.Open, chosen: Sequence[str], as_of: datetime, ledger: Ledger, languages: Sequence[Lang], say: Say
) -> Iterable[Told]:
    bought, served = ledger.orders(as_of), open_.pipeline.reckoner.at(open_.workspace, as_of)

    @lru_cache(maxsize=8)
    def refit(horizon_days: int) -> CustomerModel:
        return estimator(bought, served, zone=ledger.zone, horizon_days=horizon_days)

    for i, customer_id in enumerate(chosen):
        for lang in languages:
            reading = open_.pipeline.read_customer(open_.workspace, customer_id, as_of=as_of, lang=lang)
            yield Told(reading.story, check(reading.story, ledger, refit))
        if (i + 1) % 50 == 0:
            say(f"{i + 1:,} of {len(chosen):,}")


def _metrics(found: Sequence[Checked], *, asked: int) -> dict[str, Metric]:
    citations, checked = sum(f.citations for f in found), sum(f.checked.total() for f in found)
    stated, sentences = sum(f.numbers for f in found), sum(f.sentences for f in found)
    return {
        "fabricated_ids": count(sum(f.fabricated for f in found), citations),
        "foreign_ids": count(sum(f.foreign for f in found), citations),
        "future_ids": count(sum(f.future for f in found), citations),
        "claims_wrong": count(sum(f.wrong.total() for f in found), checked),
        "claims_unchecked": count(sum(f.unchecked.total() for f in found), sum(f.claims for f in found)),
        "numbers_supported": wilson(stated - sum(f.numbers_unsupported for f in found), stated),
        "citation_coverage": wilson(sum(f.sentences_cited for f in found), sentences),
        "stories": count(sum(f.sentences > 0 for f in found), asked),
    }


def _counts(found: Sequence[Checked]) -> dict[str, dict[str, int]]:
    counters = {
        "claims_checked": [f.checked for f in found],
        "claims_wrong": [f.wrong for f in found],
        "claims_unchecked": [f.unchecked for f in found],
    }
    return {name: dict(sorted(sum(parts, Counter[str]()).items())) for name, parts in counters.items()}


def _provenance(workspace: Workspace, as_of: datetime, told: Sequence[Told]) -> dict[str, Plain]:
    rungs = Counter(t.story.provenance.rung for t in told)
    return {
        "workspace": workspace.workspace_id,
        "as_of": as_of.isoformat(),
        "rungs": ", ".join(f"{rung} {n}" for rung, n in sorted(rungs.items())),
    }


def _sample(told: Told) -> Sample:
    story, found = told
    share = None if not found.numbers else 1 - found.numbers_unsupported / found.numbers
    wrong = found.wrong.total() + found.fabricated + found.foreign + found.future
    return Sample(
        id=f"{story.customer_id}/{story.lang}",
        input={"customer": story.customer_id, "as_of": story.as_of.isoformat(), "lang": story.lang},
        output={"story": story.text},
        scores={
            "faults": Score(float(wrong), "; ".join(found.remarks) or None),
            "numbers_supported": Score(share),
            "claims": Score(float(found.claims)),
        },
    )
