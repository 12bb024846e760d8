"""An order and what follows from it: refunds, reviews, questions to the support desk."""

from typing import NamedTuple

from app.demo.browsing import Visit
from app.demo.calendar import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS
from app.demo.catalogue import Product
from app.demo.identities import Place
from app.demo.life import Life, order_code
from app.demo.recording import REVIEWS, SUPPORT_DESK, Identifiers
from app.demo.social import talk_about
from app.demo.wording import wording
from app.events.schemas import EventKind


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
    return _place(visit, _fill_basket(visit, topic, basket))


def buy_one(life: Life, start_ms: int, product: Product) -> Order:
    """A visit for the sake of one product."""
    visit = Visit(life, start_ms)
    visit.look_at(product)
    visit.log_in()
    return _place(visit, (_line(visit, product, product.price),))


def _place(visit: Visit, lines: tuple[Line, ...]) -> Order:
    """Look, most often; put in the cart, perhaps; pay."""
    life = visit.life
    for line in lines:
        known = line.product.item.item_id in life.seen
        if life.dice.chance(life.rates.looks_again if known else life.rates.looks_first):
            visit.look_at(line.product)
        if not life.dice.chance(life.rates.straight_to_order):
            visit.put_in_cart(line.product, line.quantity)
    order = _check_out(visit, lines)
    _aftermath(life, order)
    return order


def complain(life: Life, moment_ms: int) -> None:
    """Tell the support desk that enough is enough."""
    text = life.writer.complaint(life.customer.grievance)
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
        visit.search(life.writer.search(topic, broad=dice.chance(life.rates.broad)))
    for _ in range(dice.poisson(life.customer.depth * life.rates.also_looks)):
        life.considered[topic] = life.product_of(topic, visit.now_ms)
        visit.look_at(life.considered[topic])


def _fill_basket(visit: Visit, topic: str, basket: float) -> tuple[Line, ...]:
    """Products of the topic first, then of other interests, until the basket is about full."""
    life, rates, lines, total = visit.life, visit.life.rates, list[Line](), 0
    for attempt in range(rates.basket_tries):
        if total >= rates.basket_full * basket or len(lines) == rates.max_lines:
            break
        wanted = topic if attempt < rates.basket_topic_tries else life.wanted_topic(visit.now_ms)
        product = _candidate(visit, wanted)
        taken = product.item.item_id in life.refused or any(line.product is product for line in lines)
        if not taken and product.price <= rates.basket_room * (basket - total):
            lines.append(_line(visit, product, basket))
            total += lines[-1].amount
    return tuple(lines) or (_line(visit, life.shelf.cheapest(topic), basket),)


def _candidate(visit: Visit, topic: str) -> Product:
    """Often what lies in the cart, is marked or was looked at last, else another product of the topic."""
    life = visit.life
    if life.dice.chance(life.rates.buys_known):
        kept = [product for product in life.kept.values() if product.topic == topic]
        if kept:
            return life.dice.pick(kept)
        if topic in life.considered:
            return life.considered[topic]
    return life.product_of(topic, visit.now_ms)


def _line(visit: Visit, product: Product, basket: float) -> Line:
    """Several pieces of what is small beside the basket, few of what lasts; sale prices are in whole ten fen."""
    share, rates = product.price / basket, visit.life.rates
    more = min(rates.pieces, rates.small / share) if share < rates.small else 0.0
    most = rates.pieces_most if product.topic in rates.used_up else rates.pieces_most_lasting
    quantity = min(most, 1 + (visit.life.dice.poisson(more) if more else 0))
    sale = float(visit.life.calendar.prices[min(visit.now_ms // DAY_MS, visit.life.calendar.days - 1)])
    return Line(product, quantity, round(product.price * sale / 10) * 10 * quantity)


def _check_out(visit: Visit, lines: tuple[Line, ...]) -> Order:
    life = visit.life
    life.orders += 1
    life.order_id = order_code(life.dice)
    order = Order(life.order_id, visit.now_ms, visit.place, lines)
    if life.dice.chance(life.rates.coupon_used * life.customer.sensitivity):
        saved = 100 * life.dice.pick(life.rates.coupons)
        used: dict[str, object] = {"action": "used", "saved_minor": saved}
        visit.note(EventKind.COUPON, order_id=order.order_id, properties=used)
    for line in lines:
        life.kept.pop(line.product.item.item_id, None)
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
    cool, upset = life.stage_at(order.at_ms).cool, False
    for line in order.lines:
        unhappy = life.dice.chance(_disappoints(life, cool=cool))
        upset = upset or unhappy
        _maybe_refund(life, order, line, unhappy=unhappy)
        _maybe_review(life, order, line, unhappy=unhappy, cool=cool)
    talk_about(life, order.at_ms, order.lines[0].product)
    if life.dice.chance(life.rates.support):
        _ask_support(life, order, cool=cool)
    if upset and not cool:
        _maybe_complain(life, order)


def _disappoints(life: Life, *, cool: bool) -> float:
    """Share of lines that disappoint; most of all who leaves because of them."""
    if not cool:
        return life.rates.unhappy
    return life.rates.unhappy_quality if life.customer.grievance == "quality" else life.rates.unhappy_cool


def _maybe_complain(life: Life, order: Order) -> None:
    """Once, and they stay all the same."""
    dice, rates = life.dice, life.rates
    if not life.complained and dice.chance(rates.complains_once):
        life.complained = True
        complain(life, order.at_ms + round(dice.between(*rates.support_hours) * HOUR_MS))


def _maybe_refund(life: Life, order: Order, line: Line, *, unhappy: bool) -> None:
    dice, rates = life.dice, life.rates
    factor = rates.refund_unhappy if unhappy else rates.refund_content
    if not dice.chance(rates.refund_topics.get(line.product.topic, rates.refund) * factor):
        return
    partly = dice.chance(rates.refund_partly)
    amount = max(100, round(line.amount * dice.between(*rates.refund_part))) if partly else line.amount
    at_ms = order.at_ms + round(dice.between(*rates.refund_days) * DAY_MS)
    life.recorder.note(
        order.place.surface,
        at_ms,
        EventKind.REFUND,
        life.member(order.place, at_ms),
        order_id=order.order_id,
        item_id=line.product.item.item_id,
        amount_minor=amount,
        properties={"reason": dice.pick(wording().refund_reasons_for(line.product.nickname, line.product.topic))},
    )


def _maybe_review(life: Life, order: Order, line: Line, *, unhappy: bool, cool: bool) -> None:
    """Long ones from those who care, a word from those who no longer do."""
    dice, rates, angry = life.dice, life.rates, unhappy and not cool
    if not dice.chance(life.customer.reviews * (rates.review_unhappy if angry else 1.0)):
        return
    rating = dice.pick(rates.ratings_unhappy if angry else rates.ratings_cool if cool else rates.ratings)
    text = life.writer.review(
        line.product.nickname, line.product.topic, rating, long=not cool and dice.chance(rates.review_long)
    )
    life.recorder.note(
        REVIEWS,
        order.at_ms + round(dice.between(*rates.review_days) * DAY_MS),
        EventKind.REVIEW,
        {"user_id": life.names.user_id},
        order_id=order.order_id,
        item_id=line.product.item.item_id,
        text=text,
        properties={"rating": rating},
    )


def _ask_support(life: Life, order: Order, *, cool: bool) -> None:
    """A question, sometimes followed by a phone number and later by thanks."""
    dice, rates, product = life.dice, life.rates, order.lines[0].product
    reason = dice.pick(rates.support_reasons_cool if cool else rates.support_reasons)
    moment = order.at_ms + round(dice.between(*rates.support_hours) * HOUR_MS)
    who = _caller(life, moment)
    messages = [(reason, 0.0)]
    if dice.chance(rates.support_phone) and "phone" in who:
        messages.append(("phone", dice.between(1, 4)))
    if not cool and dice.chance(rates.support_thanks):
        messages.append(("thanks", dice.between(10, 90)))
    for said, minutes in messages:
        at_ms = moment + round(minutes * MINUTE_MS)
        for text in life.writer.chat(said, product.nickname, product.topic, order.order_id, life.names.phone):
            life.recorder.note(SUPPORT_DESK, at_ms, EventKind.SUPPORT_MESSAGE, who, order_id=order.order_id, text=text)
            at_ms += round(dice.between(*rates.turn_seconds) * SECOND_MS)


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
