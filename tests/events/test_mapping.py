import json
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from app.errors import InvalidInput
from app.events.sources.mapping import load_mapping, load_preset, open_events, read_items
from app.events.timestamps import EARLIEST

NOW = datetime(2026, 4, 1, tzinfo=UTC)

MAPPING = """
source: pos
timezone: Asia/Shanghai
currency: CNY
kind: {column: action, values: {buy: order, fav: favourite}}
occurred_at: {column: ts}
identifiers: {user_id: who}
order_id: bill
amount: {column: price, times: n, unit: major}
text: note
properties: [n]
items: {item_id: sku, title: name, category_path: cat, price: {column: price}}
"""
ROWS = """who,action,ts,bill,price,n,note
张三,buy,2026-01-02 10:00:00,b1,12.50,2,给宝宝买的
李四,fav,2026-01-03 09:30:00,,0,1,
"""


def a_mapping(folder: Path, text: str = MAPPING) -> Path:
    path = folder / "mapping.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_csv_is_read_in_the_encodings_that_shops_export(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "rows.csv"
    file.write_bytes(ROWS.encode(encoding))
    first, second = open_events(file, load_mapping(a_mapping(tmp_path)))
    assert first.incoming is not None
    assert second.incoming is not None
    assert (first.line, first.incoming.kind, first.incoming.amount_minor) == (2, "order", 2500)
    assert (first.incoming.identifiers, first.incoming.text) == ({"user_id": "张三"}, "给宝宝买的")
    assert second.incoming.kind == "favourite"


def test_csv_jsonl_and_parquet_give_the_same_events(tmp_path: Path) -> None:
    rows = [{"who": "7", "action": "buy", "ts": "2026-01-02 10:00:00", "bill": "b", "price": 1.5, "n": 2, "note": "好"}]
    (tmp_path / "a.jsonl").write_text("\n".join(json.dumps(r) for r in rows), encoding="utf-8")
    pl.DataFrame(rows).write_parquet(tmp_path / "a.parquet")
    pl.DataFrame(rows).write_csv(tmp_path / "a.csv")
    mapping = load_mapping(a_mapping(tmp_path))
    read = [next(open_events(tmp_path / f"a.{suffix}", mapping)).incoming for suffix in ("jsonl", "parquet", "csv")]
    assert all(event is not None and event.amount_minor == 300 for event in read)
    assert read[0].properties == read[1].properties == {"n": 2}  # type: ignore[union-attr]
    assert {event.occurred_at for event in read if event} == {"2026-01-02 10:00:00"}


def test_bad_rows_carry_their_line_and_reason(tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text(
        ROWS + "a,buy,2026-01-01,b,abc,1,\nb,buy,2026-01-01,b,-5,1,\nc,buy,,b,1,1,\nshort,row\n", encoding="utf-8"
    )
    faults = {p.line: p.fault for p in open_events(file, load_mapping(a_mapping(tmp_path))) if p.fault}
    assert [faults[n].split(":")[0] for n in (4, 5, 6, 7)] == [
        "not a number",
        "negative amount",
        "missing time",
        "wrong number of columns",
    ]


def test_broken_json_lines_do_not_stop_the_file(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text('{"who":\n[1]\n{"who":"7","action":"buy","ts":1767320000,"price":1,"n":1}\n', encoding="utf-8")
    first, second, third = open_events(file, load_mapping(a_mapping(tmp_path)))
    assert first.fault is not None
    assert second.fault is not None
    assert third.incoming is not None
    assert third.line == 3


def test_equal_rows_stay_two_events_and_a_second_reading_repeats_the_ids(tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    row = ROWS.splitlines()[1]
    file.write_text(f"{ROWS.splitlines()[0]}\n{row}\n{row}\n", encoding="utf-8")
    mapping = load_mapping(a_mapping(tmp_path))
    once, again = ([p.incoming.message_id for p in open_events(file, mapping) if p.incoming] for _ in range(2))
    assert once == again
    assert len(set(once)) == 2


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("currency: CNY", "currency: yuan", "currency"),
        ("Asia/Shanghai", "Mars/Base", "timezone"),
        ("order_id: bill", "orderid: bill", "orderid"),
        ("identifiers: {user_id: who}", "identifiers: {}", "identifiers"),
        ("kind: {", "kind: {{", "not YAML"),
    ],
)
def test_a_bad_mapping_names_its_field(tmp_path: Path, old: str, new: str, fault: str) -> None:
    with pytest.raises(InvalidInput, match=fault):
        load_mapping(a_mapping(tmp_path, MAPPING.replace(old, new)))


def test_a_missing_column_is_an_error_before_any_row(tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text("who,ts\n1,2026-01-01\n", encoding="utf-8")
    with pytest.raises(InvalidInput, match=r"lacks the column.*action"):
        open_events(file, load_mapping(a_mapping(tmp_path)))


def test_unreadable_files_are_one_clear_error(tmp_path: Path) -> None:
    mapping = load_mapping(a_mapping(tmp_path))
    for name, content in (("a.parquet", b"PAR1 no"), ("a.csv", b""), ("a.xlsx", b"x"), ("b.csv", b"\xff\xff\xff")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(InvalidInput):
            open_events(tmp_path / name, mapping)


def test_the_catalogue_is_read_with_paths_and_prices(tmp_path: Path) -> None:
    file = tmp_path / "items.csv"
    file.write_text("sku,name,cat,price\ns1,奶粉,母婴 > 奶粉,199.00\n", encoding="utf-8")
    (item,) = read_items(file, load_mapping(a_mapping(tmp_path)), valid_from=EARLIEST, now=NOW)
    assert (item.category_path, item.price) == (("母婴", "奶粉"), 19900)
    file.write_text("sku,name,cat,price\ns1,,x,1\n", encoding="utf-8")
    with pytest.raises(InvalidInput, match="line 2"):
        read_items(file, load_mapping(a_mapping(tmp_path)), valid_from=EARLIEST, now=NOW)


def test_the_shipped_preset_loads_and_an_unknown_one_lists_what_there_is() -> None:
    assert load_preset("online-retail").currency == "GBP"
    with pytest.raises(InvalidInput, match="online-retail"):
        load_preset("nope")


def test_parquet_times_without_a_zone_are_local(tmp_path: Path) -> None:
    rows = {
        "who": ["1"],
        "action": ["buy"],
        "ts": [datetime(2026, 1, 2, 8)],
        "bill": ["b"],
        "price": [1],
        "n": [1],
        "note": [None],
    }
    pl.DataFrame(rows).write_parquet(tmp_path / "t.parquet")
    (parsed,) = open_events(tmp_path / "t.parquet", load_mapping(a_mapping(tmp_path)))
    assert parsed.incoming is not None
    assert parsed.incoming.occurred_at == datetime(2026, 1, 2, tzinfo=UTC)


def test_a_stray_quote_costs_its_own_line_and_no_other(tmp_path: Path) -> None:
    good = ROWS.splitlines()[1]
    lines = [ROWS.splitlines()[0], good, '"two\nlines"' + good[2:], '"broken' + good, good, good]
    file = tmp_path / "rows.csv"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    parsed = list(open_events(file, load_mapping(a_mapping(tmp_path))))
    assert [p.line for p in parsed if p.fault] == [5]
    assert [p.line for p in parsed if p.incoming] == [2, 3, 6, 7]
    assert "broken" in next(p.content for p in parsed if p.fault)


def test_text_inside_a_cell_never_becomes_a_row(tmp_path: Path) -> None:
    good = ROWS.splitlines()[1]
    inside = f'a,buy,2026-01-01,b,1,1,"nice\n{good}\nbye"'
    file = tmp_path / "rows.csv"
    for broken in (inside + ",extra", inside + "tail"):
        file.write_text(f"{ROWS.splitlines()[0]}\n{broken}\n{good}\n", encoding="utf-8")
        first, second = open_events(file, load_mapping(a_mapping(tmp_path)))
        assert (first.line, first.incoming) == (2, None)
        assert (second.line, second.fault) == (5, None)


@pytest.mark.parametrize("price", ["12,50", "1.234,56", "1_000", "1e999999999", "1,2,3"])
def test_numbers_that_could_be_read_in_two_ways_are_refused(tmp_path: Path, price: str) -> None:
    file = tmp_path / "rows.jsonl"
    row = {"who": "7", "action": "buy", "ts": "2026-01-02", "bill": "b", "price": price, "n": 1}
    file.write_text(json.dumps(row) + "\n" + json.dumps(row | {"price": "1,234.50"}), encoding="utf-8")
    refused, read = open_events(file, load_mapping(a_mapping(tmp_path)))
    assert refused.fault is not None
    assert read.incoming is not None
    assert read.incoming.amount_minor == 123450


def test_only_orders_need_an_amount(tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text(
        "who,action,ts,bill,price,n,note\n1,fav,2026-01-02,,,1,\n1,buy,2026-01-02,b,,1,\n", encoding="utf-8"
    )
    favourite, order = open_events(file, load_mapping(a_mapping(tmp_path)))
    assert favourite.incoming is not None
    assert favourite.incoming.amount_minor is None
    assert (order.fault or "").startswith("missing amount")


def test_lines_that_no_decoder_can_read_go_to_quarantine(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    good = json.dumps({"who": "7", "action": "buy", "ts": "2026-01-02", "price": 1, "n": 1}).encode()
    file.write_bytes(b'{"who": "\xff"}\n' + b'{"a":' * 5000 + b"\n" + good)
    assert [p.fault is None for p in open_events(file, load_mapping(a_mapping(tmp_path)))] == [False, False, True]


def test_a_column_named_twice_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text("who,who,ts\n1,2,3\n", encoding="utf-8")
    with pytest.raises(InvalidInput, match="more than once"):
        open_events(file, load_mapping(a_mapping(tmp_path)))


def test_a_mapping_that_is_not_utf8_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_bytes(b"source: \xff\xfe")
    with pytest.raises(InvalidInput, match="UTF-8"):
        load_mapping(tmp_path / "m.yaml")


def test_composite_message_ids_do_not_collide(tmp_path: Path) -> None:
    mapping = load_mapping(a_mapping(tmp_path, MAPPING + "message_id: [bill, note]\n"))
    row = {"who": "7", "action": "buy", "ts": "2026-01-02", "price": 1, "n": 1}
    rows = [row | {"bill": "x|y", "note": "z"}, row | {"bill": "x", "note": "y|z"}]
    file = tmp_path / "rows.jsonl"
    file.write_text("\n".join(json.dumps(r) for r in rows), encoding="utf-8")
    assert len({p.incoming.message_id for p in open_events(file, mapping) if p.incoming}) == 2


def test_items_hold_from_the_time_in_their_row(tmp_path: Path) -> None:
    text = MAPPING.replace(
        "price: {column: price}}", "price: {column: price}, cost: {column: cost}, valid_from: {column: since}}"
    )
    mapping = load_mapping(a_mapping(tmp_path, text))
    file = tmp_path / "items.csv"
    file.write_text("sku,name,cat,price,cost,since\na,A,x>y,2,1.50,2026-03-01\nb,B,x,2,,\n", encoding="utf-8")
    first, second = read_items(file, mapping, valid_from=EARLIEST, now=NOW)
    assert (first.cost, first.valid_from) == (150, datetime(2026, 2, 28, 16, tzinfo=UTC))
    assert (second.cost, second.valid_from) == (None, EARLIEST)


@pytest.mark.parametrize("since", ["soon", "1970-01-01", "2026-04-02"])
def test_an_item_from_no_plausible_time_names_its_line(tmp_path: Path, since: str) -> None:
    mapping = load_mapping(
        a_mapping(tmp_path, MAPPING.replace("price: {column: price}}", "valid_from: {column: since}}"))
    )
    file = tmp_path / "items.csv"
    file.write_text(f"sku,name,cat,since\na,A,x,{since}\n", encoding="utf-8")
    with pytest.raises(InvalidInput, match=r"items\.csv line 2"):
        read_items(file, mapping, valid_from=EARLIEST, now=NOW)
