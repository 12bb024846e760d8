"""The command line: one object with --json, one line and exit code 2 for bad input."""

import json
import random
from datetime import date, timedelta
from pathlib import Path

import pytest

from evals import runs
from evals.cli import BENCHES, TASKS, main


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    dice = random.Random(1)
    rows = ["customer_id,time,amount"]
    for who in range(160):
        days = sorted(dice.sample(range(300), dice.randint(1, 8)))
        rows += [f"{who},{date(2025, 1, 1) + timedelta(days=day)},{dice.uniform(5, 90):.2f}" for day in days]
    path = tmp_path / "orders.csv"
    path.write_text("\n".join(rows), encoding="utf-8")
    return path


def test_list_names_every_task_and_bench(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    printed = capsys.readouterr().out
    assert all(name in printed for name in (*TASKS, *BENCHES))
    assert {"grounding", "ltv"} <= TASKS.keys()
    assert "ingest" in BENCHES


def test_json_prints_one_object_and_leaves_a_run(
    orders: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    given = ["run", "ltv", "--transactions", str(orders), "--horizon-days", "60", "--bootstrap", "20"]
    assert main([*given, "--json", "--out", str(out)]) == 0
    printed = capsys.readouterr()
    summary = json.loads(printed.out)
    assert summary.keys() >= {"schema_version", "task", "seed", "n", "cuts", "metrics", "baselines", "provenance"}
    assert summary["task"] == "ltv"
    assert sorted(p.name for p in out.iterdir()) == [runs.REPORT, runs.SAMPLES, runs.SUMMARY]
    assert str(out / runs.REPORT) in printed.err


def test_a_run_can_be_compared_with_itself(orders: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "run"
    assert main(["run", "ltv", "--transactions", str(orders), "--bootstrap", "20", "--out", str(out)]) == 0
    assert "level" in capsys.readouterr().out
    assert main(["compare", str(out), str(out), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    values = {d["name"]: d["difference"]["value"] for d in found["differences"]}
    assert {value for name, value in values.items() if not name.startswith("error_")} == {0.0}  # a class may be empty


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["run"],
        ["run", "nothing"],
        ["run", "ltv", "--no-such-option"],
        ["run", "ltv", "--transactions", "no-such-file.csv"],
        ["run", "ltv", "--cut", "yesterday"],
        ["run", "ltv", "--horizon-days", "0"],
        ["run", "ltv", "--zone", "Middle/Earth"],
        ["run", "ltv", "--seed", "-1"],
        ["run", "grounding", "--workspace", "none", "--data", "no-such-folder"],
        ["run", "grounding", "--lang", "fr"],
        ["compare", "no-such-run", "no-such-run"],
        ["bench", "nothing"],
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    lines = [line for line in printed.err.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1
    assert lines == printed.err.splitlines()[-1:]


def test_every_option_has_help(capsys: pytest.CaptureFixture[str]) -> None:
    for name, task in TASKS.items():
        with pytest.raises(SystemExit) as left:
            main(["run", name, "--help"])
        assert left.value.code == 0
        printed = capsys.readouterr().out
        assert all(field.description for field in task.options.model_fields.values())
        assert "--json" in printed
