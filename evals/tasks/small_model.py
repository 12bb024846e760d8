"""Does a trained small model choose as the composer does? The real vLLM serves it, and a random one beside it.

Stories come out of the pipeline with the model as its small rung; what the server answered is overheard on the way.
The composer is the oracle here: it is what the model was to learn. `shown order` tells every claim as it is shown.
"""

import dataclasses
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from pydantic import Field

from app.bootstrap import PROMPTS
from app.config import SMALL_MODEL, TINY_MODEL, VLLM_PYTHON
from app.demo.shop import DemoShop
from app.demo.synonyms import Vocabulary
from app.errors import ModelUnavailable
from app.insights.schemas import ProfileStory
from app.insights.select import Selection, in_shown_order
from app.insights.story import Storyteller
from app.llm.chat_model import ChatModel
from app.llm.prompts import PromptLibrary
from app.llm.server import ServerChild, free_port, read_mark, vllm_command
from app.llm.structured import read
from app.llm.vllm import OpenAICompatibleModel
from app.predict.model import CustomerModel
from app.schema import Frozen
from evals import shop
from evals.ceilings.measure import ceilings
from evals.intervals import mean, wilson
from evals.overheard import Asked, Overheard
from evals.provenance import file_hash
from evals.scorers.grounding import Grounding, check
from evals.scorers.ledger import Ledger
from evals.scorers.predictions import estimator
from evals.scorers.selection import Agreement, agreement
from evals.task import Metric, Plain, Sample, Say, Score, TaskResult
from evals.train.pairs import Reading, answer, readings

PATIENCE_S = 120.0
"""For one answer: the figures are about answers, not about deadlines on a busy machine."""
READY_S = 600.0
TOGETHER = 64
"""Questions in flight when the batch rate is measured."""


class SmallModelOptions(Frozen):
    """Options of `run small-model`."""

    model: Path = SMALL_MODEL
    """folder of the trained model"""
    beside: Path = TINY_MODEL
    """folder of a model to compare with: the random tiny one (`make tiny-model`)"""
    python: Path = VLLM_PYTHON
    """interpreter of the environment that holds vLLM (`make vllm`)"""
    seed: int = Field(default=7, ge=0)
    """seed of the demo shop; training takes other seeds"""
    customers: int = Field(default=100, ge=10, le=100_000)
    """customers of the demo shop; every one is asked about in both languages"""
    wording: Vocabulary = "A"
    """words that its customers use: A, or the held-out B"""


class Rates(NamedTuple):
    """Completion tokens a second."""

    single: float
    together: float


class Heard(NamedTuple):
    """One question that was asked, with the story that came of it."""

    reading: Reading
    chosen: tuple[int, ...] | None
    """The numbers in the model's first answer; None when it is not valid."""
    agreement: Agreement
    story: ProfileStory
    grounding: Grounding


class SmallModel:
    """The task."""

    name = "small-model"
    purpose = "Whether a trained small model chooses and orders claims as the composer does, served by vLLM."
    options = SmallModelOptions

    def run(self, options: SmallModelOptions, say: Say) -> TaskResult:
        """Ask the model, then the one beside it, about the same customers."""
        folders = (options.model, options.beside)
        names = [read_mark(folder).name for folder in folders]
        with shop.demo(seed=options.seed, customers=options.customers, say=say, wording=options.wording) as open_:
            say(f"reading {options.customers:,} customers")
            cases = list(readings(open_, open_.pipeline.clock(open_.workspace, now=open_.now)))
            told = [_tell_all(open_, cases, folder, options.python, say) for folder in folders]
        ours, theirs = (metrics(heard, rates, seed=options.seed) for heard, rates in told)
        naive = _shown_order(cases, seed=options.seed)
        limits = ceilings(DemoShop(options.seed, options.customers, options.wording), say)
        return TaskResult(
            task=self.name,
            seed=options.seed,
            n=len(cases),
            metrics=ours,
            baselines={names[1]: theirs, "shown order": naive},
            ceilings={"oracle": _oracle(len(cases)) | limits["oracle"], "naive": naive | limits["naive"]},
            provenance=_provenance(options, names),
            samples=[_sample(heard) for heard in told[0][0]],
        )


def _tell_all(
    open_: shop.Open, cases: Sequence[Reading], folder: Path, python: Path, say: Say
) -> tuple[list[Heard], Rates]:
    with served(folder, python, say) as model:
        heard = Overheard(model)
        return list(tell(open_, cases, heard, say)), _rates(heard)


@contextmanager
def served(folder: Path, python: Path, say: Say) -> Iterator[ChatModel]:
    """The model of a folder behind a vLLM of its own."""
    name, port = read_mark(folder).name, free_port()
    with tempfile.TemporaryDirectory(prefix="understory-vllm-") as logs:
        say(f"starting vLLM with {name}")
        with ServerChild(vllm_command(python, folder, name, port), port, log=Path(logs) / "vllm.log", say=say) as child:
            if not child.wait_ready(READY_S):
                raise ModelUnavailable(f"vLLM did not come up with {folder} within {READY_S:.0f} s")
            yield OpenAICompatibleModel(child.url, name, timeout_s=PATIENCE_S)


def tell(open_: shop.Open, cases: Sequence[Reading], model: Overheard, say: Say) -> Iterator[Heard]:
    """Every customer's story, with the model as the only rung above the composer."""
    teller = Storyteller(None, PromptLibrary(PROMPTS), small=model)
    pipeline = dataclasses.replace(
        open_.pipeline, teller=dataclasses.replace(open_.pipeline.teller, storyteller=teller)
    )
    with Ledger(open_.database_url, open_.workspace.workspace_id, pipeline.taxonomy) as ledger:
        as_of = cases[0].book.as_of
        bought, served = list(ledger.orders(as_of)), pipeline.reckoner.at(open_.workspace, as_of)

        @lru_cache(maxsize=4)
        def refit(horizon_days: int) -> CustomerModel:
            return estimator(bought, served, zone=ledger.zone, horizon_days=horizon_days)

        for number, case in enumerate(cases, 1):
            before = len(model.asked)
            story = pipeline.read_customer(open_.workspace, case.book.customer_id, as_of=as_of, lang=case.lang).story
            chosen = _chosen(model.asked[before:])
            yield Heard(case, chosen, _agreement(case, chosen or ()), story, check(story, ledger, refit))
            if number % 50 == 0:
                say(f"{number:,} of {len(cases):,}")


def _chosen(asked: Sequence[Asked]) -> tuple[int, ...] | None:
    """The numbers in the first answer, when it is valid."""
    try:
        return read(asked[0].completion.text, Selection).claims if asked else None
    except ValueError:
        return None


def _agreement(case: Reading, chosen: Sequence[int]) -> Agreement:
    shown = in_shown_order(case.ground.claims)
    return agreement(chosen, answer(shown, case.told).claims, shown=len(shown))


def _rates(heard: Overheard) -> Rates:
    """Tokens a second one by one, and with the same questions all at once."""
    asked = heard.asked[:TOGETHER]
    alone = sum(a.completion.completion_tokens for a in asked) / max(sum(a.completion.ms for a in asked) / 1000, 1e-9)
    started = time.perf_counter()
    with ThreadPoolExecutor(TOGETHER) as pool:
        again = pool.map(lambda a: heard.model.complete(a.messages, schema=a.schema, sampling=a.sampling), asked)
        tokens = sum(completion.completion_tokens for completion in again)
    return Rates(alone, tokens / (time.perf_counter() - started))


def metrics(heard: Sequence[Heard], rates: Rates, *, seed: int) -> dict[str, Metric]:
    """The figures of one model. An answer that is not valid chose nothing."""
    stated = sum(h.grounding.numbers for h in heard)
    by_model = [h for h in heard if h.story.provenance.rung == "small"]
    return {
        "schema_valid": wilson(sum(h.chosen is not None for h in heard), len(heard)),
        **_agreements([h.agreement for h in heard], seed=seed),
        "told_by_model": wilson(len(by_model), len(heard)),
        "same_story": wilson(sum(h.story.sentences == h.reading.sentences for h in by_model), len(heard)),
        "numbers_supported": wilson(stated - sum(h.grounding.numbers_unsupported for h in heard), stated),
        "tokens_per_s_single": Metric(rates.single, None, None, min(len(heard), TOGETHER)),
        "tokens_per_s_together": Metric(rates.together, None, None, min(len(heard), TOGETHER)),
    }


def _agreements(found: Sequence[Agreement], *, seed: int) -> dict[str, Metric]:
    return {
        "ids_existing": wilson(sum(a.existing for a in found), sum(a.named for a in found)),
        "same_claims_same_order": wilson(sum(a.same for a in found), len(found)),
        "claims_f1": mean([a.f1 for a in found], seed=seed),
        "order_tau": mean([a.tau for a in found if a.tau is not None], seed=seed),
    }


def _shown_order(cases: Sequence[Reading], *, seed: int) -> dict[str, Metric]:
    """What telling every claim as it is shown would score."""
    return _agreements([_agreement(case, range(1, len(case.ground.claims) + 1)) for case in cases], seed=seed)


def _oracle(n: int) -> dict[str, Metric]:
    """The composer, which is what is compared with."""
    return {name: Metric(1.0, None, None, n) for name in ("same_claims_same_order", "claims_f1", "order_tau")}


def _provenance(options: SmallModelOptions, names: Sequence[str]) -> dict[str, Plain]:
    weights = options.model / "model.safetensors"
    return {
        "model": names[0],
        "weights_sha256": file_hash(weights),
        "weights_bytes": weights.stat().st_size,
        "wording": options.wording,
        "ceilings": "the oracle is the composer, which the model was to learn: 1 by definition",
    }


def _sample(heard: Heard) -> Sample:
    wanted = answer(in_shown_order(heard.reading.ground.claims), heard.reading.told).claims
    return Sample(
        id=f"{heard.story.customer_id}/{heard.story.lang}",
        target={"claims": " ".join(map(str, wanted))},
        output={
            "claims": " ".join(map(str, heard.chosen)) if heard.chosen else None,
            "rung": heard.story.provenance.rung,
            "story": heard.story.text,
        },
        scores={
            "same": Score(float(heard.agreement.same)),
            "f1": Score(heard.agreement.f1),
            "tau": Score(heard.agreement.tau, None if heard.agreement.tau is not None else "fewer than two claims"),
            "numbers_unsupported": Score(
                float(heard.grounding.numbers_unsupported), "; ".join(heard.grounding.remarks) or None
            ),
        },
    )
