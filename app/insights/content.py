"""What words a sentence may be made of: those of its claims, of the wording files for such claims, and everyday ones.

A closed list, so that nothing can be said that no claim carries: no cause, no character, no rank, no other product.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from functools import cache, lru_cache
from typing import NamedTuple

from app.insights.lexicon import any_of, lexicon
from app.narrative.phrases import Template, phrases
from app.narrative.schemas import Predicate
from app.schema import Lang
from app.text.normalise import normalise

HAN = re.compile(r"[\u3400-\u9fff]+")
LATIN = re.compile(r"[A-Za-z][A-Za-z'’&]*")
_WORD = re.compile(r"[a-z]{3,}(?:-[a-z]+)*")
_SENTENCE_START = re.compile(r"(?:\A|[.!?:;。！？]\s*)\W*([A-Za-z]['’A-Za-z]*)")
_LANGS: tuple[Lang, ...] = ("zh", "en")


class Unit(NamedTuple):
    """A piece of content and where it stands."""

    text: str
    start: int


def units(plain: str) -> Iterator[Unit]:
    """Han bigrams and the stems of English words, without words that carry no content.

    Directions, negations and hedges are none either: they are checked on their own.
    """
    for checked in (*lexicon().senses.values(), lexicon().hedges, lexicon().han_function_words):
        plain = checked.sub(lambda match: " " * len(match[0]), plain)
    for run in HAN.finditer(plain):
        yield from (Unit(run[0][i : i + 2], run.start() + i) for i in range(len(run[0]) - 1))
    for word in _WORD.finditer(plain):
        if word[0] not in lexicon().file.function_words:
            yield Unit(stem(word[0]), word.start())


@lru_cache(maxsize=4096)
def content(plain: str) -> frozenset[str]:
    """All units of content of a normalised text."""
    return frozenset(unit.text for unit in units(plain))


def stem(word: str) -> str:
    """An English word without its ending."""
    return re.sub(r"(?:ing|ed|es|s|e)\Z", "", word)


def novelty(text: str, given: str) -> float:
    """Share of a text's units of content that `given` does not have; 0 for a text without content."""
    found = content(normalise(text))
    return len(found - content(normalise(given))) / len(found) if found else 0.0


def is_han(text: str) -> bool:
    """Whether a text is Chinese: more of it is Han than Latin words."""
    return sum(map(len, HAN.findall(text))) > len(LATIN.findall(text))


@cache
def everyday_content() -> frozenset[str]:
    """Content of words that name no one claim."""
    return content(" ; ".join((*lexicon().file.common_words, *lexicon().file.everyday)))


def names(said: str) -> list[str]:
    """Latin words that look like names: any in Chinese text; in English, capitalised ones inside a sentence."""
    if is_han(said):
        return LATIN.findall(said)
    starts = {match.start(1) for match in _SENTENCE_START.finditer(said)}
    found = [m for m in LATIN.finditer(said) if m[0][0].isupper() and m.start() not in starts]
    return [m[0] for m in found if m[0].lower() not in {"i", *lexicon().file.months}]


def foreign(plain: str, given: Iterable[str], predicates: Collection[Predicate]) -> bool:
    """Whether a normalised text uses a word that neither `given`, nor our wording of `predicates`, nor everyday has."""
    known = [*given, *(words for predicate in predicates for words in wording_of(predicate))]
    return _foreign_word(plain, known) or _foreign_han(plain, known)


def _foreign_word(plain: str, known: Iterable[str]) -> bool:
    file = lexicon().file
    free = {stem(word) for text in known for word in _WORD.findall(text)} | _everyday_stems()
    rest = _unsensed(plain)
    return any(stem(word) not in free for word in _WORD.findall(rest) if word not in file.function_words)


def _foreign_han(plain: str, known: Iterable[str]) -> bool:
    """Whether a Han character is in no bigram of what is known and in no everyday word."""
    runs = [run for text in known for run in HAN.findall(text)]
    pairs = {run[i : i + 2] for run in runs for i in range(len(run) - 1)}
    alone = {run for run in runs if len(run) == 1}
    rest = _everyday_han().sub(lambda match: "·" * len(match[0]), _unsensed(plain))
    for run in HAN.finditer(rest):
        start, end = run.span()
        for at in range(start, end):
            around = plain[max(at - 1, 0) : at + 1], plain[at : at + 2]
            if not pairs.intersection(around) and not (plain[at] in alone and len(run[0]) == 1):
                return True
    return False


def _unsensed(plain: str) -> str:
    """The text with blanks for words of the senses and hedges, which are checked on their own."""
    senses = (words for name, words in lexicon().senses.items() if name not in _NAMED)
    for checked in (*senses, lexicon().hedges, lexicon().verbatim):
        plain = checked.sub(lambda match: " " * len(match[0]), plain)
    return plain


_NAMED = frozenset({"offer", "refund", "ratio"})
"""Senses whose words are not alike: only the very word that a claim uses may be used."""


_VAGUE = frozenset({"any", "customer"})
"""Classes of units whose words may say something by themselves."""


@cache
def _everyday_stems() -> frozenset[str]:
    file = lexicon().file
    units_of = (word for name, words in file.units.items() if name not in _VAGUE for word in words)
    words = (*file.everyday, *file.common_words, *units_of, *file.months, *file.number_words, *file.multipliers)
    return frozenset(stem(part) for word in words for part in _WORD.findall(word))


@cache
def _everyday_han() -> re.Pattern[str]:
    file = lexicon().file
    words = (
        *file.everyday,
        *file.common_words,
        *file.han_function_words,
        *(w for of in file.units.values() for w in of),
    )
    return any_of(word for word in words if HAN.search(word))


@cache
def wording_of(predicate: Predicate) -> tuple[str, ...]:
    """The words of every sentence plan, in both languages, that tells such a claim, without what fills its slots."""
    found = []
    for lang in _LANGS:
        shipped = phrases(lang)
        found += [
            _literal(template)
            for plan in shipped.sentences.values()
            for template in plan
            if _tells(template, predicate)
        ]
        if predicate in shipped.plain:
            found.append(_literal(shipped.plain[predicate]))
    return tuple(found)


def _tells(template: Template, predicate: Predicate) -> bool:
    return any(re.sub(r"_\d+\Z", "", field.part) == predicate for field in template.fields)


def _literal(template: Template) -> str:
    return normalise(template.pattern.replace("%s", " ; ").replace("%%", "%"))
