"""`understory fit`: a model from a workspace or from a table of orders, kept with its card, checked, listed, pruned."""

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import COLUMNS, FIT, Run


def test_a_table_of_orders_is_all_it_takes(command: Run, table_model: Path) -> None:
    names = sorted(path.name for path in table_model.iterdir())
    assert names == ["card.json", "card.md", "card.zh.md", "manifest.json", "model.json", "shape.json"]
    card = json.loads((table_model / "card.json").read_text())
    assert card["card"]["fitted_until"] == "2025-11-01T23:59:59.999999Z"
    assert (card["data"]["currency"], card["data"]["basis"]) == ("GBP", "gross")
    figures = card["measured"]["figures"]
    assert {"spearman", "gini", "tweedie", "level", "mae", "pit_above_q90", "auc", "brier", "ece"} <= figures.keys()
    assert all(figure["low"] <= figure["value"] <= figure["high"] for figure in figures.values())
    assert card["measured"]["cut"] == "2025-08-03"


def test_the_card_is_readable_in_both_languages(command: Run, table_model: Path) -> None:
    code, english, _ = command("fit", "show", table_model)
    assert code == 0
    assert english == (table_model / "card.md").read_text(encoding="utf-8")
    chinese = command("fit", "show", table_model, "--lang", "zh")[1]
    for words, card in ((("Cut dates", "before refunds", "Limits"), english), (("截止日", "退款前", "局限"), chinese)):
        assert all(word in card for word in words)
    assert english.count("\n## ") == chinese.count("\n## ") == 8


def test_a_model_holds_no_customer(table_model: Path, orders_csv: Path) -> None:
    names = {line.split(",")[0] for line in orders_csv.read_text().splitlines()[1:]}
    for path in table_model.iterdir():
        text = path.read_text(encoding="utf-8")
        assert not any(f'"{name}"' in text or f" {name} " in text for name in names)


def test_the_same_table_gives_the_same_model_and_later_rows_change_nothing(
    command: Run, table_model: Path, orders_csv: Path, tmp_path: Path
) -> None:
    early = [
        line for line in orders_csv.read_text().splitlines() if line.split(",")[1] <= "2025-11-01" or "who" in line
    ]
    (tmp_path / "early.csv").write_text("\n".join(early) + "\n")
    again = tmp_path / "again"
    command("fit", *FIT, tmp_path / "early.csv", "--out", again)
    assert (again / "model.json").read_bytes() == (table_model / "model.json").read_bytes()
    assert (again / "shape.json").read_bytes() == (table_model / "shape.json").read_bytes()


def test_a_folder_that_is_there_is_never_written_to(command: Run, table_model: Path, orders_csv: Path) -> None:
    before = {path.name: path.stat().st_mtime_ns for path in table_model.iterdir()}
    code, told, error = command("fit", "--transactions", orders_csv, *COLUMNS, "--out", table_model)
    assert (code, told) == (2, "")
    assert "never changed" in error
    assert {path.name: path.stat().st_mtime_ns for path in table_model.iterdir()} == before


def test_net_of_refunds_is_fitted_where_asked_and_stated(command: Run, orders_csv: Path, tmp_path: Path) -> None:
    arguments = (
        "fit",
        "--transactions",
        orders_csv,
        *COLUMNS,
        "--currency",
        "GBP",
        "--basis",
        "net_of_refunds",
        "--json",
    )
    told = json.loads(command(*arguments, "--out", tmp_path / "net")[1])
    assert told["data"]["basis"] == "net_of_refunds"
    assert told["data"]["refunded_minor"] > 0
    assert "after refunds" in (tmp_path / "net" / "card.md").read_text(encoding="utf-8")


def test_a_shop_that_goes_on_as_before_passes_its_drift_check(
    command: Run, table_model: Path, orders_csv: Path
) -> None:
    code, told, _ = command("fit", "check", "--transactions", orders_csv, *COLUMNS, "--model", table_model, "--json")
    found = json.loads(told)
    assert code == 0
    assert found["verdict"] in ("stable", "watch")
    assert found["since"]["days"] == 60
    assert {shift["feature"] for shift in found["shifts"]} >= {"days_since_last", "purchase_days", "spend_per_day"}


def test_baskets_that_treble_are_told_of(command: Run, table_model: Path, orders_csv: Path, tmp_path: Path) -> None:
    lines = [line.split(",") for line in orders_csv.read_text().splitlines()]
    dear = [",".join((w, d, str(float(p) * 3) if d[0] == "2" and d > "2025-11-01" else p)) for w, d, p in lines]
    (tmp_path / "dear.csv").write_text("\n".join(dear) + "\n")
    table = ("--transactions", tmp_path / "dear.csv", *COLUMNS, "--model", table_model)
    assert json.loads(command("fit", "check", *table, "--json")[1])["verdict"] == "shifted"
    code, _, error = command("predict", *table, "--out", tmp_path / "numbers.parquet")
    assert code == 0
    assert "fit anew before trusting these numbers" in error


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--customer", "who"), "belongs to --transactions"),
        (("--out", "somewhere"), "belongs to --transactions"),
        (("--transactions", "TABLE", "--customer", "who", "--time", "day", "--amount", "paid"), "needs --out"),
        (("--transactions", "TABLE", "--customer", "who", "--out", "OUT"), "needs --time COLUMN"),
        (("--transactions", "TABLE", "--customer", "x", "--time", "day", "--amount", "paid", "--out", "OUT"), "'x'"),
        (("--transactions", "none.csv", *COLUMNS, "--out", "OUT"), "no such file"),
        (("--transactions", "TABLE", *COLUMNS, "--currency", "pounds", "--out", "OUT"), "ISO 4217"),
        (("--transactions", "TABLE", *COLUMNS, "--zone", "Nowhere", "--out", "OUT"), "unknown time zone"),
        (("--transactions", "TABLE", *COLUMNS, "--as-of", "1999-01-01", "--out", "OUT"), "no purchase up to"),
        (("--transactions", "TABLE", *COLUMNS, "--horizon-days", "0", "--out", "OUT"), "horizon-days"),
    ],
)
def test_what_cannot_be_fitted_is_one_line_and_leaves_nothing(
    command: Run, orders_csv: Path, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    names = {"TABLE": str(orders_csv), "OUT": str(tmp_path / "out")}
    code, told, error = command("fit", *(names.get(word, word) for word in arguments), "--data", tmp_path / "data")
    assert (code, told) == (2, "")
    assert said in error
    assert "Traceback" not in error
    assert not (tmp_path / "out").exists()


def test_a_damaged_model_is_refused_in_one_line(
    command: Run, table_model: Path, orders_csv: Path, tmp_path: Path
) -> None:
    shutil.copytree(table_model, folder := tmp_path / "damaged")
    path = folder / "model.json"
    path.write_bytes(path.read_bytes()[:-2] + b"0}")
    code, _, error = command(
        "predict", "--transactions", orders_csv, *COLUMNS, "--model", folder, "--out", tmp_path / "n.parquet"
    )
    assert code == 2
    assert "damaged: model.json" in error
    assert not (tmp_path / "n.parquet").exists()
