import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.profile.schemas import RfmClass, RfmScores
from app.profile.sums.rfm import Standing, classify, limits_of, scores

BUYERS = st.lists(
    st.builds(Standing, st.integers(0, 900), st.integers(1, 50), st.integers(0, 10**7)), min_size=10, max_size=60
)


def test_the_eight_classes_follow_the_medians() -> None:
    limits = limits_of([Standing(1, 1, 10), Standing(10, 2, 20), Standing(100, 3, 30)])
    assert limits is not None
    assert limits.medians == Standing(10, 2, 20)
    assert classify(Standing(10, 3, 21), limits) is RfmClass.IMPORTANT_VALUE
    assert classify(Standing(11, 2, 20), limits) is RfmClass.GENERAL_WIN_BACK
    assert classify(Standing(11, 3, 20), limits) is RfmClass.GENERAL_KEEP


def test_without_buyers_there_are_no_limits() -> None:
    assert limits_of([]) is None


@pytest.mark.parametrize(("position", "score"), [(0, 1), (1, 1), (2, 2), (5, 3), (7, 4), (9, 5)])
def test_ten_different_buyers_fill_the_fifths_evenly(position: int, score: int) -> None:
    buyers = [Standing(100 - n, n, 10 * n) for n in range(10)]
    limits = limits_of(buyers)
    assert limits is not None
    assert scores(buyers[position], limits) == RfmScores(recency=score, frequency=score, monetary=score)


def test_buyers_with_one_order_share_the_lowest_score_for_frequency() -> None:
    limits = limits_of([Standing(n, 1, n) for n in range(80)] + [Standing(n, 9, n) for n in range(20)])
    assert limits is not None
    ranks = [scores(Standing(0, orders, 0), limits) for orders in (1, 9)]
    assert [rank and rank.frequency for rank in ranks] == [1, 5]


def test_a_handful_of_buyers_is_ranked_by_nobody() -> None:
    limits = limits_of([Standing(n, n, n) for n in range(9)])
    assert limits is not None
    assert scores(Standing(0, 9, 9), limits) is None


@given(BUYERS)
def test_more_is_never_scored_lower(buyers: list[Standing]) -> None:
    limits = limits_of(buyers)
    assert limits is not None
    ranked = [rank for b in sorted(buyers, key=lambda buyer: buyer.total) if (rank := scores(b, limits))]
    assert len(ranked) == len(buyers)
    assert [s.monetary for s in ranked] == sorted(s.monetary for s in ranked)
    by_day = sorted(buyers, key=lambda buyer: -buyer.days_since_last)
    recent = [rank.recency for buyer in by_day if (rank := scores(buyer, limits))]
    assert recent == sorted(recent)
    assert {score for s in ranked for score in (s.recency, s.frequency, s.monetary)} <= {1, 2, 3, 4, 5}
