"""Days, reflections and the score between them."""

from datetime import timedelta

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from app.events.intake import Accepted, accept
from app.events.schemas import OUR_SOURCE
from app.profile.history import (
    MAX_CHANGES,
    MAX_DAYS,
    MAX_REFLECTIONS,
    THRESHOLD,
    History,
    due,
    note,
    reflected_at,
    reflection_properties,
    view,
)
from app.profile.schemas import UpdateMode
from app.profile.seen import Context, Visit, look
from app.text.taxonomy import Taxonomy
from tests.factories import ITEMS, SHANGHAI, START, a_history, an_accepted, an_incoming, an_intake, an_order

AS_OF = START + timedelta(days=900)


def reflection(day: float, mode: UpdateMode = UpdateMode.TRIGGERED, score: float = 0.8) -> Accepted:
    said = {"reflection": {"trigger": mode, "score": score, "threshold": THRESHOLD, "rung": "lexicon", "found": ["a"]}}
    return accept(an_incoming("inference_recorded", day, properties=said), an_intake(OUR_SOURCE))


def advanced(part: History, taxonomy: Taxonomy, *accepted: Accepted, changes: tuple[str, ...] = ()) -> History:
    visit, context = Visit(), Context(taxonomy, SHANGHAI, ITEMS, {})
    for event in a_history(*accepted).events:
        note(part, look(visit, event, context), context, changes)
    return part


def folded(taxonomy: Taxonomy, *accepted: Accepted, changes: tuple[str, ...] = ()) -> History:
    return advanced(History(), taxonomy, *accepted, changes=changes)


def views(count: int, day: float = 1, item: str = "milk") -> list[Accepted]:
    return [an_accepted("view", day + n / 1000, item_id=item) for n in range(count)]


def test_events_of_one_local_day_are_one_entry_with_their_number(taxonomy: Taxonomy) -> None:
    shown = view(folded(taxonomy, *views(3, 1), *views(2, 4), changes=("attribute:city",)), AS_OF)
    assert [(u.mode, u.events, u.changes) for u in shown] == [
        (UpdateMode.INCREMENTAL, 2, ("attribute:city",)),
        (UpdateMode.INCREMENTAL, 3, ("attribute:city",)),
    ]


def test_one_click_does_not_move_a_profile_and_a_busy_visit_does(taxonomy: Taxonomy) -> None:
    assert due(folded(taxonomy, *views(1))) is None
    assert due(folded(taxonomy, *views(2), an_order(1.1, 100, "o1"), an_order(1.2, 90, "o2"))) is not None


def test_the_same_event_moves_a_known_customer_less_than_a_new_one(taxonomy: Taxonomy) -> None:
    rich = folded(taxonomy, *views(200))
    before = rich.score
    moved = advanced(rich, taxonomy, *views(1, 2)).score - before
    assert 0 < moved < folded(taxonomy, *views(1)).score


def test_a_shift_or_a_correction_alone_is_enough(taxonomy: Taxonomy) -> None:
    assert due(folded(taxonomy, an_accepted("session", 1), changes=("shift:baby_care>travel",))) is not None
    assert due(folded(taxonomy, an_accepted("correction", 1, properties={"attribute": "city"}))) is not None
    assert due(folded(taxonomy, an_accepted("session", 1), changes=("signal:shorter_dwell",))) is None


def test_many_attributes_in_one_message_are_one_change(taxonomy: Taxonomy) -> None:
    said = tuple(f"attribute:{n}" for n in range(30))
    assert due(folded(taxonomy, an_accepted("identify", 1), changes=said)) is None


def test_a_reflection_starts_anew_and_is_visible_with_its_score(taxonomy: Taxonomy) -> None:
    part = folded(taxonomy, *views(9), reflection(2), reflection(3, UpdateMode.PERIODIC, 0.1), *views(1, 4))
    modes = [(u.mode, u.events, u.score) for u in view(part, AS_OF)]
    assert modes == [
        (UpdateMode.INCREMENTAL, 1, None),
        (UpdateMode.PERIODIC, 0, 0.1),
        (UpdateMode.TRIGGERED, 9, 0.8),
        (UpdateMode.INCREMENTAL, 9, None),
    ]
    assert view(part, AS_OF)[1].changes == ("rung:lexicon", "attribute:a")
    assert part.events == 1
    assert reflected_at(part) == START + timedelta(days=3)
    assert due(part) is None


def test_what_a_reflection_records_is_what_folding_it_shows(taxonomy: Taxonomy) -> None:
    part = folded(taxonomy, *views(12))
    said = reflection_properties(part, UpdateMode.PERIODIC, rung="lexicon")
    event = accept(an_incoming("inference_recorded", 5, properties=said), an_intake(OUR_SOURCE))
    score = part.score
    newest = view(advanced(part, taxonomy, event), AS_OF)[0]
    assert (newest.mode, newest.event_id) == (UpdateMode.PERIODIC, event.event.event_id)
    assert newest.score is not None
    assert abs(newest.score - score) < 1e-4
    assert newest.threshold == round(THRESHOLD, 4)


def test_our_own_decisions_are_no_news_of_the_customer(taxonomy: Taxonomy) -> None:
    decision = accept(an_incoming("decision", 3), an_intake(OUR_SOURCE))
    assert folded(taxonomy, *views(2), decision) == folded(taxonomy, *views(2))


def test_the_size_is_bounded_for_any_history(taxonomy: Taxonomy) -> None:
    codes = tuple(f"attribute:{n}" for n in range(30))
    events = [a for day in range(60) for a in (*views(1, day), reflection(day + 0.5))]
    part = folded(taxonomy, *events, changes=codes)
    assert (len(part.days), len(part.reflections)) == (MAX_DAYS, MAX_REFLECTIONS)
    assert all(len(day.changes) == MAX_CHANGES for day in part.days)
    assert len(msgspec.msgpack.encode(part)) < 6_000


@given(
    days=st.lists(st.floats(0, 300), max_size=25), cut=st.integers(0, 25), made=st.lists(st.floats(0, 300), max_size=4)
)
def test_a_state_that_was_stored_on_the_way_folds_on_to_the_same_bytes(
    taxonomy: Taxonomy, days: list[float], cut: int, made: list[float]
) -> None:
    accepted = [an_accepted("view", day, item_id="milk", message_id=f"m{n}") for n, day in enumerate(days)]
    accepted = sorted([*accepted, *map(reflection, set(made))], key=lambda a: a.event.order_key)
    whole = folded(taxonomy, *accepted)
    first = folded(taxonomy, *accepted[:cut])
    stored = msgspec.msgpack.decode(msgspec.msgpack.encode(first), type=History)
    assert msgspec.msgpack.encode(advanced(stored, taxonomy, *accepted[cut:])) == msgspec.msgpack.encode(whole)
