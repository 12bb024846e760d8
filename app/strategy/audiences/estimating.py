"""Columns of estimates, and of who they are."""

from collections.abc import Iterator

import numpy as np

from app.profile.segments.evaluate import Column
from app.strategy.audiences.cells import Cell, numbers_of
from app.strategy.audiences.crowd import Crowd, Row


def estimates(crowd: Crowd) -> Iterator[tuple[int, Row]]:
    """Value and churn of those who have an estimate."""
    found = crowd.sources.estimates()
    for n, customer_id in enumerate(found.customer_ids):
        place = crowd.place.get(customer_id)
        if place is None:
            continue
        active = float(found.p_no_activity[n])
        row: dict[str, Cell] = {"p_no_activity": None if np.isnan(active) else active}
        if found.known[n]:
            row |= {
                "ltv": int(found.value[n]),
                "ltv_median": int(found.median[n]),
                "ltv_low": int(found.q10[n]),
                "ltv_high": int(found.q90[n]),
                "ltv_confidence": str(found.confidence[n]) or None,
                "churn_risk": float(found.churn_risk[n]),
                "p_no_purchase": float(found.p_no_purchase[n]),
            }
        yield place, row


def names(crowd: Crowd) -> Iterator[tuple[int, Row]]:
    """Our ids, and how many identifiers there are."""
    kinds = _kinds(crowd)
    for place, customer_id in enumerate(crowd.ids):
        yield place, {"customer": customer_id, "identifiers": len(kinds.get(customer_id, ()))}


def identified(crowd: Crowd, arguments: tuple[str, ...]) -> Column:
    """Whether they have an identifier of a type."""
    kinds = _kinds(crowd)
    return numbers_of(arguments[0] in kinds.get(customer_id, ()) for customer_id in crowd.ids)


def _kinds(crowd: Crowd) -> dict[str, list[str]]:
    return crowd.once(_kinds, lambda: _read_kinds(crowd))


def _read_kinds(crowd: Crowd) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for customer_id, kind in crowd.sources.identifiers():
        found.setdefault(customer_id, []).append(kind)
    return found
