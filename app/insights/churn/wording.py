"""The words of churn reads: one file per language, read once."""

from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Literal

import yaml

from app.insights.churn.schemas import ChurnVerdict
from app.narrative.phrases import Template, parsed
from app.schema import Frozen, Lang

Headline = ChurnVerdict | Literal["open"]
"""`open` is a calm verdict that nobody should call calm: the risk is not far from where watching begins."""


class Wording(Frozen):
    """One language's file."""

    verdicts: dict[ChurnVerdict, str]
    headlines: dict[Headline, str]
    days: tuple[str, str]
    """A number of days: one, several."""
    signs: dict[str, str]
    what: dict[str, str]
    """Sign -> what it is, as a clause of its claim's slots."""
    words: dict[str, str]
    rhythm: dict[str, str]
    against: dict[str, str]

    def count_days(self, n: int) -> str:
        """So many days."""
        one, many = self.days
        return (one if n == 1 else many).format(n=n)


@cache
def wording(lang: Lang) -> Wording:
    """The words of a language."""
    text = (resources.files("app.insights.churn") / "wording" / f"{lang}.yaml").read_text(encoding="utf-8")
    return Wording.model_validate(yaml.safe_load(text))


@cache
def templates(lang: Lang) -> Mapping[str, Mapping[str, Template]]:
    """What is filled from claims, by part, taken apart once."""
    words = wording(lang)
    parts = {"what": words.what, "words": words.words, "rhythm": words.rhythm, "against": words.against}
    return {part: {plan: parsed(text) for plan, text in plans.items()} for part, plans in parts.items()}
