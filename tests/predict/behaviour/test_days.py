from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import InvalidInput
from app.events.activity import COLUMNS, DayCounts
from app.events.store import OrderTotal
from app.identity.schemas import Owners
from app.predict.behaviour.columns import BehaviourColumns, behaviour_features
from app.predict.behaviour.days import LEAST_SEEN_DAYS, Behaviour
from app.predict.inputs.cohort import Cohort
from tests.factories import SHANGHAI
from tests.factories_behaviour import a_behaviour

NOON = datetime(2026, 3, 1, 4, tzinfo=UTC)
DAY = (NOON - datetime(1970, 1, 1, tzinfo=UTC)).days
BROWSES = {"acts": 2, "presence": 2, "pages": 2}
BUYS = {"acts": 1, "presence": 1, "orders": 1}

days = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(0, 200), st.sampled_from([BROWSES, BUYS, {"messages": 1}])),
    max_size=60,
    unique_by=lambda row: row[:2],
)


def counts_of(*rows: tuple[str, datetime, dict[str, int]]) -> DayCounts:
    subjects = tuple(sorted({subject for subject, _, _ in rows}))
    at = [(moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) for _, moment, _ in rows]
    return DayCounts(
        subjects,
        np.array([subjects.index(subject) for subject, _, _ in rows], np.int64),
        np.array([(moment.astimezone(SHANGHAI).replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)).days
                  for _, moment, _ in rows], np.int64),
        np.array(at, np.int64),
        np.array([[of.get(name, 0) for name in COLUMNS] for _, _, of in rows], np.int32).reshape(-1, len(COLUMNS)),
    )  # fmt: skip


def cohort(activity: DayCounts | None, orders: list[OrderTotal], owners: Owners) -> Cohort:
    return Cohort.build(orders, owners, zone=SHANGHAI, as_of=NOON + timedelta(days=30), activity=activity)


def test_who_never_bought_has_behaviour_and_no_purchases_under_the_same_ids() -> None:
    found = cohort(
        counts_of(("user_id:1", NOON, BUYS), ("user_id:1", NOON, BROWSES), ("user_id:2", NOON, BROWSES)),
        [OrderTotal("user_id:1", "o", NOON, 100)],
        Owners({"user_id:1": "c_b", "user_id:2": "c_a"}),
    )
    assert found.behaviour is not None
    assert found.behaviour.customer_ids is found.purchases.customer_ids
    assert found.purchases.customer_ids == ("c_a", "c_b")
    assert found.purchases.customer.tolist() == [1]
    assert found.behaviour.column("acts").tolist() == [2, 3]  # two identifiers' or two rows' acts add up


def test_a_number_that_changed_hands_counts_for_whoever_had_it() -> None:
    later = NOON + timedelta(days=5)
    turns = {"phone:1": [(datetime(1, 1, 1, tzinfo=UTC), "c_a"), (NOON + timedelta(days=3), "c_b")]}
    activity = counts_of(("phone:1", NOON, BROWSES), ("phone:1", later, BROWSES), ("phone:9", NOON, BROWSES))
    found = cohort(activity, [], Owners({"phone:1": "c_b"}, turns)).behaviour
    assert found is not None
    assert [found.customer_ids[who] for who in found.customer] == ["c_a", "c_b"]  # phone:9 is nobody's
    assert found.day.tolist() == [DAY, DAY + 5]


def test_a_shop_that_records_nothing_but_orders_has_no_behaviour() -> None:
    found = cohort(counts_of(("user_id:1", NOON, BUYS)), [], Owners({"user_id:1": "c_a"}))
    assert found.behaviour is None
    assert cohort(None, [], Owners({})).behaviour is None


def test_rows_have_to_be_sorted_and_whole() -> None:
    counts = np.ones((2, len(COLUMNS)), np.int32)
    with pytest.raises(InvalidInput, match="sorted"):
        Behaviour(("a",), np.zeros(2, np.int32), np.array([5, 5], np.int32), counts)
    with pytest.raises(InvalidInput, match="outside"):
        Behaviour(("a",), np.ones(2, np.int32), np.array([5, 6], np.int32), counts)
    with pytest.raises(InvalidInput, match="one row"):
        Behaviour(("a",), np.zeros(2, np.int32), np.array([5, 6], np.int32), counts[:1])


@settings(deadline=None, max_examples=40)
@given(days, st.integers(0, 200))
def test_later_days_change_nothing(rows: list[tuple[str, int, dict[str, int]]], day: int) -> None:
    ids = ("a", "b", "c")
    whole, then = a_behaviour(rows, ids), a_behaviour([row for row in rows if row[1] <= day], ids)
    names, columns = behaviour_features(whole, day)
    assert columns.shape == (3, len(names))
    np.testing.assert_array_equal(columns, behaviour_features(then, day)[1])
    np.testing.assert_array_equal(columns, behaviour_features(whole.until(day), day)[1])


def test_the_columns_tell_silence_pace_and_change() -> None:
    rows = [("a", day, BROWSES) for day in (0, 10, 20, 30, 70, 80, 90)] + [("b", 95, {"messages": 1})]
    names, columns = behaviour_features(a_behaviour(rows), 100)
    of = dict(zip(names, columns.T, strict=True))
    assert (of["act_silence"][0], of["act_tenure"][0], of["act_days"][0]) == (10, 100, 7)
    assert of["act_gap"][0] == pytest.approx((90 + 14) / 7)
    assert (of["act_days_30"][0], of["act_days_90"][0], of["act_days_change"][0]) == (2, 5, 1)
    assert (of["pages_30"][0], of["pages_change"][0], of["messages_30"][1]) == (4, 2, 1)
    assert (of["act_days"][1], of["act_silence"][1]) == (0, 10_000)  # a message sent is no act


def test_absence_says_nothing_before_acts_were_on_record_for_a_while() -> None:
    found = BehaviourColumns(a_behaviour([("a", 0, BROWSES), ("a", 200, BROWSES)]))
    assert np.isnan(found.at(LEAST_SEEN_DAYS - 1)).all()
    assert not np.isnan(found.at(LEAST_SEEN_DAYS)).any()
    assert len(found.names) == found.at(LEAST_SEEN_DAYS).shape[1]
