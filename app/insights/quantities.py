"""Find every number and date that a sentence states, in digits or in words, Chinese or English.

Used to ask whether a sentence says a number that its claims do not. When in doubt a token counts as a number: a
true sentence may then be left out, a false number is not let in.
"""

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import NamedTuple

from app.insights.lexicon import Lexicon, lexicon
from app.text.normalise import normalise

_NUMBER = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?")
_CLOCK = re.compile(r"(?<!\d)(\d{1,2}):(\d{2})(?::\d{2})?(?!\d)")
_ISO_DATE = re.compile(r"(?<!\d)(?P<y>\d{4})[-/.](?P<m>\d{1,2})(?:[-/.](?P<d>\d{1,2}))?(?!\d)")
_HAN_DATE = re.compile(r"(?:(?P<y>\d{2,4})年\s?)?(?P<m>\d{1,2})月(?!龄)(?:\s?(?P<d>\d{1,2})[日号])?")
_HAN_YEAR = re.compile(r"(?<!\d)(?P<y>\d{4})年")
_HAN_DIGITS = {
    c: i
    for i, row in enumerate(("零〇", "一壹", "二两贰", "三叁", "四肆", "五伍", "六陆", "七柒", "八捌", "九玖"))
    for c in row
}
_HAN_POWERS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
_HAN_GROUPS = {"万": 10**4, "亿": 10**8}
_HAN_CHARS = "".join((*_HAN_DIGITS, *_HAN_POWERS, *_HAN_GROUPS, "半"))
_HAN_PERCENT = re.compile(rf"百分之([{_HAN_CHARS}]+|\d+(?:\.\d+)?)")
_HAN_TENTHS = re.compile(rf"([{_HAN_CHARS}]|\d)成(?![为了功立都本交员])")
_HAN_NUMBER = re.compile(rf"[{_HAN_CHARS}]+")


_HIDDEN = {ord(c): 0xF0000 + n for n, c in enumerate(_HAN_CHARS)}
"""Han numerals of idioms while numbers are read, so that they are not."""
_SHOWN = {hidden: character for character, hidden in _HIDDEN.items()}


_LONGEST_NAMED = 6
"""Characters of a number that a reason repeats."""


class Quantity(NamedTuple):
    """A number and the class of what it counts (see lexicon.yaml); None where the text does not say."""

    value: Decimal
    unit: str | None


class PartialDate(NamedTuple):
    """As much of a date as the text gives."""

    year: int | None
    month: int | None
    day: int | None

    def within(self, other: "PartialDate") -> bool:
        """Whether everything said here is what `other` says."""
        return all(mine in (None, theirs) for mine, theirs in zip(self, other, strict=True))


class Figures(NamedTuple):
    """All numbers and dates of a text."""

    quantities: tuple[Quantity, ...]
    dates: tuple[PartialDate, ...]


def figures(text: str) -> Figures:
    """Every number and date in `text`."""
    plain = _digits_for_words(normalise(text))
    dates, rest = _take_dates(plain)
    return Figures(tuple(_quantities(rest)), tuple(dates))


Figure = Quantity | PartialDate


def marked(text: str) -> tuple[str, dict[str, Figure]]:
    """`text`, normalised, with one character in place of every figure, and what each of them stands for.

    So that it can be asked what stands around a figure.
    """
    found: dict[str, Figure] = {}

    def keep(figure: Figure) -> str:
        sign = chr(_FIRST_MARK + len(found))
        found[sign] = figure
        return sign

    plain = _digits_for_words(re.sub("[\ue000-\uefff]", " ", normalise(text)))
    for pattern in _date_patterns():
        plain = pattern.sub(lambda match: keep(_date(match)), plain)
    plain = _CLOCK.sub(lambda match: keep(_clock(match)), plain)
    return _NUMBER.sub(lambda match: keep(_quantity(match, lexicon())), plain).translate(_SHOWN), found


_FIRST_MARK = 0xE000
"""Of the characters for private use, which no text that may be shown holds."""


def undated(text: str) -> str:
    """`text`, normalised and without its dates, so that the month of May is not read as "may"."""
    return _take_dates(normalise(text))[1]


def unsupported(said: Figures, grounds: Iterable[Figures]) -> str | None:
    """The first number or date in `said` that no text of `grounds` says; None when all are there.

    A number may be said as often as the grounds say it, so that one true figure cannot stand in for another.
    """
    known = list(grounds)
    dates = [d for ground in known for d in ground.dates]
    for day in said.dates:
        if not any(day.within(other) for other in dates):
            return "date " + "-".join("?" if part is None else str(part) for part in day)
    return _unsupported_quantity(said.quantities, [q for ground in known for q in ground.quantities], dates)


def _unsupported_quantity(said: Iterable[Quantity], known: list[Quantity], dates: list[PartialDate]) -> str | None:
    left = list(known)
    for quantity in sorted(said, key=lambda q: q.unit is None):
        match = next((k for k in sorted(left, key=lambda k: k.unit != quantity.unit) if same(quantity, k)), None)
        if match is not None:
            left.remove(match)
        elif not _is_year_of(quantity, dates):
            return _named(quantity)
    return None


def _named(quantity: Quantity) -> str:
    """A number as a reason names it; a long one may be a message of its own, and reasons are shown."""
    shown = f"{quantity.value:f}"
    if len(shown) > _LONGEST_NAMED:
        return "a number"
    return f"number {shown}{'%' if quantity.unit == 'percent' else ''}"


def either(plain: Iterable[Figures], told: Iterable[Figures]) -> list[Figures]:
    """What may be said of both: every figure as often as that one of them says it which says it more often."""
    grounds = list(plain)
    left = [quantity for ground in grounds for quantity in ground.quantities]
    for ground in told:
        more = [quantity for quantity in ground.quantities if not _taken(quantity, left)]
        grounds.append(Figures(tuple(more), ground.dates))
    return grounds


def _taken(quantity: Quantity, left: list[Quantity]) -> bool:
    """Whether an equal one was left, which is then gone."""
    match = next((other for other in left if same(quantity, other)), None)
    if match is not None:
        left.remove(match)
    return match is not None


def same(said: Quantity, known: Quantity) -> bool:
    """Whether two numbers are equal and may count the same; a share is never a count."""
    if said.value != known.value:
        return False
    if "percent" in (said.unit, known.unit):
        return said.unit == known.unit
    return None in (said.unit, known.unit) or said.unit == known.unit


def _is_year_of(quantity: Quantity, dates: list[PartialDate]) -> bool:
    return quantity.unit is None and quantity.value >= 1900 and any(quantity.value == d.year for d in dates)


def _take_dates(text: str) -> tuple[list[PartialDate], str]:
    found: list[PartialDate] = []

    def take(match: re.Match[str]) -> str:
        found.append(_date(match))
        return " ; "

    for pattern in _date_patterns():
        text = pattern.sub(take, text)
    return found, text


def _date_patterns() -> tuple[re.Pattern[str], ...]:
    return _ISO_DATE, _HAN_DATE, _HAN_YEAR, *lexicon().dates


def _date(match: re.Match[str]) -> PartialDate:
    parts = match.groupdict()
    return PartialDate(_year(parts.get("y")), _month(parts.get("m")), _int(parts.get("d")))


def _year(text: str | None) -> int | None:
    return None if text is None else int(text) + (2000 if len(text) == 2 else 0)


def _month(text: str | None) -> int | None:
    return None if text is None else lexicon().file.months.get(text) or int(text)


def _int(text: str | None) -> int | None:
    return None if text is None else int(text)


def _quantities(text: str) -> Iterator[Quantity]:
    yield from map(_clock, _CLOCK.finditer(text))
    text = _CLOCK.sub(" ; ", text)
    for match in _NUMBER.finditer(text):
        yield _quantity(match, lexicon())


def _clock(match: re.Match[str]) -> Quantity:
    return Quantity(Decimal(int(match[1]) * 60 + int(match[2])), "clock")


def _quantity(match: re.Match[str], words: Lexicon) -> Quantity:
    value, end = Decimal(match[0].replace(",", "")), match.end()
    while multiplier := words.multiplier.match(match.string, end):
        value, end = value * words.file.multipliers[multiplier[1]], multiplier.end()
    unit = words.unit_after.match(match.string, end) or words.unit_before.search(match.string[: match.start()])
    name = words.unit_of[unit[1]] if unit else _noun(match.string[end:], words)
    return Quantity(value.normalize(), None if name == "any" else name)


def _noun(after: str, words: Lexicon) -> str | None:
    """The English noun that a number without a known unit counts: what is counted may not change either."""
    noun = _PLURAL.match(after)
    return noun[1] if noun and noun[1] not in words.file.function_words else None


_PLURAL = re.compile(r"\s([a-z]{3,}[^s\W]s)(?![a-z])")


def _digits_for_words(text: str) -> str:
    """Numbers in words as digits, where they count something."""
    words = lexicon()
    text = _HAN_PERCENT.sub(lambda m: f"{_han_or_digits(m[1])}%", text)
    text = words.han_idioms.sub(lambda m: m[0].translate(_HIDDEN), text)
    text = _HAN_TENTHS.sub(lambda m: f"{_han_or_digits(m[1]) * 10}%", text)
    text = _HAN_NUMBER.sub(_han_quantity, text)
    return words.number_words.sub(lambda match: _english_quantity(match, words), text)


def _english_quantity(match: re.Match[str], words: Lexicon) -> str:
    names = words.file.number_words
    if match["a"] is None:
        return "1"
    return str(names[match["a"]] + names.get(match["b"] or "", 0))


def _han_quantity(match: re.Match[str]) -> str:
    run, after = match[0], match.string[match.end() : match.end() + 8]
    if run in _HAN_GROUPS or (run in "百千" and match.string[: match.start()][-1:].isdigit()):
        return run  # a multiplier of digits: 1.2万
    counts = lexicon().unit_after.match(after) or after.startswith(("月", "日", "号", "折"))
    return f" {han_value(run)}" if counts or (len(run) > 1 and set(run) & {*_HAN_POWERS, *_HAN_GROUPS}) else run


def _han_or_digits(text: str) -> Decimal:
    return Decimal(text) if text[0].isdigit() and text.isascii() else han_value(text)


def han_value(run: str) -> Decimal:
    """The value of a Han number: 三百二十, 二〇一一, 一万二千, 两, 半."""
    if run == "半":
        return Decimal("0.5")
    if all(c in _HAN_DIGITS for c in run):
        return Decimal("".join(str(_HAN_DIGITS[c]) for c in run))
    total = group = digit = 0
    for character in run:
        if character in _HAN_DIGITS:
            digit = _HAN_DIGITS[character]
        elif character in _HAN_POWERS:
            group, digit = group + (digit or 1) * _HAN_POWERS[character], 0
        elif character in _HAN_GROUPS:
            total, group, digit = (total + group + digit) * _HAN_GROUPS[character], 0, 0
    return Decimal(total + group + digit) + (Decimal("0.5") if run.endswith("半") else 0)
