"""What is left of orders after refunds, to the moment."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.events.refunds import RefundTotal
from app.events.store import OrderTotal
from app.predict.inputs.purchases import PurchaseDays
from app.predict.inputs.refunds import Refunds, net
from app.strategy.running.spending import NOTHING, Ledger, Spent

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
_DAY = date(1970, 1, 1).toordinal()


def at(day: float) -> datetime:
    return START + timedelta(days=day)


def order(day: float, amount: int, order_id: str = "", who: str = "u1") -> OrderTotal:
    return OrderTotal(who, order_id or f"web/o{day}", at(day), amount)


def refund(day: float, amount: int, order_id: str = "nowhere", who: str = "u1") -> RefundTotal:
    return RefundTotal(who, order_id, at(day), amount)


def ledger(orders: list[OrderTotal], refunds: list[RefundTotal] | None = None) -> Ledger:
    return Ledger(orders, refunds or [], lambda key, _: key)


def test_the_stretch_begins_after_its_start_and_ends_with_its_end() -> None:
    found = ledger([order(0, 5), order(0.001, 7), order(3, 11), order(3.001, 13)])
    assert found.between("u1", at(0), at(3)) == Spent(2, 18)
    assert found.between("nobody", at(0), at(3)) == NOTHING


def test_a_refund_is_taken_off_the_order_that_it_names_and_off_no_other() -> None:
    orders = [order(1, 100, "web/a"), order(2, 100, "web/b")]
    assert ledger(orders, [refund(9, 150, "web/a")]).between("u1", at(0), at(5)) == Spent(2, 100)


def test_one_that_names_none_comes_off_the_latest_order_and_from_there_backwards() -> None:
    orders = [order(1, 100), order(2, 100), order(8, 100)]
    found = ledger(orders, [refund(3, 130)])
    assert [p.left for p in found.orders("u1", at(0), at(9))] == [70, 0, 100]


def test_an_order_that_came_back_whole_stays_an_order() -> None:
    assert ledger([order(1, 100, "web/a")], [refund(2, 100, "web/a")]).between("u1", at(0), at(5)) == Spent(1, 0)


def test_an_order_seen_under_two_identifiers_is_one_order() -> None:
    orders = [order(1, 60, "web/a", "u1"), order(1, 40, "web/a", "phone")]
    found = Ledger(orders, [], lambda key, _: "c1")
    assert found.between("c1", at(0), at(5)) == Spent(1, 100)


amounts = st.integers(0, 1000)


@given(
    st.dictionaries(st.integers(0, 30), amounts, min_size=1, max_size=8),
    st.lists(st.tuples(st.integers(0, 40), amounts), max_size=6),
)
def test_with_one_order_a_day_it_is_the_rule_of_the_estimators(
    orders: dict[int, int], refunds: list[tuple[int, int]]
) -> None:
    days = sorted(orders)
    purchases = PurchaseDays.from_rows(["u1"] * len(days), days, [orders[d] for d in days])
    back = np.array([(0, d, a) for d, a in refunds], np.int64).reshape(-1, 3)
    theirs = net(purchases, Refunds(back[:, 0], back[:, 1], back[:, 2])).purchases
    ours = ledger(
        [order(d, orders[d]) for d in days], [refund(d + 0.1, a, f"r{n}") for n, (d, a) in enumerate(refunds)]
    )
    assert [p.left for p in ours.orders("u1", at(-1), at(50))] == theirs.amount.tolist()


@given(st.permutations(range(6)), st.permutations(range(4)))
def test_the_order_of_arrival_changes_nothing(orders: list[int], refunds: list[int]) -> None:
    bought = [order(1 + n, 100 * (n + 1), f"web/{n}", f"u{n % 2}") for n in range(6)]
    back = [
        refund(9, 150, "web/2", "u0"),
        refund(9, 300, "x", "u0"),
        refund(4, 70, "y", "u1"),
        refund(9, 10, "z", "u1"),
    ]
    told, other = ledger(bought, back), ledger([bought[n] for n in orders], [back[n] for n in refunds])
    for who in ("u0", "u1"):
        assert told.orders(who, at(0), at(50)) == other.orders(who, at(0), at(50))
