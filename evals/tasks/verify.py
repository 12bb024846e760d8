"""Does the checker see a false story? Stories of a demo shop, true as told and reworded, and mutated one by one.

Mutations and rewordings are rules of this folder's own (evals/mutations); they know nothing of the checker's words.
A mutated story counts as caught when what was changed in it is left out.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from random import Random

from pydantic import Field

from app.demo.synonyms import Vocabulary
from app.insights.ground import Ground
from app.insights.verify import Recompute
from app.narrative.book import Book
from app.narrative.measures import recompute
from app.narrative.schemas import Claim, ClaimKind
from app.schema import Frozen
from evals import shop
from evals.intervals import wilson
from evals.mutations.data import World
from evals.task import Metric, Sample, Say, Score, TaskResult
from evals.verdicts import LANGS, Read, Verdict, clean_verdicts, data_verdicts, own_verdicts, text_verdicts

BEFORE_THE_END = timedelta(days=30)
"""Stories are read so long before the shop's log ends: there are events after them that they must not cite."""
MOST_SAMPLES = 2000
"""Judged cases that are kept one by one: every miss and false alarm, and the first others."""


class VerifyOptions(Frozen):
    """Options of `run verify`."""

    seed: int = Field(default=7, ge=0)
    """seed of the demo shop and of the mutations"""
    customers: int = Field(default=120, ge=20, le=2000)
    """size of the demo shop"""
    stories: int = Field(default=40, ge=10, le=2000)
    """customers whose stories are mutated, in both languages"""
    wording: Vocabulary = "A"
    """words that the demo shop's customers use: A, or the held-out B"""


class VerifyTask:
    """The task."""

    name = "verify"
    purpose = "Whether the checker drops what was falsified in a story, and keeps what is true in other words."
    options = VerifyOptions

    def run(self, options: VerifyOptions, say: Say) -> TaskResult:
        """Mutate and reword stories, and count what the checker says."""
        with shop.demo(seed=options.seed, customers=options.customers, say=say, wording=options.wording) as open_:
            read = list(_stories(open_, options, say))
            say(f"{len(read):,} stories")
            seed = options.seed
            found = [
                *data_verdicts(read),
                *own_verdicts(read, seed),
                *text_verdicts(read, seed),
                *clean_verdicts(read, seed),
            ]
        return TaskResult(
            task=self.name,
            seed=options.seed,
            n=len(found),
            metrics=_metrics(found),
            baselines={"numbers_only": _baseline(found)},
            counts=_counts(found),
            provenance={"mutated": sum(one.false for one in found), "true": sum(not one.false for one in found)},
            samples=_samples(found),
        )


def _stories(open_: shop.Open, options: VerifyOptions, say: Say) -> Iterator[Read]:
    pipeline, workspace = open_.pipeline, open_.workspace
    now = pipeline.clock(workspace, now=open_.now)
    as_of = now - BEFORE_THE_END
    rows = pipeline.customers(workspace, as_of=as_of, limit=options.customers).rows
    dice = Random(options.seed)
    chosen = dice.sample(rows, min(options.stories, len(rows)))
    foreign: list[str] = []
    for row in chosen:
        customer = pipeline.reader.customer(workspace, row.customer_id)
        book = pipeline.reader.book(workspace, customer, as_of=as_of)
        whole = pipeline.reader.book(workspace, customer, as_of=now)
        for lang in LANGS:
            reading = pipeline.read_customer(workspace, row.customer_id, as_of=as_of, lang=lang)
            story = reading.story
            estimates = {claim.claim_id: claim for claim in story.claims if claim.kind is ClaimKind.PREDICTION}
            world = World(
                topics=tuple(pipeline.taxonomy.topics),
                items=tuple(book.history.items),
                foreign=tuple(foreign[-50:]),
                later=tuple(whole.by_id.keys() - book.by_id.keys()),
                dice=Random(f"{options.seed}/{row.customer_id}/{lang}"),
            )
            told = reading.narrative.model_copy(update={"sentences": story.sentences})
            ground = Ground(story.claims, reading.spoken, pipeline.taxonomy.forbidden_words(), (), told, book)
            yield Read(story, ground, _recompute(estimates, book), world)
        foreign += list(book.by_id)[:20]


def _recompute(estimates: Mapping[str, Claim], book: Book) -> Recompute:
    return lambda claim: estimates.get(claim.claim_id) or recompute(claim, book)


def _metrics(found: Sequence[Verdict]) -> dict[str, Metric]:
    """Both shares over all, by language and by kind."""
    false, true = [one for one in found if one.false], [one for one in found if not one.false]
    metrics = {"mutations_caught": _refused(false), "false_alarms": _refused(true)}
    for lang in LANGS:
        metrics[f"mutations_caught_{lang}"] = _refused([one for one in false if one.lang == lang])
        metrics[f"false_alarms_{lang}"] = _refused([one for one in true if one.lang == lang])
    for name, cases in (("caught", false), ("refused", true)):
        for kind in dict.fromkeys(one.kind for one in cases):
            metrics[f"{name}_{kind}"] = _refused([one for one in cases if one.kind == kind])
    return metrics


def _refused(cases: Sequence[Verdict]) -> Metric:
    return wilson(sum(one.refused for one in cases), len(cases))


def _baseline(found: Sequence[Verdict]) -> dict[str, Metric]:
    """A checker of texts that looks at numbers and dates alone."""
    texts = [one for one in found if one.kind != "claim" and not one.kind.startswith(("data_", "own_"))]
    false, true = [one for one in texts if one.false], [one for one in texts if not one.false]
    return {
        "mutations_caught": wilson(sum(one.by_numbers for one in false), len(false)),
        "false_alarms": wilson(sum(one.by_numbers for one in true), len(true)),
    }


def _counts(found: Sequence[Verdict]) -> dict[str, dict[str, int]]:
    missed = Counter(one.kind for one in found if one.false and not one.refused)
    alarms = Counter(one.reason.partition(": ")[2] for one in found if not one.false and one.refused and one.reason)
    return {"missed": dict(sorted(missed.items())), "false_alarms": dict(alarms.most_common(20))}


def _samples(found: Sequence[Verdict]) -> list[Sample]:
    wrong = [one for one in found if one.false is not one.refused]
    rest = [one for one in found if one.false is one.refused]
    return [
        Sample(
            id=f"{number}/{one.kind}",
            input={"lang": one.lang, "kind": one.kind, "text": one.text},
            target={"refused": one.false},
            output={"refused": one.refused, "reason": one.reason},
            scores={"right": Score(float(one.false is one.refused))},
        )
        for number, one in enumerate([*wrong, *rest][:MOST_SAMPLES])
    ]
