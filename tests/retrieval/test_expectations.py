"""What to expect of a trial: the parts add up, and what is far, old or not randomised says less."""

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.retrieval.expectations import EVIDENCE, Expectations, stance_of
from app.retrieval.schemas import Case, Channel, EvidenceKind
from app.retrieval.trials import Trial, arms_of, trial_of
from tests.factories_campaigns import AS_OF, case_of, outcome_of

CHANNELS = (Channel.SMS, Channel.EMAIL, Channel.PUSH)


def a_family() -> list[Case]:
    return [
        case_of(f"f{i}", lift=250 * i, n=1500, seed=i, channel=CHANNELS[i % 3], topics=("pets",) if i % 2 else ())
        for i in range(8)
    ]


def expectations(*more: Case) -> Expectations:
    found = [trial_of(sent, None) for sent in arms_of([*a_family(), *more])]
    return Expectations([trial for trial in found if trial is not None])


FAMILY = expectations()


def place_of(found: Expectations, campaign_id: str) -> int:
    return [trial.campaign.campaign_id for trial in found.trials].index(campaign_id)


@given(st.integers(0, 7), st.floats(0, 1), st.integers(0, 900))
def test_the_parts_add_up_to_the_mean_and_the_lift_has_that_mean(place: int, reach: float, later: int) -> None:
    found = FAMILY.at(np.array([place]), np.array([reach]), AS_OF + timedelta(days=later))
    kept = float((found.reach * found.age * found.evidence)[0])
    told = float((found.family + found.reach * (found.aimed + found.age * found.evidence * found.own))[0])
    assert float(found.mean[0]) == pytest.approx(told)
    assert FAMILY.lift(place, kept=kept, reach=reach).mean == pytest.approx(told)


def test_far_is_nearer_to_its_kind_and_less_sure() -> None:
    far, near = (FAMILY.lift(7, kept=kept, reach=1.0) for kept in (0.1, 1.0))
    assert far.high - far.low > near.high - near.low


def test_old_is_nearer_to_its_kind() -> None:
    now, later = (FAMILY.at(np.array([7]), np.ones(1), AS_OF + timedelta(days=days)) for days in (0, 1000))
    assert abs((later.mean - now.family - now.aimed)[0]) < abs((now.mean - now.family - now.aimed)[0])
    assert later.age[0] < 0.2 < now.age[0]


def test_evidence_that_was_not_randomised_is_kept_in_part_and_is_less_sure() -> None:
    kinds: tuple[EvidenceKind, ...] = ("randomised", "observational", "reported")
    owns, widths = [], []
    for kind in kinds:
        found = expectations(case_of("x", lift=4000, n=1500, seed=77, evidence_kind=kind))
        place = place_of(found, "x")
        prospects = found.at(np.array([place]), np.ones(1), AS_OF)
        lift = found.lift(place, kept=float(prospects.age[0] * prospects.evidence[0]), reach=1.0)
        owns.append(float((prospects.evidence * prospects.own)[0]))
        widths.append(lift.high - lift.low)
    assert owns[0] > owns[1] > owns[2] > 0
    assert widths[0] < widths[1] < widths[2]
    assert EVIDENCE["simulated"] == EVIDENCE["randomised"] == 1.0


def test_small_cases_are_shrunk_more_than_large_ones() -> None:
    treated, control = [9000, 9500] * 6 + [0] * 18, [9000, 9500, 0] * 2 + [0] * 24
    small, large = (
        case_of(name).model_copy(
            update={"outcomes": (outcome_of(treated * times, control * times, campaign_id=name),)},
        )
        for name, times in (("small", 1), ("large", 200))
    )
    found = expectations(small, large)
    own = found.at(np.array([place_of(found, name) for name in ("small", "large")]), np.ones(2), AS_OF).own
    assert 0 < own[0] < 0.5 * own[1]


def test_an_arm_can_be_seen_as_one_of_another_kind() -> None:
    trial: Trial = FAMILY.trials[0]
    assert not trial.traits.targeted
    own = FAMILY.lift_as(0, trial.traits, kept=1.0)
    aimed = FAMILY.lift_as(0, trial.traits._replace(targeted=True), kept=1.0)
    assert own.mean == pytest.approx(FAMILY.lift(0, kept=1.0, reach=1.0).mean)
    assert aimed.mean != own.mean
    assert (aimed.treated_n, aimed.control_n) == (own.treated_n, own.control_n)


def test_what_an_arm_did_is_told_by_its_measured_interval() -> None:
    cases = [case_of(name, lift=lift, n=4000, seed=i) for i, (name, lift) in enumerate([("a", 900), ("b", -900)])]
    found = expectations(*cases, case_of("c", lift=0, n=30, seed=9))
    stances = [stance_of(found.measured[place_of(found, name)]) for name in ("a", "b", "c")]
    assert stances == ["worked", "failed", "unclear"]
    assert found.failed.tolist() == [lift.high < 0 for lift in found.measured]
