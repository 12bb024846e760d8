"""One row of a sending tool's report as a contact, or as the totals of an arm. InvalidInput becomes `BadCell`."""

from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from app.errors import InvalidInput
from app.retrieval.knowledge import report_cells as cells
from app.retrieval.knowledge.report_words import plain, report_words
from app.retrieval.schemas import Campaign

T = TypeVar("T")


class Reading(NamedTuple):
    """How a report is to be read."""

    campaign: Campaign
    currency: str
    zone: ZoneInfo
    columns: Mapping[str, str] = {}
    """Column -> field, for columns whose names say too little."""
    arms: Mapping[str, str] = {}
    """What the report calls an arm -> its arm_id."""
    named: str = ""
    """What the report calls the campaign, where it holds several."""
    in_minor: bool = False
    """Amounts are in minor units already."""


class Contact(NamedTuple):
    """One row about one recipient."""

    line: int
    recipient: str
    arm_id: str | None
    """None for a holdout that all arms share."""
    held_out: bool
    sent: bool
    moment: str
    """When it was sent, as the report writes it: two messages to one customer differ by it."""
    delivered: bool
    opened: bool
    clicked: bool
    converted: bool | None
    revenue: int
    """Minor units."""
    cost: int


class Total(NamedTuple):
    """One row about one group of one arm, added up by the tool."""

    line: int
    arm_id: str | None
    held_out: bool
    segment: str
    n: int
    conversions: int
    revenue: int
    squares: float | None
    """None where the report has no sum of squares."""
    sent: int
    cost: int
    delivered: int
    opened: int
    clicked: int


class BadCell(Exception):
    """A cell that cannot be read, with its column."""

    def __init__(self, column: str, reason: str) -> None:
        """Why the cell in `column` is of no use."""
        super().__init__(reason)
        self.column = column


class ReportRow(NamedTuple):
    """The fields of one row."""

    line: int
    values: Mapping[str, object]
    fields: Mapping[str, str]
    """Field -> column."""
    how: Reading

    def contact(self) -> Contact:
        """The row as it is about one recipient."""
        recipient = self._text("recipient")
        if not recipient:
            raise BadCell(self.fields["recipient"], "names no recipient")
        arm_id, held_out = self._arm()
        converted = self._flag("converted") if "converted" in self.fields else self._flag("conversions")
        revenue = self._amount("revenue")
        if converted is False and revenue > 0:
            raise BadCell(self.fields["revenue"], "says that money was spent where nothing was bought")
        sent = self._flag("sent_at")
        return Contact(
            line=self.line, recipient=recipient, arm_id=arm_id, held_out=held_out,
            sent=not held_out if sent is None else sent, moment=self._text("sent_at"),
            delivered=self._flag("delivered") or False, opened=self._flag("opened") or False,
            clicked=self._flag("clicked") or False, converted=converted, revenue=revenue, cost=self._amount("cost"),
        )  # fmt: skip

    def totals(self) -> list[Total]:
        """The row as totals of one group, and of its control group where that stands beside it."""
        arm_id, held_out = self._arm()
        n = self._count("n")
        if n is None:
            raise BadCell(self.fields["n"], "says not how many customers there were")
        conversions = self._count("conversions" if "conversions" in self.fields else "converted") or 0
        revenue = self._amount("revenue")
        self._check(n, conversions, revenue, "conversions")
        own = Total(
            line=self.line, arm_id=arm_id, held_out=held_out, segment=self._text("segment") or "all", n=n,
            conversions=conversions, revenue=revenue, squares=self._squares("revenue_squares"),
            sent=self._messages(0 if held_out else n), cost=self._amount("cost"),
            delivered=self._count("delivered") or 0, opened=self._count("opened") or 0,
            clicked=self._count("clicked") or 0,
        )  # fmt: skip
        beside = self._count("control_n")
        if held_out or beside is None:
            return [own]
        bought, spent = self._count("control_conversions") or 0, self._amount("control_revenue")
        self._check(beside, bought, spent, "control_conversions")
        control = own._replace(
            held_out=True, n=beside, conversions=bought, revenue=spent,
            squares=self._squares("control_revenue_squares"), sent=0, cost=0, delivered=0, opened=0, clicked=0,
        )  # fmt: skip
        return [own, control]

    def _check(self, n: int, conversions: int, revenue: int, field: str) -> None:
        if conversions > n:
            raise BadCell(self.fields.get(field, field), f"counts {conversions} buyers among {n} customers")
        if revenue and not conversions:
            raise BadCell(
                self.fields.get(field, field), f"must say how many bought, for there is revenue (--map COLUMN={field})"
            )

    def _arm(self) -> tuple[str | None, bool]:
        """The arm and whether the row is about its holdout. A holdout that names no arm is everybody's."""
        group = self._read("group", cells.group)
        named = self._text("arm")
        if group is None and report_words().groups.get(plain(named)) == "holdout":
            return None, True
        held_out = group == "holdout"
        known = {plain(arm.arm_id): arm.arm_id for arm in self.how.campaign.arms}
        found = self.how.arms.get(named) or known.get(plain(named))
        if found:
            return found, held_out
        if held_out:
            return None, True
        if not named and len(known) == 1:
            return next(iter(known.values())), False
        column = self.fields.get("arm", "arm")
        raise BadCell(
            column,
            f"{named[:40]!r} is none of the campaign's arms ({', '.join(known.values())}): use --arm NAME=ARM_ID",
        )

    def _messages(self, default: int) -> int:
        told = self._count("messages") if "messages" in self.fields else self._count("sent_at")
        return default if told is None else told

    def _text(self, field: str) -> str:
        return cells.written(self.values.get(self.fields.get(field, "")))

    def _flag(self, field: str) -> bool | None:
        return self._read(field, lambda value, column: cells.flag(value, column, self.how.zone))

    def _count(self, field: str) -> int | None:
        return self._read(field, cells.count)

    def _amount(self, field: str) -> int:
        how = self.how
        found = self._read(field, lambda v, c: cells.amount(v, c, how.currency, in_minor=how.in_minor))
        return found or 0

    def _squares(self, field: str) -> float | None:
        how = self.how
        return self._read(field, lambda v, c: cells.squares(v, c, how.currency, in_minor=how.in_minor))

    def _read(self, field: str, reader: Callable[[object, str], T]) -> T | None:
        column = self.fields.get(field)
        if column is None:
            return None
        try:
            return reader(self.values.get(column), column)
        except InvalidInput as error:
            raise BadCell(column, str(error)) from None
