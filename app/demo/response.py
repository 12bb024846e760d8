"""How customers truly answer a message. The shop's secret: the product sees only what they then do.

P(one order more) = P(reads) * P(clicks | reads) * P(buys | clicks). Reading hangs on the channel and how much the
customer likes it, clicking on how well the message fits what they want now and on the offer times their price
sensitivity. A message that does not fit may also put off an order that would have come anyway.
"""

from typing import NamedTuple

from app.demo.dice import Dice
from app.demo.parameters import ResponseModel
from app.demo.personas import Customer
from app.demo.plans import Plan
from app.retrieval.schemas import Arm, Channel, Offer

_FEN = 100


class Answer(NamedTuple):
    """What one customer does about one message."""

    opened: bool
    clicked: bool
    orders: bool
    """One order more than without the message."""
    put_off: bool
    """One order less, if there was to be one."""


def answer(plan: Plan, day: int, arm: Arm, about: str, model: ResponseModel, dice: Dice) -> Answer:
    """Draw one customer's answer to one message."""
    customer = plan.customer
    opened = dice.chance(chance_to_read(customer, day, arm.channel, model))
    clicked = dice.chance(chance_to_click(customer, day, about, arm.offer, model)) and opened
    orders = dice.chance(chance_to_buy(plan, day, model)) and clicked
    put_off = dice.chance(chance_to_put_off(customer, day, about, arm.channel, model)) and not clicked
    return Answer(opened, clicked, orders, put_off)


def chance_to_read(customer: Customer, day: int, channel: Channel, model: ResponseModel) -> float:
    """Channel x liking, less when drifting away."""
    cool = model.cool if customer.stage_at(day).cool else 1.0
    return min(0.95, model.reads[channel] * customer.affinity[channel] * cool)


def chance_to_click(customer: Customer, day: int, about: str, offer: Offer | None, model: ResponseModel) -> float:
    """Base + fit + offer, where an offer counts by its worth against the basket and whether it is in reach."""
    pull = model.clicks + model.clicks_fit * _fit(customer, day, about)
    if offer is None:
        return pull
    generosity = min(1.0, offer.amount_minor / (model.generous_share * customer.basket))
    reach = 1.0 if offer.threshold_minor <= 1.3 * customer.basket else 0.3
    return pull + model.clicks_offer * model.offer_value[offer.type] * customer.sensitivity * generosity * reach


def chance_to_buy(plan: Plan, day: int, model: ResponseModel) -> float:
    """After a click; few of those who have left come back."""
    return model.buys * (model.lapsed if plan.has_left(day) else 1.0)


def chance_to_put_off(customer: Customer, day: int, about: str, channel: Channel, model: ResponseModel) -> float:
    """Intrusive channels annoy, the more so when the message does not fit or the customer is drifting away."""
    annoyed = 2.0 if customer.stage_at(day).cool else 1.0
    return model.puts_off[channel] * (1.0 - _fit(customer, day, about)) * annoyed


def _fit(customer: Customer, day: int, about: str) -> float:
    """Share of the customer's present interest in what the message speaks about."""
    return customer.stage_at(day).topics.get(about, 0.0)


def message_cost(channel: Channel, model: ResponseModel) -> int:
    """Fen for a hundred messages."""
    return round(model.cost[channel] * _FEN * 100)
