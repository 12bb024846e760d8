"""Families: what arms of a kind bring, learned from all arms together."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.retrieval.families import Families, Traits, expected_of
from app.retrieval.outcomes import Family, Measured

CHANNELS = ("email", "push", "sms", "wechat")


def arms(
    seed: int, effect: dict[str, float], *, n: int = 120, noise: float = 100.0
) -> tuple[list[Measured], list[Traits]]:
    """Arms of a known truth: 100, more on some channels, and 300 more for those who want the topic."""
    random = np.random.default_rng(seed)
    kinds = [
        Traits(CHANNELS[i % 4], "coupon" if random.random() < 0.5 else "", bool(random.random() < 0.6))
        for i in range(n)
    ]
    lifts = [
        Measured(100 + effect.get(k.channel, 0.0) + 300 * k.targeted + random.normal(0, noise), noise**2) for k in kinds
    ]
    return lifts, kinds


def test_it_finds_what_a_channel_and_a_topic_add() -> None:
    found = Families(*arms(1, {"wechat": 400.0}, n=400))
    wechat, sms = found.of(Traits("wechat", "", True)), found.of(Traits("sms", "", True))
    assert wechat.mu == pytest.approx(800, abs=60)
    assert wechat.mu - sms.mu == pytest.approx(400, abs=60)
    assert wechat.mu - found.of(Traits("wechat", "", False)).mu == pytest.approx(300, abs=60)


def test_where_channels_do_not_differ_they_are_pulled_together() -> None:
    lifts, kinds = arms(2, {}, noise=400.0)
    found = Families(lifts, kinds)
    of = [found.of(Traits(channel, "", True)).mu for channel in CHANNELS]
    raw = [np.mean([lift.mean for lift, k in zip(lifts, kinds, strict=True) if k.channel == c]) for c in CHANNELS]
    assert np.ptp(of) < 0.6 * np.ptp(raw)


def test_a_kind_that_was_never_tried_is_expected_in_the_middle_and_less_surely() -> None:
    found = Families(*arms(3, {"wechat": 400.0, "sms": -200.0}, n=400))
    known, new = found.of(Traits("push", "", True)), found.of(Traits("onsite", "", True))
    others = [found.of(Traits(channel, "", True)).mu for channel in CHANNELS]
    assert min(others) < new.mu < max(others)
    assert new.mu_variance > 4 * known.mu_variance


def test_one_arm_is_enough_to_answer() -> None:
    found = Families([Measured(500.0, 100.0)], [Traits("sms", "", True)]).of(Traits("sms", "", True))
    assert found.mu == pytest.approx(500.0)
    assert np.isfinite([found.mu_variance, found.tau2]).all()


@given(
    st.lists(
        st.tuples(
            st.floats(-1e6, 1e6),
            st.floats(0, 1e9),
            st.sampled_from(CHANNELS),
            st.sampled_from(["", "gift"]),
            st.booleans(),
        ),
        min_size=1,
        max_size=30,
    )
)
def test_it_answers_with_numbers_whatever_was_measured(rows: list[tuple[float, float, str, str, bool]]) -> None:
    found = Families(
        [Measured(y, v) for y, v, *_ in rows], [Traits(*kind) for *_, kind in [(r[0], r[2:]) for r in rows]]
    )
    family = found.of(Traits("email", "gift", True))
    assert np.isfinite([family.mu, family.mu_variance, family.tau2]).all()
    assert family.mu_variance >= 0
    assert family.tau2 > 0


def test_a_large_trial_speaks_for_itself_and_a_tiny_one_for_its_family() -> None:
    family = Family(100.0, 25.0, 10_000.0)
    large, tiny = Measured(500.0, 1.0), Measured(500.0, 1e9)
    assert expected_of(large, family, family, 1.0).mean == pytest.approx(500, abs=1)
    assert expected_of(tiny, family, family, 1.0).mean == pytest.approx(100, abs=1)
    assert expected_of(large, family, family, 0.0) == Measured(100.0, pytest.approx(10_025.0))


@given(st.floats(0, 1), st.floats(1, 1e6))
def test_nothing_kept_is_never_surer_than_all_kept(kept: float, variance: float) -> None:
    family = Family(100.0, 25.0, 10_000.0)
    case = Measured(300.0, variance)
    assert expected_of(case, family, family, kept).variance <= expected_of(case, family, family, 0.0).variance + 1e-6
