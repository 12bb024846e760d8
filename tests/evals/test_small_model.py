"""The small-model task on scripted models: a perfect pupil, one that names what is not there, one that babbles."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from app.bootstrap import PROMPTS
from app.insights.select import in_shown_order
from app.llm.chat_model import Message
from app.llm.prompts import PromptLibrary
from app.llm.scripted import ScriptedModel
from evals import shop
from evals.cli import main
from evals.overheard import Overheard
from evals.task import Metric
from evals.tasks.small_model import Rates, metrics, tell
from evals.train.pairs import Reading, pair, readings

Reply = Callable[[Sequence[Message]], str]
LIBRARY = PromptLibrary(PROMPTS)


@pytest.fixture(scope="module")
def opened() -> Iterator[shop.Open]:
    with shop.demo(seed=5, customers=10, say=lambda _: None) as made:
        yield made


@pytest.fixture(scope="module")
def cases(opened: shop.Open) -> list[Reading]:
    return list(readings(opened, opened.pipeline.clock(opened.workspace, now=opened.now)))


def figures(opened: shop.Open, cases: Sequence[Reading], reply: Reply) -> dict[str, float | None]:
    heard = list(tell(opened, cases, Overheard(ScriptedModel(reply)), lambda _: None))
    found: dict[str, Metric] = metrics(heard, Rates(1.0, 2.0), seed=1)
    return {name: metric.value for name, metric in found.items()}


def test_whoever_answers_as_the_composer_would_scores_full_marks(opened: shop.Open, cases: list[Reading]) -> None:
    asked = [pair(LIBRARY, in_shown_order(case.ground.claims), case.ground, case.told) for case in cases]
    learned = {p.user: p.answer for p in asked}
    found = figures(opened, cases, lambda messages: learned[messages[1].content])
    full = (
        "schema_valid",
        "ids_existing",
        "same_claims_same_order",
        "claims_f1",
        "order_tau",
        "told_by_model",
        "same_story",
    )
    assert {name: found[name] for name in full} == dict.fromkeys(full, 1.0)
    assert found["numbers_supported"] == 1.0


def test_numbers_that_were_not_shown_are_seen_and_no_unsupported_number_is_told(
    opened: shop.Open, cases: list[Reading]
) -> None:
    found = figures(opened, cases, lambda _: '{"claims":[1,2,3,4,40]}')
    assert found["schema_valid"] == 1.0
    assert 0 < (found["ids_existing"] or 0) < 1
    assert found["same_claims_same_order"] == 0.0
    assert found["numbers_supported"] == 1.0


def test_a_model_that_babbles_leaves_the_story_to_the_composer(opened: shop.Open, cases: list[Reading]) -> None:
    found = figures(opened, cases, lambda _: "Once upon a time")
    assert (found["schema_valid"], found["told_by_model"]) == (0.0, 0.0)
    assert found["ids_existing"] is None
    assert found["numbers_supported"] == 1.0


def test_a_folder_without_a_model_is_one_line_and_exit_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "small-model", "--model", str(tmp_path / "none"), "--json"]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
