from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.predict.intent.baskets import Baskets, Touches, no_touches
from app.predict.intent.estimating import estimate, not_enough
from app.predict.intent.learning import Intent, learn
from app.predict.schemas import IntentEstimate
from tests.factories_intent import DAY, a_shop


@cache
def the_shop() -> Intent:
    found = learn(*a_shop(), day=DAY)
    assert isinstance(found, Intent)
    return found


def buyer(*bought: tuple[int, str]) -> Baskets:
    """Days ago and category of each purchase."""
    days = [DAY - ago for ago, _ in bought]
    names = the_shop().habits.names
    return Baskets.from_columns([0] * len(days), days, [c for _, c in bought], [100] * len(days), names)


def said(baskets: Baskets, touches: Touches | None = None, silent: float = 0.4) -> IntentEstimate:
    return estimate(
        the_shop(),
        baskets,
        touches or no_touches(),
        day=DAY,
        p_no_purchase=silent,
        horizon_days=90,
        evidence={("tea", "bought"): ("e1", "e2")},
    )


TEA = tuple((27 + 30 * i, "tea") for i in range(6))


@given(
    st.lists(st.tuples(st.integers(0, 300), st.sampled_from(["tea", "books", "other"])), min_size=1, max_size=9),
    st.floats(0, 1),
)
def test_the_laws_of_chance_hold_for_every_customer(bought: list[tuple[int, str]], silent: float) -> None:
    found = said(buyer(*bought), silent=silent)
    chances = [window.probability for window in found.windows]
    assert [window.days for window in found.windows] == [7, 14, 30, 90]
    assert chances == sorted(chances)
    assert chances[-1] == pytest.approx(1 - silent)
    assert found.other_share is not None
    assert found.other_share >= 0
    assert sum(c.share for c in found.categories) + found.other_share == pytest.approx(1)
    for category in found.categories:
        within = [window.probability for window in category.within]
        assert within == pytest.approx([category.share * chance for chance in chances])
        assert all(reason.factor > 1 for reason in category.reasons)


def test_the_likely_window_is_the_shortest_that_reaches_half_or_none() -> None:
    assert said(buyer(*TEA), silent=0.6).likely_window is None
    found = said(buyer(*TEA), silent=0.02)
    assert found.likely_window is not None
    shorter = [w.probability for w in found.windows if w.days < found.likely_window.days]
    assert found.likely_window.probability >= 0.5
    assert all(p < 0.5 for p in shorter)
    assert found.earliest_days is not None
    assert found.median_days is not None
    assert found.earliest_days <= found.median_days <= found.likely_window.days


def test_who_buys_tea_every_month_is_told_so_with_the_evidence() -> None:
    found = said(buyer(*TEA))
    first = found.categories[0]
    assert first.category == "tea"
    assert first.share > 0.6
    assert {reason.name for reason in first.reasons} & {"own", "due", "last"}
    assert ("e1", "e2") in {reason.evidence for reason in first.reasons}
    (again,) = found.replenishments
    assert (again.category, again.purchases, again.last_days_ago) == ("tea", 6, 27)
    assert again.every_days == pytest.approx(30, abs=3)
    assert again.due_in_days <= 6


def test_a_rhythm_that_has_ended_is_not_told() -> None:
    assert not said(buyer(*((150 + 30 * i, "tea") for i in range(4)))).replenishments


def test_a_view_of_today_speaks_for_its_category() -> None:
    names = the_shop().habits.names
    seen = Touches.from_columns([0], [DAY], ["toys"], [2.0], [0], names)
    share = {c.category: c.share for c in said(buyer((40, "books"))).categories}
    after = {c.category: c.share for c in said(buyer((40, "books")), seen).categories}
    assert after["toys"] > share["toys"]


def test_acts_after_the_day_change_nothing() -> None:
    later = Touches.from_columns([0], [DAY + 1], ["toys"], [9.0], [1], the_shop().habits.names)
    now = buyer((40, "books"), (3, "toys"))
    tomorrow = buyer((40, "books"), (3, "toys"), (-1, "tea"))
    assert said(tomorrow, later) == said(now)


def test_what_is_missing_is_said() -> None:
    found = not_enough(("orders",), 90)
    assert (found.status, found.missing, found.windows, found.categories) == ("not_enough_data", ("orders",), (), ())


def test_the_shares_move_with_the_customer() -> None:
    tea, toys = said(buyer(*TEA)), said(buyer(*((5 + 20 * i, "toys") for i in range(6))))
    assert tea.categories[0].category != toys.categories[0].category
    assert np.isfinite([c.share for c in (*tea.categories, *toys.categories)]).all()
