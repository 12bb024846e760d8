"""A mapping file: which column of a table is which field of an event or catalogue item."""

import hashlib
import math
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
import yaml
from pydantic import AfterValidator, Field, ValidationError

from app.access.schemas import known_zone
from app.errors import InvalidInput
from app.events.amounts import minor_units, to_minor
from app.events.schemas import EventKind, IncomingEvent, Item
from app.events.sources.files import RawRow, Row, Table, read_table
from app.events.sources.items import category_path, plausible_start
from app.events.time_formats import check_format
from app.events.timestamps import parse_moment
from app.schema import Frozen


class TimeColumn(Frozen):
    """Where the time stands and how it is written."""

    column: str
    unit: Literal["auto", "s", "ms", "us", "ns"] = "auto"
    format: Annotated[str, AfterValidator(check_format)] = ""


class KindColumn(Frozen):
    """A column that names the kind; values that are not listed are kept as they are."""

    column: str
    values: Annotated[dict[str, str], Field(default_factory=dict)]


class AmountColumn(Frozen):
    """An amount, optionally multiplied by another column (unit price times quantity)."""

    column: str
    times: str | None = None
    unit: Literal["major", "minor"] = "major"


class ItemMapping(Frozen):
    """How to read the catalogue file."""

    item_id: str
    title: str
    category_path: str | None = None
    brand: str | None = None
    price: AmountColumn | None = None
    cost: AmountColumn | None = None
    valid_from: TimeColumn | None = None
    """From when the row holds; the time given with the import where the column is empty or not named."""


class Mapping(Frozen):
    """How to read one file; see README.md in this folder."""

    source: Annotated[str, Field(min_length=1, max_length=80)]
    timezone: Annotated[str, AfterValidator(known_zone)]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    kind: str | KindColumn
    occurred_at: TimeColumn
    identifiers: Annotated[dict[str, str], Field(min_length=1)]
    message_id: list[str] | None = None
    amount: AmountColumn | None = None
    order_id: str | None = None
    item_id: str | None = None
    session_id: str | None = None
    campaign_id: str | None = None
    text: str | None = None
    properties: tuple[str, ...] = ()
    items: ItemMapping | None = None

    @property
    def zone(self) -> ZoneInfo:
        """The zone of times that carry none."""
        return ZoneInfo(self.timezone)

    def columns(self) -> set[str]:
        """Every column that a row must have."""
        named = [self.order_id, self.item_id, self.session_id, self.campaign_id, self.text]
        named += [self.occurred_at.column, *self.identifiers.values(), *self.properties, *(self.message_id or [])]
        if isinstance(self.kind, KindColumn):
            named.append(self.kind.column)
        if self.amount:
            named += [self.amount.column, self.amount.times]
        return {name for name in named if name}


class Parsed(NamedTuple):
    """One row read: the event, or why there is none, and the row as it came."""

    line: int
    incoming: IncomingEvent | None
    fault: str | None
    row: Row
    message_id: str | None = None
    """Of a row that could not be read, as far as it was known: a replay must give it the same."""

    @property
    def content(self) -> str:
        """The row as JSON, for the quarantine; written only when it is asked for."""
        return msgspec.json.encode(self.row, enc_hook=str).decode()


def load_mapping(path: Path) -> Mapping:
    """Read a mapping file; InvalidInput names the file, the field and the fault."""
    if not path.is_file():
        raise InvalidInput(f"no such mapping file: {path}")
    try:
        return _parse_mapping(path.read_text(encoding="utf-8-sig"), path.name)
    except (UnicodeDecodeError, OSError) as error:
        raise InvalidInput(f"mapping {path.name} is not readable as UTF-8: {error}") from None


def load_preset(name: str) -> Mapping:
    """A mapping that we ship."""
    folder = resources.files("app.events.sources") / "presets"
    known = sorted(f.name.removesuffix(".yaml") for f in folder.iterdir() if f.name.endswith(".yaml"))
    if name not in known:
        raise InvalidInput(f"no preset {name!r}; there are: {', '.join(known)}")
    return _parse_mapping((folder / f"{name}.yaml").read_text(encoding="utf-8"), name)


def _parse_mapping(text: str, name: str) -> Mapping:
    try:
        return Mapping.model_validate(yaml.safe_load(text))
    except yaml.YAMLError as error:
        raise InvalidInput(f"mapping {name} is not YAML: {' '.join(str(error).split())}") from None
    except ValidationError as error:
        fault = error.errors()[0]
        field = ".".join(str(part) for part in fault["loc"]) or "the file"
        raise InvalidInput(f"mapping {name}: {field}: {fault['msg']}") from None


def open_events(path: Path, mapping: Mapping) -> Iterator[Parsed]:
    """The file's rows as events. Missing columns raise InvalidInput here, before any row is read."""
    table = read_table(path)
    _require(table, mapping.columns(), path.name)
    return _parse_rows(table.rows, mapping)


def read_items(path: Path, mapping: Mapping, *, valid_from: datetime, now: datetime) -> list[Item]:
    """The whole catalogue file. Any bad row is an error: a catalogue with holes would mislead every topic."""
    if mapping.items is None:
        raise InvalidInput(f"mapping {mapping.source!r} has no `items:` section, so --items cannot be read")
    table, shape = read_table(path), mapping.items
    amounts = [a.column for a in (shape.price, shape.cost) if a]
    since = shape.valid_from.column if shape.valid_from else None
    named = [shape.item_id, shape.title, shape.category_path, shape.brand, since, *amounts]
    _require(table, {name for name in named if name}, path.name)
    return [_item(row, mapping, shape, valid_from, now, path.name) for row in table.rows]


def _require(table: Table, columns: set[str], name: str) -> None:
    missing = sorted(columns - set(table.columns)) if table.columns is not None else []
    if missing:
        has = ", ".join(table.columns or ())
        raise InvalidInput(f"{name} lacks the column(s) {', '.join(missing)} that the mapping names; it has: {has}")


def _parse_rows(rows: Iterable[RawRow], mapping: Mapping) -> Iterator[Parsed]:
    seen: Counter[str] = Counter()
    for line, row, fault in rows:
        if fault:
            yield Parsed(line, None, fault, row)
            continue
        try:
            message_id = message_id_of(row, mapping, seen)
        except InvalidInput as error:
            yield Parsed(line, None, str(error), row)
            continue
        yield read_row(row, mapping, line=line, message_id=message_id)


def read_row(row: Row, mapping: Mapping, *, line: int, message_id: str) -> Parsed:
    """One row as an event, or why it is none."""
    try:
        return Parsed(line, _incoming(row, mapping, mapping.zone, message_id), None, row)
    except InvalidInput as error:
        return Parsed(line, None, str(error), row, message_id)


def _incoming(row: Row, mapping: Mapping, zone: ZoneInfo, message_id: str) -> IncomingEvent:
    kind = _kind(row, mapping.kind)
    return IncomingEvent(
        message_id=message_id,
        kind=kind,
        occurred_at=_when(row, mapping.occurred_at.column, zone),
        identifiers={t: v for t, c in mapping.identifiers.items() if (v := _text(row.get(c))) is not None},
        item_id=_named(row, mapping.item_id),
        order_id=_named(row, mapping.order_id),
        session_id=_named(row, mapping.session_id),
        campaign_id=_named(row, mapping.campaign_id),
        amount_minor=_amount_of(kind, row, mapping),
        currency=mapping.currency if mapping.amount else None,
        text=_named(row, mapping.text),
        properties={c: _plain(row[c]) for c in mapping.properties if _text(row.get(c)) is not None},
    )


def message_id_of(row: Row, mapping: Mapping, seen: Counter[str]) -> str:
    """The declared key; without one, the row's content and how often the file has had it so far.

    So a file read twice is deduplicated, and two equal lines of one invoice stay two.
    """
    if mapping.message_id:
        parts = [_text(row.get(c)) for c in mapping.message_id]
        if any(part is None for part in parts):
            raise InvalidInput(f"missing message id: one of {', '.join(mapping.message_id)} is empty")
        return "|".join(str(part).replace("\\", "\\\\").replace("|", "\\|") for part in parts)
    content = "\x1f".join(f"{name}={_text(row[name])}" for name in sorted(row))
    digest = hashlib.blake2b(content.encode(errors="replace"), digest_size=12).hexdigest()
    seen[digest] += 1
    return f"{digest}-{seen[digest]}"


def _kind(row: Row, kind: str | KindColumn) -> str:
    if isinstance(kind, str):
        return kind
    value = _text(row.get(kind.column))
    if value is None:
        raise InvalidInput(f"missing kind: column {kind.column!r} is empty")
    return kind.values.get(value, value)


def _when(row: Row, column: str, zone: ZoneInfo) -> str | int | float | datetime:
    value = row.get(column)
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=zone)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=zone)
    if value is None or value == "" or not isinstance(value, str | int | float):
        raise InvalidInput(f"missing time: column {column!r} is empty or no time")
    return value


def _named(row: Row, column: str | None) -> str | None:
    return _text(row.get(column)) if column else None


def _text(value: Any) -> str | None:
    if isinstance(value, str):
        return value.strip() or None
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value)


def _plain(value: Any) -> Any:
    return value if isinstance(value, str | int | float | bool) else str(value)


def _amount_of(kind: str, row: Row, mapping: Mapping) -> int | None:
    """The amount, if the row has one. Orders must have one; a view or a favourite need not."""
    if mapping.amount is None:
        return None
    if _text(row.get(mapping.amount.column)) is None:
        if kind == EventKind.ORDER:
            raise InvalidInput(f"missing amount: {mapping.amount.column!r} is empty")
        return None
    return _amount(row, mapping.amount, mapping.currency)


def _amount(row: Row, amount: AmountColumn, currency: str) -> int:
    scale = minor_units(currency) if amount.unit == "major" else 1
    times = (_text(row.get(amount.times)), amount.times) if amount.times else None
    return to_minor(_text(row.get(amount.column)), amount.column, scale=scale, times=times)


def _item(row: RawRow, mapping: Mapping, shape: ItemMapping, valid_from: datetime, now: datetime, name: str) -> Item:
    item_id, title = _named(row.values, shape.item_id), _named(row.values, shape.title)
    if row.fault or item_id is None or title is None:
        raise InvalidInput(f"{name} line {row.line}: {row.fault or 'item_id or title is empty'}")
    try:
        price, cost = (
            _amount(row.values, a, mapping.currency) if a and _text(row.values.get(a.column)) else None
            for a in (shape.price, shape.cost)
        )
        since = _valid_from(row.values, shape.valid_from, mapping.zone, now) or valid_from
    except InvalidInput as error:
        raise InvalidInput(f"{name} line {row.line}: {error}") from None
    return Item(
        item_id=item_id,
        title=title,
        category_path=category_path(_named(row.values, shape.category_path) or ""),
        brand=_named(row.values, shape.brand),
        price=price,
        cost=cost,
        currency=mapping.currency,
        valid_from=since,
    )


def _valid_from(row: Row, column: TimeColumn | None, zone: ZoneInfo, now: datetime) -> datetime | None:
    if column is None or _text(row.get(column.column)) is None:
        return None
    moment = _when(row, column.column, zone)
    return plausible_start(parse_moment(moment, zone=zone, unit=column.unit, fmt=column.format), now=now)
