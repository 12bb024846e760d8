from datetime import UTC, datetime, timedelta
from itertools import pairwise
from statistics import median
from zoneinfo import ZoneInfo

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from app.events.schemas import Event, Identifier, Money
from app.profile.purchases import OPEN_ORDERS, Purchases, add_order, rfm_summary, usual_gap

START = datetime(2026, 1, 1, tzinfo=UTC)
SHANGHAI = ZoneInfo("Asia/Shanghai")


def order(hours: float, number: str | None, amount: int = 100, n: int = 0) -> Event:
    at = START + timedelta(hours=hours)
    return Event(
        event_id=f"e{n}", workspace_id="w", source="shop", message_id=f"m{n}", kind="order", occurred_at=at,
        received_at=at, identifiers=(Identifier("user_id", "u"),), order_id=number, money=Money(amount, "CNY"),
    )  # fmt: skip


def summed(lines: list[Event]) -> Purchases:
    purchases = Purchases()
    for line in lines:
        add_order(purchases, line, SHANGHAI)
    return purchases


@given(st.lists(st.tuples(st.integers(0, 9_000), st.integers(0, 40), st.integers(0, 10**6)), min_size=1, max_size=80))
def test_running_sums_equal_what_the_whole_history_says(drawn: list[tuple[int, int, int]]) -> None:
    lines = [order(hours, f"o{number}", amount, n) for n, (hours, number, amount) in enumerate(sorted(drawn))]
    days = sorted({line.occurred_at.astimezone(SHANGHAI).toordinal() for line in lines})
    first = [a for (_, _, a), line in zip(sorted(drawn), lines, strict=True)
             if line.occurred_at.astimezone(SHANGHAI).toordinal() == days[0]]  # fmt: skip
    purchases = summed(lines)
    found = rfm_summary(purchases, START + timedelta(days=500), SHANGHAI)
    assert found is not None
    assert (found.frequency, found.recency) == (len(days) - 1, days[-1] - days[0])
    assert (found.orders, found.total) == (len({line.order_id for line in lines}), sum(a for _, _, a in drawn))
    repeat = found.total - sum(first)
    assert found.monetary_value == (repeat / found.frequency if found.frequency else 0.0)
    gaps = [later - earlier for earlier, later in pairwise(days)]
    assert usual_gap(purchases.gaps) == (float(median(gaps)) if gaps else None)


def test_lines_without_an_order_number_are_orders_of_their_own() -> None:
    assert summed([order(0, None, n=1), order(0, None, n=2)]).orders == 2


def test_a_state_does_not_grow_with_the_number_of_orders() -> None:
    sizes = [len(msgspec.msgpack.encode(summed([order(24 * n, f"o{n}", n=n) for n in range(count)])))
             for count in (2 * OPEN_ORDERS, 40 * OPEN_ORDERS)]  # fmt: skip
    assert sizes[1] <= sizes[0] + 16
