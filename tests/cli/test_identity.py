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
identifiers: {user_id: user, phone: phone, device: device}
"""
ROWS = """kind,at,user,phone,device
view,2026-01-01 10:00,u1,13912345678,d1
view,2026-01-02 10:00,u2,,d2
view,2026-01-03 10:00,u2,13912345678,
"""

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def understory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """The command on a workspace with two customers and one refused link."""

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


def test_show_names_links_with_bridges_and_refusals_with_their_reason(understory: Run) -> None:
    code, out, _ = understory("identity", "show", "13912345678")
    assert code == 0
    assert "user_id:u1, phone:139****78, device:d1" in out
    assert "bridge" in out
    assert "refused (two_user_ids): user_id:u2 - phone:139****78" in out
    assert "12345678" not in out


def test_merge_why_and_unmerge_tell_what_they_made(understory: Run) -> None:
    first = json.loads(understory("identity", "show", "u1", "--json")[1])["customer"]["customer_id"]
    second = json.loads(understory("identity", "show", "u2", "--json")[1])["customer"]["customer_id"]
    _, out, _ = understory("identity", "merge", "u1", "u2", "--reason", "same person")
    assert out.startswith(first)
    assert f"also known as {second}" in out
    assert "merge 1" in understory("identity", "why", "d1", "d2")[1]
    made = json.loads(understory("identity", "unmerge", "u1", "u2", "--reason", "mistake", "--json")[1])
    assert [customer["customer_id"] for customer in made["customers"]] == [first, second]


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (("show", "nobody"), "no customer 'nobody'"),
        (("why", "u1", "u2"), "are two customers"),
        (("unmerge", "u1", "u2", "--reason", "x"), "nothing to take apart"),
        (("merge", "u1", "d1", "--reason", "x"), "one customer already"),
        (("merge", "u1", "u2", "--reason", " "), "say why"),
        (("merge", "u1", "u2"), "--reason"),
    ],
)
def test_mistakes_are_one_line_and_exit_code_2(understory: Run, words: tuple[str, ...], fault: str) -> None:
    code, out, err = understory("identity", *words)
    assert (code, out) == (2, "")
    assert fault in err
    assert err.count("\n") == 1
