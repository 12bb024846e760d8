from datetime import UTC, datetime, timedelta
from itertools import pairwise
from statistics import median
from zoneinfo import ZoneInfo

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from app.events.schemas import Event, Identifier, Money
from app.profile.seen import Context, Visit, look
from app.profile.sums.purchases import (
    OPEN_ORDERS,
    SUMMED_ORDERS,
    Purchases,
    first_order,
    largest_order,
    last_order,
    note,
    rfm_summary,
    usual_gap,
)
from app.text.taxonomy import Taxonomy

START = datetime(2026, 1, 1, tzinfo=UTC)
SHANGHAI = ZoneInfo("Asia/Shanghai")


def order(hours: float, number: str | None, amount: int = 100, n: int = 0, kind: str = "order") -> Event:
    at = START + timedelta(hours=hours)
    return Event(
        event_id=f"e{n}", workspace_id="w", source="shop", message_id=f"m{n}", kind=kind, occurred_at=at,
        received_at=at, identifiers=(Identifier("user_id", "u"),), order_id=number, money=Money(amount, "CNY"),
    )  # fmt: skip


def summed(lines: list[Event], taxonomy: Taxonomy) -> Purchases:
    purchases, context = Purchases(), Context(taxonomy, SHANGHAI, {}, {})
    for line in lines:
        note(purchases, look(Visit(), line, context), context)
    return purchases


@given(st.lists(st.tuples(st.integers(0, 9_000), st.integers(0, 40), st.integers(0, 10**6)), min_size=1, max_size=80))
def test_running_sums_equal_what_the_whole_history_says(taxonomy: Taxonomy, drawn: list[tuple[int, int, int]]) -> None:
    lines = [order(hours, f"o{number}", amount, n) for n, (hours, number, amount) in enumerate(sorted(drawn))]
    days = sorted({line.occurred_at.astimezone(SHANGHAI).toordinal() for line in lines})
    first = [a for (_, _, a), line in zip(sorted(drawn), lines, strict=True)
             if line.occurred_at.astimezone(SHANGHAI).toordinal() == days[0]]  # fmt: skip
    purchases = summed(lines, taxonomy)
    found = rfm_summary(purchases, START + timedelta(days=500), SHANGHAI)
    assert found is not None
    assert (found.frequency, found.recency) == (len(days) - 1, days[-1] - days[0])
    assert (found.orders, found.total) == (len({line.order_id for line in lines}), sum(a for _, _, a in drawn))
    repeat = found.total - sum(first)
    assert found.monetary_value == (repeat / found.frequency if found.frequency else 0.0)
    gaps = [later - earlier for earlier, later in pairwise(days)]
    assert usual_gap(purchases.gaps) == (float(median(gaps)) if gaps else None)


@given(st.lists(st.tuples(st.integers(0, 15), st.integers(-500, 1000)), min_size=1, max_size=80))
def test_single_orders_are_known_exactly_or_not_at_all_however_their_lines_interleave(
    taxonomy: Taxonomy, drawn: list[tuple[int, int]]
) -> None:
    lines = [order(0, f"o{number}", amount, n) for n, (number, amount) in enumerate(drawn)]
    values: dict[str, int] = {}
    for number, amount in drawn:
        values[f"o{number}"] = values.get(f"o{number}", 0) + amount
    names = list(values)
    purchases = summed(lines, taxonomy)
    last = last_order(purchases)
    assert last is not None
    assert (last.order_id, last.value) == (names[-1], values[names[-1]])
    if (found := first_order(purchases)) is not None:
        assert (found.order_id, found.value) == (names[0], values[names[0]])
    if (found := largest_order(purchases)) is not None:
        assert (found.order_id, found.value) == max(values.items(), key=lambda pair: pair[1])
    assert purchases.late or largest_order(purchases) is not None


def test_a_line_of_an_order_that_is_closed_leaves_the_dearest_order_unsaid(taxonomy: Taxonomy) -> None:
    lines = [order(n, f"o{n}", 100 + n, n) for n in range(SUMMED_ORDERS + 1)]
    assert largest_order(summed(lines, taxonomy)) is not None
    assert largest_order(summed([*lines, order(20, "o0", 900, 99)], taxonomy)) is None


def test_lines_without_an_order_number_are_orders_of_their_own(taxonomy: Taxonomy) -> None:
    assert summed([order(0, None, n=1), order(0, None, n=2)], taxonomy).orders == 2


def test_a_refund_is_no_order_and_an_order_no_refund(taxonomy: Taxonomy) -> None:
    purchases = summed([order(0, "a", 500), order(1, "a", 200, 1, kind="refund")], taxonomy)
    assert (purchases.total, purchases.refunded, purchases.orders) == (500, 200, 1)


def test_a_state_does_not_grow_with_the_number_of_orders(taxonomy: Taxonomy) -> None:
    sizes = [
        len(msgspec.msgpack.encode(summed([order(24 * n, f"o{n}", n=n) for n in range(count)], taxonomy)))
        for count in (2 * OPEN_ORDERS, 40 * OPEN_ORDERS)
    ]
    assert sizes[1] <= sizes[0] + 64
