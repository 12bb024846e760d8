"""The demo shop: everything that the product may know of it. What only the simulator knows is in `truth.py`.

The first `customers` of the shop's customers appear in its log; each is drawn by themselves, so that a larger shop
holds the smaller one and events can be streamed.
"""

from collections.abc import Iterator
from datetime import datetime
from functools import cached_property

from app.access.schemas import Workspace
from app.demo.behaviour import play
from app.demo.calendar import Calendar
from app.demo.campaigns import PastCampaigns
from app.demo.catalogue import Shelf
from app.demo.outcomes import CampaignArchive
from app.demo.parameters import Parameters, parameters
from app.demo.plans import Planner
from app.events.schemas import IncomingEvent, Item
from app.retrieval.schemas import Case

DEFAULT_SEED = 7
DEFAULT_CUSTOMERS = 300


class DemoShop:
    """One simulated shop. The same seed and number of customers give the same bytes."""

    def __init__(self, seed: int = DEFAULT_SEED, customers: int = DEFAULT_CUSTOMERS) -> None:
        """Nothing is drawn until asked for."""
        self.seed = seed
        self.customers = customers
        self.workspace = Workspace(workspace_id="demo", timezone="Asia/Shanghai", currency="CNY", language="zh")

    @property
    def ends_at(self) -> datetime:
        """The midnight at which the log ends; nothing happened at or after it."""
        return self.calendar.at(self.calendar.end_ms)

    def items(self) -> tuple[Item, ...]:
        """The catalogue."""
        return tuple(product.item for product in self._shelf.products)

    def events(self) -> Iterator[tuple[str, IncomingEvent]]:
        """(source, event), customer after customer, each customer's in order of arrival."""
        for index in range(self.customers):
            yield from self.events_of(index)

    def events_of(self, index: int) -> Iterator[tuple[str, IncomingEvent]]:
        """One customer's events, in order of arrival."""
        plan = self.planner.plan(index)
        touches = self._campaigns.touches(plan)
        yield from play(self.seed, plan, touches, self.calendar, self._shelf, self.parameters)

    def cases(self) -> tuple[Case, ...]:
        """Past campaigns with their outcomes, all of them simulated and said to be so."""
        archive = CampaignArchive(self.seed, self.planner, self.calendar, self.parameters)
        return archive.cases(self._campaigns)

    @property
    def parameters(self) -> Parameters:
        """How hard the shop is."""
        return parameters()

    @cached_property
    def calendar(self) -> Calendar:
        """The shop's days."""
        return Calendar(self.parameters)

    @cached_property
    def planner(self) -> Planner:
        """Draws the customers' plans."""
        return Planner(self.seed, self.calendar, self.parameters)

    @cached_property
    def _shelf(self) -> Shelf:
        return Shelf(self.seed)

    @cached_property
    def _campaigns(self) -> PastCampaigns:
        return PastCampaigns(self.seed, self.calendar, self.parameters, self.planner)
