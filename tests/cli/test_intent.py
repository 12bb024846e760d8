import json
import sys
from pathlib import Path

import pytest

from app.bootstrap import App
from app.cli.main import main


def ran(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "argv", ["understory", "intent", *words])
    capsys.readouterr()
    with pytest.raises(SystemExit) as ended:
        main()
    out, err = capsys.readouterr()
    return int(ended.value.code or 0), out, err


@pytest.fixture
def data(demo: App) -> str:
    return str(Path(demo.settings.data_dir))


@pytest.fixture
def buyer(demo: App) -> str:
    shop, now = demo.pipeline.access.workspace("demo"), demo.pipeline.log.latest("demo")
    assert now is not None
    return demo.pipeline.customers(shop, as_of=now, order_by="total", limit=1).rows[0].customer_id


def test_the_command_tells_category_window_and_record(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], data: str, buyer: str
) -> None:
    code, out, _ = ran(monkeypatch, capsys, buyer, "--lang", "zh", "--data", data)
    assert code == 0
    for words in ("天内", "如果购买", "Brier"):
        assert words in out


def test_as_json_the_command_gives_one_object(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], data: str, buyer: str
) -> None:
    code, out, _ = ran(monkeypatch, capsys, buyer, "--json", "--data", data)
    assert code == 0
    assert json.loads(out)["intent"]["status"] == "ok"


def test_before_there_is_enough_the_command_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], data: str, buyer: str
) -> None:
    code, out, _ = ran(monkeypatch, capsys, buyer, "--as-of", "2026-02-05", "--lang", "en", "--data", data)
    assert code == 0
    assert out.startswith("Not enough data for an estimate:")


def test_an_unknown_customer_is_one_line_and_exit_code_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], data: str
) -> None:
    code, out, err = ran(monkeypatch, capsys, "nobody", "--data", data)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
