"""Tables that no shop should have: each run ends in figures, or in one line that says what is wrong."""

import json
import random
import re
from datetime import date, timedelta
from pathlib import Path

import pytest

from evals.cli import main

START = date(2025, 1, 1)
CUT = ["--cut", "2025-09-02", "--horizon-days", "60", "--bootstrap", "20"]
HEAD = "customer_id,time,amount"


def rows(customers: int = 150) -> list[str]:
    """Orders of a year."""
    dice = random.Random(3)
    found = []
    for who in range(customers):
        days = sorted(dice.sample(range(365), dice.randint(1, 9)))
        found += [f"c{who},{START + timedelta(days=day)},{dice.uniform(5, 90):.2f}" for day in days]
    return found


def run(folder: Path, lines: list[str], *options: str, task: str = "ltv") -> int:
    path = folder / "orders.csv"
    path.write_text("\n".join([HEAD, *lines]), encoding="utf-8")
    return main(["run", task, "--transactions", str(path), *options, "--json", "--out", str(folder / "run")])


@pytest.mark.parametrize("task", ["ltv", "churn"])
@pytest.mark.parametrize(
    ("lines", "options", "reason"),
    [
        (["a,2025-01-01,5", "a,2025-06-01,5", "a,2025-10-01,5"], CUT, "too little data to fit.*customers>=100"),
        ([f"c{i},2025-09-02,5" for i in range(300)], [], "purchases run from 2025-09-02 to 2025-09-02"),
        (rows(), ["--cut", "2031-01-01"], "purchases run from 2025-01-01 to 2025-12-31"),
        (rows(), ["--cut", "2025-02-30"], "--cut: "),
        (rows(), ["--cut", "2025-09-02", "--horizon-days", "-1"], "--horizon-days: "),
        ([line.replace(",", ";") for line in rows()], [], "found|no row has a customer"),
        ([f"{line.rsplit(',', 1)[0]},-5" for line in rows()], CUT, "it is negative"),
        ([f"{line.rsplit(',', 1)[0]},0" for line in rows()], CUT, "repeat_customers>=30"),
        (rows(), ["--amount", "price"], r"--amount 'price': no such column .*there are: customer_id, time"),
        ([], [], "no row has a customer"),
    ],
    ids=[
        "one customer", "one day", "a cut after the end", "no date", "no horizon", "semicolons", "refunds only",
        "gifts only", "a wrong column", "no rows",
    ],
)  # fmt: skip
def test_what_cannot_be_scored_is_one_line_and_exit_code_2(
    task: str, lines: list[str], options: list[str], reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, lines, *options, task=task) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    *_, told = printed.err.splitlines()
    assert told.startswith("error: ")
    assert re.search(reason, told), told
    assert "Traceback" not in printed.err


def test_refunds_twins_and_odd_rows_are_counted_beside_the_figures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    odd = ["c1,2025-03-03,-20", "c2,someday,5", ",2025-03-03,5", "c3,2025-03-03,free"]
    assert run(tmp_path, [*rows(), *odd, *rows()[:7]], *CUT) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["provenance"]["negative_rows_left_out"] == 1
    assert found["provenance"]["unusable_rows_left_out"] == 3
    assert found["provenance"]["duplicate_rows_kept"] == 7
    assert len([line for line in found["warnings"] if " rows " in line]) == 3


def test_days_after_the_horizon_change_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, rows(), *CUT) == 0
    today = json.loads(capsys.readouterr().out)
    assert run(tmp_path, [*rows(), "c1,2099-01-01,70"], *CUT) == 0
    later = json.loads(capsys.readouterr().out)
    assert later["metrics"] == today["metrics"]
    assert later["provenance"]["data_end"] == "2099-01-01"
