"""What every past arm would truly do today to every customer of a demo shop, and on average to each persona."""

from collections.abc import Sequence

import numpy as np

from app.demo.shop import DemoShop
from app.demo.uplift import TrueResponse
from app.retrieval.trials import Sent
from evals.intervals import Floats


class Responses:
    """True uplift in value of the arms, minor units, if they were sent on the log's last day."""

    def __init__(self, shop: DemoShop, arms: Sequence[Sent]) -> None:
        """Ask the response model about everybody in the log; `arms` are the shop's own."""
        truly, day = TrueResponse(shop), shop.calendar.days - 1
        spoken = {
            (campaign_id, message.arm.arm_id): message.about
            for campaign_id, run in truly.runs.items()
            for message in run.messages
        }
        plans = [shop.plan_of(index) for index in range(shop.customers)]
        sent = [(one.arm, spoken[one.campaign.campaign_id, one.arm.arm_id], one.campaign.window_days) for one in arms]
        self._own = np.array(
            [
                [truly.uplift(plan, day, arm, about, window_days=window).value for arm, about, window in sent]
                for plan in plans
            ]
        )
        self._persona = np.array([plan.customer.persona for plan in plans])
        self._means = {name: self._own[self._persona == name].mean(axis=0) for name in set(self._persona.tolist())}
        self.about = tuple(about for _, about, _ in sent)
        """The topic that each arm truly speaks of."""

    def own(self, customer: int) -> Floats:
        """By arm, of one customer."""
        own: Floats = self._own[customer]
        return own

    def of_persona(self, customer: int) -> Floats:
        """By arm, the mean over all customers of the same persona."""
        mean: Floats = self._means[str(self._persona[customer])]
        return mean
