"""`understory chat`: one question, lines that are piped in, and what waits for a y."""

import io
import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.factories_acting import a_quiet_shop


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("talk")
    a_quiet_shop(folder, customers=24).database.close()
    return folder


def test_one_question_is_answered_with_its_table(command: Run, folder: Path) -> None:
    where = ("--workspace", "shop", "--data", folder)
    code, out, _ = command("chat", "How many customers are in each RFM class?", *where)
    assert code == 0
    assert out.startswith("(segment_stats")
    assert "told by composer" in out
    code, out, _ = command("chat", "各个 RFM 等级有多少人？", "--json", *where)
    answered = json.loads(out)
    assert (code, answered["reply"]["understood"]["lang"]) == (0, "zh")
    code, out, _ = command(
        "chat", "And drifting away?", "--conversation", answered["conversation_id"], "--json", *where
    )
    assert json.loads(out)["turn"] == 2


def test_lines_are_answered_one_by_one_and_a_y_decides(
    command: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = "\n\nHow many customers are active?\nExport the customers who are active as a file\ny\n"
    monkeypatch.setattr("sys.stdin", io.StringIO(lines))
    code, out, err = command("chat", "--workspace", "shop", "--data", folder)
    assert (code, err) == (0, "")
    assert out.count("[conv_") == 3
    assert "export_audience: type y" in out
    assert "export_audience: approved" in out
    code, out, _ = command("segments", "list", "--json", "--workspace", "shop", "--data", folder)
    assert code == 0
    assert "command line" in out


def test_a_bad_line_does_not_end_the_talk(command: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{'a' * 2001}\nHow many customers are active?\n"))
    code, out, err = command("chat", "--workspace", "shop", "--data", folder)
    assert (code, err.count("\n")) == (2, 1)
    assert "at most 2000 characters" in err
    assert out.count("[conv_") == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("chat", " "), "ask something"),
        (("chat", "who?", "--conversation", "conv_nobody"), "no such conversation"),
        (("chat", "who?", "--as-of", "soon"), "use a date"),
    ],
)
def test_what_cannot_be_asked_is_one_line(command: Run, folder: Path, arguments: tuple[str, ...], said: str) -> None:
    code, out, err = command(*arguments, "--workspace", "shop", "--data", folder)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert said in err
