"""What stands in one cell of a sending tool's report: yes or no, a group, money, a count. InvalidInput says why not."""

import math
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from app.errors import InvalidInput
from app.events.amounts import minor_units, read_decimal, to_minor
from app.events.timestamps import parse_moment
from app.retrieval.knowledge.report_words import Group, plain, report_words

_SHOWN = 40


def written(value: object) -> str:
    """The cell as text; empty for an empty one. Whole floats lose their point."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip()


def flag(value: object, column: str, zone: ZoneInfo) -> bool | None:
    """Whether it happened: a yes or no in either language, a count, or the time at which it did; None when empty."""
    text = written(value)
    if not text:
        return None
    word = plain(text) or text
    if word in report_words().flags:
        return report_words().flags[word]
    try:
        return read_decimal(text, column) > 0
    except InvalidInput:
        pass  # no count, so it may be a time
    try:
        parse_moment(text, zone=zone)
    except InvalidInput:
        raise InvalidInput(f"neither yes or no nor a time: {text[:_SHOWN]!r} in {column!r}") from None
    return True


def group(value: object, column: str) -> Group | None:
    """Written to or held out; None when empty. A column whose name asks may answer yes or no."""
    word = plain(written(value))
    if not word:
        return None
    known = report_words().groups.get(word)
    if known:
        return known
    answer = {"1": True, "0": False}.get(word, report_words().flags.get(word))
    asks = _held_out_is_asked(column)
    if answer is None or asks is None:
        raise InvalidInput(
            f"neither treated nor held out: {written(value)[:_SHOWN]!r} in {column!r} (write treatment or control)"
        )
    return "holdout" if answer is asks else "treated"


def _held_out_is_asked(column: str) -> bool | None:
    """What a yes in the column means: True that the customer was held out; None where yes and no mean nothing."""
    name = plain(column)
    if any(word in name for word in ("holdout", "control", "对照", "留白", "空白")):
        return True
    return False if any(word in name for word in ("treated", "exposed", "触达")) else None


def amount(value: object, column: str, currency: str, *, in_minor: bool) -> int | None:
    """Money in minor units, exactly; None when empty. The currency's own sign or code may stand beside the number."""
    text = written(value)
    if not text:
        return None
    for sign in _signs(currency):
        text = text.removeprefix(sign).removesuffix(sign).strip()
    return to_minor(text, column, scale=1 if in_minor else minor_units(currency))


def squares(value: object, column: str, currency: str, *, in_minor: bool) -> float | None:
    """A sum of squared amounts, in squared minor units; None when empty."""
    text = written(value)
    if not text:
        return None
    scale = 1 if in_minor else minor_units(currency)
    found = read_decimal(text, column) * Decimal(scale) ** 2
    if found < 0:
        raise InvalidInput(f"negative sum of squares: {text[:_SHOWN]!r} in {column!r}")
    return float(found)


def count(value: object, column: str) -> int | None:
    """A whole number, not negative; None when empty."""
    text = written(value)
    if not text:
        return None
    found = read_decimal(text, column)
    if found != found.to_integral_value() or not 0 <= found <= 10**12:
        raise InvalidInput(f"not a count: {text[:_SHOWN]!r} in {column!r}")
    return int(found)


@lru_cache
def _signs(currency: str) -> tuple[str, ...]:
    """How the currency is written, longest first."""
    from babel.numbers import get_currency_symbol

    signs = {currency, *(get_currency_symbol(currency, locale=locale) for locale in ("zh_CN", "en", "en_GB"))}
    if currency == "CNY":
        signs |= {"\uffe5", "元", "RMB"}
    return tuple(sorted(signs, key=lambda sign: (-len(sign), sign)))
