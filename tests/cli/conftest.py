"""A shop's orders as a plain table, and the command as its entry point runs it."""

import sys
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from app.cli.main import main

Run = Callable[..., tuple[int, str, str]]
LAST_DAY = date(2025, 12, 31)
COLUMNS = ("--customer", "who", "--time", "day", "--amount", "paid")
FIT = (*COLUMNS, "--currency", "GBP", "--as-of", "2025-11-01", "--transactions")


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run `understory ...`; returns exit code, stdout and stderr."""

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["understory", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        return int(ended.value.code or 0), *capsys.readouterr()

    return run


@pytest.fixture(scope="session")
def table_model(orders_csv: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of the table as it stood 60 days before its end; tests leave it as it is."""
    folder = tmp_path_factory.mktemp("fitted") / "model"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["understory", "fit", *FIT, str(orders_csv), "--out", str(folder)])
        with pytest.raises(SystemExit) as ended:
            main()
    assert not ended.value.code
    return folder


@pytest.fixture(scope="session")
def orders_csv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Orders of 500 customers over 400 days, one in ten partly refunded four days later; nothing else is known."""
    random = np.random.default_rng(11)
    lines = ["who,day,paid"]
    first = LAST_DAY - timedelta(days=399)
    for who in range(500):
        at, gap = float(random.uniform(0, 400)), float(random.gamma(2, 25))
        while at < 400:
            amount = round(float(random.gamma(5, 8)), 2)
            lines.append(f"c{who:03},{first + timedelta(days=int(at))},{amount}")
            if random.random() < 0.1 and at + 4 < 400:
                lines.append(f"c{who:03},{first + timedelta(days=int(at) + 4)},{-round(amount / 2, 2)}")
            if random.random() < 0.12:
                break
            at += float(random.exponential(gap)) + 1
    path = tmp_path_factory.mktemp("table") / "orders.csv"
    path.write_text("\n".join(lines) + "\n")
    return path
