"""An expression cut into words, numbers and marks; Chinese marks and key words mean the same as the others."""

import re
from collections.abc import Iterator
from typing import NamedTuple, cast

from app.profile.segments.faults import ExpressionFault
from app.profile.segments.tree import Unit

MAX_LENGTH = 4_000
"""Characters of one expression."""

_UNITS: dict[str, Unit] = {
    "h": "h", "hour": "h", "hours": "h", "小时": "h",
    "d": "d", "day": "d", "days": "d", "天": "d", "日": "d",
    "w": "w", "week": "w", "weeks": "w", "周": "w", "星期": "w",
    "mo": "mo", "month": "mo", "months": "mo", "个月": "mo", "月": "mo",
    "y": "y", "year": "y", "years": "y", "年": "y",
}  # fmt: skip
_KEYWORDS = {
    "and": "and", "且": "and", "并且": "and", "or": "or", "或": "or", "或者": "or", "not": "not", "非": "not",
    "in": "in", "属于": "in", "between": "between", "介于": "between", "is": "is", "contains": "contains",
    "包含": "contains", "any": "any", "任一": "any",
}  # fmt: skip
_MARKS = {
    "（": "(", "）": ")", "，": ",", "、": ",", "＞": ">", "＜": "<", "＝": "=", "==": "=", "<>": "!=", "≥": ">=",
    "≤": "<=", "≠": "!=",
}  # fmt: skip
_PAIRS = {'"': '"', "'": "'", "“": "”", "「": "」"}

_LATIN = "|".join(sorted((u for u in _UNITS if u.isascii()), key=len, reverse=True))
_HAN = "|".join(sorted((u for u in _UNITS if not u.isascii()), key=len, reverse=True))
_TOKEN = re.compile(
    rf"""(?P<space>\s+)
    |(?P<ago>(?P<count>[0-9]{{1,9}})\s*(?:(?P<unit>{_LATIN})\s+ago\b|(?P<han>{_HAN})\s*(?:之前|以前|前)))
    |(?P<date>[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}(?:T[0-9:.]+(?:Z|[+-][0-9:]+)?)?)
    |(?P<number>[-+]?[0-9][0-9_]*(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?[%％]?)
    |(?P<mark><=|>=|!=|<>|==|[=<>(),≥≤≠（），、＞＜＝])
    |(?P<quoted>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|“[^”]*”|「[^」]*」)
    |(?P<word>[^\W0-9][\w]*(?:[.\-][\w]+)*)""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


class Token(NamedTuple):
    """One piece of the text."""

    kind: str
    """`word`, `quoted`, `number`, `ago`, `end`, or the key word or mark itself."""
    text: str
    """Without quotation marks; for `end` empty."""
    at: int
    unit: Unit | None = None
    """Of an `ago`, whose text is the number."""

    @property
    def shown(self) -> str:
        """As a message repeats it."""
        return f"`{self.text}`" if self.text else self.kind


def tokens(text: str) -> list[Token]:
    """The pieces and an end; ExpressionFault for a character that means nothing."""
    if len(text) > MAX_LENGTH:
        raise ExpressionFault("too_long", MAX_LENGTH, length=len(text), limit=MAX_LENGTH)
    return [*_pieces(text), Token("end", "", len(text))]


def is_bare(word: str) -> bool:
    """Whether a word may stand without quotation marks."""
    found = _TOKEN.fullmatch(word)
    return (
        bool(found) and found is not None and found.lastgroup in ("word", "date") and word.casefold() not in _KEYWORDS
    )


def _pieces(text: str) -> Iterator[Token]:
    place = 0
    while place < len(text):
        found = _TOKEN.match(text, place)
        if found is None:
            raise _unreadable(text, place)
        if found["space"] is None:
            yield _token(found)
        place = found.end()


def _token(found: re.Match[str]) -> Token:
    text, at = found[0], found.start()
    if found["ago"]:
        return Token("ago", found["count"], at, _UNITS[found["unit"] or found["han"]])
    if found["quoted"]:
        inner = text[1:-1]
        return Token("quoted", _ESCAPED.sub(r"\1", inner) if text[0] in "\"'" else inner, at)
    if found["mark"]:
        return Token(_MARKS.get(text, text), text, at)
    if found["number"]:
        return Token("number", text.replace("％", "%"), at)
    word = _KEYWORDS.get(text.casefold()) if found["word"] else None
    return Token(word or "word", text, at)


def _unreadable(text: str, place: int) -> ExpressionFault:
    if text[place] in _PAIRS:
        return ExpressionFault("quote", place)
    return ExpressionFault("character", place, found=text[place])


def unit_of(token: Token) -> Unit:
    """The unit of an `ago`."""
    return cast(Unit, token.unit)
