"""The grounding check: true stories pass, and every way of lying that it is for is caught."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from app.access.schemas import Workspace
from app.config import Settings
from app.insights.schemas import ProfileStory
from app.narrative.schemas import Claim, ClaimKind
from app.pipeline import Pipeline
from app.predict.model import CustomerModel
from evals import shop
from evals.benchmarks.shopping import NOW, records, workload
from evals.scorers.grounding import Grounding, check
from evals.scorers.ledger import Ledger
from evals.scorers.predictions import estimator
from evals.tasks.grounding import Grounding as GroundingTask
from evals.tasks.grounding import GroundingOptions

WORKSPACE = Workspace(workspace_id="w", timezone="Asia/Shanghai", currency="CNY")
AS_OF = NOW - timedelta(days=14)


@dataclass(frozen=True)
class World:
    """A small shop, the ledger over its rows, and where it lies."""

    pipeline: Pipeline
    ledger: Ledger
    data: Path
    fitted: dict[int, CustomerModel] = field(default_factory=dict)

    def story(self, user: str = "u3") -> ProfileStory:
        return self.pipeline.read_customer(WORKSPACE, user, as_of=AS_OF, lang="en").story

    def refit(self, days: int) -> CustomerModel:
        if days not in self.fitted:
            bought, served = self.ledger.orders(AS_OF), self.pipeline.reckoner.at(WORKSPACE, AS_OF)
            self.fitted[days] = estimator(bought, served, zone=self.ledger.zone, horizon_days=days)
        return self.fitted[days]

    def check(self, story: ProfileStory) -> Grounding:
        return check(story, self.ledger, self.refit)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    data = tmp_path_factory.mktemp("shop")
    work = workload(customers=180)
    with shop.empty(data, WORKSPACE) as pipeline:
        pipeline.put_items(WORKSPACE, work.items)
        for batch in work.batches:
            pipeline.ingest(WORKSPACE, "test", records(batch), now=NOW)
        pipeline.catch_up(WORKSPACE)
        url = Settings(data_dir=data, database_url="").resolved_database_url()
        with Ledger(url, "w", pipeline.taxonomy) as ledger:
            yield World(pipeline, ledger, data)


def faults(found: Grounding) -> int:
    return found.fabricated + found.foreign + found.future + found.wrong.total() + found.numbers_unsupported


def with_claim(story: ProfileStory, old: Claim, **changes: object) -> ProfileStory:
    claims = tuple(c.model_copy(update=changes) if c is old else c for c in story.claims)
    return story.model_copy(update={"claims": claims})


def test_stories_of_the_product_hold(world: World) -> None:
    found = [world.check(world.story(f"u{n}")) for n in range(20)]
    assert [f.remarks for f in found] == [()] * 20
    assert sum(f.unchecked.total() for f in found) == 0
    assert all(f.sentences == f.sentences_cited > 0 for f in found)
    assert sum(f.checked["ltv"] for f in found) > 0


def test_a_changed_value_is_a_wrong_claim(world: World) -> None:
    story = world.story()
    for claim in story.claims:
        if claim.value is not None:
            lie = with_claim(story, claim, value=claim.value + 1)
            assert world.check(lie).wrong == {str(claim.predicate): 1}, claim.predicate


def test_an_invented_event_is_fabricated(world: World) -> None:
    story = world.story()
    claim = next(c for c in story.claims if c.evidence)
    found = world.check(with_claim(story, claim, evidence=(*claim.evidence, "nowhere")))
    assert (found.fabricated, found.wrong.total()) == (1, 1)
    assert "fabricated event nowhere" in found.remarks


def test_another_customers_event_is_foreign(world: World) -> None:
    story, other = world.story("u3"), world.story("u4")
    claim = next(c for c in story.claims if c.evidence)
    stolen = next(c for c in other.claims if c.evidence).evidence
    found = world.check(with_claim(story, claim, evidence=stolen))
    assert (found.fabricated, found.foreign) == (0, len(stolen))


def test_an_event_after_the_moment_of_the_story_is_future(world: World) -> None:
    story = world.story()
    customer = world.pipeline.identity.customer("w", "u3")
    later = [r.event_id for r in world.ledger.rows(customer.customer_id, NOW) if r.at > AS_OF]
    assert later, "the workload must reach beyond AS_OF"
    claim = next(c for c in story.claims if c.evidence)
    assert world.check(with_claim(story, claim, evidence=(later[0],))).future == 1


def test_a_claim_about_somebody_else_is_wrong(world: World) -> None:
    story = world.story()
    assert world.check(with_claim(story, story.claims[0], subject="c_other")).wrong.total() == 1


def test_a_number_that_no_claim_has_is_unsupported(world: World) -> None:
    story = world.story()
    first = story.sentences[0]
    lie = first.model_copy(update={"text": first.text + " That is 4321 in all."})
    found = world.check(story.model_copy(update={"sentences": (lie, *story.sentences[1:])}))
    assert (found.numbers_unsupported, found.wrong.total()) == (1, 0)


def test_a_sentence_without_claims_is_not_covered(world: World) -> None:
    story = world.story()
    bare = story.sentences[0].model_copy(update={"claim_ids": ()})
    found = world.check(story.model_copy(update={"sentences": (bare, *story.sentences[1:])}))
    assert found.sentences_cited == found.sentences - 1


def test_a_claim_that_no_rule_knows_is_counted_as_unchecked(world: World) -> None:
    stories = (world.story(f"u{n}") for n in range(20))
    story, claim = next((s, c) for s in stories for c in s.claims if c.kind is ClaimKind.PREDICTION)
    odd = with_claim(story, claim, kind=ClaimKind.FACT)
    assert world.check(odd).unchecked == {str(claim.predicate): 1}


def test_the_task_runs_on_a_workspace_that_is_there(world: World) -> None:
    options = GroundingOptions(workspace="w", data=world.data, limit=5, as_of="2026-03-15", lang="both")
    result = GroundingTask().run(options, lambda _: None)
    assert result.n == 10
    assert {s.input["lang"] for s in result.samples} == {"zh", "en"}
    for name in ("fabricated_ids", "foreign_ids", "future_ids", "claims_wrong", "claims_unchecked"):
        assert result.metrics[name].value == 0, name
    assert result.metrics["numbers_supported"].value == 1
    assert result.counts["claims_checked"]
    again = GroundingTask().run(options, lambda _: None)
    assert again.metrics == result.metrics
