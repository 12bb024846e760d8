from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.events.schemas import Event
from app.profile.seen import Context, Visit, look
from app.profile.wants.impacts import REPEAT
from app.profile.wants.interests import Decayed, Interests, note, touch, view
from app.text.taxonomy import Taxonomy
from tests.factories import ITEMS, SHANGHAI, START, an_accepted

ACTS = st.sampled_from(["view", "cart_add", "favourite", "order", "refund", "cart_remove", "impression"])
STEPS = st.lists(st.tuples(st.floats(0, 300), ACTS, st.sampled_from(list(ITEMS))), min_size=1, max_size=25)
Step = tuple[str, float, dict[str, Any]]


def events_of(*steps: Step) -> list[Event]:
    accepted = (an_accepted(kind, day, message_id=f"m{n}", **rest) for n, (kind, day, rest) in enumerate(steps))
    return sorted((each.event for each in accepted), key=lambda e: e.order_key)


def folded(taxonomy: Taxonomy, *steps: Step) -> Interests:
    context, visit, interests = Context(taxonomy, SHANGHAI, ITEMS, {}), Visit(), Interests()
    for event in events_of(*steps):
        note(interests, look(visit, event, context), context)
    return interests


def weight(taxonomy: Taxonomy, *steps: Step, topic: str = "skincare", day: float = 60.0) -> float:
    found = view(folded(taxonomy, *steps), START + timedelta(days=day), taxonomy, None).interests
    return next((interest.weight for interest in found if interest.topic == topic), 0.0)


def on_cream(kind: str, day: float = 59.0, **properties: object) -> Step:
    return kind, day, {"item_id": "cream", "properties": properties}


@given(STEPS, st.integers(0, 25))
def test_folding_on_from_a_stored_state_that_was_read_equals_folding_at_once(
    taxonomy: Taxonomy, steps: list[tuple[float, str, str]], cut: int
) -> None:
    context, visit, halfway = Context(taxonomy, SHANGHAI, ITEMS, {}), Visit(), Interests()
    rows = sorted((day, kind, item) for day, kind, item in steps)
    acts: list[Step] = [(kind, day, {"item_id": item}) for day, kind, item in rows]
    for n, event in enumerate(events_of(*acts)):
        if n == cut:
            view(halfway, event.occurred_at, taxonomy, None)
            halfway = msgspec.msgpack.decode(msgspec.msgpack.encode(halfway), type=Interests)
        note(halfway, look(visit, event, context), context)
    whole = view(folded(taxonomy, *acts), START + timedelta(days=301), taxonomy, None)
    parts = view(halfway, START + timedelta(days=301), taxonomy, None)
    assert [i.topic for i in parts.interests] == [i.topic for i in whole.interests]
    assert [i.weight for i in parts.interests] == pytest.approx([i.weight for i in whole.interests], rel=1e-9)


@given(st.lists(st.tuples(st.floats(0, 300), st.sampled_from([0.2, 0.5, 2.0, 3.0])), min_size=1, max_size=20))
def test_lazy_decay_equals_the_sum_over_all_events(taxonomy: Taxonomy, events: list[tuple[float, float]]) -> None:
    weights: dict[str, Decayed] = {}
    for day, impact in sorted(events):
        touch(weights, ("skincare",), impact, START + timedelta(days=day), taxonomy)
    half_life = taxonomy.half_life_days("skincare")
    direct = sum(impact * 2.0 ** (-(301 - day) / half_life) for day, impact in events)
    now = weights["skincare"].at_time(START + timedelta(days=301), half_life)
    assert now == pytest.approx(direct, rel=1e-9)


def test_what_says_more_weighs_more(taxonomy: Taxonomy) -> None:
    acts = [
        on_cream("order"),
        on_cream("cart_add"),
        on_cream("favourite"),
        on_cream("view", dwell_s=90),
        on_cream("view", dwell_s=10),
        on_cream("media", action="swipe"),
        on_cream("media", action="zoom"),
    ]
    weights = [weight(taxonomy, on_cream("cart_add", 50), act) for act in acts]
    assert weights == sorted(weights, reverse=True)
    assert len(set(weights)) == len(weights)


@pytest.mark.parametrize("kind", ["cart_remove", "refund"])
def test_second_thoughts_lower_an_interest(taxonomy: Taxonomy, kind: str) -> None:
    assert weight(taxonomy, on_cream("order", 50), on_cream(kind)) < weight(taxonomy, on_cream("order", 50))


def test_further_acts_of_one_visit_count_a_tenth(taxonomy: Taxonomy) -> None:
    once = weight(taxonomy, on_cream("view"))
    again = weight(taxonomy, on_cream("view"), on_cream("view", 59.001))
    assert again == pytest.approx(once * (1 + REPEAT), rel=1e-3)


def test_the_order_of_acts_within_a_visit_does_not_matter(taxonomy: Taxonomy) -> None:
    up = weight(taxonomy, on_cream("view", 59), on_cream("cart_add", 59.001), day=59.001)
    down = weight(taxonomy, on_cream("cart_add", 59), on_cream("view", 59.001), day=59.001)
    assert up == pytest.approx(down, rel=1e-3)


def test_a_visit_that_a_campaign_brought_about_says_less(taxonomy: Taxonomy) -> None:
    invited: Step = ("session", 58.999, {"properties": {"entry": "campaign"}})
    assert weight(taxonomy, invited, on_cream("view")) < weight(taxonomy, on_cream("view"))


def test_a_review_moves_it_both_ways(taxonomy: Taxonomy) -> None:
    before = weight(taxonomy, on_cream("order", 50))
    good, bad = (weight(taxonomy, on_cream("order", 50), on_cream("review", rating=stars)) for stars in (5, 1))
    assert bad < before < good


def test_a_recommendation_that_two_visits_pass_by_lowers_its_topic(taxonomy: Taxonomy) -> None:
    shown: Step = ("impression", 50, {"item_id": "cream"})
    later: list[Step] = [("view", day, {"item_id": "milk"}) for day in (50.001, 52, 54)]
    first = on_cream("order", 40)
    assert weight(taxonomy, first, shown, *later) < weight(taxonomy, first, *later)
    followed = weight(taxonomy, first, shown, *later[:1], on_cream("view", 51), *later[1:])
    assert followed == pytest.approx(weight(taxonomy, first, *later[:1], on_cream("view", 51), *later[1:]))


def test_what_is_ignored_is_no_touch(taxonomy: Taxonomy) -> None:
    steps: list[Step] = [on_cream("order", 40), ("impression", 50, {"item_id": "cream"})]
    steps += [("view", day, {"item_id": "milk"}) for day in (50.001, 52, 54)]
    found = view(folded(taxonomy, *steps), START + timedelta(days=60), taxonomy, None).interests
    touched = {interest.topic: interest.last_event_at for interest in found}
    assert touched == {"skincare": START + timedelta(days=40), "baby_care": START + timedelta(days=54)}


def test_an_interest_is_forgotten_only_after_some_time_below_the_threshold(taxonomy: Taxonomy) -> None:
    (held,) = folded(taxonomy, on_cream("order", 0)).topics.values()
    half_life = taxonomy.half_life_days("skincare")
    days = (held.sinks_below(taxonomy.forget_below, half_life) - START).total_seconds() / 86_400
    assert weight(taxonomy, on_cream("order", 0), day=days + 13) > 0
    assert weight(taxonomy, on_cream("order", 0), day=days + 15) == 0


def test_shares_sum_to_one_and_name_their_evidence(taxonomy: Taxonomy) -> None:
    interests = folded(taxonomy, on_cream("view", 1), on_cream("order", 9), ("view", 9.5, {"item_id": "milk"}))
    found = view(interests, START + timedelta(days=10), taxonomy, None).interests
    assert sum(interest.share for interest in found) == pytest.approx(1)
    assert [interest.topic for interest in found] == ["skincare", "baby_care"]
    assert len(found[0].evidence) == 2


def test_the_state_stays_small_however_long_the_history(taxonomy: Taxonomy) -> None:
    steps: list[Step] = [("view", day / 4, {"item_id": list(ITEMS)[day % 3]}) for day in range(1200)]
    assert len(msgspec.msgpack.encode(folded(taxonomy, *steps))) < 3000
