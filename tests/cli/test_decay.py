"""`understory fit decay`: half-lives from a workspace's own events, written only where asked."""

import json
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import yaml

from app.bootstrap import KNOWLEDGE
from app.cli.main import main

MAPPING = """
source: web
timezone: Europe/London
currency: GBP
kind: view
occurred_at: {column: at}
identifiers: {user_id: who}
item_id: item
items: {item_id: item, title: title}
"""
ITEMS = {"mug": "tea mug", "tent": "camping tent", "doll": "toy doll"}
Run = Callable[..., tuple[int, str, str]]


def rows(customers: int, days: int) -> str:
    """Customers who come every third day and keep to what they looked at the time before, mostly."""
    random = np.random.default_rng(3)
    lines = ["who,at,item"]
    for who in range(customers):
        item = "mug"
        for day in range(0, days, 3):
            names = [*ITEMS] if day == 0 or random.random() < 0.2 else [item]
            item = str(random.choice(names))
            for name in dict.fromkeys([item, *(names if day == 0 else ())]):
                lines.append(f"c{who},{(datetime(2025, 1, 1, 12) + timedelta(days=day)).isoformat()},{name}")
    return "\n".join(lines) + "\n"


@pytest.fixture
def understory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """The command as its entry point runs it, on an own data folder with a workspace of views."""

    def run(*arguments: str) -> tuple[int, str, str]:
        data = ("-w", "web", "--data", str(tmp_path / "data"))
        monkeypatch.setattr(sys, "argv", ["understory", *arguments, *data])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        return int(ended.value.code or 0), *capsys.readouterr()

    (tmp_path / "rows.csv").write_text(rows(20, 60))
    (tmp_path / "mapping.yaml").write_text(MAPPING)
    (tmp_path / "items.csv").write_text("item,title\n" + "".join(f"{i},{title}\n" for i, title in ITEMS.items()))
    files = {"--mapping": "mapping.yaml", "--items": "items.csv"}
    options = [word for option, name in files.items() for word in (option, str(tmp_path / name))]
    assert run("ingest", str(tmp_path / "rows.csv"), *options)[0] == 0
    return run


def test_the_table_names_each_topic_with_its_interval(understory: Run) -> None:
    code, told, _ = understory("fit", "decay")
    assert code == 0
    for word in ("kitchen_dining", "outdoor", "toys", "all alike", "95% interval"):
        assert word in told
    found = json.loads(understory("fit", "decay", "--json")[1])
    shared = found["default_half_life_days"]
    assert shared["low"] < shared["days"] < shared["high"] < 60
    assert found["cases"] > 200
    assert set(found["topics"]) == {"kitchen_dining", "outdoor", "toys"}


def test_a_file_is_written_only_where_asked_and_fits_the_taxonomy(understory: Run, tmp_path: Path) -> None:
    taxonomy = KNOWLEDGE / "taxonomy.yaml"
    before = (taxonomy.read_bytes(), sorted(tmp_path.glob("*.yaml")))
    understory("fit", "decay")
    assert (taxonomy.read_bytes(), sorted(tmp_path.glob("*.yaml"))) == before
    assert understory("fit", "decay", "--out", str(tmp_path / "found.yaml"))[0] == 0
    found, known = (yaml.safe_load(path.read_text(encoding="utf-8")) for path in (tmp_path / "found.yaml", taxonomy))
    assert found["topics"].keys() <= known["topics"].keys()
    assert all(topic["half_life_days"] > 0 for topic in found["topics"].values())
    assert found["default_half_life_days"] > 0
    assert taxonomy.read_bytes() == before[0]


def test_events_after_the_cut_are_not_seen(understory: Run) -> None:
    early = json.loads(understory("fit", "decay", "--as-of", "2025-01-20", "--json")[1])
    assert 30 < early["cases"] < json.loads(understory("fit", "decay", "--json")[1])["cases"] / 2


def test_too_little_data_says_so(understory: Run, tmp_path: Path) -> None:
    code, told, error = understory("fit", "decay", "--as-of", "2025-01-02", "--out", str(tmp_path / "found.yaml"))
    assert (code, told) == (2, "")
    assert "too little to fit: 0 times" in error
    assert not (tmp_path / "found.yaml").exists()
