from datetime import timedelta

import msgspec
import pytest

from app.events.intake import Accepted
from app.profile.memory.touches import packed
from app.profile.seen import Context, Visit, look
from app.profile.sums import carts
from app.profile.sums.daily import within
from app.profile.sums.marks import SEARCHES, Wrote
from app.profile.sums.tallies import Tallies, note
from app.text.taxonomy import Taxonomy
from tests.factories import ITEMS, SHANGHAI, START, a_history, an_accepted, an_order


def tallied(taxonomy: Taxonomy, *accepted: Accepted) -> Tallies:
    history = a_history(*accepted)
    context = Context(taxonomy, SHANGHAI, ITEMS, history.texts)
    tallies, visit = Tallies(), Visit()
    for event in history.events:
        note(tallies, look(visit, event, context), context)
    return tallies


def times(tallies: Tallies, topic: str, first: float, last: float) -> tuple[int, int]:
    days = [(START + timedelta(days=day)).astimezone(SHANGHAI).toordinal() for day in (first, last)]
    found = within(tallies.topics[topic], *days)
    return found.times, found.days


def test_dealings_are_counted_by_main_topic_and_local_day(taxonomy: Taxonomy) -> None:
    views = [an_accepted("view", day / 4, item_id="cream", message_id=f"v{day}") for day in range(12)]
    refund = an_accepted("refund", 1, item_id="cream", amount_minor=5)
    tallies = tallied(taxonomy, *views, refund, an_accepted("search", 2, text="护肤 面霜"))
    assert times(tallies, "skincare", 0, 5)[0] == 13
    assert tallies.first_at == START


def test_a_cart_is_emptied_by_an_order_of_its_item_even_at_the_same_moment(taxonomy: Taxonomy) -> None:
    before, after = (an_accepted("cart_add", day, item_id="cream") for day in (1, 3))
    bought = an_order(2, 10, "o", "cream")
    same = an_accepted("cart_add", 2, item_id="cream")
    other = an_accepted("cart_add", 2, item_id="milk")
    assert set(tallied(taxonomy, before, bought, same, other).carts.items) == {"milk"}
    assert set(tallied(taxonomy, before, bought, same, after).carts.items) == {"cream"}


def test_what_was_taken_out_lies_in_the_cart_again_once_it_is_put_back(taxonomy: Taxonomy) -> None:
    put, out, again = (an_accepted(kind, day, item_id="case") for kind, day in
                       (("cart_add", 1), ("cart_remove", 2), ("cart_add", 3)))  # fmt: skip
    assert not tallied(taxonomy, put, out).carts.items["case"].is_open
    assert tallied(taxonomy, put, out, again).carts.items["case"].is_open


def test_what_may_have_been_let_go_is_not_counted_for_sure(taxonomy: Taxonomy) -> None:
    many = [an_accepted("cart_add", n / 100, item_id=f"i{n}") for n in range(carts.MOST_ITEMS + 1)]
    soon, late = (an_accepted("cart_add", day, item_id="i0") for day in (5, 60))
    assert not tallied(taxonomy, *many, soon).carts.items["i0"].sure
    assert tallied(taxonomy, *many, late).carts.items["i0"].sure


def test_texts_are_remembered_by_reference_only(taxonomy: Taxonomy) -> None:
    words = [an_accepted("search", n, text=f"三亚 帐篷 {n}") for n in range(9)]
    review = an_accepted("review", 9, text="奶粉不错", properties={"rating": 4})
    short, message = (
        an_accepted("support_message", day, text=text) for day, text in ((11, "在吗"), (10, "退款怎么这么慢啊"))
    )
    marks = tallied(taxonomy, *words, review, message, short).marks
    assert [wrote.text_ref for wrote in marks.searches] == [word.event.text_ref for word in words[-SEARCHES:]]
    assert marks.review is not None
    assert (marks.review.rating, marks.review.event_id) == (4, review.event.event_id)
    assert marks.message is not None
    assert marks.message.text_ref == message.event.text_ref
    assert marks.readings["warm_trip"].event_id == words[-1].event.event_id
    assert "三亚".encode() not in msgspec.msgpack.encode(marks)


@pytest.mark.parametrize("ref", ["t_abc", "elsewhere/7"])
def test_a_reference_comes_back_as_it_was(ref: str) -> None:
    wrote = Wrote(packed("abc"), START, "" if ref == "t_abc" else ref)
    assert wrote.text_ref == ref


def test_the_tallies_of_a_long_history_are_no_larger_than_those_of_a_shorter_one(taxonomy: Taxonomy) -> None:
    def size(days: int) -> int:
        events = [
            an_accepted(
                kind, n / 2, item_id=item, text="三亚 帐篷" if kind == "search" else None, message_id=f"{n}{kind}"
            )
            for n in range(2 * days)
            for kind, item in (("view", "milk"), ("cart_add", f"i{n}"), ("search", None))
        ]
        return len(msgspec.msgpack.encode(tallied(taxonomy, *events)))

    assert size(360) <= size(200) + 100
