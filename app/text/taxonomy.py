"""The taxonomy: topics with their words and half-lives, readings of what people write, and the sensitivity list.

Matching is by lexicon: Chinese words as substrings, English words at word borders with a plural -s or -es. Longer
words win over shorter ones inside them, so "cake case" is kitchen and not "case".
"""

import hashlib
import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import Field, ValidationError

from app.errors import InvalidInput
from app.schema import Frozen, Lang
from app.text.normalise import normalise


class Topic(Frozen):
    """One interest that a customer can have."""

    zh: str
    en: str
    half_life_days: Annotated[float, Field(gt=0)]
    words: tuple[str, ...]


class Reading(Frozen):
    """An inference that a phrase allows: hedged wording, never a fact."""

    topic: str | None
    zh: str
    en: str
    phrases: tuple[str, ...]
    confidence: Annotated[float, Field(gt=0, lt=1)]
    kinds: tuple[str, ...] = ("search", "review", "support_message")
    """Kinds of event whose text may be read so."""
    memory_days: Annotated[int, Field(ge=1)] = 90
    """How long the reading may be told."""


class _File(Frozen):
    version: int
    forget_below: float
    impact: dict[str, float]
    default_half_life_days: float
    topics: dict[str, Topic]
    inferences: dict[str, Reading]
    sensitivity: dict[str, dict[str, tuple[str, ...]]]


class Taxonomy:
    """The loaded file with its matcher."""

    def __init__(self, text: str) -> None:
        """Parse the YAML text; InvalidInput names the fault."""
        try:
            self._file = _File.model_validate(yaml.safe_load(text))
        except (yaml.YAMLError, ValidationError) as error:
            raise InvalidInput(f"taxonomy: {' '.join(str(error).split())}") from None
        self.fingerprint = hashlib.sha256(text.encode()).hexdigest()[:12]
        self._matcher = _Matcher((word, topic) for topic, t in self._file.topics.items() for word in t.words)
        self._readings = _Matcher((p, name) for name, r in self._file.inferences.items() for p in r.phrases)
        forbidden = self._file.sensitivity["forbidden"]
        self._forbidden = _Matcher((word, name) for name, words in forbidden.items() for word in words)
        self.topics_in = lru_cache(maxsize=50_000)(self._topics_in)

    @property
    def topics(self) -> dict[str, Topic]:
        """Topic id -> topic."""
        return self._file.topics

    @property
    def readings(self) -> dict[str, Reading]:
        """Reading id -> reading."""
        return self._file.inferences

    @property
    def forget_below(self) -> float:
        """Weights under this are not shown."""
        return self._file.forget_below

    def impact(self, kind: str) -> float:
        """Weight that one event of this kind adds to its topics; 0 for kinds that say nothing of interest."""
        return self._file.impact.get(kind, 0.0)

    def half_life_days(self, topic: str) -> float:
        """Days in which the weight of a topic halves."""
        found = self._file.topics.get(topic)
        return found.half_life_days if found else self._file.default_half_life_days

    def name(self, topic: str, lang: Lang) -> str:
        """What the topic is called; its id when it is not in the file any more."""
        found = self._file.topics.get(topic)
        return topic if found is None else (found.zh if lang == "zh" else found.en)

    def topics_of_item(self, title: str, category_path: Iterable[str]) -> tuple[str, ...]:
        """Topics of a product: by its category path when that speaks, else by its title."""
        return self.topics_in(" > ".join(category_path)) or self.topics_in(title)

    def _topics_in(self, text: str) -> tuple[str, ...]:
        """Topics named in a text, at most two, most often named first."""
        return self._matcher.names_in(text)[:2]

    def readings_in(self, text: str) -> tuple[str, ...]:
        """Readings that a text allows."""
        return self._readings.names_in(text)

    def forbidden_in(self, text: str) -> tuple[str, ...]:
        """Which forbidden subjects a text touches."""
        return self._forbidden.names_in(text)

    def forbidden_words(self) -> tuple[str, ...]:
        """Every word of the sensitivity list."""
        return tuple(w for words in self._file.sensitivity["forbidden"].values() for w in words)


class _Matcher:
    """Words -> names, longest word first, no overlaps."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self._names = {normalise(word): name for word, name in pairs}
        words = sorted(self._names, key=lambda w: (-len(w), w))
        self._pattern = re.compile("|".join(_as_pattern(w) for w in words)) if words else None

    def names_in(self, text: str) -> tuple[str, ...]:
        counts: dict[str, int] = {}
        for match in self._pattern.finditer(normalise(text)) if self._pattern else ():
            name = self._name_of(match)
            counts[name] = counts.get(name, 0) + len(match.group())
        return tuple(sorted(counts, key=lambda name: (-counts[name], name)))

    def _name_of(self, match: re.Match[str]) -> str:
        found = match.group()
        for word in (found, found.removesuffix("s"), found.removesuffix("es")):
            if word in self._names:
                return self._names[word]
        raise KeyError(found)


def _as_pattern(word: str) -> str:
    if word.isascii():
        return rf"(?<![a-z0-9]){re.escape(word)}(?:es|s)?(?![a-z0-9])"
    return re.escape(word)


def load_taxonomy(path: Path) -> Taxonomy:
    """Read knowledge_base/taxonomy.yaml."""
    return Taxonomy(path.read_text(encoding="utf-8"))
