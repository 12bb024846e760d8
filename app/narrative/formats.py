"""Numbers, money and dates as each language writes them, fast.

The patterns are Babel's (CLDR): they are taken from it once for each language and currency and then filled here,
because parsing them anew for every number costs more than all the rest of a narrative.
"""

from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from functools import cache
from typing import Final, NamedTuple

from babel import Locale
from babel.dates import get_month_names
from babel.numbers import format_currency, get_currency_precision

from app.schema import Lang

_LOCALES: Final[dict[Lang, str]] = {"zh": "zh_CN", "en": "en_GB"}
_TENTH: Final = Decimal("0.1")
_ONE: Final = Decimal(1)
_WHOLE_FROM: Final = 10
"""Major units from which estimates are told without decimals."""


@cache
def locale(lang: Lang) -> Locale:
    """Babel's locale of a language."""
    return Locale.parse(_LOCALES[lang])


class _Currency(NamedTuple):
    """How one currency is written: what stands before the digits of a positive and a negative amount, and after."""

    prefix: str
    minus: str
    suffix: str
    precision: int


class Formats:
    """One language's numbers, money and dates."""

    def __init__(self, lang: Lang) -> None:
        """Take the language's symbols and names from Babel."""
        self._lang, self._locale = lang, locale(lang)
        symbols = self._locale.number_symbols["latn"]
        self._group, self._point = symbols["group"], symbols["decimal"]
        self.months = dict(get_month_names("wide", locale=self._locale))
        self._currencies: dict[str, _Currency] = {}

    def number(self, n: float) -> str:
        """Grouped digits, at most one decimal; halves go to the even digit."""
        if n == int(n):
            return self._grouped(int(n))
        rounded = Decimal(str(n)).quantize(_TENTH, ROUND_HALF_EVEN)
        if rounded == int(rounded):
            return ("-" if n < 0 and rounded == 0 else "") + self._grouped(int(rounded))
        whole, tenths = divmod(abs(int(rounded * 10)), 10)
        return f"{'-' if rounded < 0 else ''}{self._grouped(whole)}{self._point}{tenths}"

    def money(self, minor: float, currency: str) -> str:
        """An amount of minor units as people write it, e.g. £1,234.50."""
        written = self._currencies.get(currency) or self._learn(currency)
        amount = round(minor)
        sign = written.prefix if amount >= 0 else written.minus
        if not written.precision:
            return f"{sign}{self._grouped(abs(amount))}{written.suffix}"
        whole, rest = divmod(abs(amount), 10**written.precision)
        return f"{sign}{self._grouped(whole)}{self._point}{rest:0{written.precision}d}{written.suffix}"

    def estimate(self, minor: float, currency: str) -> str:
        """An amount that is not known to the cent: in whole major units from ten of them on."""
        written = self._currencies.get(currency) or self._learn(currency)
        major = 10**written.precision
        if abs(minor) < _WHOLE_FROM * major:
            return self.money(minor, currency)
        whole = round(minor / major)
        return f"{written.prefix if whole >= 0 else written.minus}{self._grouped(abs(whole))}{written.suffix}"

    def share(self, x: float) -> str:
        """Whole per cent; small but real shares are not rounded to nothing, nor nearly all to everything."""
        if 0 < x < 0.005:
            return "<1%"
        if 0.995 <= x < 1:
            return ">99%"
        return f"{int((Decimal(str(x)) * 100).quantize(_ONE, ROUND_HALF_EVEN))}%"

    def month_day(self, day: date | datetime) -> str:
        """A day of the last months in words, without its year."""
        return f"{day.month}月{day.day}日" if self._lang == "zh" else f"{day.day} {self.months[day.month]}"

    def date(self, day: date | datetime) -> str:
        """A day in words."""
        if self._lang == "zh":
            return f"{day.year}年{day.month}月{day.day}日"
        return f"{day.day} {self.months[day.month]} {day.year}"

    def _grouped(self, n: int) -> str:
        digits = f"{n:,}"
        return digits if self._group == "," else digits.replace(",", self._group)

    def _learn(self, currency: str) -> _Currency:
        """Ask Babel how a currency is written, once."""
        one, minus = (str(format_currency(Decimal(n), currency, locale=self._locale)) for n in (1, -1))
        at, end = one.index("1"), max(place for place, sign in enumerate(one) if sign.isdigit()) + 1
        found = _Currency(one[:at], minus[: minus.index("1")], one[end:], get_currency_precision(currency))
        self._currencies[currency] = found
        return found


@cache
def formats(lang: Lang) -> Formats:
    """The formats of a language, made once."""
    return Formats(lang)
