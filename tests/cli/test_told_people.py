"""`understory brief` and `understory segments story`."""

import json
from datetime import UTC, datetime

import pytest

from app.bootstrap import App
from tests.cli.conftest import Run


@pytest.fixture
def told(demo: App, command: Run) -> Run:
    """Any command on the demo shop."""
    return lambda *arguments: command(*arguments, "--data", demo.settings.data_dir)


def test_a_brief_is_told_by_part(demo: App, told: Run) -> None:
    pipeline, workspace = demo.pipeline, demo.pipeline.access.workspace("demo")
    as_of = pipeline.clock(workspace, now=datetime(2026, 11, 1, tzinfo=UTC))
    ref = pipeline.customers(workspace, as_of=as_of, limit=1).rows[0].customer_id
    code, out, _ = told("brief", ref, "--lang", "en")
    found = json.loads(told("brief", ref, "--json", "--lang", "en")[1])
    assert code == 0
    assert all(f"  {sentence['text']}" in out for sentence in found["sentences"])
    assert "这是谁" in told("brief", ref, "--lang", "zh")[1]


def test_a_segment_is_told_with_what_was_counted(told: Run) -> None:
    code, out, _ = told("segments", "story", "orders >= 1", "--lang", "en")
    assert (code, "customers: orders >= 1" in out, "told by: composer" in out) == (0, True, True)


@pytest.mark.parametrize("arguments", [("brief", "nobody"), ("segments", "story", "ordrs >= 1")])
def test_what_the_user_can_mend_is_one_line_and_exit_code_2(told: Run, arguments: tuple[str, ...]) -> None:
    code, out, err = told(*arguments)
    assert (code, out, len(err.splitlines())) == (2, "", 1)
