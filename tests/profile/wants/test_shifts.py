from collections.abc import Iterable
from datetime import timedelta

import msgspec
import pytest

from app.profile.schemas import InterestShift, ShiftKind
from app.profile.seen import Context, Visit, look
from app.profile.wants import interests
from app.profile.wants.interests import Interests
from app.profile.wants.likeness import Likeness, fit
from app.profile.wants.shifts import Shifts, note, view, view_many
from app.profile.wants.wanted import journey_of
from app.text.taxonomy import Taxonomy
from tests.factories import ITEMS, SHANGHAI, START, an_accepted

TURN = 60


def folded(taxonomy: Taxonomy, days: Iterable[tuple[int, str]]) -> tuple[Shifts, Interests]:
    context, visit = Context(taxonomy, SHANGHAI, ITEMS, {}), Visit()
    shifts, found = Shifts(), Interests()
    for day, item in days:
        seen = look(visit, an_accepted("view", day, item_id=item, message_id=f"m{day}").event, context)
        interests.note(found, seen, context)
        note(shifts, found, seen, context)
    return shifts, found


def told(
    taxonomy: Taxonomy, days: Iterable[tuple[int, str]], *, day: float = 110, likeness: Likeness | None = None
) -> tuple[InterestShift, ...]:
    return view(*folded(taxonomy, days), START + timedelta(days=day), taxonomy, likeness)


def changed(shifts: Iterable[InterestShift]) -> list[InterestShift]:
    return [shift for shift in shifts if shift.kind in (ShiftKind.SHIFT, ShiftKind.SEASONAL)]


def a_turn(then: str = "milk", now: str = "case") -> list[tuple[int, str]]:
    return [(day, then if day < TURN else now) for day in range(0, 100, 4)]


def test_a_lasting_turn_is_noticed_once_with_its_date_and_counts(taxonomy: Taxonomy) -> None:
    (shift,) = changed(told(taxonomy, a_turn()))
    assert (shift.from_topic, shift.to_topic) == ("baby_care", "travel")
    assert abs((shift.since - START).days - TURN) <= 4
    assert shift.since <= shift.noticed_at <= START + timedelta(days=TURN + 16)
    assert shift.reason.visits_to >= 3
    assert shift.reason.before_to == 0
    assert shift.evidence
    assert shift.confidence > 0.9


def test_a_stray_visit_is_no_shift(taxonomy: Taxonomy) -> None:
    days = [(day, "case" if day in (20, 48, 80) else "milk") for day in range(0, 100, 4)]
    assert changed(told(taxonomy, days)) == []


def test_a_mixture_that_stays_a_mixture_does_not_flap(taxonomy: Taxonomy) -> None:
    names = ["milk", "case", "cream"]
    assert changed(told(taxonomy, [(day, names[day // 4 % 3]) for day in range(0, 200, 4)], day=210)) == []


def test_a_shift_stays_told_when_more_of_the_same_follows(taxonomy: Taxonomy) -> None:
    longer = [*a_turn(), *((day, "case") for day in range(100, 200, 4))]
    early, late = changed(told(taxonomy, a_turn())), changed(told(taxonomy, longer, day=210))
    assert [s.noticed_at for s in late] == [s.noticed_at for s in early]


def test_a_turn_towards_a_topic_in_its_season_is_seasonal(taxonomy: Taxonomy) -> None:
    (shift,) = changed(told(taxonomy, a_turn()))
    season = taxonomy.in_season("travel", shift.since.month)
    assert (shift.kind is ShiftKind.SEASONAL) == season


def test_what_is_long_untouched_is_told_as_fading(taxonomy: Taxonomy) -> None:
    shifts = told(taxonomy, a_turn("cream", "milk"), day=400)
    fading = {shift.from_topic: shift for shift in shifts if shift.kind is ShiftKind.FADING}
    assert set(fading) == {"skincare", "baby_care"}
    assert all(shift.to_topic is None and shift.noticed_at <= START + timedelta(days=400) for shift in fading.values())
    assert fading["skincare"].since < fading["baby_care"].since


def test_a_fading_whose_visits_are_no_longer_all_remembered_is_not_told(taxonomy: Taxonomy) -> None:
    cream = [(day, "cream") for day in range(0, 40, 4)]
    often, seldom = ([*cream, *((day, "milk") for day in range(40, 360, step))] for step in (1, 4))
    assert not [s for s in told(taxonomy, often, day=360) if s.kind is ShiftKind.FADING]
    (fading,) = [s for s in told(taxonomy, seldom, day=360) if s.kind is ShiftKind.FADING]
    assert fading.reason.visits + fading.reason.before == len(seldom)


def test_a_new_topic_beside_the_old_one_emerges(taxonomy: Taxonomy) -> None:
    days = [(day, "cream" if day > 40 and day % 12 == 0 else "milk") for day in range(0, 100, 4)]
    (shift,) = [shift for shift in told(taxonomy, days) if shift.kind is ShiftKind.EMERGING]
    assert (shift.from_topic, shift.to_topic) == (None, "skincare")
    assert shift.since == START + timedelta(days=48)


@pytest.fixture
def shop(taxonomy: Taxonomy) -> Likeness:
    """Customers of whom half turn from one thing to another."""
    names = tuple(taxonomy.topics)
    lives = []
    for n in range(60):
        found = folded(taxonomy, [(day + n % 4, item) for day, item in a_turn(now="case" if n % 2 else "milk")])[1]
        lives.append(journey_of(tuple(found.topics), found.wishes.rows, names))
    likeness = fit(lives, names)
    assert likeness is not None
    return likeness


def test_in_the_light_of_others_the_same_turn_is_told(taxonomy: Taxonomy, shop: Likeness) -> None:
    (shift,) = changed(told(taxonomy, a_turn(), likeness=shop))
    assert (shift.from_topic, shift.to_topic) == ("baby_care", "travel")
    assert TURN - 7 <= (shift.since - START).days <= TURN
    assert shift.since <= shift.noticed_at
    assert shift.reason.visits == shift.reason.visits_to == 10


@pytest.mark.parametrize("compared", [True, False])
def test_of_many_the_same_is_told_as_of_each(taxonomy: Taxonomy, shop: Likeness, *, compared: bool) -> None:
    likeness, as_of = shop if compared else None, START + timedelta(days=110)
    states = [folded(taxonomy, days) for days in ([], a_turn(), a_turn("cream", "milk"), a_turn()[:9])]
    each = [view(shifts, found, as_of, taxonomy, likeness) for shifts, found in states]
    many = view_many(states, as_of, taxonomy, likeness)
    unsure = {"confidence"}
    assert [[s.model_dump(exclude=unsure) for s in of] for of in many] == [
        [s.model_dump(exclude=unsure) for s in of] for of in each
    ]
    assert any(many)


def test_shares_in_the_light_of_others_sum_to_one_and_follow_the_turn(taxonomy: Taxonomy, shop: Likeness) -> None:
    found = interests.view(folded(taxonomy, a_turn())[1], START + timedelta(days=101), taxonomy, shop)
    assert sum(interest.share for interest in found.interests) == pytest.approx(1)
    assert found.interests[0].topic == "travel"
    assert 0 < found.own_weight < 1


def test_the_state_is_bounded(taxonomy: Taxonomy) -> None:
    names = ["milk", "case", "cream"]
    shifts, _ = folded(taxonomy, [(day, names[day // 30 % 3]) for day in range(365)])
    assert len(shifts.found) <= 8
    assert len(msgspec.msgpack.encode(shifts)) < 2500
