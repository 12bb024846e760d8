"""What is wrong with an expression, where, and what would be right, in either language."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from functools import cache
from importlib import resources
from typing import Any, NamedTuple

import yaml

from app.errors import InvalidInput
from app.schema import Lang
from app.text.normalise import shorten

_SHOWN = 40
"""Characters of what was written, and values of a list, that a message repeats."""


class ExpressionFault(InvalidInput):
    """An expression that cannot be read; the message names the place and what is allowed there."""

    def __init__(self, code: str, at: int, lang: Lang = "en", **slots: object) -> None:
        """`code` is one of the messages of faults.yaml, `at` a place in the text from 0."""
        super().__init__(_told(code, at, lang, slots))
        self.code, self.at, self.slots = code, at, slots

    def told(self, lang: Lang) -> "ExpressionFault":
        """The same in a language."""
        return ExpressionFault(self.code, self.at, lang, **self.slots)


class Wanted(str):
    """A slot that names what was expected; its words come from faults.yaml."""


class Guess(str):
    """A slot with the nearest allowed name; empty when none is near."""


class Choice(tuple[str, ...]):
    """A slot with allowed values."""


class Told(NamedTuple):
    """A slot that differs by language."""

    zh: object
    en: object


def nearest(found: str, allowed: Iterable[str]) -> Guess:
    """What somebody may have meant."""
    near = get_close_matches(found.casefold(), list(allowed), n=1, cutoff=0.7)
    return Guess(near[0] if near else "")


def _told(code: str, at: int, lang: Lang, slots: Mapping[str, object]) -> str:
    words = _words()
    shown = {name: _shown(value, lang) for name, value in slots.items()}
    return str(words["at"][lang].format(at=at + 1) + words["messages"][code][lang].format(**shown))


def _shown(value: object, lang: Lang) -> str:
    words = _words()
    match value:
        case Told():
            return _shown(value.zh if lang == "zh" else value.en, lang)
        case Wanted():
            return str(words["wanted"][value][lang])
        case Guess():
            return str(words["hint"][lang].format(guess=value)) if value else ""
        case Choice():
            rest = (f"… ({len(value)})",) if len(value) > _SHOWN else ()
            return str(words["or"][lang]).join((*value[:_SHOWN], *rest))
        case str():
            return shorten(value, _SHOWN)
    return str(value)


@cache
def _words() -> dict[str, Any]:
    text = resources.files("app.profile.segments").joinpath("faults.yaml").read_text(encoding="utf-8")
    read: dict[str, Any] = yaml.safe_load(text)
    return read
