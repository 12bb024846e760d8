"""Plays a customer's life: puts visits, orders, sleepless nights, messages and second thoughts in order of time."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from app.demo.browsing import Visit, browse
from app.demo.buying import buy, complain
from app.demo.calendar import DAY_MS, HOUR_MS, MINUTE_MS, Calendar
from app.demo.campaigns import Touch
from app.demo.catalogue import Product, Shelf
from app.demo.life import Life
from app.demo.parameters import Parameters
from app.demo.personas import Stage
from app.demo.plans import Plan
from app.demo.recording import MARKETING, Arrival, Identifiers
from app.demo.social import follow
from app.events.schemas import EventKind
from app.retrieval.schemas import Channel, OfferType

_PUT_OFF_DAYS = 10
_NIGHTS = 3


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
    reached = tuple(touch for touch in touches if _reaches(touch, life))
    for errand in sorted(_errands(life, plan, reached), key=lambda errand: errand.at_ms):
        errand.do(life, errand.at_ms)
    return life.recorder.arrivals()


def _reaches(touch: Touch, life: Life) -> bool:
    """False for a number that has been given up."""
    return touch.arm.channel is not Channel.SMS or life.names.phone_on(touch.sent_ms // DAY_MS) is not None


def _errands(life: Life, plan: Plan, touches: tuple[Touch, ...]) -> Iterator[Errand]:
    yield from (Errand(life.moment_on(day), browse) for day in plan.visit_days)
    yield from _orders(life, plan, touches)
    yield from (Errand(touch.sent_ms, _receive(touch)) for touch in touches)
    yield from _withdrawals(life)
    if life.names.handle and len(plan.visit_days) > 1:
        yield Errand(life.moment_on(plan.visit_days[1]), follow)
    for stage in life.customer.stages:
        if stage.phase.nights:
            yield from _nights(life, stage)
        if stage.phase.complains:
            yield from _complaints(life, stage)


def _orders(life: Life, plan: Plan, touches: tuple[Touch, ...]) -> Iterator[Errand]:
    """The planned orders, less those that a message put off, and those that a message brought about."""
    put_off = _put_off_days(plan, touches)
    for day, basket in zip(plan.order_days, plan.baskets, strict=True):
        if day not in put_off:
            yield Errand(life.moment_on(day), _purchase(basket))
    for touch in touches:
        if touch.answer.orders:
            at_ms = max(life.moment_on(touch.order_day), touch.sent_ms + HOUR_MS)
            yield Errand(at_ms, _purchase(touch.basket, topic=touch.about, entry="campaign"))


def _put_off_days(plan: Plan, touches: tuple[Touch, ...]) -> list[int]:
    days = []
    for touch in touches:
        window = range(touch.sent_ms // DAY_MS + 1, touch.sent_ms // DAY_MS + 1 + _PUT_OFF_DAYS)
        days += [day for day in plan.order_days if day in window][:1] if touch.answer.put_off else []
    return days


def _purchase(basket: float, *, topic: str | None = None, entry: str = "home") -> Callable[[Life, int], object]:
    return lambda life, at_ms: buy(life, at_ms, basket, topic=topic, entry=entry)


def _receive(touch: Touch) -> Callable[[Life, int], None]:
    """A message goes out; perhaps it is opened, clicked, and followed by a visit."""

    def receive(life: Life, at_ms: int) -> None:
        names = life.names
        by_sms = touch.arm.channel is Channel.SMS
        who: Identifiers = {"phone": names.phone} if by_sms else {"user_id": names.user_id}
        _note_message(life, touch, EventKind.CAMPAIGN_SENT, at_ms, who)
        read_ms = at_ms + round(life.dice.log_normal(25, 1.0) * MINUTE_MS)
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
    """The same dear item in the cart, three nights running, and never bought."""
    product = life.dice.pick(life.shelf.dearest(stage.top, 3))
    life.refused = frozenset({product.item.item_id})
    for night in range(_NIGHTS):
        at_ms = (stage.first + night) * DAY_MS + 22 * HOUR_MS + life.dice.whole(10, 85) * MINUTE_MS
        yield Errand(at_ms, _long_for(product))


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
    for _ in range(1 + life.dice.poisson(0.7)):
        yield Errand(life.moment_on(life.dice.whole(stage.first, stage.last - 1)), complain)
