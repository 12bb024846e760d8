"""The wording that checks of model-written sentences rest on: lexicon.yaml, compiled once."""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import resources

import yaml

from app.schema import Frozen


class _File(Frozen):
    senses: dict[str, tuple[str, ...]]
    subjects: dict[str, tuple[str, ...]]
    roles: dict[str, dict[str, tuple[str, ...]]]
    acts: dict[str, tuple[str, ...]]
    not_senses: tuple[str, ...]
    verbatim: tuple[str, ...]
    hedges: tuple[str, ...]
    inference_hedges: tuple[str, ...]
    units: dict[str, tuple[str, ...]]
    prefix_units: tuple[str, ...]
    number_words: dict[str, int]
    multipliers: dict[str, int]
    months: dict[str, int]
    ambiguous_months: frozenset[str]
    han_idioms: tuple[str, ...]
    function_words: frozenset[str]
    han_function_words: tuple[str, ...]
    common_words: tuple[str, ...]
    everyday: tuple[str, ...]


class Lexicon:
    """The file, with its word lists as patterns over normalised text."""

    def __init__(self, text: str) -> None:
        """Compile the YAML in `text`."""
        file = _File.model_validate(yaml.safe_load(text))
        self.file = file
        self.senses = {name: any_of(words, hyphens=True) for name, words in file.senses.items()}
        self.subjects = {name: any_of(words) for name, words in file.subjects.items()}
        self.acts = {name: any_of(words) for name, words in file.acts.items()}
        self.roles = {
            group: {name: _roles(words) for name, words in readings.items()} for group, readings in file.roles.items()
        }
        self.not_senses = any_of(file.not_senses)
        self.verbatim = any_of(file.verbatim, hyphens=True)
        self.hedges = any_of(file.hedges)
        self.inference_hedges = any_of(file.inference_hedges)
        self.unit_of = {word: name for name, words in file.units.items() for word in words}
        units = any_of(self.unit_of).pattern
        signs = any_of(word for name in file.prefix_units for word in file.units[name]).pattern
        self.unit_after = re.compile(rf"[\s\-]?({units})")
        self.unit_before = re.compile(rf"({signs})\s?\Z")
        self.multiplier = re.compile(rf"\s?({any_of(file.multipliers).pattern})")
        self.han_function_words = any_of(file.han_function_words)
        self.han_idioms = re.compile("|".join(file.han_idioms))
        names = _alternatives(file.number_words)
        self.number_words = re.compile(
            rf"(?<![a-z])(?:(?P<a>{names})(?:[ \-](?P<b>{names}))?(?![a-z])|one(?=[ \-](?:{units})))"
        )
        self.dates = tuple(_english_dates(file))


def _english_dates(file: _File) -> Iterator[re.Pattern[str]]:
    month = rf"(?P<m>{_alternatives(file.months)})(?![a-z])\.?"
    year, day = r"(?P<y>\d{4})(?!\d)", r"(?P<d>\d{1,2})(?:st|nd|rd|th)?"
    yield re.compile(rf"(?<!\d){day}(?: of)? {month}(?:,? {year})?")
    yield re.compile(rf"(?<![a-z]){month} {day}(?![\d%])(?:,? {year})?")
    yield re.compile(rf"(?<![a-z]){month},? {year}")
    yield re.compile(rf"(?<![a-z])(?P<m>{_alternatives(file.months.keys() - file.ambiguous_months)})(?![a-z])")


def _alternatives(words: Iterable[str]) -> str:
    return "|".join(sorted(words, key=lambda word: (-len(word), word)))


@cache
def lexicon() -> Lexicon:
    """The shipped lexicon, read once."""
    return Lexicon((resources.files("app.insights") / "lexicon.yaml").read_text(encoding="utf-8"))


def _roles(words: Iterable[str]) -> re.Pattern[str]:
    """Any of `words`; those that end in # only right before a figure, which one character stands for."""
    near = [word.removesuffix("#").strip() for word in words if word.endswith("#")]
    anywhere = any_of(word for word in words if not word.endswith("#")).pattern
    return re.compile(rf"{anywhere}|(?:{any_of(near).pattern})\s?(?:cn)?\W{{0,3}}(?=[\ue000-\uefff])")


def any_of(words: Iterable[str], *, hyphens: bool = False) -> re.Pattern[str]:
    """A pattern for any of `words`, longest first: whole words in Latin script, anywhere in Han.

    With `hyphens`, what hyphens join is one word: the "up" of "make-up" is not found.
    """
    letters = r"a-z\-" if hyphens else "a-z"
    found = sorted(words, key=lambda word: (-len(word), word))
    return re.compile("|".join(_pattern(word, letters) for word in found) or r"(?!)")


def _pattern(word: str, letters: str) -> str:
    before = f"(?<![{letters}])" if word[0].isascii() and word[0].isalpha() else ""
    after = f"(?![{letters}])" if word[-1].isascii() and word[-1].isalpha() else ""
    return before + re.escape(word) + after
