"""Amounts as sources write them -> integer minor units, exactly: decimals all the way, never a binary fraction."""

import re
from decimal import Decimal
from functools import lru_cache

from app.errors import InvalidInput

_NUMBER = re.compile(r"[+-]?(\d+|\d{1,3}(,\d{3})+)(\.\d*)?([eE][+-]?\d{1,9})?")


@lru_cache
def minor_units(currency: str) -> int:
    """How many minor units make one major unit: 100 for CNY, 1 for JPY."""
    from babel.numbers import get_currency_precision

    return int(10 ** get_currency_precision(currency))


def read_decimal(value: object, name: str) -> Decimal:
    """A number or a text such as `1,234.50`; InvalidInput names the field `name` otherwise.

    A float counts as the shortest decimal that reads back as it: 18.99 is 18.99.
    """
    text = "" if value is None or isinstance(value, bool) else str(value).strip()
    if not _NUMBER.fullmatch(text):
        raise InvalidInput(f"not a number: {text[:80]!r} in {name!r} (1,234.50 or 1234.5)")
    return Decimal(text.replace(",", ""))


def to_minor(value: object, name: str, *, scale: int, times: tuple[object, str] | None = None) -> int:
    """`value`, multiplied by the number of `times`, in minor units. InvalidInput when negative or beyond all bounds."""
    try:
        total = read_decimal(value, name)
        if times:
            total *= read_decimal(*times)
        minor = int((total * scale).quantize(Decimal(1)))
    except ArithmeticError:  # beyond what Decimal holds
        raise InvalidInput(f"amount out of range: {str(value)[:80]!r} in {name!r}") from None
    if total < 0:
        raise InvalidInput(f"negative amount: {total} in {name!r} (send returns as refunds)")
    return minor
