import msgspec
from hypothesis import given
from hypothesis import strategies as st

from app.profile.seen import Seen
from app.profile.signs.days import MOST_DAYS, REACH_DAYS, Days, Totals, everything, note, reaches, table, window
from app.text.features import Complaint
from tests.factories_seen import NO_CONTEXT, a_seen, local_day, saying


def noted(*seen: Seen) -> Days:
    days = Days()
    for one in seen:
        note(days, one, NO_CONTEXT)
    return days


def order(day: float, yuan: float, number: str, visit: int = 1) -> Seen:
    return a_seen("order", day, yuan=yuan, order_id=number, visit=visit)


ORDERS = st.lists(
    st.tuples(st.integers(0, 400), st.integers(-5_000, 10**9), st.integers(0, 30)), min_size=1, max_size=60
)


@given(ORDERS, st.integers(0, 400), st.integers(0, 400))
def test_a_window_within_reach_holds_exactly_what_happened_in_it(
    drawn: list[tuple[int, int, int]], one: int, other: int
) -> None:
    lines = sorted(drawn)
    first, last = sorted((one, other))
    days = noted(*(order(day, fen / 100, f"{day}-{number}") for day, fen, number in lines))
    if not reaches(days, local_day(first)):
        return
    found = window(days, local_day(first), local_day(last))
    inside = [(day, fen, number) for day, fen, number in lines if first <= day <= last]
    assert found.value == sum(fen for _, fen, _ in inside)
    assert found.orders == len({(day, number) for day, _, number in inside})


@given(ORDERS)
def test_all_time_sums_stay_exact_whatever_was_let_go(drawn: list[tuple[int, int, int]]) -> None:
    lines = sorted(drawn)
    found = everything(noted(*(order(7 * day, fen / 100, f"{day}-{number}") for day, fen, number in lines)))
    assert found.value == sum(fen for _, fen, _ in lines)
    assert found.orders == len({(day, number) for day, _, number in lines})


def test_the_table_is_bounded_and_says_how_far_it_reaches() -> None:
    days = noted(*(a_seen("view", day, dwell_s=300) for day in range(400)))
    assert len(table(days).day) == MOST_DAYS + 1
    assert reaches(days, local_day(399 - MOST_DAYS))
    assert not reaches(days, local_day(398 - MOST_DAYS))
    assert everything(days).timed == 400
    sparse = noted(*(a_seen("view", 30 * day) for day in range(40)))
    assert int(table(sparse).day[0]) >= local_day(39 * 30) - REACH_DAYS
    assert len(msgspec.msgpack.encode(days)) < 5_000


def test_a_day_may_be_as_full_as_it_likes() -> None:
    views = (a_seen("view", 1 + n / 10**7, dwell_s=40, visit=1) for n in range(70_000))
    found = everything(noted(*views, a_seen("view", 3, visit=2)))
    assert (found.timed, found.dwell_ms) == (70_000, 40_000 * 70_000)


def test_a_folding_in_pieces_gives_the_same_bytes() -> None:
    seen = [a_seen("view", n / 3, dwell_s=n + 0.5, visit=n // 4 + 1) for n in range(500)]
    whole, pieces = noted(*seen), Days()
    for one in seen:
        note(pieces, one, NO_CONTEXT)
        pieces = msgspec.msgpack.decode(msgspec.msgpack.encode(pieces), type=Days)
    assert msgspec.msgpack.encode(pieces) == msgspec.msgpack.encode(whole)


def test_pages_of_a_visit_with_an_order_are_no_browsing() -> None:
    browsing = [a_seen("view", n / 1000, visit=1) for n in range(3)]
    buying = [a_seen("view", 1 + n / 1000, visit=2) for n in range(4)]
    found = everything(noted(*browsing, *buying, order(1.1, 5, "o1", visit=2), a_seen("view", 1.2, visit=2)))
    assert (found.browses, found.browsed, found.orders) == (1, 3, 1)


def test_only_what_a_source_measured_counts_as_dwell() -> None:
    unmeasured = [a_seen("view", n / 100, dwell_s=value) for n, value in enumerate([None, 0, -4, True, "9", 10**6])]
    found = everything(noted(*unmeasured, a_seen("view", 0.5, dwell_s=12), a_seen("view", 0.6, dwell_s=2.5)))
    assert (found.timed, found.dwell_ms) == (2, 14_500)


def test_words_shown_things_and_reviews_are_counted_as_they_are_defined() -> None:
    found = everything(
        noted(
            a_seen("search", 0, text=saying(broad=True)),
            a_seen("search", 0.1, text=saying()),
            a_seen("search", 0.2),
            a_seen("impression", 0.3, placement="recommended"),
            a_seen("impression", 0.4, placement="banner"),
            a_seen("view", 0.5, referrer="recommended"),
            a_seen("review", 1, text=saying(length=40), rating=4),
            a_seen("review", 1.1, rating="five"),
            a_seen("support_message", 2, text=saying(sentiment=-1)),
            a_seen("support_message", 2.1, text=saying(sentiment=1)),
            a_seen("support_message", 2.2, text=saying(sentiment=-2, complaint=Complaint.SERVICE)),
        )
    )
    zeros = Totals._make([0] * len(Totals._fields))
    assert found == zeros._replace(
        searches=2, broad=1, shown=1, followed=1, browses=1, browsed=1,
        reviews=2, rated=1, rating=400, review_chars=40, talks=2, harsh=1,
    )  # fmt: skip


def test_nothing_yet_sums_to_nothing() -> None:
    assert sum(everything(Days())) == sum(window(Days(), 1, 10**6)) == 0
