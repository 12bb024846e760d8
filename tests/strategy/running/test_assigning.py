"""Draws: shares, independence, stability, and people who turn out to be one."""

from datetime import UTC, datetime, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2_contingency, chisquare

from app.retrieval.schemas import Arm, Campaign, Channel
from app.strategy.running.assigning import Draw, draw, hold_or_give, share_out, standing
from app.strategy.running.schemas import Member

START = datetime(2026, 3, 1, tzinfo=UTC)
IDS = [f"c_{n:06d}" for n in range(20_000)]


def campaign_of(campaign_id: str = "one", *, arms: int = 2, holdout: float = 0.2) -> Campaign:
    made = [Arm(arm_id=f"arm{n}", channel=Channel.SMS) for n in range(arms)]
    return Campaign(
        campaign_id=campaign_id,
        evidence_kind="randomised",
        title="Test",
        objective="retain",
        eligible_n=0,
        arms=share_out(made, holdout),
        holdout_share=holdout,
        window_days=14,
        starts_at=START,
        ends_at=START + timedelta(hours=1),
    )


def drawn(campaign: Campaign, workspace: str = "shop", ids: list[str] = IDS) -> list[Draw]:
    return [draw(campaign, workspace, customer_id) for customer_id in ids]


def test_groups_are_as_large_as_declared_and_propensities_are_their_shares() -> None:
    found = drawn(campaign_of())
    counts = [sum(d.arm_id == arm for d in found) for arm in (None, "arm0", "arm1")]
    assert chisquare(counts, [len(IDS) * share for share in (0.2, 0.4, 0.4)]).pvalue > 0.001
    assert {(d.arm_id, d.held, round(d.propensity, 9)) for d in found} == {
        (None, True, 0.2),
        ("arm0", False, 0.4),
        ("arm1", False, 0.4),
    }


def test_draws_of_two_campaigns_and_of_two_workspaces_have_nothing_to_do_with_each_other() -> None:
    first = [d.arm_id for d in drawn(campaign_of("one"))]
    for other in (drawn(campaign_of("two")), drawn(campaign_of("one"), "another")):
        names = (None, "arm0", "arm1")
        second = [d.arm_id for d in other]
        table = [[sum(a == x and b == y for a, b in zip(first, second, strict=True)) for y in names] for x in names]
        assert chi2_contingency(table).pvalue > 0.001


def test_a_draw_depends_on_nobody_else() -> None:
    campaign = campaign_of()
    few = dict(zip(IDS[::7], drawn(campaign, ids=IDS[::7]), strict=True))
    assert few == {customer_id: draw(campaign, "shop", customer_id) for customer_id in reversed(IDS[::7])}


def test_neighbouring_ids_are_drawn_as_if_they_had_nothing_in_common() -> None:
    held = np.array([d.held for d in drawn(campaign_of(holdout=0.5))], float)
    assert abs(np.corrcoef(held[:-1], held[1:])[0, 1]) < 0.03


def test_a_planned_arm_is_given_or_held_out_with_the_declared_chance() -> None:
    campaign = campaign_of(holdout=0.3)
    found = [hold_or_give(campaign, "shop", customer_id, "arm1") for customer_id in IDS]
    held = sum(d.held for d in found)
    assert chisquare([held, len(IDS) - held], [0.3 * len(IDS), 0.7 * len(IDS)]).pvalue > 0.001
    assert {d.arm_id for d in found} == {"arm1"}
    assert {d.propensity for d in found} == {0.3, 0.7}


@given(st.integers(1, 6), st.floats(0.01, 0.99), st.text(min_size=1, max_size=20))
def test_everybody_lands_in_exactly_one_group(arms: int, holdout: float, customer_id: str) -> None:
    campaign = campaign_of(arms=arms, holdout=holdout)
    found = draw(campaign, "shop", customer_id)
    assert found.held == (found.arm_id is None)
    assert found.held or found.arm_id in {arm.arm_id for arm in campaign.arms}
    assert abs(holdout + sum(arm.propensity for arm in campaign.arms) - 1.0) < 1e-9


def member(customer_id: str, arm_id: str | None, *, handed: int | None = None) -> Member:
    return Member(
        customer_id=customer_id,
        subject=f"user_id:{customer_id}",
        decision_id=f"d_{customer_id}",
        arm_id=arm_id,
        held=arm_id is None,
        propensity=0.5,
        segment=None,
        handed_at=None if handed is None else START + timedelta(hours=handed),
    )


def test_somebody_merged_keeps_the_draw_of_the_id_that_was_exposed_first() -> None:
    members = [member("c_1", "arm0"), member("c_2", "arm0", handed=3), member("c_3", "arm0", handed=1)]
    found = standing(members, {"c_2": "c_1", "c_3": "c_1"})
    assert found.members["c_1"].customer_id == "c_3"
    assert not found.contaminated


def test_where_nobody_was_written_to_the_older_id_holds() -> None:
    found = standing([member("c_0", "arm0"), member("c_1", "arm0")], {"c_0": "c_1", "c_1": "c_1"})
    assert found.members["c_1"].customer_id == "c_1"


def test_whom_both_sides_reached_belongs_to_neither() -> None:
    members = [member("c_1", None), member("c_2", "arm0"), member("c_3", "arm1"), member("c_4", None)]
    found = standing(members, {"c_2": "c_1"})
    assert found.contaminated == {"c_1"}
    assert set(found.members) == {"c_1", "c_3", "c_4"}
    assert standing(members, {"c_3": "c_2"}).contaminated == {"c_2"}
