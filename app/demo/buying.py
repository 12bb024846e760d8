"""An order and what follows from it: refunds, reviews, questions to the support desk."""

from typing import NamedTuple

from app.demo.browsing import Visit
from app.demo.calendar import DAY_MS, HOUR_MS, MINUTE_MS
from app.demo.catalogue import Product
from app.demo.identities import Place
from app.demo.life import Life
from app.demo.recording import REVIEWS, SUPPORT_DESK, Identifiers
from app.demo.social import talk_about
from app.demo.wording import wording
from app.events.schemas import EventKind

_REASONS = ("delivery", "delivery", "usage", "size", "price", "stock", "invoice", "quality", "quality", "exchange")
_TRIES = 14
_ENOUGH = 0.8
_ROOM = 1.25
_SMALL = 0.12
_DOZENS = 12.0
_LOOKS_AGAIN = 0.35
_ALSO_LOOKS = 0.1


class Line(NamedTuple):
    """One product of an order; `amount` is what the customer pays for all pieces, in fen."""

    product: Product
    quantity: int
    amount: int


class Order(NamedTuple):
    """An order with the place from which it came, to which refunds return."""

    order_id: str
    at_ms: int
    place: Place
    lines: tuple[Line, ...]


def buy(life: Life, start_ms: int, basket: float, *, topic: str | None = None, entry: str = "home") -> Order:
    """A visit that ends with an order worth about `basket` fen, and its aftermath."""
    gift = topic is None and life.dice.chance(life.customer.gift_share)
    topic = topic or _shopping_topic(life, start_ms, gift=gift)
    visit = Visit(life, start_ms, entry=entry)
    _find(visit, topic, gift=gift)
    visit.log_in()
    lines = _fill_basket(visit, topic, basket)
    for line in lines:
        if life.dice.chance(_LOOKS_AGAIN):
            visit.look_at(line.product)
        if not life.dice.chance(life.rates.straight_to_order):
            visit.put_in_cart(line.product, line.quantity)
    order = _check_out(visit, lines)
    _aftermath(life, order)
    return order


def complain(life: Life, moment_ms: int) -> None:
    """Tell the support desk that enough is enough."""
    text = life.writer.chat("complaint", "", _last_order_id(life), life.names.phone)
    life.recorder.note(SUPPORT_DESK, moment_ms, EventKind.SUPPORT_MESSAGE, _caller(life, moment_ms), text=text)


def _shopping_topic(life: Life, moment_ms: int, *, gift: bool) -> str:
    return life.dice.pick(life.parameters.gift_topics) if gift else life.wanted_topic(moment_ms)


def _find(visit: Visit, topic: str, *, gift: bool) -> None:
    life, dice = visit.life, visit.life.dice
    if gift:
        visit.search(life.writer.gift_search())
    elif life.customer.single:
        visit.search(life.writer.bargain_search())
    elif dice.chance(life.rates.search):
        visit.search(life.writer.search(topic, broad=dice.chance(0.2)))
    for _ in range(dice.poisson(life.customer.depth * _ALSO_LOOKS)):
        visit.look_at(life.shelf.draw(topic, life.customer.price_level, dice))


def _fill_basket(visit: Visit, topic: str, basket: float) -> tuple[Line, ...]:
    """Products of the topic first, then of other interests, until the basket is about full."""
    life, lines, total = visit.life, list[Line](), 0
    for attempt in range(_TRIES):
        if total >= _ENOUGH * basket or len(lines) == life.rates.max_lines:
            break
        wanted = topic if attempt < 3 else life.wanted_topic(visit.now_ms)
        product = life.shelf.draw(wanted, life.customer.price_level, life.dice)
        taken = product.item.item_id in life.refused or any(line.product is product for line in lines)
        if not taken and product.price <= _ROOM * (basket - total):
            lines.append(_line(visit, product, basket))
            total += lines[-1].amount
    return tuple(lines) or (_line(visit, life.shelf.cheapest(topic), basket),)


def _line(visit: Visit, product: Product, basket: float) -> Line:
    """Several pieces of what is small beside the basket; prices fall during sales, to the nearest ten fen."""
    share = product.price / basket
    quantity = 1 + (visit.life.dice.poisson(min(_DOZENS, _SMALL / share)) if share < _SMALL else 0)
    sale = float(visit.life.calendar.prices[min(visit.now_ms // DAY_MS, visit.life.calendar.days - 1)])
    return Line(product, quantity, round(product.price * sale / 10) * 10 * quantity)


def _check_out(visit: Visit, lines: tuple[Line, ...]) -> Order:
    life = visit.life
    life.orders += 1
    order = Order(_last_order_id(life), visit.now_ms, visit.place, lines)
    if life.dice.chance(life.rates.coupon_used * life.customer.sensitivity):
        saved = life.dice.pick((500, 1000, 2000))
        used: dict[str, object] = {"action": "used", "saved_minor": saved}
        visit.note(EventKind.COUPON, order_id=order.order_id, properties=used)
    for line in lines:
        visit.now_ms = order.at_ms
        unit = line.amount // line.quantity
        visit.note(
            EventKind.ORDER,
            order_id=order.order_id,
            item_id=line.product.item.item_id,
            amount_minor=line.amount,
            properties={"quantity": line.quantity, "unit_price_minor": unit},
        )
    return order


def _aftermath(life: Life, order: Order) -> None:
    cool = life.stage_at(order.at_ms).cool
    for line in order.lines:
        unhappy = life.dice.chance(life.rates.unhappy_cool if cool else life.rates.unhappy)
        _maybe_refund(life, order, line, unhappy=unhappy)
        _maybe_review(life, order, line, unhappy=unhappy, cool=cool)
    talk_about(life, order.at_ms, order.lines[0].product)
    if life.dice.chance(life.rates.support):
        _ask_support(life, order, unhappy=cool)


def _maybe_refund(life: Life, order: Order, line: Line, *, unhappy: bool) -> None:
    dice, rates = life.dice, life.rates
    if not dice.chance(rates.refund_topics.get(line.product.topic, rates.refund) * (3.0 if unhappy else 0.8)):
        return
    partly = dice.chance(rates.refund_partly)
    amount = max(100, round(line.amount * dice.between(0.2, 0.7))) if partly else line.amount
    at_ms = order.at_ms + round(dice.between(2, 13) * DAY_MS)
    life.recorder.note(
        order.place.surface,
        at_ms,
        EventKind.REFUND,
        life.member(order.place, at_ms),
        order_id=order.order_id,
        item_id=line.product.item.item_id,
        amount_minor=amount,
        properties={"reason": dice.pick(wording().refund_reasons)},
    )


def _maybe_review(life: Life, order: Order, line: Line, *, unhappy: bool, cool: bool) -> None:
    """Long ones from those who care, a word from those who no longer do."""
    dice = life.dice
    if not dice.chance(min(0.95, life.customer.reviews * (1.5 if unhappy and not cool else 1.0))):
        return
    rating = dice.pick((1, 2, 2, 3)) if unhappy and not cool else dice.pick((5, 5, 5, 5, 4, 4, 3 if cool else 4))
    text = life.writer.review(line.product.nickname, line.product.topic, rating, long=not cool and dice.chance(0.75))
    life.recorder.note(
        REVIEWS,
        order.at_ms + round(dice.between(3, 18) * DAY_MS),
        EventKind.REVIEW,
        {"user_id": life.names.user_id},
        order_id=order.order_id,
        item_id=line.product.item.item_id,
        text=text,
        properties={"rating": rating},
    )


def _ask_support(life: Life, order: Order, *, unhappy: bool) -> None:
    """A question, sometimes followed by a phone number and later by thanks."""
    dice, nickname = life.dice, order.lines[0].product.nickname
    reason = dice.pick(("quality", "exchange") if unhappy else _REASONS)
    moment = order.at_ms + round(dice.between(2, 96) * HOUR_MS)
    who = _caller(life, moment)
    messages = [(reason, 0.0)]
    if dice.chance(life.rates.support_phone) and "phone" in who:
        messages.append(("phone", dice.between(1, 4)))
    if not unhappy and dice.chance(0.4):
        messages.append(("thanks", dice.between(10, 90)))
    for said, minutes in messages:
        text = life.writer.chat(said, nickname, order.order_id, life.names.phone)
        at_ms = moment + round(minutes * MINUTE_MS)
        life.recorder.note(SUPPORT_DESK, at_ms, EventKind.SUPPORT_MESSAGE, who, order_id=order.order_id, text=text)


def _caller(life: Life, moment_ms: int) -> Identifiers:
    """The support desk asks for the phone number, or else the login; in a store it works on the store's tablet."""
    phone, habits = life.names.phone_on(moment_ms // DAY_MS), life.parameters.identities
    who: Identifiers = {"user_id": life.names.user_id} if phone is None else {"phone": _written(phone, life)}
    if life.dice.chance(habits.in_store):
        who["device"] = life.dice.pick(habits.store_tablets)
    return who


def _written(phone: str, life: Life) -> str:
    """A number as people at a desk write it down."""
    parts = phone[:3], phone[3:7], phone[7:]
    return life.dice.pick((phone, phone, phone, f"+86 {' '.join(parts)}", "-".join(parts)))


def _last_order_id(life: Life) -> str:
    return f"D{life.customer.index:05d}-{life.orders:03d}"
