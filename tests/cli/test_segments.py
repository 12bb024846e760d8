import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from sqlalchemy import text

from app.cli.main import main
from app.database.engine import Database
from tests.databases import database_url

PROFILES = "FROM consumer_offsets WHERE consumer LIKE 'profile/%'"

ROWS = """who,ts,bill,price
u1,2026-01-02 10:00,b1,10.50
u1,2026-02-02 10:00,b2,20
u2,2026-01-05 10:00,b3,99
"""
MAPPING = """
source: pos
timezone: Asia/Shanghai
currency: CNY
kind: order
occurred_at: {column: ts}
identifiers: {user_id: who}
order_id: bill
amount: {column: price}
"""

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace of two customers, made once."""
    made = tmp_path_factory.mktemp("segments")
    (made / "rows.csv").write_text(ROWS, encoding="utf-8")
    (made / "mapping.yaml").write_text(MAPPING, encoding="utf-8")
    arguments = ["ingest", str(made / "rows.csv"), "--mapping", str(made / "mapping.yaml"), "-w", "pos"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["understory", *arguments, "--data", str(made / "data")])
        with pytest.raises(SystemExit):
            main()
    return made


@pytest.fixture
def segments(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """`understory segments ...` on it."""

    def run(*arguments: object) -> tuple[int, str, str]:
        data = ("-w", "pos", "--data", str(folder / "data"))
        monkeypatch.setattr(sys, "argv", ["understory", "segments", *map(str, arguments), *data])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        return int(ended.value.code or 0), *capsys.readouterr()

    return run


def test_an_expression_is_counted(segments: Run) -> None:
    code, out, _ = segments("count", "orders >= 2 且 spend between 30 and 31", "--json")
    assert (code, json.loads(out)["customers"]) == (0, 1)
    assert "1 of 2 customers (50.0%)" in segments("count", "orders >= 2")[1]


def test_profiles_that_are_behind_are_told_on_stderr(segments: Run, folder: Path) -> None:
    assert segments("count", "orders >= 2")[2] == ""
    database = Database(database_url(folder / "data"))
    with database.read() as connection:
        before = [row.consumer for row in connection.execute(text(f"SELECT consumer {PROFILES}"))]
        (at,) = {row.position for row in connection.execute(text(f"SELECT position {PROFILES}"))}
    _move(database, before, 1)
    code, out, err = segments("count", "orders >= 2", "--json")
    _move(database, before, at)
    database.close()
    assert (code, err.count("\n"), json.loads(out)["customers"]) == (0, 1, 1)
    assert "profiles are 2 events behind the log" in err
    assert "understory rebuild --workspace pos" in err


def _move(database: Database, consumers: Sequence[str], position: int) -> None:
    with database.write() as connection:
        for consumer in consumers:
            said = text("UPDATE consumer_offsets SET position = :position WHERE consumer = :consumer")
            connection.execute(said, {"position": position, "consumer": consumer})


def test_a_fault_is_one_line_in_the_language_asked_for(segments: Run) -> None:
    code, out, err = segments("count", "churnrisk >= 0.6", "--lang", "en")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "character 1: unknown field `churnrisk`: did you mean `churn_risk`?" in err
    assert "第 1 个字符" in segments("count", "churnrisk >= 0.6", "--lang", "zh")[2]
    assert "character 1" in segments("--lang", "en", "count", "churnrisk >= 0.6")[2]
    assert segments("count", "(" * 3_000)[0] == 2


def test_the_eight_classes_are_shown_without_a_command(segments: Run) -> None:
    code, out, _ = segments("--lang", "zh")
    assert code == 0
    for name in ("important_keep", "重要保持", "general_win_back", "一般挽留", "没有订单"):
        assert name in out


def test_fields_are_listed(segments: Run) -> None:
    _, out, _ = segments("fields", "--lang", "en")
    assert "churn_risk >= 60%" in out
    groups = json.loads(segments("fields", "--json")[1])["groups"]
    assert {"rfm", "shift"} <= {group["name"] for group in groups}


def test_a_segment_is_saved_renamed_listed_exported_and_deleted(segments: Run, tmp_path: Path) -> None:
    assert "1 of 2 customers" in segments("save", "老客", "orders >= 2")[1]
    assert segments("save", "老客", "orders >= 3")[0] == 2
    assert segments("rename", "老客", "常客")[0] == 0
    (listed,) = json.loads(segments("list", "--json")[1])["segments"]
    assert (listed["segment"]["name"], listed["count"]["customers"]) == ("常客", 1)
    assert "user_id:u1" in segments("members", "常客")[1]
    out = tmp_path / "audience.jsonl"
    code, told, _ = segments("export", "常客", "--out", out, "--channel", "onsite")
    assert (code, "1 of 1 customers, jsonl" in told) == (0, True)
    assert json.loads(out.read_text(encoding="utf-8"))["user_id"] == "u1"
    assert segments("export", "常客", "--out", out)[0] == 2
    assert json.loads(segments("exports", "--json")[1])["exports"][0]["channel"] == "onsite"
    assert segments("delete", "常客")[0] == 0
    assert segments("delete", "常客")[0] == 2


def test_a_bad_expression_leaves_no_file(segments: Run, tmp_path: Path) -> None:
    out = tmp_path / "a.csv"
    assert segments("export", "nonsense >", "--out", out)[0] == 2
    assert list(tmp_path.iterdir()) == []
    assert segments("export", "orders >= 1", "--out", tmp_path / "none" / "a.csv")[0] == 2
