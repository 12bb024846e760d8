"""Keep personal numbers out of an event's properties: they belong into identifiers, where they are sealed."""

import re
from functools import lru_cache
from typing import Any

from app.privacy.personal_names import SHORT, personal_kind
from app.privacy.redaction import redact

_LONG_DIGITS = re.compile(r"(?:\d[^\d]{0,3}){9}\d|[零〇一二三四五六七八九幺]{9}")
_WITHHELD = "[withheld]"
_TOO_SHORT = 9
"""No text with fewer characters holds a personal number."""


def sealed_properties(properties: dict[str, Any]) -> dict[str, Any]:
    """The properties without phone numbers, ID numbers and mail addresses; the same object when there are none.

    A value under a name such as `phone` or `workEmail` is withheld whole. In any other value, and in a name, a
    personal number is replaced by its mark.
    """
    cleaned: dict[str, Any] | None = None
    numbered = False
    for name, value in properties.items():
        seen = _cleaned(name, value)
        if seen is not value:
            cleaned = cleaned if cleaned is not None else dict(properties)
            cleaned[name] = seen
        if len(name) >= _TOO_SHORT and _has_number(name):
            numbered = True
    found = properties if cleaned is None else cleaned
    return _renamed(found) if numbered else found


def _has_number(name: str) -> bool:
    return _remembered(name) if len(name) <= SHORT else _LONG_DIGITS.search(name) is not None


@lru_cache(maxsize=4_096)
def _remembered(name: str) -> bool:
    return _LONG_DIGITS.search(name) is not None


def _renamed(properties: dict[str, Any]) -> dict[str, Any]:
    """Without personal numbers in the names; of two that look alike then, both are kept."""
    found: dict[str, Any] = {}
    for name, value in properties.items():
        shown, mark = redact(name), 1
        while shown in found or (shown != name and shown in properties):
            mark += 1
            shown = f"{redact(name)} {mark}"
        found[shown] = value
    return properties if found.keys() == properties.keys() else found


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


def _plain(name: str, value: str | int | float) -> str | int | float:
    if value != "" and personal_kind(name):
        text = redact(str(value))
        return text if text != str(value) and text.startswith("[") else _WITHHELD
    text = value if isinstance(value, str) else str(value) if abs(value) >= 1e9 else ""
    if len(text) < _TOO_SHORT or not _LONG_DIGITS.search(text):
        return value
    found = redact(text)
    return value if found == text else found
