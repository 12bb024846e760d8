"""The wording files: read once, their templates taken apart once, so that filling them is only joining."""

from collections.abc import Sequence
from functools import cache
from importlib import resources
from string import Formatter
from typing import NamedTuple

import yaml

from app.schema import Frozen, Lang


class Field(NamedTuple):
    """One slot of a template: `{part.slot}`, or `{slot}` alone."""

    part: str
    slot: str


class Template(NamedTuple):
    """A template taken apart."""

    pattern: str
    """The words, with `%s` for each slot."""
    fields: tuple[Field, ...]


class Wording(Frozen):
    """One language's wording file."""

    quote: tuple[str, str]
    unknown: str
    nouns: dict[str, tuple[str, str]]
    ago: tuple[str, str]
    """The same day, and a pattern for `days` before."""
    spoke: dict[str, str]
    """Kind of event -> how its words were said; `other` for the rest."""
    adverbs: dict[str, dict[int, str]]
    """Noun -> small counts that have a word of their own, such as `once`."""
    comma: str
    """Between the parts of a list ..."""
    last: str
    """... and before its last part."""
    then: str
    """Between clauses ..."""
    and_then: tuple[str, str]
    """... and before the last of few and of many."""
    names: dict[str, dict[str, str]]
    """Closed codes in words: classes, authorities, attributes, complaints, weekdays."""
    sentences: dict[str, tuple[str, ...]]
    """Sentence plan -> variants equal in content."""
    plain: dict[str, str]
    """Predicate -> the sentence of the evidence panel."""
    when: dict[str, str]
    """Relative times."""
    clauses: dict[str, tuple[str, ...]]
    """What can happen in an episode -> variants equal in content."""


class Phrases(NamedTuple):
    """The templates of one language, taken apart."""

    sentences: dict[str, tuple[Template, ...]]
    plain: dict[str, Template]
    when: dict[str, Template]
    clauses: dict[str, tuple[Template, ...]]


@cache
def wording(lang: Lang) -> Wording:
    """The wording file of a language, read once."""
    text = (resources.files("app.narrative") / "wording" / f"{lang}.yaml").read_text(encoding="utf-8")
    return Wording.model_validate(yaml.safe_load(text))


@cache
def phrases(lang: Lang) -> Phrases:
    """The same, ready to be filled."""
    words = wording(lang)
    return Phrases(
        sentences={plan: tuple(map(parsed, variants)) for plan, variants in words.sentences.items()},
        plain={name: parsed(template) for name, template in words.plain.items()},
        when={name: parsed(template) for name, template in words.when.items()},
        clauses={name: tuple(map(parsed, variants)) for name, variants in words.clauses.items()},
    )


def parsed(template: str) -> Template:
    """A template of our own wording files in parts. What fills a slot is never read as a template."""
    pattern, fields = "", []
    for literal, field, _, _ in Formatter().parse(template):
        pattern += literal.replace("%", "%%")
        if field is not None:
            part, _, slot = field.rpartition(".")
            pattern += "%s"
            fields.append(Field(part, slot))
    return Template(pattern, tuple(fields))


def listed(parts: Sequence[str], words: Wording) -> str:
    """`a, b and c` in the language's own way."""
    if len(parts) < 2:
        return "".join(parts)
    return words.comma.join(parts[:-1]) + words.last + parts[-1]
