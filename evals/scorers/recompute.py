"""Every claim again, from raw rows, by what its predicate means. Shares no code with app/narrative.

Meanings: a period holds start < t <= end; an order is the lines of one order id; a change compares with the period
of equal length before; days are local. A claim is right when its value, what it is compared with, its moment, its
direction and the events that it cites are all as found here.
"""

import hashlib
import math
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from itertools import pairwise
from statistics import median
from typing import NamedTuple
from zoneinfo import ZoneInfo

from app.narrative.schemas import Claim, Period, Predicate, QueryRef
from app.text.taxonomy import Taxonomy
from evals.scorers.ledger import Row

DEALING = frozenset({"search", "view", "media", "favourite", "cart_add", "order", "review"})
"""Kinds of event that count as dealing with a topic."""


class Known(NamedTuple):
    """What a claim is judged by: the customer's rows up to `as_of`, the zone of its days, the taxonomy."""

    rows: Sequence[Row]
    as_of: datetime
    zone: ZoneInfo
    taxonomy: Taxonomy


class Found(NamedTuple):
    """What the rows say. `at` None means that the moment is not part of the claim."""

    value: float | int | None
    rows: Sequence[Row]
    before: float | int | None = None
    at: datetime | None = None


Meaning = Callable[[Claim, Known], Found | None]
"""None: the rows do not support any such claim."""


def faults(claim: Claim, known: Known) -> list[str]:
    """What is wrong with a claim of a predicate in MEANINGS; empty when all of it holds."""
    if claim.as_of != known.as_of:
        return [f"as_of is {claim.as_of.isoformat()}"]
    found = MEANINGS[claim.predicate](claim, known)
    if found is None:
        return ["the events support no such claim"]
    wrong = [] if _same(claim.value, found.value) else [f"value {claim.value}, events say {found.value}"]
    if not _same(claim.compared_to, found.before):
        wrong.append(f"compared_to {claim.compared_to}, events say {found.before}")
    if found.at is not None and claim.at != found.at:
        wrong.append(f"at {claim.at}, events say {found.at}")
    if found.before is not None and claim.direction != _direction(found):
        wrong.append(f"direction {claim.direction}, events say {_direction(found)}")
    return wrong + _evidence_faults(claim, found.rows, known)


def _same(said: float | None, found: float | None) -> bool:
    if said is None or found is None:
        return said is found
    return math.isclose(said, found, rel_tol=1e-9, abs_tol=1e-9)


def _direction(found: Found) -> str:
    value, before = found.value or 0, found.before or 0
    return "flat" if value == before else "up" if value > before else "down"


def _evidence_faults(claim: Claim, rows: Sequence[Row], known: Known) -> list[str]:
    if claim.query_ref is None:
        same = set(claim.evidence) == {row.event_id for row in rows}
        return [] if same else [f"cites {len(claim.evidence)} events, {len(rows)} belong to the claim"]
    wrong = [] if _describes(claim.query_ref, rows) else ["query_ref does not name the events of the claim"]
    again = run_query(claim.query_ref.query, known.rows)
    return wrong if _describes(claim.query_ref, again) else [*wrong, f"query_ref finds {len(again)} events"]


def _describes(ref: QueryRef, rows: Sequence[Row]) -> bool:
    return ref.count == len(rows) and ref.hash == ids_hash(row.event_id for row in rows)


def ids_hash(event_ids: Iterable[str]) -> str:
    """First 16 hex digits of SHA-256 over the sorted ids, one a line."""
    return hashlib.sha256("\n".join(sorted(event_ids)).encode()).hexdigest()[:16]


_PART = re.compile(r"(kinds|topic|item|order|from|to)=(.*?)(?= (?:topic|item|order|from|to)=|$)")


def run_query(query: str, rows: Iterable[Row]) -> list[Row]:
    """The rows that a query_ref names."""
    part = dict(_PART.findall(query))
    kinds = set(part["kinds"].split(",")) if "kinds" in part else None
    after = datetime.fromisoformat(part["from"]) if "from" in part else None
    until = datetime.fromisoformat(part["to"]) if "to" in part else None
    return [
        row
        for row in rows
        if (kinds is None or row.kind in kinds)
        and ("topic" not in part or row.topic == part["topic"])
        and ("item" not in part or row.item_id == part["item"])
        and ("order" not in part or row.order_id == part["order"])
        and (after is None or row.at > after)
        and (until is None or row.at <= until)
    ]


def _lines(known: Known, period: Period | None = None, kind: str = "order") -> list[Row]:
    return [r for r in known.rows if r.kind == kind and (period is None or period.start < r.at <= period.end)]


def _orders(lines: Sequence[Row]) -> list[list[Row]]:
    by_order: dict[str, list[Row]] = {}
    for line in lines:
        by_order.setdefault(line.order, []).append(line)
    return list(by_order.values())


def _sum(lines: Sequence[Row]) -> int:
    return sum(line.amount for line in lines)


def _day(moment: datetime, known: Known) -> int:
    return moment.astimezone(known.zone).toordinal()


def _first_order(_claim: Claim, known: Known) -> Found | None:
    return _whole_order(_orders(_lines(known))[:1])


def _last_order(_claim: Claim, known: Known) -> Found | None:
    return _whole_order(_orders(_lines(known))[-1:])


def _largest_order(_claim: Claim, known: Known) -> Found | None:
    orders = _orders(_lines(known))
    return _whole_order([max(orders, key=_sum)] if orders else [])


def _whole_order(chosen: Sequence[list[Row]]) -> Found | None:
    return Found(_sum(chosen[0]), chosen[0], at=chosen[0][0].at) if chosen else None


def _order_count(claim: Claim, known: Known) -> Found:
    lines = _lines(known, claim.period)
    return Found(len(_orders(lines)), lines)


def _order_value(claim: Claim, known: Known) -> Found:
    lines = _lines(known, claim.period)
    return Found(_sum(lines), lines)


def _average_order_value(claim: Claim, known: Known) -> Found | None:
    lines = _lines(known, claim.period)
    return Found(round(_sum(lines) / len(_orders(lines))), lines) if lines else None


def _refund_value(claim: Claim, known: Known) -> Found:
    lines = _lines(known, claim.period, "refund")
    return Found(_sum(lines), lines)


def _usual_gap(_claim: Claim, known: Known) -> Found | None:
    lines = _lines(known)
    days = sorted({_day(line.at, known) for line in lines})
    gaps = [b - a for a, b in pairwise(days)]
    return Found(median(gaps), lines) if gaps else None


def _days_since_last_order(_claim: Claim, known: Known) -> Found | None:
    orders = _orders(_lines(known))
    if not orders:
        return None
    last = orders[-1]
    return Found(_day(known.as_of, known) - _day(last[0].at, known), last, at=last[0].at)


def _topic_share(claim: Claim, known: Known) -> Found | None:
    lines = _lines(known, claim.period)
    of_topic = [line for line in lines if line.topic == claim.topic]
    return Found(_sum(of_topic) / _sum(lines), of_topic) if _sum(lines) else None


def _topic_interactions(claim: Claim, known: Known) -> Found:
    return _dealings(claim.topic, claim.period, known)


def _dealings(topic: str | None, period: Period | None, known: Known) -> Found:
    inside = (r for r in known.rows if period is None or period.start < r.at <= period.end)
    rows = [row for row in inside if row.topic == topic and row.kind in DEALING]
    return Found(len(rows), rows)


def _item_orders(claim: Claim, known: Known) -> Found:
    lines = [line for line in _lines(known, claim.period) if line.item_id == claim.item_id]
    return Found(len(_orders(lines)), lines)


def _view_count(claim: Claim, known: Known) -> Found:
    views = _lines(known, claim.period, "view")
    return Found(len(views), views)


def _earlier(period: Period) -> Period:
    return Period(start=period.start - (period.end - period.start), end=period.start)


def _change(of: Meaning) -> Meaning:
    def meaning(claim: Claim, known: Known) -> Found | None:
        if claim.period is None:
            return None
        now = of(claim, known)
        then = of(claim.model_copy(update={"period": _earlier(claim.period)}), known)
        return now and then and Found(now.value, [*then.rows, *now.rows], before=then.value)

    return meaning


def _carted_not_bought(claim: Claim, known: Known) -> Found | None:
    carted = [row for row in _lines(known, claim.period, "cart_add") if row.item_id == claim.item_id]
    bought = [row for row in _lines(known) if row.item_id == claim.item_id]
    removed = [row for row in known.rows if row.kind == "cart_remove" and row.item_id == claim.item_id]
    if not carted or any(row.at >= carted[0].at for row in bought) or any(row.at > carted[-1].at for row in removed):
        return None
    return Found(len(carted), carted, at=carted[-1].at)


def _said(kind: str) -> Meaning:
    def meaning(claim: Claim, known: Known) -> Found | None:
        row = _cited_row(claim, known)
        if row is None or row.kind != kind or not quotes(claim.quote, row.text):
            return None
        return Found(row.rating if kind == "review" else None, [row], at=row.at)

    return meaning


def _intent(claim: Claim, known: Known) -> Found | None:
    row, reading = _cited_row(claim, known), known.taxonomy.readings.get(claim.reading or "")
    if row is None or reading is None or row.text is None or not quotes(claim.quote, row.text):
        return None
    holds = claim.reading in known.taxonomy.readings_in(row.text) and claim.confidence == reading.confidence
    return Found(None, [row], at=row.at) if holds else None


def _cited_row(claim: Claim, known: Known) -> Row | None:
    return next((row for row in known.rows if list(claim.evidence) == [row.event_id]), None)


_REDACTED = re.compile(r"\[[^\[\]]{1,24}\]|\*{2,}|…")


def quotes(quote: str | None, text: str | None) -> bool:
    """Whether a quote is the text's own words, in order, but for redactions and an ellipsis at its end."""
    if not quote or not text:
        return False
    rest = _plain(text)
    for piece in filter(None, map(_plain, _REDACTED.split(quote))):
        _, found, rest = rest.partition(piece)
        if not found:
            return False
    return True


def _plain(text: str) -> str:
    return " ".join(text.split())


MEANINGS: dict[Predicate, Meaning] = {
    Predicate.FIRST_ORDER: _first_order,
    Predicate.LAST_ORDER: _last_order,
    Predicate.LARGEST_ORDER: _largest_order,
    Predicate.ORDER_COUNT: _order_count,
    Predicate.ORDER_VALUE: _order_value,
    Predicate.AVERAGE_ORDER_VALUE: _average_order_value,
    Predicate.REFUND_VALUE: _refund_value,
    Predicate.USUAL_GAP: _usual_gap,
    Predicate.DAYS_SINCE_LAST_ORDER: _days_since_last_order,
    Predicate.TOPIC_SHARE: _topic_share,
    Predicate.TOPIC_INTERACTIONS: _topic_interactions,
    Predicate.ITEM_ORDERS: _item_orders,
    Predicate.VIEW_COUNT: _view_count,
    Predicate.ORDER_COUNT_CHANGE: _change(_order_count),
    Predicate.ORDER_VALUE_CHANGE: _change(_order_value),
    Predicate.TOPIC_CHANGE: _change(_topic_interactions),
    Predicate.CARTED_NOT_BOUGHT: _carted_not_bought,
    Predicate.SEARCHED: _said("search"),
    Predicate.REVIEWED: _said("review"),
    Predicate.SUPPORT_CONTACT: _said("support_message"),
    Predicate.INTENT: _intent,
}
"""Predictions are not in it: they must equal the estimator's output (`predictions.py`)."""
