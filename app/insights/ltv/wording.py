"""The words of explanations of a value: one file per language, read once."""

from functools import cache
from importlib import resources
from typing import Literal

import yaml

from app.insights.ltv.schemas import AdviceAction
from app.schema import Frozen, Lang

Direction = Literal["up", "down"]
NoLean = Literal["off", "other_model", "no_estimate", "no_model", "ungrounded"]
"""Why there is no lean."""


class Advised(Frozen):
    """One action in words."""

    name: str
    do: str


class Wording(Frozen):
    """One language's file."""

    what: dict[str, str]
    """Group of facts -> as it stands in a sentence."""
    share: dict[Direction, str]
    """A driver as one plain sentence."""
    first: dict[Direction, str]
    same: dict[Direction, str]
    """One that points the same way as the one before it ..."""
    also: dict[Direction, str]
    """... in other words ..."""
    other: dict[Direction, str]
    """... and one that points the other way."""
    grounds: str
    between: str
    advice: dict[AdviceAction, Advised]
    unreachable: str
    """Why nobody may write to a customer."""
    terms: str
    lean: dict[NoLean, str]
    closed: dict[str, str]
    """What a customer said, as far as closed fields tell it."""


@cache
def wording(lang: Lang) -> Wording:
    """The words of a language."""
    text = (resources.files("app.insights.ltv") / "wording" / f"{lang}.yaml").read_text(encoding="utf-8")
    return Wording.model_validate(yaml.safe_load(text))
