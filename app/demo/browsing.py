"""A visit: come in, search, look, zoom, keep, put in the cart and out again. Buying has its own module."""

from typing import Unpack
from zlib import crc32

from app.demo.calendar import SECOND_MS
from app.demo.catalogue import Product
from app.demo.life import Life
from app.demo.recording import Details, Identifiers
from app.events.schemas import EventKind

_MOST_RESULTS = 181


class Visit:
    """One visit on one surface; its clock moves with every act."""

    def __init__(self, life: Life, start_ms: int, *, entry: str = "home") -> None:
        """Come in; the visitor may not be known yet."""
        self.life = life
        self.place = life.place(life.surface(), start_ms)
        self.now_ms = start_ms
        self.cart: list[Product] = []
        self._session_id = f"s-{life.dice.code(16)}"
        self._logged_in = not life.comes_unknown(self.place)
        self.note(EventKind.SESSION, properties={"surface": self.place.surface, "entry": entry})

    @property
    def who(self) -> Identifiers:
        """The identifiers that this visit's events carry now."""
        return self.life.member(self.place, self.now_ms) if self._logged_in else self.place.stranger()

    def note(self, kind: EventKind, **details: Unpack[Details]) -> None:
        """Record an act of this visit."""
        details["session_id"] = self._session_id
        self.life.recorder.note(self.place.surface, self.now_ms, kind, self.who, **details)
        self.wait(1, 9)

    def wait(self, low_s: float, high_s: float) -> None:
        """Let some seconds pass."""
        self.now_ms += round(self.life.dice.between(low_s, high_s) * SECOND_MS)

    def log_in(self) -> None:
        """From here on the shop knows who it is; nothing happens when it did before."""
        if not self._logged_in:
            self.life.log_in(self.place, self.now_ms)
            self._logged_in = True
            self.wait(8, 20)

    def search(self, text: str) -> None:
        """Type a query; the same one finds as much every time."""
        self.note(EventKind.SEARCH, text=text, properties={"results": crc32(text.encode()) % _MOST_RESULTS})

    def look_at(self, product: Product, **properties: object) -> None:
        """Open a product's page, perhaps zoom into its pictures."""
        dice, rates = self.life.dice, self.life.rates
        self.life.seen.add(product.item.item_id)
        patience = rates.patience_cool if self.life.stage_at(self.now_ms).cool else 1.0
        dwell = max(1, round(dice.log_normal(rates.dwell_seconds * patience, rates.dwell_sigma)))
        self.note(EventKind.VIEW, item_id=product.item.item_id, properties={"dwell_s": dwell, **properties})
        if dice.chance(rates.zoom * patience):
            self.note(
                EventKind.MEDIA,
                item_id=product.item.item_id,
                properties={"action": "zoom", "count": dice.whole(1, 5)},
            )
        self.wait(dwell, dwell + 4)

    def put_in_cart(self, product: Product, quantity: int = 1) -> None:
        """Want it, for now."""
        self.cart.append(product)
        self.note(EventKind.CART_ADD, item_id=product.item.item_id, properties={"quantity": quantity})


def browse(life: Life, start_ms: int, *, topic: str | None = None, entry: str = "home") -> Visit:
    """A visit that looks around, without buying."""
    visit = Visit(life, start_ms, entry=entry)
    topic = topic or life.wanted_topic(start_ms)
    _search(visit, topic)
    _recommended(visit)
    stage = life.stage_at(start_ms)
    for position in range(1 + life.dice.poisson(life.customer.depth * stage.phase.depth)):
        product = _next_product(visit, topic)
        visit.look_at(product)
        if position == 0 and not life.stays_unknown(visit.place):
            visit.log_in()
        _keep(visit, product)
    _tidy_cart(visit)
    return visit


def _search(visit: Visit, topic: str) -> None:
    life, dice = visit.life, visit.life.dice
    cool, rates = life.stage_at(visit.now_ms).cool, life.rates
    if dice.chance(rates.search):
        bargain = cool and life.customer.grievance == "price" and dice.chance(rates.bargains_cool)
        broad = dice.chance(rates.broad_cool if cool else rates.broad)
        visit.search(life.writer.bargain_search() if bargain else life.writer.search(topic, broad=broad))
        if dice.chance(rates.second_search):
            visit.search(life.writer.search(topic, broad=cool))


def _recommended(visit: Visit) -> None:
    """The shop shows something; who is drifting away no longer looks."""
    life, dice = visit.life, visit.life.dice
    if not dice.chance(life.rates.impression):
        return
    product = life.product_of(life.wanted_topic(visit.now_ms), visit.now_ms)
    visit.note(EventKind.IMPRESSION, item_id=product.item.item_id, properties={"placement": "recommended"})
    cool = life.stage_at(visit.now_ms).cool
    if dice.chance(life.rates.impression_taken_cool if cool else life.rates.impression_taken):
        visit.look_at(product, referrer="recommended")


def _next_product(visit: Visit, topic: str) -> Product:
    """Mostly the visit's topic, often the product they looked at last time."""
    life, dice = visit.life, visit.life.dice
    if not dice.chance(life.rates.stays_on_topic):
        topic = life.wanted_topic(visit.now_ms)
    before = life.considered.get(topic)
    if before is not None and dice.chance(life.rates.comes_back):
        return before
    life.considered[topic] = life.product_of(topic, visit.now_ms)
    return life.considered[topic]


def _keep(visit: Visit, product: Product) -> None:
    """Mark as favourite, put in the cart, tell a friend."""
    dice, rates = visit.life.dice, visit.life.rates
    eager = visit.life.stage_at(visit.now_ms).phase.depth
    if dice.chance(rates.favourite * eager):
        visit.note(EventKind.FAVOURITE, item_id=product.item.item_id)
        visit.life.kept[product.item.item_id] = product
    if dice.chance(rates.cart_add * eager) and product not in visit.cart:
        visit.put_in_cart(product)
        visit.life.kept[product.item.item_id] = product
    if dice.chance(rates.share * eager):
        visit.note(EventKind.SHARE, item_id=product.item.item_id, properties={"to": "wechat"})


def _tidy_cart(visit: Visit) -> None:
    for product in visit.cart:
        if visit.life.dice.chance(visit.life.rates.cart_remove):
            visit.note(EventKind.CART_REMOVE, item_id=product.item.item_id)
            visit.life.kept.pop(product.item.item_id, None)
