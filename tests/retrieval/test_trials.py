"""Which outcome speaks for whom."""

import pytest

from app.profile.schemas import Lifecycle
from app.retrieval.schemas import Outcome
from app.retrieval.trials import Sent, added, arms_of, trial_of
from tests.factories_campaigns import case_of, orders, outcome_of

CASE = case_of()


def segment(name: str, n: int, *, seed: int) -> Outcome:
    return outcome_of(orders(n, 3000, seed=seed), orders(n, 2000, seed=seed + 1), segment=name)


def sent_with(*outcomes: Outcome) -> Sent:
    (sent,) = arms_of([CASE.model_copy(update={"outcomes": outcomes})])
    return sent


ALL = segment("all", 900, seed=1)
KEEPERS = segment("important_keep", 200, seed=3), segment("general_keep", 300, seed=5)


def test_both_spending_halves_of_a_life_cycle_are_added_up() -> None:
    trial = trial_of(sent_with(ALL, *KEEPERS), Lifecycle.KEEP)
    assert trial is not None
    assert (trial.outcome.segment, trial.outcome.treated_n) == ("keep", 500)
    assert trial.outcome.treated_sum == sum(o.treated_sum for o in KEEPERS)
    assert trial.outcome.control_sumsq == sum(o.control_sumsq for o in KEEPERS)


def test_which_half_of_the_life_cycle_asks_makes_no_difference_because_nobody_can_ask_for_a_half() -> None:
    assert set(Lifecycle) == {"value", "develop", "keep", "win_back"}


def test_an_outcome_of_the_life_cycle_itself_comes_before_sums() -> None:
    trial = trial_of(sent_with(ALL, *KEEPERS, segment("keep", 70, seed=9)), Lifecycle.KEEP)
    assert trial is not None
    assert trial.outcome.treated_n == 70


@pytest.mark.parametrize("asked", [Lifecycle.VALUE, None])
def test_otherwise_the_outcome_of_all_speaks(asked: Lifecycle | None) -> None:
    trial = trial_of(sent_with(ALL, *KEEPERS), asked)
    assert trial is not None
    assert trial.outcome == ALL


def test_halves_too_small_to_measure_leave_it_to_all() -> None:
    tiny = outcome_of([500], [0], segment="important_keep")
    trial = trial_of(sent_with(ALL, tiny), Lifecycle.KEEP)
    assert trial is not None
    assert trial.outcome == ALL


def test_an_arm_without_a_control_group_is_no_trial() -> None:
    assert trial_of(sent_with(outcome_of(orders(50, 900, seed=1), [])), None) is None


def test_sums_are_those_of_the_customers_together() -> None:
    mine, theirs = orders(40, 900, seed=1), orders(60, 1200, seed=2)
    together = outcome_of(mine + theirs, mine, segment="x")
    parts = [outcome_of(mine, mine[:20]), outcome_of(theirs, mine[20:])]
    assert added(parts, segment="x") == together


def test_arms_come_by_campaign_and_arm_id_whatever_the_order_of_cases() -> None:
    cases = [case_of("b"), case_of("a")]
    assert arms_of(cases) == arms_of(cases[::-1])
    assert [sent.campaign.campaign_id for sent in arms_of(cases)] == ["a", "b"]
