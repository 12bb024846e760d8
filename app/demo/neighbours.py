"""The shop's customers neighbourhood by neighbourhood, so that names can be shared and memory stays flat."""

from collections.abc import Iterator
from typing import NamedTuple

from app.demo.habits import IdentityHabits
from app.demo.plans import Plan, Planner
from app.demo.ties import Ties, draw_ties, tie

_KEPT = 4


class Neighbourhood(NamedTuple):
    """So many customers in a row with what they share."""

    first: int
    plans: list[Plan]
    ties: Ties


class Neighbours:
    """Plans under the names that the log knows; the last few neighbourhoods are kept."""

    def __init__(self, seed: int, planner: Planner, habits: IdentityHabits) -> None:
        """Nothing is drawn until asked for."""
        self._seed = seed
        self._planner = planner
        self._habits = habits
        self._kept: dict[int, Neighbourhood] = {}

    def plan(self, index: int) -> Plan:
        """The plan of the customer with this number."""
        home = self._around(index)
        return home.plans[index - home.first]

    def ties(self, index: int) -> Ties:
        """What the customer's neighbourhood shares."""
        return self._around(index).ties

    def circles(self, customers: int) -> Iterator[list[int]]:
        """The first `customers` in order; who shares something, even through a third, comes together."""
        told: set[int] = set()
        for index in range(customers):
            if index % self._habits.neighbourhood == 0:
                told.clear()
            if index not in told:
                circle = sorted(other for other in self._circle(index) if other < customers)
                told.update(circle)
                yield circle

    def _circle(self, index: int) -> set[int]:
        ties, found, waiting = self.ties(index), {index}, [index]
        while waiting:
            new = ties.partners(waiting.pop()) - found
            found |= new
            waiting += new
        return found

    def _around(self, index: int) -> Neighbourhood:
        block = index // self._habits.neighbourhood
        if block not in self._kept:
            if len(self._kept) == _KEPT:
                del self._kept[next(iter(self._kept))]
            self._kept[block] = self._settle(block)
        return self._kept[block]

    def _settle(self, block: int) -> Neighbourhood:
        first = block * self._habits.neighbourhood
        plans = [self._planner.plan(index) for index in range(first, first + self._habits.neighbourhood)]
        ties = draw_ties(self._seed, block, plans, self._habits)
        return Neighbourhood(first, tie(self._seed, block, plans, ties, self._habits), ties)
