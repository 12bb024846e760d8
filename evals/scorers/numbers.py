"""Whether every number in a sentence is one of its claims', written as it should be. Shares no code with app/narrative.

Numbers inside quotations, item titles and readings of the taxonomy are other people's words and are set aside first.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple
from zoneinfo import ZoneInfo

from babel.numbers import get_currency_precision

from app.narrative.schemas import Claim, Predicate, Unit

INTERVAL = Decimal(80)
"""Per cent of the outcomes that an estimate's interval is meant to hold: between its 10% and 90% quantile."""

_INSTANT = timedelta(microseconds=1)
"""Periods leave their start out."""
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_DATE = re.compile(rf"(\d{{1,2}}) ({'|'.join(_MONTHS)}) (\d{{4}})|(\d{{4}})年(\d{{1,2}})月(\d{{1,2}})日")
_NUMBER = re.compile(r"([<>]?)(\d+(?:,\d{3})*(?:\.\d+)?)(\s?%)?")


class Number(NamedTuple):
    """One number of a sentence: what it is written as, and which kind it therefore is."""

    text: str
    kind: str
    """date, money, percent or plain."""
    value: Decimal | date
    sign: str = ""
    """`<` or `>` before a percentage."""


def numbers_in(sentence: str) -> list[Number]:
    """All numbers, dates first."""
    dates = [Number(match.group(), "date", _read_date(match)) for match in _DATE.finditer(sentence)]
    rest = _DATE.sub(lambda match: " " * len(match.group()), sentence)
    return [number for number in dates if number.value != date.min] + [
        _read_number(match, rest) for match in _NUMBER.finditer(rest)
    ]


def unsupported(sentence: str, claims: Sequence[Claim], *, foreign: Iterable[str], zone: ZoneInfo) -> list[str]:
    """The numbers that no cited claim accounts for. `foreign` are the words of others that may stand in it."""
    own = _without(sentence, foreign)
    return [number.text for number in numbers_in(own) if not any(_accounts(c, number, zone) for c in claims)]


def count(sentence: str, *, foreign: Iterable[str]) -> int:
    """How many numbers the sentence states itself."""
    return len(numbers_in(_without(sentence, foreign)))


def _without(sentence: str, foreign: Iterable[str]) -> str:
    for words in sorted({" ".join(words.split()) for words in foreign}, key=len, reverse=True):
        sentence = re.sub(re.escape(words), " ", sentence, flags=re.IGNORECASE) if words else sentence
    return sentence


def _read_date(match: re.Match[str]) -> date:
    day, month, year, zh_year, zh_month, zh_day = match.groups()
    if day:
        return date(int(year), _MONTHS.index(month) + 1, int(day))
    return date(int(zh_year), int(zh_month), int(zh_day))


def _read_number(match: re.Match[str], sentence: str) -> Number:
    sign, digits, percent = match.groups()
    kind = "percent" if percent else "money" if _after_currency(sentence[: match.start()]) else "plain"
    return Number(match.group(), kind, Decimal(digits.replace(",", "")), sign)


def _after_currency(before: str) -> bool:
    before = before.rstrip("\u00a0\u202f -−")
    return bool(before) and (unicodedata.category(before[-1]) == "Sc" or bool(re.search(r"\b[A-Z]{3}$", before)))


def _accounts(claim: Claim, number: Number, zone: ZoneInfo) -> bool:
    match number.kind:
        case "date":
            return number.value in {moment.astimezone(zone).date() for moment in _moments(claim)}
        case "money":
            return number.value in set(_amounts(claim))
        case "percent":
            return isinstance(number.value, Decimal) and _is_share(claim, number.value, number.sign)
        case _:
            return isinstance(number.value, Decimal) and any(_is_plain(number.value, x) for x in _plain(claim, zone))


def _moments(claim: Claim) -> Iterator[datetime]:
    yield from (moment for moment in (claim.at, claim.as_of) if moment)
    if claim.period:
        yield from (claim.period.start, claim.period.start + _INSTANT, claim.period.end)


def _amounts(claim: Claim) -> Iterator[Decimal]:
    if claim.unit is Unit.MONEY_MINOR and claim.currency:
        minor = Decimal(10) ** get_currency_precision(claim.currency)
        said = (claim.value, claim.compared_to, claim.low, claim.high)
        yield from (Decimal(round(amount)) / minor for amount in said if amount is not None)


def _is_share(claim: Claim, percent: Decimal, sign: str) -> bool:
    if claim.predicate is Predicate.LTV and percent == INTERVAL and not sign:
        return True  # the width of every interval that an estimate has
    shares = [claim.value, claim.compared_to] if claim.unit in (Unit.SHARE, Unit.PROBABILITY) else []
    known = [float(x) for x in [*shares, claim.confidence] if x is not None]
    return any(_rounds_to(x, percent, sign) for x in known)


def _rounds_to(share: float, percent: Decimal, sign: str) -> bool:
    if sign:
        return (sign == "<" and 0 < share < float(percent) / 100) or (sign == ">" and float(percent) / 100 < share < 1)
    return abs(share * 100 - float(percent)) <= 0.5 + 1e-9


def _plain(claim: Claim, zone: ZoneInfo) -> Iterator[float]:
    if claim.predicate is Predicate.ATTRIBUTE:  # a count that is known of them, such as how often they shared
        yield from (float(n.value) for n in numbers_in(claim.detail or "") if isinstance(n.value, Decimal))
    said = [float(x) for x in (claim.value, claim.compared_to) if x is not None]
    if claim.unit not in (Unit.MONEY_MINOR, Unit.SHARE, Unit.PROBABILITY, Unit.NONE, Unit.WEEKDAY):
        yield from said
    if claim.unit in (Unit.SECONDS, Unit.CHARACTERS):
        yield from (float(round(x)) for x in said)
    if claim.unit in (Unit.RATING, Unit.NONE):
        yield 5.0  # "out of 5"
    if claim.unit is Unit.HOUR:
        yield 0.0  # "8:00"
    further = (claim.out_of, claim.compared_out_of, claim.weight, claim.size, *(claim.scores or ()))
    yield from (float(x) for x in further if x is not None)
    if claim.period:
        yield float(round((claim.period.end - claim.period.start).total_seconds() / 86_400))
        first, last = ((t.astimezone(zone)).toordinal() for t in (claim.period.start + _INSTANT, claim.period.end))
        yield float(last - first + 1)
    if claim.horizon_days is not None:
        yield float(claim.horizon_days)


def _is_plain(said: Decimal, known: float) -> bool:
    """Whole numbers exactly; others rounded to one decimal."""
    return abs(float(said) - known) <= (0 if known == int(known) else 0.05 + 1e-9)
