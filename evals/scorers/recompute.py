"""Every claim again, from raw rows, by what its predicate means. Shares no code with app/profile and app/narrative.

Meanings (`meanings/`): a period holds start < t <= end; an order is the lines of one order id; a change compares with
as many local days before; days are local. A claim is right when its value, what it is compared with, its moment, its
direction, whatever else it says and the events that it cites are all as found here.
"""

import hashlib
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from operator import attrgetter
from typing import TypeGuard

from app.narrative.schemas import Claim, Predicate, QueryRef
from evals.scorers.ledger import Row
from evals.scorers.meanings import orders, words
from evals.scorers.meanings.attributes import attribute
from evals.scorers.meanings.habits import basket, discount_share, rfm_position, usual_hour, usual_weekday, visit_gap
from evals.scorers.meanings.interests import interest
from evals.scorers.meanings.known import Found, Known, Meaning
from evals.scorers.meanings.shifts import shift
from evals.scorers.meanings.signs import signal


def faults(claim: Claim, known: Known) -> list[str]:
    """What is wrong with a claim of a predicate in MEANINGS; empty when all of it holds."""
    if claim.as_of != known.as_of:
        return [f"as_of is {claim.as_of.isoformat()}"]
    found = MEANINGS[claim.predicate](claim, known)
    if found is None:
        return ["the events support no such claim"]
    return [*_differences(claim, found), *_evidence_faults(claim, found, known)]


def _differences(claim: Claim, found: Found) -> Iterator[str]:
    if not _same(claim.value, found.value):
        yield f"value {claim.value}, events say {found.value}"
    if not _same(claim.compared_to, found.before):
        yield f"compared_to {claim.compared_to}, events say {found.before}"
    if found.at is not None and claim.at != found.at:
        yield f"at {claim.at}, events say {found.at}"
    direction = found.direction or (_direction(found) if found.before is not None else None)
    if direction is not None and claim.direction != direction:
        yield f"direction {claim.direction}, events say {direction}"
    for name, value in found.also.items():
        said = attrgetter(name)(claim)
        if not (_same(said, value) if _is_number(said) and _is_number(value) else said == value):
            yield f"{name} {said}, events say {value}"


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float)


def _same(said: float | None, found: float | None) -> bool:
    if said is None or found is None:
        return said is found
    return math.isclose(said, found, rel_tol=1e-9, abs_tol=1e-9)


def _direction(found: Found) -> str:
    value, before = found.value or 0, found.before or 0
    return "flat" if value == before else "up" if value > before else "down"


def _evidence_faults(claim: Claim, found: Found, known: Known) -> list[str]:
    theirs = {row.event_id for row in found.rows}
    if claim.query_ref is None:
        cited = set(claim.evidence)
        same = bool(cited) and cited <= theirs if found.newest else cited == theirs
        return [] if same else [f"cites {len(claim.evidence)} events, {len(theirs)} belong to the claim"]
    wrong = [] if _describes(claim.query_ref, found.rows) else ["query_ref does not name the events of the claim"]
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


MEANINGS: dict[Predicate, Meaning] = {
    Predicate.FIRST_ORDER: orders.first_order,
    Predicate.LAST_ORDER: orders.last_order,
    Predicate.LARGEST_ORDER: orders.largest_order,
    Predicate.ORDER_COUNT: orders.order_count,
    Predicate.ORDER_VALUE: orders.order_value,
    Predicate.AVERAGE_ORDER_VALUE: orders.average_order_value,
    Predicate.REFUND_VALUE: orders.refund_value,
    Predicate.USUAL_GAP: orders.usual_gap,
    Predicate.DAYS_SINCE_LAST_ORDER: orders.days_since_last_order,
    Predicate.TOPIC_SHARE: orders.topic_share,
    Predicate.TOPIC_INTERACTIONS: orders.topic_interactions,
    Predicate.ITEM_ORDERS: orders.item_orders,
    Predicate.VIEW_COUNT: orders.view_count,
    Predicate.ORDER_COUNT_CHANGE: orders.change(orders.order_count),
    Predicate.ORDER_VALUE_CHANGE: orders.change(orders.order_value),
    Predicate.TOPIC_CHANGE: orders.change(orders.topic_interactions),
    Predicate.CARTED_NOT_BOUGHT: orders.carted_not_bought,
    Predicate.SEARCHED: words.said("search"),
    Predicate.REVIEWED: words.said("review"),
    Predicate.SUPPORT_CONTACT: words.said("support_message"),
    Predicate.INTENT: words.intent,
    Predicate.INTEREST: interest,
    Predicate.INTEREST_SHIFT: shift,
    Predicate.SIGNAL: signal,
    Predicate.DISCOUNT_SHARE: discount_share,
    Predicate.BASKET: basket,
    Predicate.USUAL_HOUR: usual_hour,
    Predicate.USUAL_WEEKDAY: usual_weekday,
    Predicate.VISIT_GAP: visit_gap,
    Predicate.ATTRIBUTE: attribute,
    Predicate.RFM_POSITION: rfm_position,
}
"""Predictions are not in it: they must equal the estimator's output (`predictions.py`)."""
