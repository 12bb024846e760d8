from dataclasses import replace

import pytest

from app.demo.calendar import Calendar
from app.demo.habits import IdentityHabits
from app.demo.parameters import parameters
from app.demo.plans import Plan, Planner
from app.demo.ties import Ties, draw_ties, tie

SIZE = 50


@pytest.fixture(scope="module")
def plans() -> list[Plan]:
    planner = Planner(7, Calendar(parameters()), parameters())
    return [planner.plan(index) for index in range(SIZE)]


def habits(**changes: float) -> IdentityHabits:
    return parameters().identities.model_copy(update=changes)


def test_nobody_is_in_two_couples_and_those_who_live_alone_in_none(plans: list[Plan]) -> None:
    ties = draw_ties(7, 0, plans, habits(shared_devices=1.0))
    assert all(ties.tablets[other] == index != other for index, other in ties.tablets.items())
    assert all(plans[index].customer.household != "single" for index in ties.tablets)


def test_who_shares_a_tablet_is_of_one_household(plans: list[Plan]) -> None:
    ties = draw_ties(7, 0, plans, habits(shared_devices=1.0))
    assert len(ties.tablets) > 4
    for one, other in ties.tablets.items():
        assert plans[one].customer.household == plans[other].customer.household
        assert plans[one].customer.household_later is None


def test_a_number_passes_once_from_one_who_left_to_one_who_came_weeks_later(plans: list[Plan]) -> None:
    ties = draw_ties(7, 0, plans, habits(recycled_phones=1.0))
    assert ties.numbers
    assert not set(ties.numbers) & set(ties.numbers.values())
    assert len(set(ties.numbers.values())) == len(ties.numbers)
    for new, old in ties.numbers.items():
        leaving = plans[old].leaving
        assert leaving
        assert leaving.day + parameters().identities.phone_rests <= plans[new].customer.joined


def test_without_shares_nothing_is_shared_and_no_name_changes(plans: list[Plan]) -> None:
    ties = draw_ties(7, 0, plans, habits(shared_devices=0.0, recycled_phones=0.0))
    assert ties == Ties({}, {})
    assert tie(7, 0, plans, ties, habits()) == plans


def test_ties_change_names_and_nothing_else(plans: list[Plan]) -> None:
    ties = draw_ties(7, 0, plans, habits(shared_devices=1.0, recycled_phones=1.0))
    tied = tie(7, 0, plans, ties, habits())
    for before, after in zip(plans, tied, strict=True):
        restored = replace(after.customer, names=before.customer.names)
        assert after._replace(customer=restored) == before
    for new, old in ties.numbers.items():
        assert tied[new].customer.names.phone == tied[old].customer.names.phone
        assert tied[old].customer.names.phone_on(tied[new].customer.joined - 1) is None
    for one, other in ties.tablets.items():
        assert tied[one].customer.names.tablet == tied[other].customer.names.tablet is not None
