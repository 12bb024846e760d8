"""`understory churn`: whether a customer is drifting away."""

import json
from datetime import UTC, datetime

import pytest

from app.bootstrap import App
from tests.cli.conftest import Run


@pytest.fixture
def churn(demo: App, command: Run) -> Run:
    """`understory churn ...` on the demo shop."""
    return lambda *arguments: command("churn", *arguments, "--data", demo.settings.data_dir)


@pytest.fixture(scope="module")
def riskiest(demo: App) -> str:
    pipeline, workspace = demo.pipeline, demo.pipeline.access.workspace("demo")
    as_of = pipeline.clock(workspace, now=datetime(2026, 11, 1, tzinfo=UTC))
    return pipeline.customers(workspace, as_of=as_of, order_by="churn_risk", limit=1).rows[0].customer_id


def test_the_read_is_told_with_what_it_stands_on(churn: Run, riskiest: str) -> None:
    code, told, _ = churn(riskiest, "--lang", "en")
    found = json.loads(churn(riskiest, "--json", "--lang", "en")[1])
    assert code == 0
    lines = [line.strip() for line in told.splitlines()]
    assert lines[0] == f"{found['verdict_name']}: {found['headline']}"
    for sentence in found["sentences"]:
        assert sentence["text"] in lines
    assert "told by: composer" in lines


def test_it_is_told_in_chinese_too(churn: Run, riskiest: str) -> None:
    assert "流失风险为" in churn(riskiest, "--lang", "zh")[1]


@pytest.mark.parametrize("arguments", [("nobody",), ("user_id:none", "--as-of", "soon")])
def test_what_the_user_can_mend_is_one_line_and_exit_code_2(churn: Run, arguments: tuple[str, ...]) -> None:
    code, out, err = churn(*arguments)
    assert (code, out, len(err.splitlines())) == (2, "", 1)
