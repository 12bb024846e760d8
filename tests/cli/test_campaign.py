"""`understory campaign ...` from a proposal to a file of messages, and refusals in one line."""

import csv
import json
from pathlib import Path

import pytest

from app.bootstrap import build
from app.config import Settings
from tests.cli.conftest import Run
from tests.factories_running import a_shop_of, name_of


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("campaigns")
    app = build(Settings(data_dir=folder, llm_url=""))
    a_shop_of(app, 50)
    app.database.close()
    return folder


def test_from_a_strategy_to_messages_and_a_stop(command: Run, data: Path, tmp_path: Path) -> None:
    where = ("-w", "shop", "--data", data)
    _, told, _ = command("strategy", name_of(1), *where, "--lang", "en")
    decision_id = next(line.split()[-1] for line in told.splitlines() if line.strip().startswith("decision:"))
    code, out, _ = command("campaign", "approve", decision_id, "--holdout", "0.5", "--by", "Ana", "--json", *where)
    assert code == 0
    view = json.loads(out)
    campaign_id = view["run"]["campaign"]["campaign_id"]
    assert view["run"]["approved"]["by"] == "Ana"
    assert campaign_id in command("campaign", "list", *where)[1]
    assert "holdout:" in command("campaign", "show", campaign_id, *where)[1]
    file = tmp_path / "messages.csv"
    code, out, _ = command("campaign", "handout", campaign_id, "--out", file, *where)
    assert code == 0
    rows = list(csv.DictReader(file.read_text("utf-8-sig").splitlines()))
    assert len(rows) == view["counts"][0]["assigned"]
    assert f"{len(rows)} messages" in out
    assert all(row["text"] and row["ai_label"] for row in rows)
    assert "preliminary" in command("campaign", "outcomes", campaign_id, *where)[1]
    code, out, _ = command("campaign", "stop", campaign_id, "--reason", "wrong price", *where)
    assert "stopped by command line" in out
    for words in (
        ("handout", campaign_id, "--out", tmp_path / "more.csv"),
        ("stop", campaign_id, "--reason", "again"),
        ("approve", decision_id),
        ("reject", decision_id, "--reason", "late"),
        ("outcomes", campaign_id, "--learn"),
        ("show", "none"),
    ):
        code, out, err = command("campaign", *words, *where)
        assert (code, out, err.count("\n")) == (2, "", 1), words
    assert not (tmp_path / "more.csv").exists()


def test_a_rejected_strategy_and_stopping_all(command: Run, data: Path) -> None:
    where = ("-w", "shop", "--data", data)
    ids = [json.loads(command("strategy", name_of(n), *where, "--json")[1])["strategy"]["decision_id"] for n in (2, 3)]
    assert command("campaign", "reject", ids[0], "--reason", "not now", *where)[1] == f"{ids[0]}: rejected\n"
    assert command("campaign", "approve", ids[1], "--holdout", "0.5", "--window", "7", *where)[0] == 0
    stopped = json.loads(command("campaign", "stop-all", "--reason", "fire", "--json", *where)[1])["stopped"]
    assert len(stopped) == 1
    assert "nothing to stop" in command("campaign", "stop-all", "--reason", "fire", *where)[1]
    assert "equal the log" in command("rebuild", "--check", *where)[1]
