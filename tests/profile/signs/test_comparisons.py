import random

import pytest

from app.profile.schemas import SignalName
from app.profile.seen import Seen
from app.profile.signs.comparisons import Standing, standing
from app.profile.signs.days import Days, note
from app.profile.signs.measures import MEASURES, RECENT_DAYS
from app.text.features import Features
from tests.factories_seen import NO_CONTEXT, a_seen, local_day, moment, saying

CHANGE = 100


def noted(*seen: Seen) -> Days:
    days = Days()
    for one in seen:
        note(days, one, NO_CONTEXT)
    return days


def told(*seen: Seen) -> dict[SignalName, Standing]:
    return {one.measure.name: one for one in standing(noted(*seen))}


def visits(first: int, last: int, *, seconds: float, pages: int = 4, every: int = 5) -> list[Seen]:
    dice = random.Random(first)
    return [
        a_seen("view", day + page / 1000, visit=day + 1, dwell_s=round(seconds * dice.lognormvariate(0, 0.7), 1))
        for day in range(first, last, every)
        for page in range(pages)
    ]


def test_seconds_on_a_page_that_halve_are_a_sign_with_the_plain_means() -> None:
    before, after = visits(0, CHANGE, seconds=40), visits(CHANGE, CHANGE + 40, seconds=18)
    found = told(*before, *after)[SignalName.SHORTER_DWELL]
    first = CHANGE + 35 - RECENT_DAYS + 1
    recent, past = ([v.event.properties["dwell_s"] for v in before + after if (v.day >= local_day(first)) is late]
                    for late in (True, False))  # fmt: skip
    assert found.now == pytest.approx(sum(recent) / len(recent))
    assert found.usual == pytest.approx(sum(past) / len(past))
    assert (found.n_now, found.n_usual) == (len(recent), len(past))
    assert found.first_day == local_day(first)
    assert moment(CHANGE).timestamp() < found.raised_at < moment(CHANGE + 40).timestamp()


def test_when_it_was_raised_does_not_move_while_it_stands() -> None:
    seen = visits(0, CHANGE, seconds=40) + visits(CHANGE, CHANGE + 60, seconds=15)
    raised = [
        told(*seen[:size])[SignalName.SHORTER_DWELL].raised_at
        for size in range(len(seen) - 24, len(seen) + 1, 4)
    ]  # fmt: skip
    assert len(set(raised)) == 1


def test_a_steady_customer_shows_nothing_and_neither_does_a_keener_one() -> None:
    steady = visits(0, 150, seconds=40)
    assert not told(*steady)
    assert not told(*visits(0, CHANGE, seconds=20), *visits(CHANGE, 150, seconds=60, pages=6))


def test_a_sign_is_dropped_when_the_customer_is_as_before() -> None:
    seen = visits(0, CHANGE, seconds=40) + visits(CHANGE, 130, seconds=15)
    assert SignalName.SHORTER_DWELL in told(*seen)
    assert SignalName.SHORTER_DWELL not in told(*seen, *visits(130, 200, seconds=40))


def test_fewer_pages_per_visit_are_a_sign() -> None:
    seen = visits(0, CHANGE, seconds=30, pages=6) + visits(CHANGE, CHANGE + 40, seconds=30, pages=2)
    found = told(*seen)[SignalName.SHALLOWER_VISITS]
    assert (found.usual, found.measure.unit) == (6.0, "pages")
    assert found.now < 4


def test_a_small_difference_is_no_sign_however_often_it_was_seen() -> None:
    seen = visits(0, CHANGE, seconds=40, pages=60) + visits(CHANGE, CHANGE + 45, seconds=36, pages=60)
    assert SignalName.SHORTER_DWELL not in told(*seen)


def test_who_is_unsteady_day_by_day_needs_more_to_show_a_sign() -> None:
    def life(*pages: int) -> list[Seen]:
        past = [
            page
            for day in range(0, CHANGE, 10)
            for page in visits(day, day + 1, seconds=30, pages=pages[day // 10 % 2])
        ]
        return past + visits(CHANGE, CHANGE + 40, seconds=30, pages=6, every=10)

    assert SignalName.SHALLOWER_VISITS in told(*life(10, 10))
    assert SignalName.SHALLOWER_VISITS not in told(*life(1, 19))


@pytest.mark.parametrize(
    ("kind", "usual", "now", "name"),
    [
        ("search", saying(), saying(broad=True), SignalName.BROADER_SEARCHES),
        ("support_message", saying(), saying(sentiment=-1), SignalName.HARSHER_SUPPORT),
        ("review", saying(length=80), saying(length=4), SignalName.SHORTER_REVIEWS),
    ],
)
def test_words_that_change_are_a_sign(kind: str, usual: Features, now: Features, name: SignalName) -> None:
    past = [a_seen(kind, day, text=usual) for day in range(0, 60, 10)]
    recent = [a_seen(kind, CHANGE + day, text=now) for day in range(0, 40, 10)]
    assert set(told(*past, *recent)) == {name}
    assert not told(*past, *(a_seen(kind, CHANGE + day, text=usual) for day in range(0, 40, 10)))


def test_worse_ratings_are_a_sign() -> None:
    seen = [a_seen("review", day, rating=5 if day <= 85 else 2) for day in range(0, 140, 10)]
    found = told(*seen)[SignalName.POORER_REVIEWS]
    assert (found.usual, found.now) == (5.0, 2.0)


def test_recommendations_that_are_no_longer_followed_are_a_sign() -> None:
    shown = [a_seen("impression", day, placement="recommended") for day in range(0, 140, 5)]
    followed = [a_seen("view", day + 0.01, referrer="recommended") for day in range(0, CHANGE, 5)]
    found = told(*sorted(shown + followed, key=lambda s: s.event.occurred_at))[SignalName.IGNORED_RECOMMENDATIONS]
    assert (found.n_now, found.measure.unit) == (9, "share")
    assert found.now > found.usual


def test_every_sign_of_a_mean_is_measured_once() -> None:
    assert len({measure.name for measure in MEASURES}) == len(MEASURES)


def test_nothing_is_told_of_who_has_no_past() -> None:
    assert standing(Days()) == []
    assert not told(*visits(0, 1, seconds=5))
