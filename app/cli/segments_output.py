"""How segments look in a terminal."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from app.cli.output import money, print_json, print_origin
from app.profile.schemas import RfmClass
from app.profile.segments.fields import value_name
from app.schema import Lang
from app.strategy.audiences.schemas import (
    ClassCount,
    CountedSegment,
    ExportRecord,
    FieldGroup,
    FieldList,
    MemberPage,
    RfmMatrix,
    SegmentCount,
)
from app.strategy.segment_story.schemas import SegmentStory

_VALUES_SHOWN = 8


def print_matrix(found: RfmMatrix, lang: Lang) -> None:
    """The eight classes and those without an order."""
    table = Table("class", "", "customers", "share", "spent", "share of spend", "expected, 90 days", "share of value")
    for cell in found.cells:
        table.add_row(
            *_class_cells(cell, lang), f"{cell.share:.1%}", money(cell.spend_minor, found.currency),
            f"{cell.spend_share:.1%}", money(cell.ltv_minor, found.currency),
            "" if cell.ltv_share is None else f"{cell.ltv_share:.1%}",
        )  # fmt: skip
    _show(table)
    print(f"{found.customers:,} customers as of {found.as_of.isoformat()}")
    if found.recent_days is not None and found.median_orders is not None:
        limits = (f"recent: at most {found.recent_days:g} days", f"frequent: more than {found.median_orders:g} orders")
        print("; ".join((*limits, f"important: more than {money(_whole(found.median_spend_minor), found.currency)}")))


def print_count(found: SegmentCount, lang: Lang) -> None:
    """The count first, then of which classes they are."""
    print(f"{found.customers:,} of {found.of:,} customers ({found.share:.1%}) as of {found.as_of.isoformat()}")
    print(f"  {found.expression}")
    print(f"  spent: {money(found.spend_minor, found.currency)} ({found.spend_share:.1%} of all)")
    if found.undecided:
        print(f"  of {found.undecided:,} customers something that matters is not known; they are not counted")
    for cell in found.classes:
        if cell.customers:
            name, title, customers = _class_cells(cell, lang)
            print(f"  {customers:>8}  {name} {title}")


def print_fields(found: FieldList, currency: str) -> None:
    """Group by group."""
    for group in found.groups:
        print(f"\n{group.title}" + (f" - a list: {group.example}" if group.listing else ""))
        _show(_fields_table(group, currency))


def print_members(found: MemberPage, lang: Lang) -> None:
    """A table, and how to go on."""
    table = Table("customer", "name", "class", "orders", "spent", "last order", "LTV 90 d", "churn risk")
    for row in found.rows:
        table.add_row(
            row.customer_id, row.name, _class_name(row.rfm_class, lang), str(row.orders),
            money(row.spend_minor, found.currency),
            "" if row.days_since_order is None else f"{row.days_since_order} d ago",
            money(row.ltv_minor, found.currency), "" if row.churn_risk is None else f"{row.churn_risk:.0%}",
        )  # fmt: skip
    _show(table)
    print(f"{len(found.rows):,} of {found.total:,} customers as of {found.as_of.isoformat()}")
    if found.next_after:
        print(f"more: --after {found.next_after}")


def print_saved(found: Sequence[CountedSegment]) -> None:
    """Saved segments with their counts."""
    table = Table("segment", "name", "customers", "share", "by", "created", "expression")
    for one in found:
        segment, count = one.segment, one.count
        table.add_row(
            segment.segment_id, segment.name, f"{count.customers:,}" if count else one.fault,
            f"{count.share:.1%}" if count else "", segment.created_by, f"{segment.created_at:%Y-%m-%d %H:%M}",
            segment.expression,
        )  # fmt: skip
    _show(table)


def print_one(found: CountedSegment, as_json: bool) -> None:
    """One saved segment."""
    if as_json:
        print_json(found.model_dump(mode="json"))
        return
    customers = f"{found.count.customers:,} of {found.count.of:,} customers" if found.count else found.fault
    print(f"{found.segment.segment_id}  {found.segment.name}: {customers}")


def print_export(found: ExportRecord, out: Path) -> None:
    """What the file holds and who is not in it."""
    print(f"{out}: {found.customers:,} of {found.members:,} customers, {found.format}, sha256 {found.sha256[:16]}")
    for reason, number in found.left_out.items():
        print(f"  left out: {number:,} {reason}")
    print(f"  on record as {found.export_id} (`understory segments exports`)")


def print_exports(found: Sequence[ExportRecord]) -> None:
    """The record of exports."""
    table = Table("at", "by", "channel", "purpose", "customers", "of", "expression")
    for one in found:
        numbers = (f"{one.customers:,}", f"{one.members:,}")
        at = f"{one.exported_at:%Y-%m-%d %H:%M}"
        table.add_row(at, one.exported_by, one.channel or "", one.purpose, *numbers, one.expression)
    _show(table)


def _fields_table(group: FieldGroup, currency: str) -> Table:
    table = Table("field", "type", "meaning", "values", "example")
    for field in group.fields:
        name = f"{field.name}({', '.join(field.argument)})" if field.argument else field.name
        unit = currency if field.type == "money" else field.unit
        values = [f"{value.value} {value.name}" for value in field.values[:_VALUES_SHOWN]]
        more = [f"... ({len(field.values)})"] if len(field.values) > _VALUES_SHOWN else []
        kind = f"{field.type}, {unit}" if unit else field.type
        table.add_row(name, kind, field.description, "\n".join([*values, *more]), field.example)
    return table


def _class_cells(cell: ClassCount, lang: Lang) -> tuple[str, str, str]:
    return cell.rfm_class or "none", _class_name(cell.rfm_class, lang), f"{cell.customers:,}"


def _class_name(rfm_class: RfmClass | None, lang: Lang) -> str:
    return value_name("rfm", rfm_class, lang) if rfm_class else {"zh": "没有订单", "en": "No order yet"}[lang]


def _whole(amount: float | None) -> int | None:
    return None if amount is None else round(amount)


def _show(table: Table) -> None:
    Console(width=160, markup=False, emoji=False).print(table)


def print_story(found: SegmentStory) -> None:
    """The story with numbered citations, then what was counted and how."""
    numbers = {claim.claim_id: n for n, claim in enumerate(found.claims, start=1)}
    for sentence in found.sentences:
        print(sentence.text, "".join(f"[{numbers[claim_id]}]" for claim_id in sentence.claim_ids))
    print()
    for claim in found.claims:
        ref = claim.query_ref
        print(f"[{numbers[claim.claim_id]}] {ref.count} customers: {ref.query}" + (f" #{ref.hash}" if ref.hash else ""))
    print_origin(found.provenance, found.dropped)
