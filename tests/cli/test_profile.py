import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from app.cli.main import main

MAPPING = """
source: web
timezone: Asia/Shanghai
currency: CNY
kind: {column: kind}
occurred_at: {column: at}
identifiers: {user_id: user}
text: text
"""
ROWS = """kind,at,user,text
search,2026-01-01 10:00,u1,宝宝辅食添加顺序
search,2026-01-02 10:00,u2,面霜
"""

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def understory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """The command on a workspace with two customers."""

    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["understory", *words, "--data", str(tmp_path / "data"), "-w", "shop"])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return int(ended.value.code or 0), out, err

    (tmp_path / "rows.csv").write_text(ROWS, encoding="utf-8")
    (tmp_path / "mapping.yaml").write_text(MAPPING, encoding="utf-8")
    assert run("ingest", str(tmp_path / "rows.csv"), "--mapping", str(tmp_path / "mapping.yaml"))[0] == 0
    return run


def attributes(understory: Run) -> dict[str, str]:
    code, out, err = understory("profile", "u1", "--json")
    assert code == 0, err
    return {found["name"]: found["value"] for found in json.loads(out)["profile"]["attributes"]}


def test_correct_reject_and_withdraw_change_what_the_profile_shows(understory: Run) -> None:
    assert understory("profile", "correct", "u1", "city", "上海", "--reason", "said so")[0] == 0
    assert attributes(understory) == {"city": "上海"}
    assert understory("profile", "withdraw", "u1", "city", "--reason", "a mistake")[0] == 0
    assert understory("reflect")[0] == 0
    assert list(attributes(understory)) == ["infant_at_home"]
    code, out, _ = understory(
        "profile", "reject", "u1", "infant_at_home", "--by", "customer", "--reason", "no", "--json"
    )
    assert (code, json.loads(out)["action"]) == (0, "reject")
    assert attributes(understory) == {}


def test_reflect_says_what_it_inferred_and_does_so_once(understory: Run) -> None:
    found = json.loads(understory("reflect", "--all", "--json")[1])["reflected"]
    assert [[i["name"] for i in one["inferred"]] for one in found if one["inferred"]] == [["infant_at_home"]]
    assert len(found) == 2
    assert json.loads(understory("reflect", "--all", "--json")[1]) == {"reflected": []}
    assert "nothing new" in understory("reflect", "u1")[1]


def test_only_those_who_moved_enough_are_due(understory: Run) -> None:
    assert understory("reflect", "--due")[1] == ""


def test_history_shows_days_and_reflections_with_their_scores(understory: Run) -> None:
    understory("reflect", "u1")
    lines = understory("profile", "history", "u1")[1].splitlines()
    assert "periodic" in lines[0]
    assert "threshold 0.69" in lines[0]
    assert "incremental  1 events" in lines[1]
    modes = [u["mode"] for u in json.loads(understory("profile", "history", "u1", "--json")[1])["history"]]
    assert modes == ["periodic", "incremental"]


@pytest.mark.parametrize(
    "words",
    [
        ("profile", "correct", "u1", "city", "怀孕", "--reason", "r"),
        ("profile", "correct", "nobody", "city", "x", "--reason", "r"),
        ("profile", "correct", "u1", "city", "x"),
        ("profile", "reject", "u1", "city", "--by", "model", "--reason", "r"),
        ("reflect", "--due", "--all"),
        ("reflect", "nobody"),
        ("reflect", "--limit", "0"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_exit_code_two(understory: Run, words: tuple[str, ...]) -> None:
    code, out, err = understory(*words)
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1


def test_a_customer_may_be_called_like_a_command(understory: Run) -> None:
    assert understory("profile", "show", "u1")[1] == understory("profile", "u1")[1]
