"""The taxonomy: topics with their words and half-lives, readings of what people write, and the sensitivity list.

Matching is by lexicon first: Chinese words as substrings, English words at word borders with a plural -s or -es. Longer
words win over shorter ones inside them, so "cake case" is kitchen and not "case". Where no word is known, the topic
that the embedder finds nearest, or none.
"""

import hashlib
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import Field, ValidationError

from app.errors import InvalidInput
from app.schema import Frozen, Lang
from app.text.embedder import Embedder
from app.text.features import Features
from app.text.lexicon import Lexicon
from app.text.nearest import NearestTopic
from app.text.normalise import normalise
from app.text.reader import FeatureReader, load_reader


class Topic(Frozen):
    """One interest that a customer can have."""

    zh: str
    en: str
    half_life_days: Annotated[float, Field(gt=0)]
    words: tuple[str, ...]
    months: tuple[Annotated[int, Field(ge=1, le=12)], ...] = ()
    """When everybody's interest rises with the year; empty for a topic without a season."""


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
    out_of_season: str | None = None
    """A topic that allows this reading too when its products are dealt with out of its season."""


class _File(Frozen):
    version: int
    forget_below: float
    impact: dict[str, float]
    default_half_life_days: float
    topics: dict[str, Topic]
    no_topic: tuple[str, ...] = ()
    """Words about nothing that a customer could be interested in; they teach the embedder when to keep silent."""
    inferences: dict[str, Reading]
    sensitivity: dict[str, dict[str, tuple[str, ...]]]


class Taxonomy:
    """The loaded file with its matcher."""

    def __init__(self, text: str, reader: FeatureReader, embedder: Embedder | None = None) -> None:
        """Parse the YAML text; InvalidInput names the fault. Without an embedder only the lexicon finds topics."""
        try:
            self._file = _File.model_validate(yaml.safe_load(text))
        except (yaml.YAMLError, ValidationError) as error:
            raise InvalidInput(f"taxonomy: {' '.join(str(error).split())}") from None
        self.fingerprint = _hash(text, reader.fingerprint, embedder.fingerprint if embedder else "")
        self._matcher = _Matcher((word, topic) for topic, t in self._file.topics.items() for word in t.words)
        self._phrases = _Matcher((p, name) for name, r in self._file.inferences.items() for p in r.phrases)
        forbidden = self._file.sensitivity["forbidden"]
        self._forbidden_names = frozenset(
            normalise(name) for names in self._file.sensitivity.get("attributes", {}).values() for name in names
        )
        self._forbidden = _Matcher((word, name) for name, words in forbidden.items() for word in words)
        self._nearest = _nearest(self._file, embedder) if embedder else None
        self.named_in = lru_cache(maxsize=50_000)(self._named_in)
        self.topics_in = lru_cache(maxsize=50_000)(self._topics_in)
        self.readings_in = lru_cache(maxsize=50_000)(self._readings_in)
        self.forbidden_in = lru_cache(maxsize=50_000)(self._forbidden_in)
        self.features: Callable[[str], Features] = lru_cache(maxsize=50_000)(reader.read)

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

    def in_season(self, topic: str, month: int) -> bool:
        """Whether interest in a topic is the season's in this month (1..12); never for a topic without a season."""
        found = self._file.topics.get(topic)
        return found is not None and month in found.months

    def name(self, topic: str, lang: Lang) -> str:
        """What the topic is called; its id when it is not in the file any more."""
        found = self._file.topics.get(topic)
        return topic if found is None else (found.zh if lang == "zh" else found.en)

    def topics_of_item(self, title: str, category_path: Iterable[str]) -> tuple[str, ...]:
        """Topics of a product: by the words of its category path, else of its title, else by likeness."""
        path = " > ".join(category_path)
        return self.named_in(path) or self.named_in(title) or self._like(path) or self._like(title)

    def _topics_in(self, text: str) -> tuple[str, ...]:
        """Topics of a text, at most two: those it names, most often named first, else the one that it is like."""
        return self.named_in(text) or self._like(text)

    def _named_in(self, text: str) -> tuple[str, ...]:
        """Topics whose words stand in a text, at most two, most often named first."""
        return self._matcher.names_in(text)[:2]

    def _like(self, text: str) -> tuple[str, ...]:
        """The topic that the embedder is sure of."""
        topic = self._nearest.of(text) if self._nearest else None
        return (topic,) if topic else ()

    def _readings_in(self, text: str) -> tuple[str, ...]:
        """Readings that a text allows."""
        return self._phrases.names_in(text)

    def _forbidden_in(self, text: str) -> tuple[str, ...]:
        """Which forbidden subjects a text touches."""
        return self._forbidden.names_in(text)

    def forbidden_name(self, name: str) -> bool:
        """Whether an attribute of this name would be about a forbidden subject, whatever its value."""
        return normalise(name) in self._forbidden_names

    def forbidden_words(self) -> tuple[str, ...]:
        """Every word of the sensitivity list."""
        return tuple(w for words in self._file.sensitivity["forbidden"].values() for w in words)


class _Matcher:
    """Words -> names, longest word first, no overlaps; English words also with a plural -s or -es."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        names = {normalise(word): name for word, name in pairs}
        plurals = {f"{word}{end}": name for word, name in names.items() if word.isascii() for end in ("s", "es")}
        self._lexicon = Lexicon(plurals | names)

    def names_in(self, text: str) -> tuple[str, ...]:
        counts: dict[str, int] = {}
        for name, start, end in self._lexicon.hits(normalise(text)):
            counts[name] = counts.get(name, 0) + end - start
        return tuple(sorted(counts, key=lambda name: (-counts[name], name)))


def _nearest(file: _File, embedder: Embedder) -> NearestTopic:
    words = {topic: (*t.words, t.zh, t.en) for topic, t in file.topics.items()}
    return NearestTopic(embedder, words, file.no_topic)


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


def load_taxonomy(path: Path, embedder: Embedder | None = None) -> Taxonomy:
    """Read knowledge_base/taxonomy.yaml and feelings.yaml beside it."""
    return Taxonomy(path.read_text(encoding="utf-8"), load_reader(path.with_name("feelings.yaml")), embedder)
