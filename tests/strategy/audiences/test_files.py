import csv
import hashlib
import io
import json

import pytest

from app.strategy.audiences.files import Line, write

COLUMNS = ("customer_id", "phone", "spend_minor", "churn_risk", "rfm_name")
ROWS: tuple[Line, ...] = (
    {"customer_id": "c_1", "phone": "13900001514", "spend_minor": 452_550, "churn_risk": 0.25, "rfm_name": "重要保持"},
    {"customer_id": "c_2", "phone": "+8613900001514", "spend_minor": 5, "churn_risk": None, "rfm_name": 'a "b", c'},
)


def read_csv(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def test_a_csv_begins_with_the_mark_that_excel_needs_and_keeps_chinese() -> None:
    out = io.BytesIO()
    done = write(out, "csv", COLUMNS, ROWS, "CNY")
    data = out.getvalue()
    assert data.startswith(b"\xef\xbb\xbfcustomer_id,")
    assert (done.rows, done.sha256) == (2, hashlib.sha256(data).hexdigest())
    first, second = read_csv(data)
    assert (first["rfm_name"], first["spend"], first["churn_risk"]) == ("重要保持", "4525.50", "0.2500")
    assert (second["rfm_name"], second["spend"], second["churn_risk"]) == ('a "b", c', "0.05", "")


def test_json_lines_keep_minor_units_and_say_what_is_unknown() -> None:
    out = io.BytesIO()
    assert write(out, "jsonl", COLUMNS, ROWS, "CNY").rows == 2
    first, second = (json.loads(line) for line in out.getvalue().decode().splitlines())
    assert (first["spend_minor"], first["rfm_name"]) == (452_550, "重要保持")
    assert second["churn_risk"] is None


@pytest.mark.parametrize(
    ("value", "written"),
    [("=1+1", "'=1+1"), ("@x", "'@x"), ("-cmd", "'-cmd"), ("+86139", "+86139"), ("-5", "-5"), ("a=b", "a=b")],
)
def test_no_cell_is_a_formula(value: str, written: str) -> None:
    out = io.BytesIO()
    write(out, "csv", ("customer_id",), [{"customer_id": value}], "CNY")
    assert read_csv(out.getvalue())[0]["customer_id"] == written


def test_amounts_have_the_decimals_of_their_currency() -> None:
    out = io.BytesIO()
    write(out, "csv", ("spend_minor",), [{"spend_minor": 1_200}], "JPY")
    assert read_csv(out.getvalue())[0]["spend"] == "1200"


def test_an_empty_audience_is_a_header_alone() -> None:
    out = io.BytesIO()
    assert write(out, "csv", COLUMNS, [], "CNY").rows == 0
    assert out.getvalue().count(b"\r\n") == 1
