"""What customers of a demo shop wish for, topic by topic, as words that they would type."""

from random import Random

from app.demo.synonyms import Vocabulary, synonyms
from app.demo.wording import wording
from app.schema import Lang

WISHES = 3
"""Wishes that a brief consists of."""


def wishes(topic: str, lang: Lang, vocabulary: Vocabulary) -> tuple[str, ...]:
    """All searches of a topic in one language and vocabulary; none for a topic that nobody searches for."""
    words, swap = wording(), synonyms(vocabulary).swap
    if lang == "en":
        return tuple(map(swap, words.english_searches.get(topic, ())))
    found = words.searches.get(topic)
    return tuple(map(swap, (*found.things, *found.narrow, *found.broad))) if found else ()


def brief(topic: str, lang: Lang, vocabulary: Vocabulary, dice: Random, *, size: int = WISHES) -> str:
    """Some wishes of one topic in one line; empty where there are none."""
    known = wishes(topic, lang, vocabulary)
    return ", ".join(dice.sample(known, min(size, len(known))))
