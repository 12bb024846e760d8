import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.events.intake import Accepted
from app.profile.memory.episodes import Episode, Mark, event_ids, text_ref
from app.profile.memory.touches import Did, packed, unpacked
from app.profile.memory.visits import NEWEST, TELLING, Remembered, Visits, note, view
from app.profile.seen import Context, Visit, look
from app.text.taxonomy import Taxonomy
from tests.factories import ITEMS, SHANGHAI, a_history, an_accepted, an_order

MINUTE = 1 / 1440
HOUR = 1 / 24


def folded(taxonomy: Taxonomy, *accepted: Accepted, onto: Visits | None = None, visit: Visit | None = None) -> Visits:
    history = a_history(*accepted)
    context = Context(taxonomy, SHANGHAI, ITEMS, history.texts)
    part, visit = onto or Visits(), visit or Visit()
    for event in history.events:
        note(part, look(visit, event, context), context)
    return part


def remembered(taxonomy: Taxonomy, *accepted: Accepted) -> Remembered:
    return view(folded(taxonomy, *accepted))


def one(taxonomy: Taxonomy, *accepted: Accepted) -> Episode:
    (episode,) = remembered(taxonomy, *accepted).episodes
    return episode


def test_a_visit_is_remembered_with_what_was_done_to_its_items(taxonomy: Taxonomy) -> None:
    events = [
        an_accepted("search", 1, text="旅行箱"),
        an_accepted("view", 1 + MINUTE, item_id="case", properties={"dwell_s": 40}),
        an_accepted("media", 1 + 2 * MINUTE, item_id="case", properties={"action": "zoom", "count": 3}),
        an_accepted("favourite", 1 + 3 * MINUTE, item_id="case"),
        an_accepted("view", 1 + 4 * MINUTE, item_id="case", properties={"dwell_s": 25}),
        cart := an_accepted("cart_add", 1 + 5 * MINUTE, item_id="case"),
        an_accepted("view", 1 + 6 * MINUTE, item_id="milk", properties={"dwell_s": 9, "referrer": "recommended"}),
    ]
    visit = one(taxonomy, *events)
    case, milk = visit.items
    assert (case.item, case.views, case.dwell, case.zooms) == ("case", 2, 65, 3)
    assert case.did == Did.VIEWED | Did.HESITATED | Did.FAVOURITED | Did.CARTED
    assert unpacked(case.key) == cart.event.event_id
    assert milk.did == Did.VIEWED | Did.FROM_RECOMMENDATION
    assert (visit.views, visit.searches, visit.end - visit.start) == (3, 1, 360)
    assert visit.topics[0] == "travel"
    assert [text_ref(said) for said in visit.texts] == [events[0].event.text_ref]


def test_an_order_is_remembered_with_its_value_its_number_and_its_lines(taxonomy: Taxonomy) -> None:
    lines = [an_order(3, 20, "o1", "milk", properties={"quantity": 2}), an_order(3, 5, "o1", "cream")]
    visit = one(taxonomy, *lines)
    assert (visit.orders, visit.lines, visit.value, visit.order) == (1, 2, 2500, "web/o1")
    assert {(t.item, t.quantity, t.paid) for t in visit.items} == {("milk", 2, 2000), ("cream", 1, 500)}
    assert visit.marks & Mark.FIRST_ORDER
    assert event_ids(visit.keys) == (a_history(*lines).events[0].event_id,)


def test_what_happens_beside_visits_is_an_episode_of_its_own(taxonomy: Taxonomy) -> None:
    found = remembered(
        taxonomy,
        an_accepted("review", 1, text="很好", item_id="milk", properties={"rating": 5}),
        an_accepted("support_message", 2, text="在吗"),
        an_accepted("support_message", 2 + 5 * MINUTE, text="什么时候发货"),
        an_accepted("refund", 3, amount_minor=100, order_id="o1"),
        an_accepted("consent", 4, properties={"purpose": "marketing", "channel": "sms", "granted": False}),
        an_accepted("consent", 5, properties={"purpose": "marketing", "channel": "sms", "granted": True}),
    )
    assert [e.what for e in found.episodes] == ["review", "support_message", "refund", "consent"]
    review, chat, refund, consent = found.episodes
    assert (review.rating, review.items[0].item) == (50, "milk")
    assert (chat.lines, len(chat.texts)) == (2, 2)
    assert (refund.value, consent.complaint) == (100, "sms")


def test_a_first_order_outlives_many_visits_that_say_little(taxonomy: Taxonomy) -> None:
    idle = [an_accepted("view", 5 + n, item_id="milk", properties={"dwell_s": 3}) for n in range(80)]
    found = remembered(taxonomy, an_order(1, 20, "o1"), *idle)
    assert found.episodes[0].marks & Mark.FIRST_ORDER
    assert [e.visit for e in found.episodes[-NEWEST:]] == [78, 79, 80, 81]


@pytest.mark.parametrize("visits", [30, 300, 3000])
def test_memory_is_bounded_for_any_history(taxonomy: Taxonomy, visits: int) -> None:
    kinds = ("view", "cart_add", "favourite", "search", "media", "review", "support_message")
    items = list(ITEMS)
    events = [
        an_accepted(
            kind, n / 10 + place * MINUTE, item_id=items[(n + place) % 4], text=f"买 {n}", message_id=f"{n}{kind}"
        )
        for n in range(visits)
        for place, kind in enumerate(kinds)
    ]
    part = folded(taxonomy, *events)
    assert len(part.newest) + len(part.telling) <= NEWEST + TELLING
    assert len(msgspec.msgpack.encode(part)) < 5000


def test_of_two_episodes_the_same_one_says_more_at_every_later_time(taxonomy: Taxonomy) -> None:
    order = an_order(10, 20, "o2")
    idle = [an_accepted("view", 20 + n, item_id="milk") for n in range(NEWEST + TELLING + 1)]
    soon, late = (remembered(taxonomy, an_order(1, 20, "o1"), order, *idle[:n]) for n in (NEWEST, len(idle)))
    weights = [{e.visit: e.weight for e in found.episodes} for found in (soon, late)]
    both = weights[0].keys() & weights[1].keys()
    assert all(weights[0][visit] == weights[1][visit] for visit in both - {max(both)})


def test_reading_leaves_no_trace_and_batches_make_no_difference(taxonomy: Taxonomy) -> None:
    events = [
        an_accepted(kind, day + n * HOUR / 7, item_id="case", message_id=f"{day}{n}")
        for day in range(1, 30, 2)
        for n, kind in enumerate(("view", "cart_add", "view"))
    ]
    whole = folded(taxonomy, *events)
    part, visit = Visits(), Visit()
    for event in events:
        folded(taxonomy, event, onto=part, visit=visit)
        before = msgspec.msgpack.encode(part)
        view(part)
        assert msgspec.msgpack.encode(part) == before
        part = msgspec.msgpack.decode(before, type=Visits)
    assert msgspec.msgpack.encode(part) == msgspec.msgpack.encode(whole)
    assert view(part) == view(whole)


def nights(first: int, last: int) -> list[Accepted]:
    """In the cart at ten in the evening, night after night."""
    moments = [day + 10 * HOUR for day in range(first, last + 1)]
    looks = [an_accepted("view", at, item_id="case", properties={"dwell_s": 60}) for at in moments]
    return [*looks, *(an_accepted("cart_add", at + MINUTE, item_id="case") for at in moments)]


def test_an_item_that_visits_come_back_to_is_one_story(taxonomy: Taxonomy) -> None:
    ((item, arc),) = remembered(taxonomy, *nights(1, 3)).arcs
    assert (item, arc.visits, arc.nights, arc.carted, arc.dwell, arc.bought) == ("case", 3, 3, 3, 180, 0)


def test_buying_ends_a_story_and_a_long_silence_begins_another(taxonomy: Taxonomy) -> None:
    bought = remembered(taxonomy, *nights(1, 3), an_order(4, 500, "o1", "case"))
    assert [(item, arc.visits, arc.bought > 0) for item, arc in bought.arcs] == [("case", 4, True)]
    again = remembered(taxonomy, *nights(1, 3), *nights(60, 60))
    assert [(item, arc.visits) for item, arc in again.arcs] == [("case", 1)]


def test_no_words_are_kept(taxonomy: Taxonomy) -> None:
    part = folded(
        taxonomy,
        an_accepted("search", 1, text="三亚亲子游酒店"),
        an_accepted("support_message", 2, text="我的电话是13800138000"),
    )
    raw = msgspec.msgpack.encode(part).decode("utf-8", "replace")
    assert "三亚" not in raw
    assert "138001" not in raw


def test_a_message_that_brought_a_visit_about_is_told_with_it(taxonomy: Taxonomy) -> None:
    come = an_accepted("session", 1, session_id="s1", properties={"entry": "campaign"})
    seen = an_accepted("view", 1 + MINUTE, session_id="s1", item_id="milk")
    assert one(taxonomy, come, seen).marks & Mark.INVITED


@given(st.one_of(st.uuids().map(str), st.text(max_size=40).filter(lambda text: not text.startswith("~"))))
def test_packed_ids_come_back_as_they_were(event_id: str) -> None:
    assert unpacked(packed(event_id)) == event_id
