"""Nonsense from a real server, and a real server that dies: the composer speaks, marked, and nothing false is shown."""

import os
import re
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from app.access.schemas import Workspace
from app.bootstrap import App, build
from app.errors import ModelUnavailable
from app.insights.schemas import ProfileStory
from app.insights.verify import check_claims
from app.llm.server import ServerChild
from app.llm.vllm import OpenAICompatibleModel
from app.narrative.measures import recompute
from app.narrative.render import narrate
from app.narrative.schemas import ClaimKind
from app.schema import Lang
from tests.vllm.asking import SCHEMA, refs, stories
from tests.vllm.conftest import metric

CUSTOMERS = 10
DEADLINE_S, PATIENT_S = 8.0, 110.0
"""What an answer may take: as users have it, and where only its content is judged."""


@pytest.fixture
def with_model(server: ServerChild, demo: App) -> Iterator[App]:
    """The demo shop with the random model as its large rung, and time to hear it out."""
    yield from built(demo, llm_url=server.url, llm_model="tiny-random", llm_timeout_s=PATIENT_S)


@pytest.fixture
def with_hurried_model(server: ServerChild, demo: App) -> Iterator[App]:
    """The same with the deadline that users have."""
    yield from built(demo, llm_url=server.url, llm_model="tiny-random", llm_timeout_s=DEADLINE_S)


@pytest.fixture
def with_small_model(server: ServerChild, demo: App) -> Iterator[App]:
    """The demo shop with the random model as its small rung."""
    yield from built(demo, small_llm_url=server.url, small_llm_model="tiny-random", llm_timeout_s=PATIENT_S)


def built(demo: App, **settings: str | float) -> Iterator[App]:
    app = build(demo.settings.model_copy(update={"kept_answers": 0, **settings}))  # every test asks for itself
    yield app
    app.database.close()


def shop(app: App) -> tuple[Workspace, datetime]:
    workspace = app.pipeline.access.workspace("demo")
    moment = app.pipeline.log.latest(workspace.workspace_id)
    assert moment
    return workspace, moment


def story(app: App, ref: str, lang: Lang = "zh") -> ProfileStory:
    workspace, moment = shop(app)
    return app.pipeline.read_customer(workspace, ref, as_of=moment, lang=lang).story


def assert_all_holds(app: App, composer: App, ref: str, told: ProfileStory, lang: Lang) -> None:
    """Every claim is the one that events and estimators give, every sentence our own, perhaps behind a connective."""
    workspace, moment = shop(app)
    book = app.pipeline.book(workspace, app.pipeline.identity.customer("demo", ref), as_of=moment)
    measured = [claim for claim in told.claims if claim.kind is not ClaimKind.PREDICTION]
    assert not check_claims(measured, lambda claim: recompute(claim, book)).dropped
    composed = composer.pipeline.read_customer(workspace, ref, as_of=moment, lang=lang)
    assert told.claims == composed.story.claims
    own = tuple(
        s.lower() for s in (*(s.text for s in narrate(told.claims, book, lang).sentences), *composed.spoken.values())
    )
    assert all(sentence.text.lower().endswith(own) for sentence in told.sentences)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_no_nonsense_passes_the_verifier_and_the_composer_says_why_it_speaks(
    with_model: App, demo: App, lang: Lang
) -> None:
    chosen = refs(demo, CUSTOMERS)
    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(lambda ref: story(with_model, ref, lang), chosen))
    for ref, one in zip(chosen, told, strict=True):
        assert_all_holds(with_model, demo, ref, one, lang)
        assert one.provenance.rung == "composer"
        assert "sentences kept to the claims" in str(one.provenance.fallback_reason)
        assert one.dropped


def test_a_nonsense_choice_of_claims_is_told_in_the_narratives_own_sentences(with_small_model: App, demo: App) -> None:
    for ref in refs(demo, CUSTOMERS):
        told = story(with_small_model, ref)
        assert_all_holds(with_small_model, demo, ref, told, "zh")
        assert (told.provenance.rung == "small") != bool(told.provenance.fallback_reason)


def test_nonsense_copy_is_not_sent_and_the_strategy_says_so(with_model: App, demo: App) -> None:
    workspace, moment = shop(demo)
    now, marked = datetime(2026, 11, 1, tzinfo=UTC), 0
    for ref in refs(demo, CUSTOMERS):
        ours = with_model.pipeline.recommend(workspace, ref, as_of=moment, now=now, lang="zh")
        composed = demo.pipeline.recommend(workspace, ref, as_of=moment, now=now, lang="zh")
        assert ours.strategy.themes == composed.strategy.themes
        assert ours.decision.rung == "composer"
        sent = ours.strategy.channel is not None  # what is only kept ready needs no model
        assert bool(ours.decision.fallback_reason) == sent
        marked += sent
    assert marked


def test_a_server_killed_mid_request_costs_no_answer_and_speaks_again_after_its_restart(
    server: ServerChild, with_hurried_model: App, demo: App
) -> None:
    chosen = refs(demo, CUSTOMERS)
    workspace, moment = shop(demo)
    for ref in chosen:  # what is fitted once is fitted before the clock runs
        with_hurried_model.pipeline.read_customer(workspace, ref, as_of=moment, lang="zh", ask_model=False)
    before = server.group
    with ThreadPoolExecutor(CUSTOMERS) as pool:
        started = time.monotonic()
        asked = [pool.submit(story, with_hurried_model, ref) for ref in chosen]
        while metric(server, "vllm:num_requests_running") < 1:
            assert time.monotonic() - started < 60, "no request reached the server"
        os.killpg(before, signal.SIGKILL)
        killed = time.monotonic()
        told = [answer.result() for answer in asked]
    assert time.monotonic() - killed < DEADLINE_S + 30  # the deadline, and composing for all on a busy machine
    told.append(story(with_hurried_model, chosen[0]))  # while the server comes up again
    assert {one.provenance.rung for one in told} == {"composer"}
    assert all(one.provenance.fallback_reason for one in told)
    assert re.search("no model server answers|is left alone", str(told.pop().provenance.fallback_reason))
    for ref, one in zip(chosen, told, strict=True):
        assert_all_holds(with_hurried_model, demo, ref, one, "zh")
    _assert_it_speaks_again(server, before, demo)


def _assert_it_speaks_again(server: ServerChild, before: int, demo: App) -> None:
    ends = time.monotonic() + 60
    while server.group == before:
        assert time.monotonic() < ends, "it was not started again"
        time.sleep(0.1)
    prompt = next(stories(demo, 1))
    model = OpenAICompatibleModel(server.url, "tiny-random", timeout_s=60)
    with pytest.raises(ModelUnavailable):
        model.complete(prompt.messages, schema=SCHEMA)
    assert server.wait_ready(400)
    assert model.complete(prompt.messages, schema=SCHEMA, sampling=prompt.sampling).finish_reason == "stop"
