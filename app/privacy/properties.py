"""Keep personal numbers out of an event's properties: they belong into identifiers, where they are sealed."""

import re
from functools import lru_cache
from typing import Any

from app.privacy.redaction import redact

_PERSONAL = re.compile(
    r"(?:.*[_\- ])?(?:phone|mobile|tel|telephone|cellphone|cell|msisdn|phone_?number|mobile_?number|id_?number"
    r"|id_?card|id_?no|identity_?number|e?mail|email_?address|手机|手机号|电话|身份证|身份证号|邮箱)",
    re.IGNORECASE,
)
"""Names under which sources put contact data."""
_LONG_DIGITS = re.compile(r"(?:\d[^\d]{0,3}){9}\d|[零〇一二三四五六七八九幺]{9}")
_WITHHELD = "[withheld]"
_SHORT = 64
"""Characters of a name that is remembered."""


def sealed_properties(properties: dict[str, Any]) -> dict[str, Any]:
    """The properties without phone numbers, ID numbers and mail addresses; the same object when there are none.

    A value under a name such as `phone` or `email` is withheld whole. In any other value a personal number is
    replaced by its mark.
    """
    cleaned: dict[str, Any] | None = None
    for name, value in properties.items():
        seen = _cleaned(name, value)
        if seen is not value:
            cleaned = cleaned if cleaned is not None else dict(properties)
            cleaned[name] = seen
    return properties if cleaned is None else cleaned


def _cleaned(name: str, value: Any) -> Any:
    kind = type(value)
    if value is None or kind is bool:
        return value
    if kind is str or kind is int or kind is float:
        return _plain(name, value)
    if kind is dict:
        return sealed_properties(value)
    if kind is list or kind is tuple:
        items = [_cleaned(name, item) for item in value]
        return value if all(a is b for a, b in zip(items, value, strict=True)) else items
    return value


@lru_cache(maxsize=4_096)
def _is_personal(name: str) -> bool:
    return _PERSONAL.fullmatch(name) is not None


def _plain(name: str, value: str | int | float) -> str | int | float:
    if value != "" and (_is_personal(name) if len(name) <= _SHORT else _PERSONAL.fullmatch(name)):
        text = redact(str(value))
        return text if text != str(value) and text.startswith("[") else _WITHHELD
    text = value if isinstance(value, str) else str(value) if abs(value) >= 1e9 else ""
    if len(text) < 9 or not _LONG_DIGITS.search(text):
        return value
    found = redact(text)
    return value if found == text else found
