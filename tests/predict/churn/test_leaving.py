"""Who is gone and who will do nothing: learned from what customers did at earlier days."""

from dataclasses import replace

import msgspec
import numpy as np
import pytest

from app.errors import InvalidInput
from app.predict.behaviour.columns import BehaviourColumns
from app.predict.behaviour.signs import Acts, Signs, Stretches
from app.predict.churn.leaving import GRACE_DAYS, WATCHED_DAYS, Leaving, chances, gone, learn
from tests.factories_behaviour import FIRST_DAY, Shop, a_behaviour, a_shop

HORIZON = 60


@pytest.fixture(scope="module")
def shop() -> Shop:
    return a_shop()


@pytest.fixture(scope="module")
def learned(shop: Shop) -> Leaving:
    found = learn(BehaviourColumns(shop.behaviour), shop.purchases, day=shop.last_day, horizon_days=HORIZON)
    assert found is not None
    return found


def test_who_left_is_told_from_who_is_between_two_visits(shop: Shop, learned: Leaving) -> None:
    found = chances(learned, BehaviourColumns(shop.behaviour), shop.purchases, day=shop.last_day)
    buyers = np.isfinite(found.churn_risk)
    left = shop.left < shop.last_day - 40
    assert np.unique(shop.purchases.customer).size == buyers.sum()
    assert found.churn_risk[buyers & left].min() > found.churn_risk[buyers & ~left].mean()
    assert found.churn_risk[buyers & (shop.left > shop.last_day)].mean() < 0.1


def test_chances_come_true_out_of_time(learned: Leaving) -> None:
    assert learned.gone_record is not None
    assert learned.quiet_record is not None
    for record in (learned.gone_record, learned.quiet_record):
        assert record.auc > 0.85
        assert record.ece < 0.08
        assert record.predicted == pytest.approx(record.observed, abs=0.06)


def test_learning_and_reading_know_nothing_of_later_days(shop: Shop) -> None:
    day = shop.last_day - 60
    whole, then = BehaviourColumns(shop.behaviour), BehaviourColumns(shop.behaviour.until(day))
    one = learn(whole, shop.purchases, day=day, horizon_days=HORIZON)
    other = learn(then, shop.purchases.until(day), day=day, horizon_days=HORIZON)
    assert one == other
    assert one is not None
    np.testing.assert_array_equal(
        chances(one, whole, shop.purchases, day=day).churn_risk,
        chances(one, then, shop.purchases.until(day), day=day).churn_risk,
    )


def test_a_longer_silence_never_lowers_the_risk(shop: Shop, learned: Leaving) -> None:
    """The same customers seen a week later, had nobody come: those who were there before stay above what they were."""
    now = chances(learned, BehaviourColumns(shop.behaviour), shop.purchases, day=shop.last_day).churn_risk
    later = chances(learned, BehaviourColumns(shop.behaviour), shop.purchases, day=shop.last_day + 20).churn_risk
    buyers = np.isfinite(now)
    assert later[buyers].mean() > now[buyers].mean()
    assert (later[buyers] >= now[buyers] - 0.05).mean() > 0.97


def test_it_is_plain_text_and_comes_back_whole(shop: Shop, learned: Leaving) -> None:
    again = msgspec.json.decode(msgspec.json.encode(learned), type=Leaving)
    assert again == learned
    behaviour = BehaviourColumns(shop.behaviour)
    np.testing.assert_array_equal(
        chances(again, behaviour, shop.purchases, day=shop.last_day).p_no_activity,
        chances(learned, behaviour, shop.purchases, day=shop.last_day).p_no_activity,
    )


def test_other_columns_than_were_learned_from_are_refused(shop: Shop, learned: Leaving) -> None:
    nothing = np.zeros(0)
    none = Stretches._make([nothing.astype(np.int64)] * 4 + [nothing] * 2 + [nothing.astype(np.int64)])
    with_signs = replace(shop.behaviour, signs=Signs(none, np.zeros(len(shop.behaviour.customer_ids), np.int64)))
    with pytest.raises(InvalidInput, match="fit it anew"):
        chances(learned, BehaviourColumns(with_signs), shop.purchases, day=shop.last_day)


def test_a_short_past_teaches_nothing(shop: Shop) -> None:
    behaviour = BehaviourColumns(shop.behaviour)
    assert learn(behaviour, shop.purchases, day=FIRST_DAY + 80, horizon_days=HORIZON) is None


@pytest.mark.parametrize(
    ("days", "went"),
    [
        ([0, 5, 10], True),  # nothing for long since
        ([0, 5, 10, 10 + GRACE_DAYS], True),  # once more within the days of grace
        ([0, 5, 10, 11 + GRACE_DAYS], False),
        ([0, 5, 10, 60], False),  # came back
        ([-100, 10], False),  # so long a gap is theirs
    ],
)
def test_gone_is_who_stays_away_for_longer_than_their_own_gaps(days: list[int], went: bool) -> None:
    acts = Acts(np.zeros(len(days), np.int64), np.array(days))
    found = gone(acts, 1, 10, 10 + GRACE_DAYS + WATCHED_DAYS)
    assert found.happened.tolist() == [went]
    assert found.judged.tolist() == [True]


def test_who_has_never_done_anything_cannot_be_judged() -> None:
    assert gone(a_behaviour([("a", 50, {"messages": 1})]).acts, 1, 60, 200).judged.tolist() == [False]
