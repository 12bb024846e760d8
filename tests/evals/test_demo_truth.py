"""`run demo-truth` from the command line."""

import json
from pathlib import Path

import pytest

from evals.cli import main

SMALL = ["run", "demo-truth", "--seed", "5", "--customers", "24"]


@pytest.fixture
def logs(tmp_path: Path) -> list[str]:
    tables = {
        "till.csv": "customer_id,date,amount\na,2024-01-01,5\na,2024-02-01,7\nb,2024-01-03,9\n",
        "web.csv": "user_id,event,ts\na,view,2024-01-01\na,purchase,2024-01-02\nb,view,2024-01-02\n",
        "sent.csv": "customer_id,received_hour,completed\na,0,1\nb,0,0\n",
    }
    for name, text in tables.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return [str(tmp_path / name) for name in tables]


def test_one_object_holds_ours_the_references_and_the_ceilings(
    logs: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["--reference", *logs[:2], "--reference", logs[2], "--json", "--out", str(tmp_path / "run")]
    assert main([*SMALL, *given]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["task"] == "demo-truth"
    assert (found["seed"], found["n"]) == (5, 24)
    labels = {f"{tmp_path.name}/{name}" for name in ("till", "web", "sent")}
    assert found["baselines"].keys() == labels
    for figures in found["baselines"].values():
        assert figures.keys() <= found["metrics"].keys()
    assert "repeat_rate" not in found["baselines"][f"{tmp_path.name}/sent"]
    assert found["ceilings"]["oracle"].keys() == found["ceilings"]["naive"].keys() >= {"interest_accuracy", "churn_auc"}
    assert all(m.keys() == {"value", "low", "high", "n"} for m in found["metrics"].values())
    assert "oracle" in found["provenance"]["ceilings"]


def test_the_text_stands_side_by_side_and_ends_with_the_ceilings(
    logs: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*SMALL, "--wording", "B", "--reference", logs[0], "--out", str(tmp_path / "run")]) == 0
    printed = capsys.readouterr().out
    assert f"{tmp_path.name}/till" in printed
    assert printed.index("repeat_rate") < printed.index("ceilings") < printed.index("interest_accuracy")
    assert "oracle" in (tmp_path / "run" / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("faulty", [["nothing.csv"], ["README.md"], []])
def test_a_reference_that_is_none_ends_with_one_line_and_exit_code_2(
    faulty: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*SMALL, "--reference", *faulty]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.splitlines()[-1].startswith("error: ")


def test_a_file_given_twice_is_told(logs: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*SMALL, "--reference", logs[0], logs[0]]) == 2
    assert "twice" in capsys.readouterr().err


def test_words_change_nothing_but_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = []
    for wording in ("A", "B"):
        assert main([*SMALL, "--wording", wording, "--json", "--out", str(tmp_path / wording)]) == 0
        found.append(json.loads(capsys.readouterr().out))
    assert found[0]["metrics"] == found[1]["metrics"]
    assert found[0]["ceilings"]["naive"] == found[1]["ceilings"]["naive"]


def test_a_shop_too_large_for_the_ceilings_is_refused_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "demo-truth", "--customers", "20001"]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "--customers" in said
    assert "20000" in said


def test_an_unknown_wording_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*SMALL, "--wording", "C"]) == 2
    assert "--wording" in capsys.readouterr().err
