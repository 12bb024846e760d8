"""The demo shop: everything that the product may know of it. What only the simulator knows is in `truth.py`.

The first `customers` of the shop's customers appear in its log; each is drawn by themselves, so that a larger shop
holds the smaller one and events can be streamed. Only names are shared, and only between neighbours (`ties.py`).
"""

from collections.abc import Iterator
from datetime import datetime
from functools import cached_property, lru_cache
from heapq import merge

from app.access.schemas import Workspace
from app.demo.behaviour import play, reaches
from app.demo.calendar import Calendar
from app.demo.campaigns import PastCampaigns
from app.demo.catalogue import Shelf
from app.demo.neighbours import Neighbours
from app.demo.outcomes import CampaignArchive
from app.demo.parameters import Parameters, parameters
from app.demo.plans import Plan, Planner
from app.demo.recording import Arrival, in_order
from app.demo.synonyms import Vocabulary
from app.events.schemas import IncomingEvent, Item
from app.retrieval.schemas import Case

DEFAULT_SEED = 7
DEFAULT_CUSTOMERS = 2000
SHOP_NAME = "林下小店"
"""What its messages are signed with."""
MOST_CUSTOMERS = 100_000_000
"""Beyond it phone numbers would repeat."""


class DemoShop:
    """One simulated shop. The same seed, number of customers and wording give the same bytes."""

    def __init__(self, seed: int = DEFAULT_SEED, customers: int = DEFAULT_CUSTOMERS, wording: Vocabulary = "A") -> None:
        """Nothing is drawn until asked for; the wording changes words only, never what happens."""
        self.seed = seed
        self.customers = customers
        self.wording: Vocabulary = wording
        self.workspace = Workspace(workspace_id="demo", name=SHOP_NAME)

    @property
    def ends_at(self) -> datetime:
        """The midnight at which the log ends; nothing happened at or after it."""
        return self.calendar.at(self.calendar.end_ms)

    def items(self) -> tuple[Item, ...]:
        """The catalogue."""
        return tuple(product.item for product in self._shelf.products)

    def events(self) -> Iterator[tuple[str, IncomingEvent]]:
        """(source, event), customer after customer, each customer's in order of arrival.

        Customers who share a name are told together, where the first of them stands.
        """
        for together in self.neighbours.circles(self.customers):
            lives = (self._arrivals(index) for index in together)
            for arrival in merge(*lives, key=in_order):
                yield arrival.source, arrival.event

    def events_of(self, index: int) -> Iterator[tuple[str, IncomingEvent]]:
        """One customer's events, in order of arrival."""
        for arrival in self._arrivals(index):
            yield arrival.source, arrival.event

    def plan_of(self, index: int) -> Plan:
        """One customer's plan, under the names by which the log knows them."""
        return self.neighbours.plan(index)

    def won_back_on(self, index: int) -> int | None:
        """The day on which a message made somebody buy again who had left; days count from the first."""
        plan = self.plan_of(index)
        if plan.leaving is None:
            return None
        touches = [t for t in self.past_campaigns.touches(plan) if t.answer.orders and reaches(t, plan.customer.names)]
        return min((touch.order_day for touch in touches if touch.order_day > plan.leaving.day), default=None)

    def _arrivals(self, index: int) -> list[Arrival]:
        plan = self.plan_of(index)
        return play(self.seed, plan, self.past_campaigns.touches(plan), self.calendar, self._shelf, self.parameters)

    def cases(self) -> tuple[Case, ...]:
        """Past campaigns with their outcomes, all of them simulated and said to be so; the seed alone decides them."""
        return _cases(self.seed)

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
        """Draws the customers' plans, each by themselves."""
        return Planner(self.seed, self.calendar, self.parameters)

    @cached_property
    def neighbours(self) -> Neighbours:
        """The same plans with the names that customers share."""
        return Neighbours(self.seed, self.planner, self.parameters.identities)

    @cached_property
    def _shelf(self) -> Shelf:
        return Shelf(self.seed, self.wording)

    @cached_property
    def past_campaigns(self) -> PastCampaigns:
        """What was sent over the months, and to whom."""
        return PastCampaigns(self.seed, self.calendar, self.parameters, self.planner)


@lru_cache(maxsize=4)
def _cases(seed: int) -> tuple[Case, ...]:
    """Seconds of work, asked for by everybody who opens a shop of this seed."""
    shop = DemoShop(seed)
    return CampaignArchive(seed, shop.planner, shop.calendar, shop.parameters).cases(shop.past_campaigns)
