"""Are the past campaigns that search puts first those that truly work for such customers?

The product meets a demo shop with its own past campaigns for the first time. Every customer whom it knows is a
question: their situation as the product built it from the log, and a brief of three wishes about their first
interest, in Chinese and English in turn. Documents are the arms of the shop's past campaigns that make sense for the
customer (no cart reminder without a cart, no welcome after an order), for all rankers alike.
"""

from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import NamedTuple

import numpy as np
from pydantic import Field

from app.bootstrap import KNOWLEDGE
from app.demo.shop import DEFAULT_SEED, DemoShop
from app.demo.synonyms import Vocabulary
from app.demo.truth import truth
from app.retrieval.index import FaissIndex
from app.retrieval.near import Ways
from app.retrieval.outcomes import measured_lift
from app.retrieval.schemas import Case
from app.retrieval.search import CampaignSearch
from app.retrieval.shelf import Shelf
from app.retrieval.situation import Situation, situation_of
from app.retrieval.trials import Trial, trial_of
from app.schema import Frozen, Lang
from app.text.static import StaticEmbedder
from evals import cross_lingual, intervals
from evals import shop as shops
from evals.baselines.retrieval import Bm25Only, DenseOnly, Searcher
from evals.ceilings.responses import Responses
from evals.cross_lingual import Answer, Library
from evals.intervals import Floats
from evals.scorers.paired import OURS
from evals.scorers.retrieval import DEPTH, Order, Scored, figures, gains, ndcg, ranks
from evals.shop import Open
from evals.task import Metric, Plain, Sample, Say, Score, TaskResult
from evals.wishes import brief

ROUNDS = 1000
RECALL = "recall10_cross_lingual"
BASELINES, CEILINGS = ("dense", "bm25"), ("oracle", "naive", "own_response")
_LANGUAGES: tuple[Lang, Lang] = ("zh", "en")


class RetrievalOptions(Frozen):
    """Options of `run retrieval`."""

    seed: int = Field(default=DEFAULT_SEED, ge=0)
    """seed of the demo shop and the bootstrap"""
    customers: int = Field(default=600, ge=20, le=20_000)
    """customers of the demo shop, all of whom are questions"""
    wording: Vocabulary = "A"
    """words of customers and briefs: A, or the held-out B"""


class Question(NamedTuple):
    """What is asked about one customer."""

    customer: int
    situation: Situation


class RetrievalTask:
    """The task."""

    name = "retrieval"
    purpose = "Past campaigns in the order of what they would truly do; campaigns found in the other language."
    options = RetrievalOptions

    def run(self, options: RetrievalOptions, say: Say) -> TaskResult:
        """Ask about every customer, then in the other language, and score both."""
        shop = DemoShop(options.seed, options.customers, options.wording)
        with shops.demo(seed=options.seed, customers=options.customers, wording=options.wording, say=say) as opened:
            cases = opened.pipeline.knowledge_base.cases(opened.workspace.workspace_id)
            desk = _Desk(opened, cases)
            truly = Responses(shop, desk.shelf.arms)
            say("asking about every customer")
            samples = [desk.sample(question, truly) for question in _questions(opened, shop, options)]
            say("asking in the other language")
            across = _across(desk, truly, options)
        found = figures(_scored(samples), seed=options.seed, rounds=ROUNDS)
        return TaskResult(
            task=self.name,
            seed=options.seed,
            n=len(samples),
            metrics=found.figures[OURS] | found.closed | across,
            baselines={name: found.figures[name] for name in BASELINES},
            ceilings={name: found.figures[name] for name in CEILINGS},
            differences={name: found.differences[name] for name in BASELINES},
            counts={"answers": {"abstained": sum(sample.output["abstained"] is not None for sample in samples)}},
            provenance=_provenance(options),
            samples=samples,
        )


def _questions(opened: Open, shop: DemoShop, options: RetrievalOptions) -> Iterator[Question]:
    for customer_id, one in shops.known(opened, truth(shop)).items():
        reading = opened.pipeline.read_customer(
            opened.workspace, customer_id, as_of=opened.now, lang="zh", ask_model=False
        )
        first = next((interest.topic for interest in reading.profile.interests), "")
        dice = Random(f"{options.seed}/{one.index}")
        text = brief(first, _LANGUAGES[one.index % 2], options.wording, dice)
        yield Question(one.index, situation_of(reading.profile, claims=reading.story.claims, text=text))


class _Desk:
    """All rankers over the arms of one shop."""

    def __init__(self, opened: Open, cases: Sequence[Case]) -> None:
        """Lay the arms out as the product does."""
        self.opened, self.cases = opened, tuple(cases)
        self.embedder, self.taxonomy = StaticEmbedder(KNOWLEDGE / "embedder"), opened.pipeline.taxonomy
        self.shelf = Shelf(self.cases, self.taxonomy)
        self._alone: dict[str, Searcher] = {
            "dense": DenseOnly(self.shelf.texts, self.embedder),
            "bm25": Bm25Only(self.shelf.texts),
        }
        names = ((sent.campaign.campaign_id, sent.arm.arm_id) for sent in self.shelf.arms)
        self._place = {name: place for place, name in enumerate(names)}
        trials = [trial_of(sent, None) for sent in self.shelf.arms]
        self._measured = np.array([trial is not None for trial in trials])
        self._lifts = np.array([_lift(trial) for trial in trials])

    def sample(self, question: Question, truly: Responses) -> Sample:
        """One question, answered by every ranker."""
        situation = question.situation
        documents = np.flatnonzero(self.shelf.audiences.open_to(situation) & self._measured)
        uplift = truly.of_persona(question.customer)[documents]
        found = self.opened.pipeline.search.search(self.cases, situation, as_of=self.opened.now, k=DEPTH)
        ours = [self._place[match.campaign.campaign_id, match.arm.arm_id] for match in found.matches]
        query = Ways.of(situation, self.taxonomy).query
        orders: dict[str, Order] = {
            OURS: [int(np.searchsorted(documents, place)) for place in ours],
            **{name: _best(by.scores(query)[documents]) for name, by in self._alone.items()},
            "oracle": _best(uplift),
            "naive": _best(self._lifts[documents]),
            "own_response": _best(truly.own(question.customer)[documents]),
        }
        return Sample(
            id=str(question.customer),
            input={"text": situation.text, "topics": ", ".join(situation.topics), "stage": situation.stage},
            output={"abstained": found.abstained, "first": self._name(ours)},
            scores=_scores(orders, uplift),
        )

    def _name(self, places: Sequence[int]) -> str:
        arms = (self.shelf.arms[place] for place in places)
        return ", ".join(f"{sent.campaign.campaign_id}/{sent.arm.arm_id}" for sent in arms)


def _across(desk: _Desk, truly: Responses, options: RetrievalOptions) -> dict[str, Metric]:
    """Recall across languages: by three wishes, by one, and of campaigns that name no topic."""
    search = CampaignSearch(desk.embedder, FaissIndex, desk.taxonomy)
    asked = {
        RECALL: list(_both_ways(search, desk, truly, options)),
        f"{RECALL}_one_wish": list(_both_ways(search, desk, truly, options, size=1)),
        f"{RECALL}_untagged": list(_both_ways(search, desk, truly, options, named=False)),
    }
    return {name: _over_topics(answers, options.seed) for name, answers in asked.items()}


def _both_ways(
    search: CampaignSearch,
    desk: _Desk,
    truly: Responses,
    options: RetrievalOptions,
    *,
    size: int = 3,
    named: bool = True,
) -> Iterator[Answer]:
    topics: dict[str, frozenset[str]] = {}
    for sent, about in zip(desk.shelf.arms, truly.about, strict=True):
        campaign_id = sent.campaign.campaign_id
        topics[campaign_id] = topics.get(campaign_id, frozenset()) | {about}
    ways: tuple[tuple[Lang, Library], ...] = (
        ("en", cross_lingual.chinese(desk.cases, topics, named=named)),
        ("zh", cross_lingual.english(desk.cases, named=named)),
    )
    for lang, library in ways:
        yield from cross_lingual.ask(
            search, library, lang, options.wording, as_of=desk.opened.now, seed=options.seed, size=size
        )


def _over_topics(answers: Sequence[Answer], seed: int) -> Metric:
    return intervals.mean([answer.recall for answer in answers], seed=seed)


def _scored(samples: Sequence[Sample]) -> Scored:
    def by_ranker(metric: str) -> Mapping[str, Floats]:
        whos = (OURS, *BASELINES, *CEILINGS)
        return {who: np.array([sample.scores[f"{metric} {who}"].value for sample in samples], float) for who in whos}

    return Scored(by_ranker("ndcg5"), by_ranker("ndcg5_gain"))


def _scores(orders: Mapping[str, Order], uplift: Floats) -> dict[str, Score]:
    relevances = {"ndcg5": ranks(uplift), "ndcg5_gain": gains(uplift)}
    return {
        f"{metric} {who}": Score(ndcg(order, relevance))
        for metric, relevance in relevances.items()
        for who, order in orders.items()
    }


def _best(scores: Floats) -> Order:
    best: list[int] = np.argsort(-scores, kind="stable").tolist()
    return best


def _lift(trial: Trial | None) -> float:
    return measured_lift(trial.outcome).mean if trial else 0.0


def _provenance(options: RetrievalOptions) -> dict[str, Plain]:
    return {
        "data": f"demo shop, seed {options.seed}, {options.customers} customers, wording {options.wording}",
        "relevance": "share of the documents that truly do the customer's persona less good, today, in order value",
        "oracle": "the order by that truth itself: 1",
        "naive": "the order by measured lift, the same for everybody",
        "own_response": "the order by the customer's own true response, which is not their persona's mean",
    }
