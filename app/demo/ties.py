"""What two customers share: a household's tablet, or a phone number given up by one and handed to the other.

Customers live in neighbourhoods of a fixed size, and ties are drawn within one: so a log can be streamed, and nobody
depends on how many customers the shop has.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from app.demo.dice import Dice
from app.demo.habits import IdentityHabits
from app.demo.personas import Customer
from app.demo.plans import Plan
from app.demo.recording import APP

TIES_PLACE = 9
_ALONE = "single"


class Ties(NamedTuple):
    """Who shares what within a neighbourhood; customers by their number in the shop."""

    tablets: dict[int, int]
    """Customer -> the other who uses the same tablet; both ways."""
    numbers: dict[int, int]
    """Customer -> the former owner of their phone number."""

    def partners(self, index: int) -> set[int]:
        """All who share something with a customer."""
        heirs = {new for new, old in self.numbers.items() if old == index}
        return heirs | {other for ties in (self.tablets, self.numbers) if (other := ties.get(index)) is not None}


def draw_ties(seed: int, block: int, plans: Sequence[Plan], habits: IdentityHabits) -> Ties:
    """The ties of one neighbourhood, whose plans are given in order of their customers' numbers."""
    dice = Dice(seed, TIES_PLACE, block)
    couples = _draw_couples(plans, dice.rounded(habits.shared_devices * len(plans) / 2), habits.tablet_visits, dice)
    numbers = _draw_numbers(plans, dice.rounded(habits.recycled_phones * len(plans)), habits.phone_rests, dice)
    return Ties(dict(couples) | {b: a for a, b in couples}, numbers)


def tie(seed: int, block: int, plans: Sequence[Plan], ties: Ties, habits: IdentityHabits) -> list[Plan]:
    """The plans with the identifiers that sharing gives and takes."""
    first, heirs = plans[0].customer.index, {old: new for new, old in ties.numbers.items()}
    tied = []
    for plan in plans:
        customer, names = plan.customer, plan.customer.names
        if (other := ties.tablets.get(customer.index)) is not None:
            names = replace(names, tablet=_tablet(seed, block, min(customer.index, other) - first))
        if (former := ties.numbers.get(customer.index)) is not None:
            names = replace(names, phone=plans[former - first].customer.names.phone)
        if (heir := heirs.get(customer.index)) is not None:
            names = replace(names, phone_given_up=plans[heir - first].customer.joined - habits.phone_given_up)
        tied.append(plan if names is customer.names else plan._replace(customer=replace(customer, names=names)))
    return tied


def _tablet(seed: int, block: int, position: int) -> str:
    return f"pad-{Dice(seed, TIES_PLACE, block, position).code(16)}"


def _draw_couples(plans: Sequence[Plan], count: int, visits: int, dice: Dice) -> list[tuple[int, int]]:
    """Pairs of one household who may be expected to visit so often by app; nobody is in two."""
    at_home = [plan.customer for plan in plans if _keeps_company(plan.customer) and _visits_by_app(plan) >= visits]
    couples: list[tuple[int, int]] = []
    while len(couples) < count and at_home:
        one = at_home.pop(dice.whole(0, len(at_home) - 1))
        if alike := [other for other in at_home if other.household == one.household]:
            other = dice.pick(alike)
            at_home.remove(other)
            couples.append((one.index, other.index))
    return couples


def _keeps_company(customer: Customer) -> bool:
    """True when they live with the same others from the first day to the last."""
    return customer.household != _ALONE and customer.household_later is None


def _visits_by_app(plan: Plan) -> float:
    return plan.customer.surfaces.get(APP, 0.0) * (len(plan.visit_days) + len(plan.order_days))


def _draw_numbers(plans: Sequence[Plan], count: int, rests: int, dice: Dice) -> dict[int, int]:
    """New owner -> former owner, who left `rests` days or more before the new one came; no number has three owners."""
    numbers: dict[int, int] = {}
    while len(numbers) < count:
        taken = {*numbers, *numbers.values()}
        possible = [
            (new.customer.index, old.customer.index)
            for new in plans
            for old in plans
            if old.leaving is not None
            and old.leaving.day + rests <= new.customer.joined
            and not {new.customer.index, old.customer.index} & taken
        ]
        if not possible:
            break
        new_owner, former = dice.pick(possible)
        numbers[new_owner] = former
    return numbers
