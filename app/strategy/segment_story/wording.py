"""The words of segment stories: one file per language, read once."""

from functools import cache
from importlib import resources

import yaml

from app.schema import Frozen, Lang


class Wording(Frozen):
    """One language's file."""

    plain: dict[str, str]
    """`measure.about` -> the claim as one plain sentence."""
    compared: dict[str, str]
    """The same set beside all customers."""
    too_few: str
    nothing_works: str
    nothing_changed: str


@cache
def wording(lang: Lang) -> Wording:
    """The words of a language."""
    text = (resources.files("app.strategy.segment_story") / "wording" / f"{lang}.yaml").read_text(encoding="utf-8")
    return Wording.model_validate(yaml.safe_load(text))
