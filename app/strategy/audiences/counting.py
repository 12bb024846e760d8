"""Counts, shares and rows of a crowd."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from app.profile.schemas import RfmClass
from app.profile.segments.evaluate import Bools, Verdict
from app.strategy.audiences.cells import told
from app.strategy.audiences.crowd import Crowd, numbers, words
from app.strategy.audiences.schemas import AudienceMember, ClassCount, MatrixCell, RfmMatrix, SegmentCount

CLASSES: tuple[RfmClass | None, ...] = (*RfmClass, None)
"""In the order in which they are shown; those without an order last."""


def count(crowd: Crowd, found: Verdict, expression: str, currency: str) -> SegmentCount:
    """What is to be said of those who are in a segment."""
    customers, spend = int(found.yes.sum()), numbers(crowd, "spend")
    spent = _sum(spend, found.yes)
    return SegmentCount(
        expression=expression,
        as_of=crowd.as_of,
        customers=customers,
        of=crowd.size,
        share=_share(customers, crowd.size),
        undecided=int((~found.yes & ~found.no).sum()),
        currency=currency,
        spend_minor=spent,
        spend_share=_share(spent, _sum(spend)),
        classes=tuple(_class_count(rfm_class, rows, spend, found.yes) for rfm_class, rows in _classes(crowd)),
    )


def matrix(crowd: Crowd, currency: str) -> RfmMatrix:
    """The eight classes, and those without an order, over everybody."""
    spend, ltv, everybody = numbers(crowd, "spend"), numbers(crowd, "ltv"), np.ones(crowd.size, np.bool_)
    known = bool(np.isfinite(ltv).any())
    cells = tuple(
        MatrixCell(
            **_class_count(rfm_class, rows, spend, everybody).model_dump(),
            ltv_minor=_sum(ltv, rows) if known else None,
            ltv_share=_share(_sum(ltv, rows), _sum(ltv)) if known else None,
        )
        for rfm_class, rows in _classes(crowd)
    )
    buyers = numbers(crowd, "orders") > 0
    days, orders, totals = (_median(numbers(crowd, name), buyers) for name in ("days_since_order", "orders", "spend"))
    return RfmMatrix(
        as_of=crowd.as_of,
        currency=currency,
        customers=crowd.size,
        cells=cells,
        recent_days=days,
        median_orders=orders,
        median_spend_minor=totals,
    )


def members(crowd: Crowd, places: Sequence[int], names: Mapping[str, str]) -> tuple[AudienceMember, ...]:
    """Rows for some of the customers; `names` are as they may be shown."""
    classes = told(words(crowd, "rfm"))
    orders, spend, days, ltv, risk = (
        numbers(crowd, name) for name in ("orders", "spend", "days_since_order", "ltv", "churn_risk")
    )
    return tuple(
        AudienceMember(
            customer_id=crowd.ids[place],
            name=names.get(crowd.ids[place], crowd.ids[place]),
            rfm_class=None if (found := classes[place]) is None else RfmClass(found),
            orders=int(orders[place]),
            spend_minor=int(spend[place]),
            days_since_order=whole(days[place]),
            ltv_minor=whole(ltv[place]),
            churn_risk=None if np.isnan(risk[place]) else float(risk[place]),
        )
        for place in places
    )


def whole(value: float) -> int | None:
    """A whole number; None for what is unknown."""
    return None if np.isnan(value) else round(float(value))


def _classes(crowd: Crowd) -> Iterator[tuple[RfmClass | None, Bools]]:
    found = words(crowd, "rfm")
    for rfm_class in CLASSES:
        code = -1 if rfm_class is None else found.names.index(rfm_class) if rfm_class in found.names else -2
        yield rfm_class, found.codes == code


def _class_count(rfm_class: RfmClass | None, rows: Bools, spend: NDArray[np.float64], among: Bools) -> ClassCount:
    these = rows & among
    customers, spent = int(these.sum()), _sum(spend, these)
    return ClassCount(
        rfm_class=rfm_class,
        customers=customers,
        share=_share(customers, int(among.sum())),
        spend_minor=spent,
        spend_share=_share(spent, _sum(spend, among)),
    )


def _sum(values: NDArray[np.float64], rows: Bools | None = None) -> int:
    """Of what is known."""
    return round(float(np.nansum(values if rows is None else values[rows])))


def _share(part: float, whole_: float) -> float:
    return part / whole_ if whole_ else 0.0


def _median(values: NDArray[np.float64], rows: Bools) -> float | None:
    return float(np.median(values[rows])) if rows.any() else None
