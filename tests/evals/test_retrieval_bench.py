"""The bench of retrieval, on few campaigns: what it asks, what it reports, and what its gates refuse."""

from collections.abc import Iterator
from itertools import islice

import pytest

from app.retrieval.gpu import Flags
from app.retrieval.index import ExactIndex, FaissIndex, Neighbours
from app.retrieval.knowledge.faults import faults_of
from app.retrieval.vectors import CampaignVectors
from app.text.embedder import Vectors
from evals.benchmarks.campaigns import past_campaigns, questions
from evals.benchmarks.harness import GateFailedError, measure
from evals.benchmarks.retrieval import MISSED, RetrievalBench, World
from evals.benchmarks.retrieval_peer import is_installed
from tests.factories_campaigns import real_taxonomy


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    world = World(300, tmp_path_factory.mktemp("bench"))
    yield world
    world.app.database.close()


class Forgetful(ExactIndex):
    """An index that never finds the nearest row."""

    def search(self, vectors: Vectors, k: int, among: Flags | None = None) -> list[Neighbours]:
        found = super().search(vectors, k + 1, among)
        return [Neighbours(scores[1:], positions[1:]) for scores, positions in found]


def test_the_campaigns_could_have_been_imported() -> None:
    cases = past_campaigns(real_taxonomy(), 50, seed=1)
    assert [fault for case in cases for fault in faults_of(case)] == []
    assert len({case.campaign.campaign_id for case in cases}) == 50
    assert {case.campaign.title.isascii() for case in cases} == {True, False}


def test_no_question_comes_twice() -> None:
    asked = [ask.situation for ask in islice(questions(real_taxonomy(), seed=1), 500)]
    assert len({situation.text for situation in asked}) == 500


def test_the_report_has_recall_and_both_paths() -> None:
    report = measure([RetrievalBench(campaigns=300, rounds=1)], lambda _: None)
    missed, *timed = report.paths
    assert (missed.path, missed.ours) == ("retrieval.missed_at_10", 0.0)
    assert [path.path for path in timed] == ["retrieval.end_to_end", "retrieval.cached"]
    assert all((path.peer is not None) == is_installed() == (path.ahead is not None) for path in timed)
    assert timed[1].ours < timed[0].ours


def test_an_index_that_misses_the_nearest_is_seen(world: World) -> None:
    assert world.missed(CampaignVectors(world.embedder, FaissIndex)) == 0.0
    assert world.missed(CampaignVectors(world.embedder, Forgetful)) > MISSED


def test_answers_that_an_exact_search_does_not_give_fail_the_gate(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.check()
    monkeypatch.setattr(world, "cases", world.cases[:50])
    with pytest.raises(GateFailedError, match="an exact search gives"):
        world.check()


def test_a_memory_that_changes_fails_the_gate(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.check_memory()
    monkeypatch.setattr(world, "remembered", next(world.asks))
    with pytest.raises(GateFailedError, match="another answer"):
        world.check_memory()
