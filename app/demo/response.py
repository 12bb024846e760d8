"""How customers truly answer a message. The shop's secret: the product sees only what they then do.

P(one order more) = P(reads) * P(clicks | reads) * P(buys | clicks). Reading hangs on the channel and how much the
customer likes it (a card on the shop's own pages on coming by at all), clicking on how well the message fits what they
want now and on the offer times their price sensitivity, less for a message of a worn kind. A message that does not fit
may also put off an order that would have come anyway. Channels and offers lose some of their pull over the months, see
`ageing.py`.
"""

from math import exp
from typing import NamedTuple

from app.demo.ageing import kept
from app.demo.dice import Dice
from app.demo.parameters import ResponseModel
from app.demo.personas import Customer
from app.demo.plans import Plan
from app.retrieval.schemas import Arm, Channel, Offer

_FEN = 100


class Message(NamedTuple):
    """What is sent on a day."""

    arm: Arm
    about: str
    """The topic it truly speaks of."""
    day: int
    freshness: float = 1.0
    """What repetition has left of its pull."""
    window: int | None = None
    """Days for which a card waits for a visit; None once the customer is there, or it comes to them."""


class Odds(NamedTuple):
    """What decides one customer's answer to a message."""

    expected: float
    """Orders in the window without a message."""
    basket: float
    """Their usual basket in fen."""
    clicks: float
    """Chance to read and click."""
    buys: float
    """Chance to buy after a click."""
    put_off: float
    """Chance to drop an order, without a click."""


class Answer(NamedTuple):
    """What one customer does about one message."""

    opened: bool
    clicked: bool
    orders: bool
    """One order more than without the message."""
    put_off: bool
    """One order less, if there was to be one."""


def answer(plan: Plan, message: Message, model: ResponseModel, dice: Dice) -> Answer:
    """Draw one customer's answer to one message."""
    opened = dice.chance(chance_to_read(plan, message, model))
    clicked = dice.chance(chance_to_click(plan.customer, message, model)) and opened
    orders = dice.chance(chance_to_buy(plan, message.day, model)) and clicked
    put_off = dice.chance(chance_to_put_off(plan.customer, message, model)) and not clicked
    return Answer(opened, clicked, orders, put_off)


def odds(plan: Plan, message: Message, expected: float, model: ResponseModel) -> Odds:
    """The chances of one customer's answers, beside the `expected` orders of their own in the window."""
    customer = plan.customer
    return Odds(
        expected=expected,
        basket=customer.basket,
        clicks=chance_to_read(plan, message, model) * chance_to_click(customer, message, model),
        buys=chance_to_buy(plan, message.day, model),
        put_off=chance_to_put_off(customer, message, model) * chance_to_come_by(plan, message),
    )


def chance_to_come_by(plan: Plan, message: Message) -> float:
    """1 - exp(-visits expected within the window) for a card on the shop's own pages, 1 for what is sent."""
    if message.window is None or message.arm.channel is not Channel.ONSITE:
        return 1.0
    pace = 0.0 if plan.has_left(message.day) else plan.customer.stage_at(message.day).phase.visits
    return 1.0 - exp(-plan.customer.visits_per_day * pace * message.window)


def chance_to_read(plan: Plan, message: Message, model: ResponseModel) -> float:
    """Coming by x channel x liking, less when drifting away."""
    customer, channel, day = plan.customer, message.arm.channel, message.day
    cool = model.cool if customer.stage_at(day).cool else 1.0
    left = kept(model.ageing.channels_keep[channel], day, model.ageing)
    reads = min(model.reads_at_most, model.reads[channel] * customer.affinity[channel] * cool * left)
    return reads * chance_to_come_by(plan, message)


def chance_to_click(customer: Customer, message: Message, model: ResponseModel) -> float:
    """(Base + fit + offer) x freshness; an offer counts by its worth against the basket and whether it is in reach."""
    pull = model.clicks + model.clicks_fit * _fit(customer, message)
    if message.arm.offer is not None:
        pull += model.clicks_offer * customer.sensitivity * _worth(customer, message.arm.offer, message.day, model)
    return min(1.0, pull) * message.freshness


def chance_to_buy(plan: Plan, day: int, model: ResponseModel) -> float:
    """After a click; few of those who have left come back."""
    return model.buys * (model.lapsed if plan.has_left(day) else 1.0)


def chance_to_put_off(customer: Customer, message: Message, model: ResponseModel) -> float:
    """Intrusive channels annoy, the more so when the message does not fit or the customer is drifting away."""
    annoyed = model.puts_off_cool if customer.stage_at(message.day).cool else 1.0
    return min(1.0, model.puts_off[message.arm.channel] * (1.0 - _fit(customer, message)) * annoyed)


def _fit(customer: Customer, message: Message) -> float:
    """Share of the customer's present interest in what the message speaks about."""
    return customer.stage_at(message.day).topics.get(message.about, 0.0)


def _worth(customer: Customer, offer: Offer, day: int, model: ResponseModel) -> float:
    generosity = min(1.0, offer.amount_minor / (model.generous_share * customer.basket))
    reach = 1.0 if offer.threshold_minor <= model.within_reach * customer.basket else model.out_of_reach
    left = kept(model.ageing.offers_keep[offer.type], day, model.ageing)
    return model.offer_value[offer.type] * generosity * reach * left


def message_cost(channel: Channel, model: ResponseModel) -> int:
    """Fen for a hundred messages."""
    return round(model.cost[channel] * _FEN * 100)
