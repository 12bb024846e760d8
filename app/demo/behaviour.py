"""Plays a customer's life: puts visits, orders, sleepless nights, messages and second thoughts in order of time."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from app.demo.browsing import Visit, browse
from app.demo.buying import buy, buy_one, complain
from app.demo.calendar import DAY_MS, HOUR_MS, MINUTE_MS, Calendar
from app.demo.campaigns import Touch
from app.demo.catalogue import Product, Shelf
from app.demo.identities import Names
from app.demo.life import Life
from app.demo.parameters import Parameters
from app.demo.personas import Stage
from app.demo.plans import Plan
from app.demo.recording import MARKETING, Arrival, Identifiers
from app.demo.social import follow
from app.events.schemas import EventKind
from app.retrieval.schemas import Channel, OfferType

_LONGEST_PURCHASE_MS = 45 * MINUTE_MS


class Errand(NamedTuple):
    """Something that the customer will do at a moment."""

    at_ms: int
    do: Callable[[Life, int], object]


def play(
    seed: int,
    plan: Plan,
    touches: tuple[Touch, ...],
    calendar: Calendar,
    shelf: Shelf,
    parameters: Parameters,
) -> list[Arrival]:
    """All records of one customer in order of arrival."""
    life = Life(seed, plan.customer, calendar, shelf, parameters)
    reached = tuple(touch for touch in touches if reaches(touch, life.names))
    for errand in sorted(_errands(life, plan, reached), key=lambda errand: errand.at_ms):
        life.turn_to(errand.at_ms)
        errand.do(life, errand.at_ms)
    return life.recorder.arrivals()


def reaches(touch: Touch, names: Names) -> bool:
    """False for a number that has been given up."""
    return touch.arm.channel is not Channel.SMS or names.phone_on(touch.sent_ms // DAY_MS) is not None


def _errands(life: Life, plan: Plan, touches: tuple[Touch, ...]) -> Iterator[Errand]:
    yield from (Errand(life.moment_on(day), browse) for day in plan.visit_days)
    yield from _orders(life, plan, touches)
    yield from (Errand(touch.sent_ms, _receive(touch)) for touch in touches)
    yield from _withdrawals(life)
    later = [day for day in plan.visit_days if day > plan.customer.joined]
    if life.names.handle and later:
        yield Errand(life.moment_on(later[0]), follow)
    for stage in life.customer.stages:
        if stage.phase.nights:
            yield from _nights(life, stage)
        if stage.phase.complains:
            yield from _complaints(life, stage)
    if not any(stage.phase.nights for stage in life.customer.stages):
        yield from _near_misses(life, plan)


def _orders(life: Life, plan: Plan, touches: tuple[Touch, ...]) -> Iterator[Errand]:
    """The planned orders, less those that a message put off, and those that a message brought about."""
    put_off = _put_off_days(plan, touches, life.parameters.response.puts_off_days)
    for day, basket in zip(plan.order_days, plan.baskets, strict=True):
        if day not in put_off:
            yield Errand(_before_midnight(life.moment_on(day)), _purchase(basket))
    for touch in touches:
        if touch.answer.orders:
            at_ms = max(life.moment_on(touch.order_day), touch.sent_ms + HOUR_MS)
            yield Errand(at_ms, _purchase(touch.basket, topic=touch.about, entry="campaign"))


def _before_midnight(at_ms: int) -> int:
    """Early enough to have paid on the same day."""
    return at_ms - _LONGEST_PURCHASE_MS if at_ms % DAY_MS > DAY_MS - _LONGEST_PURCHASE_MS else at_ms


def _put_off_days(plan: Plan, touches: tuple[Touch, ...], within: int) -> list[int]:
    days = []
    for touch in touches:
        first = touch.sent_ms // DAY_MS + 1
        window = range(first, first + within)
        days += [day for day in plan.order_days if day in window][:1] if touch.answer.put_off else []
    return days


def _purchase(basket: float, *, topic: str | None = None, entry: str = "home") -> Callable[[Life, int], object]:
    return lambda life, at_ms: buy(life, at_ms, basket, topic=topic, entry=entry)


def _receive(touch: Touch) -> Callable[[Life, int], None]:
    """A message goes out; perhaps it is opened, clicked, and followed by a visit."""

    def receive(life: Life, at_ms: int) -> None:
        names, model = life.names, life.parameters.response
        by_sms = touch.arm.channel is Channel.SMS
        who: Identifiers = {"phone": names.phone} if by_sms else {"user_id": names.user_id}
        _note_message(life, touch, EventKind.CAMPAIGN_SENT, at_ms, who)
        read_ms = at_ms + round(life.dice.log_normal(model.read_minutes, model.read_sigma) * MINUTE_MS)
        if touch.answer.opened and not by_sms:
            _note_message(life, touch, EventKind.CAMPAIGN_OPENED, read_ms, who)
        if touch.answer.clicked:
            _note_message(life, touch, EventKind.CAMPAIGN_CLICKED, read_ms + 8_000, who)
            _follow(life, touch, read_ms + 10_000)

    return receive


def _note_message(life: Life, touch: Touch, kind: EventKind, at_ms: int, who: Identifiers) -> None:
    life.recorder.note(
        MARKETING,
        at_ms,
        kind,
        who,
        campaign_id=touch.campaign_id,
        arm_id=touch.arm.arm_id,
        properties={"channel": touch.arm.channel.value},
    )


def _follow(life: Life, touch: Touch, at_ms: int) -> None:
    visit = browse(life, at_ms, topic=touch.about, entry="campaign")
    offer = touch.arm.offer
    if offer is not None and offer.type is OfferType.COUPON:
        claimed: dict[str, object] = {"action": "claimed", "saved_minor": offer.amount_minor}
        visit.note(EventKind.COUPON, campaign_id=touch.campaign_id, arm_id=touch.arm.arm_id, properties=claimed)


def _withdrawals(life: Life) -> Iterator[Errand]:
    for word in life.customer.consents:
        if word.day > life.customer.joined:
            yield Errand(life.moment_on(word.day), _withdraw(word.channel, word.granted))


def _withdraw(channel: Channel, granted: bool) -> Callable[[Life, int], None]:
    return lambda life, at_ms: life.say_consent(at_ms, channel.value, granted)


def _nights(life: Life, stage: Stage) -> Iterator[Errand]:
    """The same dear item in the cart, some nights running, and never bought."""
    rates = life.rates
    product = life.dice.pick(life.shelf.dearest(stage.top, rates.nights_among))
    life.refused = frozenset({product.item.item_id})
    for night in range(rates.nights):
        yield Errand(_at_night(life, stage.first + night), _long_for(product))


def _at_night(life: Life, day: int) -> int:
    first, last = life.rates.night_hours
    return day * DAY_MS + round(life.dice.between(first * HOUR_MS, last * HOUR_MS - 10 * MINUTE_MS))


def _near_misses(life: Life, plan: Plan) -> Iterator[Errand]:
    """What almost looks so: a night less, bought on the last, by day, or with something else."""
    dice, rates = life.dice, life.rates
    last = life.calendar.days if plan.leaving is None else plan.leaving.day
    first, end = life.customer.joined + 1, last - rates.nights
    if first >= end or not dice.chance(rates.near_misses):
        return
    day = dice.whole(first, end)
    topic = dice.pick((life.stage_at(day * DAY_MS).top, *rates.near_topics))
    product = dice.pick(life.shelf.dearest(topic, rates.nights_among))
    moment, bought = dice.pick((Life.moment_on, _at_night)), dice.chance(rates.near_bought)
    longing = rates.nights - 1 if bought else rates.near_topics.get(topic, rates.nights)
    for night in range(longing):
        yield Errand(moment(life, day + night), _long_for(product))
    if bought:
        yield Errand(moment(life, day + longing), _buy_at_last(product))


def _buy_at_last(product: Product) -> Callable[[Life, int], object]:
    return lambda life, at_ms: buy_one(life, at_ms, product)


def _long_for(product: Product) -> Callable[[Life, int], None]:
    def long_for(life: Life, at_ms: int) -> None:
        visit = Visit(life, at_ms)
        visit.search(life.writer.search(product.topic, broad=False))
        visit.look_at(product)
        visit.log_in()
        visit.put_in_cart(product)
        visit.look_at(product)

    return long_for


def _complaints(life: Life, stage: Stage) -> Iterator[Errand]:
    if life.dice.chance(life.rates.wordless):
        return
    for _ in range(1 + life.dice.poisson(life.rates.complaints)):
        yield Errand(life.moment_on(life.dice.whole(stage.first, stage.last - 1)), complain)
