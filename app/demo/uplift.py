"""What messages truly bring in the demo shop, without noise, for evaluations only. Product code never imports this.

With the chances of `response.Odds` and N ~ Poisson(expected) orders by themselves:
orders = clicks * buys - (1 - clicks) * put_off * P(N > 0), and value = orders * E[basket].
"""

from collections.abc import Sequence
from functools import cached_property
from math import exp, fsum
from typing import NamedTuple

from app.demo.campaigns import PastCampaigns, Run
from app.demo.outcomes import CampaignArchive
from app.demo.plans import Plan, expected_orders
from app.demo.response import Message, Odds, odds
from app.demo.shop import DemoShop
from app.retrieval.schemas import Arm


class Uplift(NamedTuple):
    """What a message is expected to change for one treated customer."""

    orders: float
    value: float
    """Minor units."""


class TrueResponse:
    """The true effect of any message on any customer of one shop."""

    def __init__(self, shop: DemoShop) -> None:
        """Nothing is drawn until asked for."""
        self._shop = shop
        self._campaigns = PastCampaigns(shop.seed, shop.calendar, shop.parameters, shop.planner)
        self._archive = CampaignArchive(shop.seed, shop.planner, shop.calendar, shop.parameters)

    @cached_property
    def runs(self) -> dict[str, Run]:
        """The past campaigns by id, in order of time."""
        return {run.spec.campaign_id: run for run in self._campaigns.runs}

    def true_lifts(self, campaign_id: str, *, day: int | None = None) -> dict[str, Uplift]:
        """By arm id, the mean over all that a past campaign was meant for and could reach; no arm that reached none.

        With `day`, as if it were sent once more on that day; its window should end within the log.
        """
        run = self._campaigns.run(self.runs[campaign_id].spec, day)
        crowds = zip(run.messages, self._archive.odds(run), strict=True)
        return {message.arm.arm_id: self._mean(crowd) for message, crowd in crowds if crowd}

    def uplift(self, plan: Plan, day: int, arm: Arm, about: str, *, window_days: int = 10) -> Uplift:
        """Of one message about a topic, sent on a day, worn by all that the shop sent before.

        Consent is not asked. Orders count from the next day on, as in the past campaigns; a window that would pass
        the end of the log is moved back to fit.
        """
        return self.effect(self.odds(plan, day, arm, about, window_days=window_days))

    def odds(self, plan: Plan, day: int, arm: Arm, about: str, *, window_days: int = 10) -> Odds:
        """The chances behind that effect."""
        first = min(day + 1, self._shop.calendar.days - window_days)
        message = Message(arm, about, day, self._campaigns.wear.freshness(arm.channel, about, day), window_days)
        expected = expected_orders(plan, range(first, first + window_days - 1), self._shop.calendar)
        return odds(plan, message, expected, self._shop.parameters.response)

    def effect(self, one: Odds) -> Uplift:
        """What these chances are expected to change."""
        gained = one.clicks * one.buys
        lost = (1.0 - one.clicks) * one.put_off * (1.0 - exp(-one.expected))
        # The mean of a log-normal with median 1.
        mean_basket = exp(self._shop.parameters.customer.basket_sigma_within**2 / 2.0)
        return Uplift(gained - lost, (gained - lost) * one.basket * mean_basket)

    def _mean(self, crowd: Sequence[Odds]) -> Uplift:
        orders, values = zip(*map(self.effect, crowd), strict=True)
        return Uplift(fsum(orders) / len(crowd), fsum(values) / len(crowd))
