import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from app.cli.main import main

MAPPING = """
source: pos
timezone: Europe/London
currency: GBP
kind: order
occurred_at: {column: ts}
identifiers: {user_id: who}
order_id: bill
item_id: sku
amount: {column: price}
"""
ROWS = """who,ts,bill,sku,price
7,2011-01-03 10:00,b1,s1,12.50
7,2011-02-03 10:00,b2,s1,
7,03/04/2011 09:00,b3,s1,5
null,2011-02-03 10:00,b4,s1,1
7,1970-01-01,b5,s1,1
"""

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def understory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """The command as its entry point runs it, on an own data folder, with a file of five rows read in."""

    def run(*arguments: str) -> tuple[int, str, str]:
        data = ("-w", "pos", "--data", str(tmp_path / "data"))
        monkeypatch.setattr(sys, "argv", ["understory", *arguments, *data])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        return int(ended.value.code or 0), *capsys.readouterr()

    (tmp_path / "rows.csv").write_text(ROWS, encoding="utf-8")
    (tmp_path / "mapping.yaml").write_text(MAPPING, encoding="utf-8")
    run("ingest", str(tmp_path / "rows.csv"), "--mapping", str(tmp_path / "mapping.yaml"))
    return run


def test_the_cleaning_report_says_what_was_found_and_done(understory: Run) -> None:
    _, told, _ = understory("cleaning", "--source", "pos")
    assert "pos: 5 records = 1 accepted + 0 duplicates + 0 conflicts + 4 quarantined" in told
    assert "1 of 5: order without an amount -> put in quarantine" in told
    assert "1 of 5: time before 1990 (clock never set) -> put in quarantine" in told
    _, told, _ = understory("cleaning", "--lang", "zh")
    assert "1 of 5: 没有可用的标识 -> 放入隔离区" in told
    report = json.loads(understory("cleaning", "--source", "pos", "--json")[1])
    assert json.loads(understory("cleaning", "--json")[1]) == {"sources": [report]}
    assert {f["check"] for f in report["findings"] if f["count"]} == {
        "missing_amount", "time_ambiguous", "no_identifier", "time_unset", "late",
    }  # fmt: skip


def test_from_the_counts_to_a_fix_to_a_replay(understory: Run) -> None:
    assert "1 x pos time_ambiguous waiting" in understory("quarantine", "counts")[1]
    assert "4 of 4 records in quarantine" in understory("quarantine")[1]
    assert understory("sources", "set", "pos", "--time-format", "dmy")[0] == 0
    assert "1 accepted" in understory("quarantine", "replay", "--reason", "time_ambiguous")[1]
    counts = json.loads(understory("quarantine", "counts", "--json")[1])["counts"]
    assert sum(line["count"] for line in counts) == 4
    done = json.loads(understory("quarantine", "replay", "--json")[1])
    assert (done["records"], done["failed"]) == (3, 3)
    assert done["reasons"] == {"time_unreadable": 2, "missing_amount": 1}
    assert "3 of 3" in understory("quarantine", "list", "--state", "waiting")[1]
    (source,) = json.loads(understory("sources", "list", "--json")[1])["sources"]
    assert (source["events"], source["waiting"]) == (2, 3)
    assert "2 orders" in understory("profile", "7", "--lang", "en")[1]


def test_a_better_mapping_reads_the_rows_anew(understory: Run, tmp_path: Path) -> None:
    better = MAPPING.replace("user_id: who", "user_id: who, till: sku")
    (tmp_path / "better.yaml").write_text(better, encoding="utf-8")
    replay = ("quarantine", "replay", "--reason", "no_identifier", "--mapping", str(tmp_path / "better.yaml"))
    assert "1 records taken up: 1 accepted" in understory(*replay)[1]


def test_discarding_is_said_before_it_is_done(understory: Run) -> None:
    assert "1 records would be discarded" in understory("quarantine", "discard", "--reason", "time_unset")[1]
    assert "1 records discarded" in understory("quarantine", "discard", "--reason", "time_unset", "--yes")[1]
    assert "0 records discarded" in understory("quarantine", "discard", "--reason", "time_unset", "--yes")[1]
    (record,) = json.loads(understory("quarantine", "list", "--state", "discarded", "--json")[1])["records"]
    assert (record["code"], record["settled_by"], record["line"]) == ("time_unset", "command line", 6)


@pytest.mark.parametrize(
    "arguments",
    [
        ("cleaning", "--source", "nobody"),
        ("cleaning", "--since", "someday"),
        ("cleaning", "--since", "2026-02-02", "--until", "2026-02-01"),
        ("sources", "set", "pos"),
        ("sources", "set", "understory", "--time-format", "dmy"),
        ("sources", "set", "pos", "--time-format", "ymd"),
        ("sources", "set", "pos", "--timezone", "Mars/Olympus"),
        ("quarantine", "list", "--after", "q_nothing"),
        ("quarantine", "list", "--state", "lost"),
        ("quarantine", "replay", "--mapping", "nowhere.yaml"),
        ("quarantine", "replay", "--source", "web", "--preset", "online-retail"),
    ],
)
def test_what_the_user_can_mend_is_one_line_and_exit_code_2(understory: Run, arguments: tuple[str, ...]) -> None:
    code, out, err = understory(*arguments)
    assert (code, out) == (2, "")
    assert len(err.strip().splitlines()) == 1
