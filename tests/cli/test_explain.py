import json
from datetime import UTC, datetime

import pytest

from app.bootstrap import App
from tests.cli.conftest import Run


@pytest.fixture
def explain(demo: App, command: Run) -> Run:
    """`understory explain ...` on the demo shop."""
    return lambda *arguments: command("explain", *arguments, "--data", demo.settings.data_dir)


@pytest.fixture(scope="module")
def the_best(demo: App) -> str:
    pipeline, workspace = demo.pipeline, demo.pipeline.access.workspace("demo")
    as_of = pipeline.clock(workspace, now=datetime(2026, 11, 1, tzinfo=UTC))
    return pipeline.customers(workspace, as_of=as_of, limit=1).rows[0].customer_id


def test_a_number_is_told_with_its_shares_its_what_ifs_and_its_risks(explain: Run, the_best: str) -> None:
    code, told, _ = explain(the_best, "--lang", "en")
    found = json.loads(explain(the_best, "--json", "--lang", "en")[1])
    assert code == 0
    assert "is expected in the next 90 days; from a typical customer of this shop" in told
    lines = [line.strip("- ") for line in told.splitlines()]
    for one in (*found["reasons"], *found["what_ifs"], *found["risks"]):
        assert one["said"] in lines
    assert set(found["notes"]) <= set(lines)
    shares = sum(one["amount_minor"] for one in found["numbers"]["contributions"])
    assert found["numbers"]["typical_value_minor"] + shares == found["numbers"]["value_minor"]


def test_it_is_told_in_chinese_too(explain: Run, the_best: str) -> None:
    told = explain(the_best, "--lang", "zh")[1]
    assert "买过多少次：" in told
    assert "How often" not in told


def test_before_there_were_enough_orders_it_says_what_is_missing(explain: Run, the_best: str) -> None:
    code, told, _ = explain(the_best, "--lang", "en", "--as-of", "2026-02-10")
    assert code == 0
    assert told.startswith("Not enough data for an estimate: ")


@pytest.mark.parametrize("arguments", [("nobody",), ("user_id:none", "--as-of", "soon")])
def test_what_the_user_can_mend_is_one_line_and_exit_code_2(explain: Run, arguments: tuple[str, ...]) -> None:
    code, out, err = explain(*arguments)
    assert (code, out) == (2, "")
    assert len(err.strip().splitlines()) == 1
