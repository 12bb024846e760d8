"""What one message to one customer of a demo shop truly earns, in expectation. Amounts are minor units.

profit = margin * (expected value of orders with the message - without it) - expected redemptions - sending

The response is the simulator's own. As in its past campaigns, who clicked and spends the threshold within the window
redeems the offer once, whether or not they would have bought anyway. Without a message the profit is 0 exactly.
"""

from collections.abc import Iterator
from functools import cached_property
from math import exp
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.demo.plans import Plan
from app.demo.response import Message, Odds, message_cost
from app.demo.shop import DemoShop
from app.demo.uplift import TrueResponse
from app.retrieval.schemas import Arm, Channel, Offer

WINDOW_DAYS = 10
"""Days in which orders count, from the day after the message on."""
_MOST_BASKETS = 6
_DRAWN = 50_000


class Contact(NamedTuple):
    """One message: how it comes, what it gives, and the topic that it truly speaks of, "" for none."""

    channel: Channel
    offer: Offer | None
    about: str


class Profit(NamedTuple):
    """What is expected of one message."""

    gained: float = 0.0
    """Margin on the additional value; below 0 where the message puts off more than it brings."""
    redeemed: float = 0.0
    sending: float = 0.0

    @property
    def total(self) -> float:
        """What is left."""
        return self.gained - self.redeemed - self.sending


NOTHING = Profit()


class TrueProfit:
    """The expected profit of any message to any customer of one shop, sent on the log's last day."""

    def __init__(self, shop: DemoShop, margin: float) -> None:
        """`margin` is the share of an order's value that stays with the shop."""
        self._shop, self.margin = shop, margin
        self._response = TrueResponse(shop)
        self._day = shop.calendar.days - 1

    def of(self, customer: int, contact: Contact | None) -> Profit:
        """What this contact of this customer is worth."""
        if contact is None:
            return NOTHING
        arm = Arm(arm_id="asked", channel=contact.channel, offer=contact.offer)
        odds = self._response.odds(self._plans[customer], self._day, arm, contact.about, window_days=WINDOW_DAYS)
        return Profit(
            gained=self.margin * self._response.effect(odds).value,
            redeemed=contact.offer.amount_minor * self.redeems(odds, contact.offer) if contact.offer else 0.0,
            sending=message_cost(contact.channel, self._shop.parameters.response) / 100,
        )

    def agrees(self, customer: int, channel: Channel) -> bool:
        """Whether the customer truly has agreed to this channel."""
        return self._plans[customer].customer.consents_to(channel, self._day)

    def wants(self, customer: int) -> tuple[str, ...]:
        """The topics that the customer wants at all, most wanted first."""
        topics = self._plans[customer].customer.stage_at(self._day).topics
        return tuple(sorted(topics, key=lambda topic: -topics[topic]))

    @cached_property
    def _plans(self) -> list[Plan]:
        """Kept, because a shop draws anew whom it has not told of lately."""
        return list(map(self._shop.plan_of, range(self._shop.customers)))

    @cached_property
    def past(self) -> dict[str, Message]:
        """By `campaign_id/arm_id`, what each past arm truly was."""
        messages = ((run.spec.campaign_id, one) for run in self._response.runs.values() for one in run.messages)
        return {f"{campaign_id}/{one.arm.arm_id}": one for campaign_id, one in messages}

    def redeems(self, odds: Odds, offer: Offer) -> float:
        """Chance to click and to spend the threshold: the orders of their own and the one that the click brings.

        N ~ Poisson(expected) and B ~ Bernoulli(buys) orders, each of a log-normal basket.
        """
        needed = max(1, offer.threshold_minor) / odds.basket
        chances = zip(_orders(odds), self._sums, strict=True)
        return odds.clicks * sum(chance * _above(needed, sums) for chance, sums in chances)

    @cached_property
    def _sums(self) -> tuple[NDArray[np.float64], ...]:
        """Drawn values of 1, 2, ... baskets of median 1, each sorted."""
        spread = self._shop.parameters.customer.basket_sigma_within
        baskets = np.random.default_rng(0).lognormal(0.0, spread, (_MOST_BASKETS, _DRAWN))
        return tuple(np.sort(sums) for sums in baskets.cumsum(axis=0))


def _orders(odds: Odds) -> Iterator[float]:
    """P(N + B = k) for k = 1, 2, ..., of somebody who clicked."""
    term = exp(-odds.expected)
    for k in range(1, _MOST_BASKETS + 1):
        fewer, term = term, term * odds.expected / k
        yield term * (1.0 - odds.buys) + fewer * odds.buys


def _above(needed: float, sums: NDArray[np.float64]) -> float:
    """Share of the drawn sums that reach what is needed."""
    return 1.0 - float(sums.searchsorted(needed)) / len(sums)
