"""False figures: numbers, dates, units and currencies that are not the claims'."""

import re
from collections.abc import Iterator
from itertools import combinations

from evals.mutations.case import DATE, Case, Mutation, Token, kind_of, numbers, put

_WORDS = {
    "en": ["two", "three", "four", "six", "seven", "eight", "eleven", "twelve", "fifteen", "forty"],
    "zh": ["两", "三", "四", "六", "七", "八", "十一", "十二", "十五", "四十"],
}
_VALUES = [2, 3, 4, 6, 7, 8, 11, 12, 15, 40]
_MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October"]
_UNITS = {
    "en": {"days": "weeks", "day": "month", "orders": "visits", "order": "review", "product views": "orders",
           "interactions": "orders", "interaction": "order", "pages": "minutes", "characters": "pages"},
    "zh": {"天": "周", "笔订单": "次退款", "次商品浏览": "笔订单", "次互动": "笔订单", "个页面": "分钟",
           "个字": "个页面"},
}  # fmt: skip


def _at(case: Case) -> Token | None:
    found = numbers(case.text)
    return case.dice.choice(found) if found else None


def off_by_one(case: Case) -> str | None:
    """A whole number one up or down, an amount by one of its major unit."""
    token = _at(case)
    if token is None:
        return None
    whole, dot, rest = token.text.replace(",", "").partition(".")
    step = 1 if int(whole) == 0 else case.dice.choice((1, -1))
    return put(case.text, token, f"{int(whole) + step}{dot}{rest}")


def digits_swapped(case: Case) -> str | None:
    """Two neighbouring digits of one number change places."""
    pairs = [
        (token, i)
        for token in numbers(case.text)
        for i in range(len(token.text) - 1)
        if token.text[i].isdigit() and token.text[i + 1].isdigit() and token.text[i] != token.text[i + 1]
        and not (i == 0 and token.text[1] == "0")
    ]  # fmt: skip
    if not pairs:
        return None
    token, i = case.dice.choice(pairs)
    return put(case.text, token, token.text[:i] + token.text[i + 1] + token.text[i] + token.text[i + 2 :])


def magnitude(case: Case) -> str | None:
    """Ten times as much."""
    found = [token for token in numbers(case.text) if token.text[0] != "0"]
    if not found:
        return None
    token = case.dice.choice(found)
    whole, dot, rest = token.text.partition(".")
    return put(case.text, token, f"{whole}0{dot}{rest}")


def in_words(case: Case) -> str | None:
    """Another number, in words."""
    found = [token for token in numbers(case.text) if token.text.isdigit() and kind_of(case.text, token) not in "%¥£$€"]
    if not found:
        return None
    token = case.dice.choice(found)
    n = case.dice.choice([n for n, value in enumerate(_VALUES) if value != int(token.text)])
    return put(case.text, token, _WORDS[case.lang][n])


def percentage(case: Case) -> str | None:
    """Another share."""
    found = [token for token in numbers(case.text) if kind_of(case.text, token) == "%"]
    if not found:
        return None
    token = case.dice.choice(found)
    return put(case.text, token, str((int(token.text) + case.dice.randint(6, 90)) % 101 or 3))


def _date(case: Case) -> re.Match[str] | None:
    found = list(DATE.finditer(case.text))
    return case.dice.choice(found) if found else None


def _redated(case: Case, change: str) -> str | None:
    match = _date(case)
    if match is None:
        return None
    parts = re.findall(r"\d+|[A-Z][a-z]+", match[0])
    year, month, day = parts if case.is_zh else (parts[2], parts[1], parts[0])
    if change == "day":
        day = str(int(day) % 28 + 1)
    elif change == "month":
        month = str(int(month) % 12 + 1) if case.is_zh else case.dice.choice([m for m in _MONTHS if m != month])
    else:
        year = str(int(year) - 1)
    new = f"{year}年{month}月{day}日" if case.is_zh else f"{day} {month} {year}"
    changed = case.text[: match.start()] + new + case.text[match.end() :]
    return changed if changed != case.text else None


def other_day(case: Case) -> str | None:
    """Another day of the month."""
    return _redated(case, "day")


def other_month(case: Case) -> str | None:
    """Another month."""
    return _redated(case, "month")


def other_year(case: Case) -> str | None:
    """A year earlier."""
    return _redated(case, "year")


def other_unit(case: Case) -> str | None:
    """The same number of something else."""
    found = [
        (token, old, new)
        for token in numbers(case.text)
        for old, new in _UNITS[case.lang].items()
        if re.match(rf"\s?{old}(?![a-z])", case.text[token.start + len(token.text) :])
    ]
    if not found:
        return None
    token, old, new = case.dice.choice(found)
    end = token.start + len(token.text)
    return case.text[:end] + case.text[end:].replace(old, new, 1)


def other_currency(case: Case) -> str | None:
    """The same amount in another currency."""
    return re.sub(r"CN¥|¥", "$", case.text, count=1) if "¥" in case.text else None


def _swaps(case: Case) -> Iterator[tuple[Token, Token]]:
    found = numbers(case.text)
    for one, two in combinations(found, 2):
        if kind_of(case.text, one) == kind_of(case.text, two) and _same_amount(one, two) is False:
            yield one, two


def _same_amount(one: Token, two: Token) -> bool:
    return float(one.text.replace(",", "")) == float(two.text.replace(",", ""))


def numbers_swapped(case: Case) -> str | None:
    """Two true numbers of one kind change places."""
    pairs = list(_swaps(case))
    if not pairs:
        return None
    one, two = case.dice.choice(pairs)
    return put(put(case.text, two, one.text), one, two.text)


def dates_swapped(case: Case) -> str | None:
    """Two true dates change places."""
    found = list(DATE.finditer(case.text))
    if len(found) < 2 or found[0][0] == found[1][0]:
        return None
    one, two = found[:2]
    text = case.text
    return text[: one.start()] + two[0] + text[one.end() : two.start()] + one[0] + text[two.end() :]


FIGURES: dict[str, Mutation] = {
    "number_off_by_one": off_by_one,
    "digits_swapped": digits_swapped,
    "magnitude": magnitude,
    "number_in_words": in_words,
    "percentage": percentage,
    "day": other_day,
    "month": other_month,
    "year": other_year,
    "unit": other_unit,
    "currency": other_currency,
    "numbers_swapped": numbers_swapped,
    "dates_swapped": dates_swapped,
}
