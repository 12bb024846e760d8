"""Numbers as questions write them: digits, Chinese numerals, English number words."""

import re
from functools import cache

from app.insights.lexicon import lexicon
from app.insights.quantities import han_value

HAN = "零〇一二两三四五六七八九十百千万半几"
_COUPLES = {"a couple of": 2, "a couple": 2, "couple of": 2, "a dozen": 12, "half a dozen": 6, "one": 1}
_MULTIPLIERS = {"k": 1000, "w": 10_000, "m": 1_000_000, "万": 10_000, "千": 1000, "百": 100, "thousand": 1000,
                "hundred": 100, "grand": 1000, "million": 1_000_000}  # fmt: skip


@cache
def english() -> dict[str, int]:
    """Number words and what they are worth."""
    return {**lexicon().file.number_words, **_COUPLES}


@cache
def number_pattern() -> str:
    """A regular expression without groups for any number that `number` reads."""
    words = "|".join(sorted(english(), key=len, reverse=True))
    digits = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
    many = rf"(?:{digits})(?:\s?(?:万|千|百)|(?:k|w|m)(?![a-z])|\s(?:thousand|hundred|grand|million)(?![a-z]))?"
    named = rf"(?<![a-z])(?:{words})(?:[ -](?:{words}))?(?:\s(?:thousand|hundred|grand|million))?(?![a-z])"
    return rf"(?:{many}|[{HAN.removesuffix('几')}]+|{named})"


def number(text: str) -> float:
    """The value of a number that `number_pattern` found."""
    text = text.strip()
    if text[0].isdigit():
        return _digits(text)
    if text[0] in HAN:
        return _han(text)
    parts = re.split(r"[ -]+", text)
    scale = _MULTIPLIERS.get(parts[-1], 1) if len(parts) > 1 else 1
    rest = parts[:-1] if scale > 1 else parts
    whole = english().get(" ".join(rest))
    return float(scale * (whole if whole is not None else sum(english().get(part, 0) for part in rest)))


def _han(text: str) -> float:
    """A last digit after 万, 千 or 百 counts tenths of it: 一万五 is 15,000."""
    scale = _MULTIPLIERS.get(text[-2:-1], 1)
    if scale > 1 and text[-1] in "一二两三四五六七八九":
        return float(han_value(text[:-1])) + float(han_value(text[-1])) * scale / 10
    return float(han_value(text))


def _digits(text: str) -> float:
    found = re.match(r"[\d,.]+", text)
    figures = found[0] if found else "0"
    scale = _MULTIPLIERS.get(text[len(figures) :].strip(), 1)
    return float(figures.replace(",", "")) * scale
