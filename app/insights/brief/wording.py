"""The words of briefs: one file per language, read once."""

from collections.abc import Mapping
from functools import cache
from importlib import resources

import yaml

from app.insights.brief.schemas import Part
from app.narrative.phrases import Template, parsed
from app.schema import Frozen, Lang


class Wording(Frozen):
    """One language's file."""

    lines: dict[Part, dict[str, str]]
    """What is filled from claims, by part and plan."""
    titles: str
    """Before the items of an order."""
    more: str
    """For those that are not named."""
    rules: dict[str, str]
    """What is said without a claim: consents, hours, what to avoid, that nothing is open."""
    openings: dict[str, str]
    channels: dict[str, str]


@cache
def wording(lang: Lang) -> Wording:
    """The words of a language."""
    text = (resources.files("app.insights.brief") / "wording" / f"{lang}.yaml").read_text(encoding="utf-8")
    return Wording.model_validate(yaml.safe_load(text))


@cache
def templates(lang: Lang) -> Mapping[tuple[Part, str], Template]:
    """What is filled from claims, taken apart once."""
    return {(part, plan): parsed(text) for part, plans in wording(lang).lines.items() for plan, text in plans.items()}
