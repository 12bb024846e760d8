"""The fast formats write exactly what Babel writes."""

from datetime import date
from decimal import Decimal

import pytest
from babel.dates import format_date
from babel.numbers import format_currency, format_decimal, format_percent, get_currency_precision
from hypothesis import given
from hypothesis import strategies as st

from app.narrative.formats import formats, locale
from app.schema import Lang

LANGS: list[Lang] = ["zh", "en"]
CURRENCIES = ["CNY", "GBP", "EUR", "USD", "JPY", "CHF", "KWD", "INR", "BRL", "XXX"]


@pytest.mark.parametrize("lang", LANGS)
@given(n=st.one_of(st.integers(-(10**12), 10**12), st.decimals(-(10**6), 10**6, places=2).map(float)))
def test_numbers_are_babels(lang: Lang, n: float) -> None:
    assert formats(lang).number(n) == format_decimal(Decimal(str(n)), format="#,##0.#", locale=locale(lang))


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("currency", CURRENCIES)
@given(minor=st.integers(-(10**12), 10**12))
def test_money_is_babels(lang: Lang, currency: str, minor: int) -> None:
    major = Decimal(minor) / 10 ** get_currency_precision(currency)
    assert formats(lang).money(minor, currency) == format_currency(major, currency, locale=locale(lang))


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("currency", CURRENCIES)
@given(minor=st.integers(-(10**12), 10**12))
def test_estimates_are_babels_in_whole_units_but_for_small_ones(lang: Lang, currency: str, minor: int) -> None:
    digits = get_currency_precision(currency)
    said, major = formats(lang).estimate(minor, currency), round(Decimal(minor) / 10**digits)
    if abs(minor) < 10 * 10**digits:
        assert said == formats(lang).money(minor, currency)
    else:
        assert said == format_currency(major, currency, format="¤#,##0", locale=locale(lang), currency_digits=False)


@pytest.mark.parametrize("lang", LANGS)
@given(thousandths=st.integers(5, 994))
def test_shares_are_babels(lang: Lang, thousandths: int) -> None:
    share = thousandths / 1000
    assert formats(lang).share(share) == format_percent(share, format="0%", locale=locale(lang))


@pytest.mark.parametrize(("lang", "pattern"), [("zh", "y年M月d日"), ("en", "d MMMM y")])
@given(day=st.dates(date(1990, 1, 1), date(2060, 1, 1)))
def test_dates_are_babels(lang: Lang, pattern: str, day: date) -> None:
    assert formats(lang).date(day) == format_date(day, pattern, locale=locale(lang))
