"""Logs of real shops are recognised by their columns, and anything else is refused in one line."""

from pathlib import Path

import polars as pl
import pytest

from app.errors import InvalidInput
from evals.references import files, read
from evals.shop_statistics import Kind, statistics


def written(folder: Path, text: str, name: str = "log.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_an_event_log_gives_kinds_and_orders_by_day(tmp_path: Path) -> None:
    log = "User_ID,behavior_type,timestamp\nb,pv,1511544070\nb,Buy,1511544080\nb,buy,1511544090\na,cart,1511744090\n"
    found = read(written(tmp_path, log)).behaviour
    assert found.customers == 2
    assert found.days == 4
    assert found.kind is not None
    assert sorted(found.kind.tolist()) == [Kind.VIEW, Kind.CART, Kind.ORDER, Kind.ORDER]
    assert found.orders is not None
    assert len(found.orders.day) == 1
    assert found.orders.amount is None


def test_transactions_without_a_number_are_one_order_a_day(tmp_path: Path) -> None:
    found = read(written(tmp_path, "customer_id,date,amount\n7,2011-01-02,3.5\n7,2011-01-02,1.5\n8,2011-02-01,4\n"))
    assert found.behaviour.orders is not None
    assert found.behaviour.orders.amount is not None
    assert found.behaviour.orders.amount.tolist() == [5, 4]
    assert found.behaviour.customer is None
    assert found.label == f"{tmp_path.name}/log"


def test_order_lines_are_summed_by_invoice_and_refunds_left_out(tmp_path: Path) -> None:
    lines = "CustomerID,InvoiceNo,InvoiceDate,Quantity,UnitPrice\n1,A,2011-01-02,2,3\n1,A,2011-01-02,1,4\n"
    found = read(written(tmp_path, lines + "1,B,2011-01-02,1,5\n1,C,2011-01-03,-1,5\n")).behaviour
    assert found.orders is not None
    assert found.orders.amount is not None
    assert sorted(found.orders.amount.tolist()) == [5, 10]


def test_small_numbers_are_days(tmp_path: Path) -> None:
    found = read(written(tmp_path, "household_key,DAY,SALES_VALUE\n1,5,2.0\n1,25,2.0\n")).behaviour
    assert statistics(found, seed=1)["gap_days_p50"].value == 20


def test_a_parquet_file_is_read_whatever_it_is_called(tmp_path: Path) -> None:
    path = tmp_path / "log.data"
    pl.DataFrame({"customer_id": ["a"], "ts": ["2024-05-06"], "total": [3.0]}).write_parquet(path)
    assert read(path).behaviour.customers == 1


def test_sent_messages_are_a_log_too(tmp_path: Path) -> None:
    found = read(written(tmp_path, "customer_id,received_hour,completed\na,0,1\na,168,0\nb,0,0\n")).behaviour
    assert statistics(found, seed=1)["messages_followed_by_order"].value == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    "text",
    [
        "review,label\nnice,1\n",
        "user_id,event,ts\na,click,2024-01-01\n",
        "customer_id,date,amount\na,2024-01-01,-5\n",
        "customer_id,date,amount\na,never,5\n",
        "user_id,event,ts\n,view,2024-01-01\n",
        "user_id,event,ts\na,view,\n",
        "customer_id,received_hour,completed\na,0,yes\nb,1,no\n",
        "customer_id,received_hour,completed\na,0,1\n,1,0\n",
        "customer_id,received_hour,completed\na,0,1\nb,1,\n",
        "customer_id,received_hour,completed\n",
        "",
    ],
)
def test_what_is_no_log_of_a_shop_is_refused_in_one_line(tmp_path: Path, text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read(written(tmp_path, text))
    assert "\n" not in str(refused.value)
    assert "log.csv" in str(refused.value)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="no such file"):
        read(tmp_path / "nothing.csv")


def test_a_folder_stands_for_the_tables_below_it(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    inside = written(tmp_path / "deep", "x\n", "a.csv")
    written(tmp_path, "x\n", "README.md")
    named = tmp_path / "b.csv"
    assert list(files([tmp_path, named])) == [(inside, False), (named, True)]
