"""Orders, refunds and product lists of the Segment specs: one event of ours for each product, amounts exact."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from app.errors import InvalidInput
from app.events.amounts import minor_units, to_minor
from app.events.intake import MAX_MINOR, MAX_NAME
from app.events.schemas import EventKind
from app.events.sources.segment_people import Fields, name_of

MAX_PRODUCTS = 200
"""Products of one message; a longer list is refused, so that a small body cannot become a flood of events."""
_TOTALS = ("revenue", "total", "value")
"""Where an order's amount stands when its products carry no prices. `revenue` comes without shipping and tax."""
_CODE_LENGTH = 3


class Line(NamedTuple):
    """One product of a message, or the message as a whole."""

    item_id: str | None
    amount_minor: int | None
    properties: dict[str, Any]


def currency_of(fields: Fields, currency: str) -> str:
    """The currency of these amounts, the workspace's when none is named."""
    given = fields.get("currency")
    if given in (None, ""):
        return currency
    if not isinstance(given, str) or len(given.strip()) != _CODE_LENGTH or not given.strip().isalpha():
        raise InvalidInput("wrong currency: not a code of three letters such as CNY")
    return given.strip().upper()


def product_id(fields: Fields) -> str | None:
    """The product that fields are about."""
    return name_of(fields, "product_id", "productId", "item_id", "itemId", "sku")


def lines_of(kind: str, properties: Fields, currency: str) -> list[Line]:
    """The message's products as lines; without products, or for a refund of a stated amount, one line."""
    products = _products(properties)
    total = _total(properties, currency) if kind in (EventKind.ORDER, EventKind.REFUND) else None
    rest = {name: value for name, value in properties.items() if name != "products"}
    if not products or (kind == EventKind.REFUND and total is not None):
        one = products[0] if len(products) == 1 else properties
        return [
            Line(product_id(one) or product_id(properties), _own(total, kind, properties, currency), dict(properties))
        ]
    amounts = _amounts(kind, products, total, currency)
    numbered = zip(products, amounts, strict=True)
    # What belongs to the message as a whole is kept once, with its first line.
    lines = [
        Line(product_id(product), amount, (rest if n == 1 else {}) | product | {"line": n, "lines": len(products)})
        for n, (product, amount) in enumerate(numbered, start=1)
    ]
    for line in lines:
        _check(line)
    return lines


def _check(line: Line) -> None:
    """What the log would refuse in one line refuses the message: no part of an order is taken without the rest."""
    if line.item_id is not None and len(line.item_id) > MAX_NAME:
        raise InvalidInput(f"bad item_id: longer than {MAX_NAME} characters")
    if line.amount_minor is not None and line.amount_minor > MAX_MINOR:
        raise InvalidInput(f"amount out of range: a line of more than {MAX_MINOR} minor units")


def _products(properties: Fields) -> list[dict[str, Any]]:
    listed = properties.get("products")
    if listed is None:
        return []
    if not isinstance(listed, list) or not all(isinstance(product, dict) for product in listed):
        raise InvalidInput("wrong field: products must be a list of objects")
    if len(listed) > MAX_PRODUCTS:
        raise InvalidInput(f"too many products: {len(listed)} in one message (at most {MAX_PRODUCTS})")
    return listed


def _own(total: int | None, kind: str, properties: Fields, currency: str) -> int | None:
    if total is not None or kind not in (EventKind.ORDER, EventKind.REFUND):
        return total
    return _price(properties, currency)


def _amounts(kind: str, products: Sequence[Fields], total: int | None, currency: str) -> list[int | None]:
    """What each line cost. What is left of the order's amount after the priced lines stands on the first unpriced."""
    if kind not in (EventKind.ORDER, EventKind.REFUND):
        return [None] * len(products)
    amounts = [_price(product, currency) for product in products]
    if total is not None and None in amounts:
        amounts[amounts.index(None)] = max(total - sum(a for a in amounts if a is not None), 0)
    return amounts


def _price(product: Fields, currency: str) -> int | None:
    """Price times quantity."""
    if product.get("price") in (None, ""):
        return None
    quantity = product.get("quantity")
    times = None if quantity in (None, "") else (quantity, "quantity")
    return to_minor(product["price"], "price", scale=minor_units(currency), times=times)


def _total(properties: Fields, currency: str) -> int | None:
    for name in _TOTALS:
        if properties.get(name) not in (None, ""):
            return to_minor(properties[name], name, scale=minor_units(currency))
    return None
