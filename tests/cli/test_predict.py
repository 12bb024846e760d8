"""`understory predict`: every customer's numbers in one file, from orders alone or from a workspace with refunds."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from tests.cli.conftest import COLUMNS, LAST_DAY, Run

NAMES = [
    "customer_id", "value", "median", "q10", "q90", "confidence", "p_no_purchase", "p_no_activity", "churn_risk",
    "status", "missing", "currency", "basis", "horizon_days", "model_card_id", "as_of",
]  # fmt: skip
MAPPING = """
source: till
timezone: Europe/London
currency: GBP
kind: {column: what}
occurred_at: {column: at}
identifiers: {user_id: who}
order_id: order
amount: {column: paid}
"""


def sums(table: pl.DataFrame) -> tuple[float, ...]:
    known = table.filter(pl.col("status") == "ok")
    return tuple(float(known[name].sum()) for name in ("value", "p_no_purchase", "churn_risk"))


def test_a_table_of_orders_gets_all_columns_and_money_in_minor_units(
    command: Run, table_model: Path, orders_csv: Path, tmp_path: Path
) -> None:
    out = tmp_path / "numbers.parquet"
    code, told, _ = command("predict", "--transactions", orders_csv, *COLUMNS, "--model", table_model, "--out", out)
    assert code == 0
    found = pl.read_parquet(out)
    orders = pl.read_csv(orders_csv)
    assert found.columns == NAMES
    assert found["customer_id"].to_list() == sorted(orders["who"].unique().to_list())
    assert f"{found.height:,} customers" in told
    assert set(found["status"]) == {"ok"}
    assert set(found["currency"]) == {"GBP"}
    assert found["as_of"].unique().to_list() == [datetime(*LAST_DAY.timetuple()[:3], 23, 59, 59, 999999, tzinfo=UTC)]
    assert found.select("value", "median", "q10", "q90").dtypes == [pl.Int64] * 4
    assert found.filter((pl.col("q10") > pl.col("median")) | (pl.col("median") > pl.col("q90"))).is_empty()
    assert found["value"].min() >= 0  # type: ignore[operator]
    assert found["p_no_purchase"].is_between(0, 1).all()
    assert set(found["confidence"]) <= {"high", "medium", "low"}
    spent = orders.filter(pl.col("paid") > 0)["paid"].sum() * 100 / 400 * 90
    assert 0.2 < found["value"].sum() / spent < 3


def test_asking_for_an_earlier_day_reads_nothing_after_it(
    command: Run, table_model: Path, orders_csv: Path, tmp_path: Path
) -> None:
    early = [
        line for line in orders_csv.read_text().splitlines() if line.split(",")[1] <= "2025-11-20" or "who" in line
    ]
    (tmp_path / "early.csv").write_text("\n".join(early) + "\n")
    asked = (*COLUMNS, "--model", table_model, "--as-of", "2025-11-20", "--out")
    command("predict", "--transactions", orders_csv, *asked, tmp_path / "all.parquet")
    command("predict", "--transactions", tmp_path / "early.csv", *asked, tmp_path / "early.parquet")
    assert pl.read_parquet(tmp_path / "all.parquet").equals(pl.read_parquet(tmp_path / "early.parquet"))


def test_csv_holds_the_same_numbers(command: Run, table_model: Path, orders_csv: Path, tmp_path: Path) -> None:
    for name in ("numbers.parquet", "numbers.csv"):
        command("predict", "--transactions", orders_csv, *COLUMNS, "--model", table_model, "--out", tmp_path / name)
    whole, text = pl.read_parquet(tmp_path / "numbers.parquet"), pl.read_csv(tmp_path / "numbers.csv")
    assert text.columns == NAMES
    assert sums(text) == pytest.approx(sums(whole))


def test_a_model_does_not_speak_of_days_before_its_data_end(
    command: Run, table_model: Path, orders_csv: Path, tmp_path: Path
) -> None:
    out = tmp_path / "numbers.parquet"
    code, _, error = command(
        "predict", "--transactions", orders_csv, *COLUMNS, "--model", table_model, "--as-of", "2025-10-31", "--out", out
    )
    assert code == 2
    assert "cannot speak as of 2025-10-31" in error
    assert not out.exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--out", "numbers.xlsx"), ".parquet or .csv"),
        (("--out", "nowhere/numbers.parquet"), "there is no folder"),
        (("--out", "OUT", "--transactions", "TABLE", *COLUMNS), "--model FOLDER"),
        (("--out", "OUT", "--transactions", "TABLE", *COLUMNS, "--model", "nowhere"), "no such folder"),
        (("--out", "OUT", "--model", "card_0000000000"), "no workspace"),
    ],
)
def test_what_cannot_be_predicted_is_one_line(
    command: Run, orders_csv: Path, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    names = {"TABLE": str(orders_csv), "OUT": str(tmp_path / "out.parquet")}
    code, told, error = command("predict", *(names.get(word, word) for word in arguments), "--data", tmp_path / "data")
    assert (code, told) == (2, "")
    assert said in error
    assert list(tmp_path.glob("*.parquet")) == []


@pytest.fixture
def till(command: Run, orders_csv: Path, tmp_path: Path) -> Run:
    """The same orders behind a workspace, where every refund names its order; one customer only ever looked."""
    lines, last = ["what,at,who,order,paid"], {"": ""}
    for number, line in enumerate(orders_csv.read_text().splitlines()[1:]):
        who, day, paid = line.split(",")
        last[who] = last[who] if paid[0] == "-" else f"o{number}"
        lines.append(f"{'refund' if paid[0] == '-' else 'order'},{day}T12:00:00,{who},{last[who]},{paid.strip('-')}")
    lines.append(f"view,{LAST_DAY - timedelta(days=9)}T12:00:00,looker,,")
    (tmp_path / "events.csv").write_text("\n".join(lines) + "\n")
    (tmp_path / "mapping.yaml").write_text(MAPPING)

    def run(*arguments: object) -> tuple[int, str, str]:
        return command(*arguments, "-w", "till", "--data", tmp_path / "data")

    code, _, error = run("ingest", tmp_path / "events.csv", "--mapping", tmp_path / "mapping.yaml")
    assert code == 0, error
    return run


def test_a_workspace_keeps_its_models_and_predicts_from_the_newest(till: Run, tmp_path: Path) -> None:
    code, told, error = till("fit", "--as-of", "2025-11-01", "--json")
    assert code == 0, error
    made = json.loads(told)
    assert Path(made["folder"]).is_dir()
    assert json.loads(till("fit", "--as-of", "2025-11-01", "--json")[1])["folder"] == made["folder"]
    listed = json.loads(till("fit", "list", "--json")[1])
    assert [stamp["model_card_id"] for stamp in listed["models"]] == [made["card"]["model_card_id"]]
    code, told, error = till("predict", "--out", tmp_path / "numbers.parquet", "--json")
    assert code == 0, error
    assert json.loads(told)["model_card_id"] == made["card"]["model_card_id"]
    found = pl.read_parquet(tmp_path / "numbers.parquet")
    assert found.height == json.loads(told)["customers"]
    never = found.filter(pl.col("status") == "not_enough_data")
    assert never["missing"].to_list() == [["orders"]]
    assert never["value"].to_list() == [None]
    assert till("fit", "show", made["card"]["model_card_id"])[1].startswith("# Model card")
    assert json.loads(till("fit", "check", "--json")[1])["since"]["days"] == 60
    assert till("fit", "prune", "--keep", "1")[1] == "0 models removed\n"


def test_a_workspace_without_a_model_gets_one_and_net_values_are_lower(till: Run, tmp_path: Path) -> None:
    found = {}
    for basis in ("gross", "net_of_refunds"):
        out = tmp_path / f"{basis}.parquet"
        code, _, error = till("predict", "--out", out, "--basis", basis)
        assert code == 0, error
        assert f"no model of 90 days ({basis}) yet" in error
        found[basis] = pl.read_parquet(out)
        assert set(found[basis]["basis"]) == {basis}
    assert found["net_of_refunds"]["value"].sum() < 0.99 * found["gross"]["value"].sum()
    assert len(json.loads(till("fit", "list", "--json")[1])["models"]) == 2
