"""Intervals of a sentence: their lower end comes first, and each end keeps the sign that its claim gives it."""

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import chain

from app.insights.quantities import Quantity, marked

_RANGE = re.compile(
    r"(?:between|interval|区间|之间|在)[^,;，；。]*?([\ue000-\uefff])(\D{0,12}?(?:and|to|至|到|-|–|~)\D{0,4}?)([\ue000-\uefff])"
)
_SPAN = re.compile(r"([\ue000-\uefff])(\s?[-–—~]\s?)([\ue000-\uefff])")
_MINUS = re.compile(r"(?<![\ue000-\uefff])(?<![\ue000-\uefff]\s)[-−]\s?(?:[a-z]{0,2}[¥$£€]|[a-z]{3})?\s?\Z")
"""A minus sign before a figure, and its currency; a dash right after a figure is none."""

Interval = tuple[Decimal, Decimal]


def misread(said: str, grounds: Sequence[str]) -> str | None:
    """Why an interval of `said` cannot be one, or is not the one that the grounds tell."""
    ends = frozenset(end for text in grounds for interval in _intervals(text) for end in interval)
    for low, high in _intervals(said):
        if low > high:
            return f"{low:f} is the upper end of its interval"
        if any(-end in ends and end not in ends for end in (low, high)):
            return "it turns a sign of an interval round"
    return None


def _intervals(text: str) -> Iterator[Interval]:
    """Both ends of every interval whose ends count the same, with their signs."""
    plain, figures = marked(text)
    for match in chain(_RANGE.finditer(plain), _SPAN.finditer(plain)):
        low, high = figures[match[1]], figures[match[3]]
        if isinstance(low, Quantity) and isinstance(high, Quantity) and low.unit == high.unit:
            yield _signed(low, plain[: match.start(1)]), _signed(high, match[1] + match[2])


def _signed(figure: Quantity, before: str) -> Decimal:
    return -figure.value if _MINUS.search(before) else figure.value
