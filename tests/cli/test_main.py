import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from app.cli.main import main
from app.config import ROOT

MAPPING = """
source: pos
timezone: Europe/London
currency: GBP
kind: order
occurred_at: {column: ts}
identifiers: {user_id: who}
order_id: bill
item_id: sku
amount: {column: price, times: n}
items: {item_id: sku, title: name}
"""
ROWS = "who,ts,bill,sku,price,n\n" + "".join(
    f"7,2011-0{month}-03 10:00,b{month},s1,12.50,{month}\n" for month in range(1, 9)
)


class Done(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


Run = Callable[..., Done]


@pytest.fixture
def understory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """The command as its entry point runs it, on an own data folder."""

    def run(*arguments: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["understory", *arguments, "--data", str(tmp_path / "data")])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return Done(int(ended.value.code or 0), out, err)

    return run


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "rows.csv").write_text(ROWS + "7,1970-01-01,b,s1,1,1\n7,2011-08-09,b,s1,x,1\n", encoding="utf-8")
    (tmp_path / "items.csv").write_text("sku,name\ns1,WOODEN FRAME\n", encoding="utf-8")
    (tmp_path / "mapping.yaml").write_text(MAPPING, encoding="utf-8")
    return tmp_path


def ingest(understory: Run, files: Path, *more: str) -> Done:
    mapping, items = str(files / "mapping.yaml"), str(files / "items.csv")
    return understory("ingest", str(files / "rows.csv"), "--mapping", mapping, "--items", items, "-w", "pos", *more)


def test_from_a_file_to_a_story_and_a_strategy(understory: Run, files: Path) -> None:
    report = json.loads(ingest(understory, files, "--json").stdout)
    assert (report["accepted"], report["quarantined"], report["items"]) == (8, 2, 1)
    assert report["first_lines"] == {"time before 1990": 10, "not a number": 11}

    read = understory("profile", "7", "-w", "pos", "--as-of", "2011-06-30", "--lang", "en", "--json")
    reading = json.loads(read.stdout)
    assert reading["as_of"] == "2011-06-30T22:59:59.999999Z"
    assert reading["profile"]["rfm"]["orders"] == 6
    assert all(e["occurred_at"] <= reading["as_of"] for e in reading["evidence"].values())

    told = understory("profile", "user_id:7", "-w", "pos", "--lang", "zh").stdout
    assert "8笔订单" in told
    assert "told by: composer" in told
    proposed = understory("strategy", "7", "-w", "pos", "--lang", "en").stdout
    assert proposed.startswith("proposed: ")
    assert "holdout: 50%" in proposed
    listed = understory("customers", "-w", "pos", "--top", "ltv").stdout
    assert "user_id:7" in listed
    assert "not enough data" in listed
    kept = understory("quarantine", "-w", "pos").stdout
    assert "pos line 11: not a number" in kept
    assert "2 of 2" in kept
    understory("keys", "create", "-w", "pos", "--role", "viewer")
    key_id = understory("keys", "list", "-w", "pos").stdout.split()[0]
    assert key_id in understory("keys", "revoke", key_id, "-w", "pos").stdout
    assert "no valid keys" in understory("keys", "list", "-w", "pos").stdout
    assert "all profiles equal the log" in understory("rebuild", "--check", "-w", "pos").stdout


def test_a_second_import_of_the_same_file_adds_nothing(understory: Run, files: Path) -> None:
    ingest(understory, files)
    again = json.loads(ingest(understory, files, "--json").stdout)
    assert (again["accepted"], again["duplicates"]) == (0, 8)


@pytest.mark.parametrize(
    "arguments",
    [
        ("ingest", "nowhere.csv", "--preset", "online-retail"),
        ("ingest", "{rows}", "--preset", "online-retail"),
        ("ingest", "{rows}", "--preset", "nope"),
        ("ingest", "{rows}"),
        ("ingest", "{rows}", "--mapping", "{items}"),
        ("profile", "7", "-w", "missing"),
        ("profile", "7", "-w", "../up"),
        ("customers", "-w", "missing", "--as-of", "soon"),
        ("kb", "import", "{rows}", "-w", "missing"),
        ("profile", "7", "--lang", "fr"),
        ("profile",),
        ("customers", "--limit", "0"),
        ("dance",),
        ("ingest", "{rows}", "--mapping", "{mapping}", "-w", "demo"),
        ("keys", "revoke", "key_x", "-w", "missing"),
    ],
)
def test_what_the_user_can_mend_is_one_line_and_exit_code_2(
    understory: Run, files: Path, arguments: tuple[str, ...]
) -> None:
    names = {"rows": str(files / "rows.csv"), "items": str(files / "items.csv")}
    names["mapping"] = str(files / "mapping.yaml")
    done = understory(*(a.format(**names) for a in arguments))
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1
    assert done.stderr.startswith("understory: ")


def test_a_bad_as_of_says_what_to_write(understory: Run, files: Path) -> None:
    ingest(understory, files)
    done = understory("profile", "7", "-w", "pos", "--as-of", "soon")
    assert (done.returncode, "use a date" in done.stderr) == (2, True)
    done = understory("profile", "nobody", "-w", "pos")
    assert (done.returncode, "understory customers" in done.stderr) == (2, True)


def test_the_installed_command_answers() -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "app.cli", "--help"], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert "ingest" in shown.stdout
