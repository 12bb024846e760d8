"""The fault server and the honest model behind `evals run faults`, and one outage from well to well."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import Field

from app.access.schemas import Workspace
from app.bootstrap import build
from app.config import Settings
from app.errors import InvalidInput
from app.insights.schemas import StoryDraft
from app.insights.select import Selection
from app.llm.output_schema import strict_schema
from app.llm.structured import read
from app.schema import Frozen
from evals.faults.honest import answer
from evals.faults.outage import PATIENCE_S, outage
from evals.faults.readers import Readers
from evals.faults.server import MODEL, FaultServer
from evals.tasks.faults import FaultOptions, FaultsTask
from tests.factories_api import Served, an_order_body

CLAIMS = "\n".join(f"[k_{number}] The order number {number} was paid." for number in range(9))


class Odd(Frozen):
    """A bit of everything that a schema may ask for."""

    kind: Literal["b", "a"]
    words: Annotated[str, Field(min_length=3, max_length=9)]
    numbers: Annotated[tuple[Annotated[int, Field(ge=2, le=9)], ...], Field(min_length=2, max_length=3)]
    maybe: float | None
    yes: bool


def said(output: type[Frozen], prompt: str = "") -> str:
    return answer(prompt, {"name": output.__name__, "schema": strict_schema(output)})


def test_an_honest_model_recites_chooses_and_otherwise_says_the_least_that_fits() -> None:
    draft = read(said(StoryDraft, CLAIMS), StoryDraft)
    assert [(s.text, s.claims) for s in draft.sentences][1] == ("The order number 1 was paid.", ("k_1",))
    assert read(said(Selection, "1. one\n2. two\n"), Selection).claims == (1, 2)
    assert json.loads(said(Odd)) == {"kind": "b", "words": "………", "numbers": [2, 2], "maybe": None, "yes": False}
    read(said(Odd), Odd)


@pytest.fixture
def readers(tmp_path: Path) -> Iterator[tuple[Readers, FaultServer]]:
    with FaultServer() as server:
        model = {"llm_url": server.url, "llm_model": MODEL, "llm_timeout_s": 5.0}
        settings = {"data_dir": tmp_path, "kept_answers": 0, "breaker_pause_s": 0.2, **model}
        app = build(Settings.model_validate(settings))
        api = Served(app)
        api.send(*(an_order_body(number) for number in range(1, 7)))
        now = datetime(2026, 5, 1, tzinfo=UTC)
        yield Readers(app, app.pipeline.access.ensure(Workspace(workspace_id="shop")).workspace_id, now=now), server
        app.database.close()


@pytest.mark.parametrize("fault", ["http_500", "refused"])
def test_an_outage_is_lived_through_from_well_to_well(readers: tuple[Readers, FaultServer], fault: str) -> None:
    found = outage(*readers, fault, at_once=1)
    assert all((one.status < 500, one.valid) == (True, True) for one in found.heard)
    assert next(one.rung for one in found.heard if one.question == "story") == "composer"
    assert all(one.reason for one in found.heard if one.rung == "composer" and one.question == "story")
    assert max(found.opened_s, found.recovered_s) < PATIENCE_S


def test_a_fault_that_there_is_not_is_said_at_once() -> None:
    with pytest.raises(InvalidInput, match="no such fault; there are black_hole"):
        FaultsTask().run(FaultOptions(only=("flood",)), lambda _: None)
