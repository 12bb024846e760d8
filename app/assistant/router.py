"""The deterministic reading of a question: intent, slots, how sure; no language model.

Unmistakable words refuse; else a small classifier over words and meaning decides (classifier.py), and readers fill the
slots (slots/). Where neither intent nor refusal is likely enough, it asks back and says what it may have been.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from app.assistant.classifier import IntentClassifier
from app.assistant.concepts import load_concepts
from app.assistant.features import FeatureReader
from app.assistant.filling import fill, missing
from app.assistant.patterns import Refusals, load_refusals
from app.assistant.schemas import ABSTAINS, Intent, Slots, Understood
from app.assistant.slots.reader import Asked, Read, read
from app.assistant.slots.unbought import turned
from app.assistant.slots.words import SlotWords, load_words
from app.schema import Lang
from app.text.embedder import Embedder
from app.text.taxonomy import Taxonomy

REFUSED = 0.98
"""How sure a refusal list makes: all of the training questions that are on one are out of scope, others may not be."""
LONGEST = 2000
"""Characters that are read of a question."""
_HAN = re.compile(r"[\u3400-\u9fff]")
_CHINESE = re.compile(r"[的了吗把和给是有怎哪谁帮下看么要]")
"""Small words, which no name alone brings in."""
_LATIN = re.compile(r"[a-z]+", re.IGNORECASE)


class Guess(NamedTuple):
    """An intent, its chance, and what else it may have been, likeliest first."""

    intent: Intent
    confidence: float
    alternatives: tuple[Intent, ...]


class Parts(NamedTuple):
    """What reads a question before it is classified."""

    words: SlotWords
    refusals: Refusals
    features: FeatureReader


class Router:
    """Reads questions; the same question has the same reading at the same moment."""

    def __init__(self, classifier: IntentClassifier, parts: Parts) -> None:
        """`load_router` reads both."""
        self._classifier, self._parts = classifier, parts

    def understand(
        self,
        text: str,
        *,
        as_of: datetime,
        zone: ZoneInfo,
        lang: Lang | None = None,
        on_screen: str | None = None,
        segments: Sequence[str] = (),
        campaigns: Sequence[str] = (),
        minor_per_unit: int = 100,
        intent: Intent | None = None,
    ) -> Understood:
        """Intent and slots of a question, in its own language unless `lang` says which.

        With an `intent` only the slots are read: somebody else knows what is asked.
        """
        text = text[:LONGEST]
        asked = read(text, self._parts.words, Asked(as_of, zone, segments, campaigns, minor_per_unit))
        guess = Guess(intent, 1.0, ()) if intent else self._guess(text, asked)
        shown = on_screen is not None
        slots = (
            Slots()
            if guess.intent is Intent.AMBIGUOUS
            else fill(guess.intent, asked.found, on_screen=shown, minor_per_unit=minor_per_unit)
        )
        slots = turned(slots, text)
        abstains = guess.intent in ABSTAINS
        return Understood(
            intent=guess.intent,
            slots=slots,
            lang=lang or language(text),
            confidence=guess.confidence,
            missing=() if abstains else missing(guess.intent, slots, on_screen=shown),
            alternatives=guess.alternatives,
        )

    def _guess(self, text: str, asked: Read) -> Guess:
        chances = self._classifier.chances(self._parts.features.see(asked)).tolist()
        ranked = sorted(zip(self._classifier.intents, chances, strict=True), key=lambda pair: -pair[1])
        if self._parts.refusals.reason(text):
            return Guess(Intent.OUT_OF_SCOPE, REFUSED, ())
        return _decided(ranked, self._classifier.manifest.abstain, self._classifier.manifest.unsure)


def _decided(ranked: Sequence[tuple[Intent, float]], abstain: float, unsure: float) -> Guess:
    """The likeliest intent; it abstains where that is likely enough, or likelier than not and no other intent is."""
    chance = dict(ranked)
    acting = [intent for intent, _ in ranked if intent not in ABSTAINS]
    away = sum(chance[intent] for intent in ABSTAINS)
    best = acting[0]
    if away >= abstain or (chance[best] < unsure and away >= 0.5):
        intent = max(ABSTAINS, key=lambda one: chance[one])
        return Guess(intent, min(away, chance[intent] + 0.5 * (away - chance[intent])), _others(acting, chance))
    if chance[best] < unsure:
        return Guess(Intent.AMBIGUOUS, 1.0 - chance[best], tuple(acting[:3]))
    return Guess(best, chance[best], _others(acting[1:], chance))


def _others(acting: Sequence[Intent], chance: dict[Intent, float]) -> tuple[Intent, ...]:
    return tuple(intent for intent in acting[:3] if chance[intent] >= 0.1)


def language(text: str) -> Lang:
    """Chinese when its small words are, or most of its words: a name in the other language does not change it."""
    han, latin = len(_HAN.findall(text)), len(_LATIN.findall(text))
    return "zh" if _CHINESE.search(text) or han > latin else "en"


def load_router(folder: Path, taxonomy: Taxonomy, embedder: Embedder) -> Router:
    """Read knowledge_base/router; InvalidInput names what is missing or damaged."""
    return Router(IntentClassifier(folder, embedder=embedder.fingerprint), load_parts(folder, taxonomy, embedder))


def load_parts(folder: Path, taxonomy: Taxonomy, embedder: Embedder) -> Parts:
    """The lists of words, without the classifier: what it is trained with."""
    refusals = load_refusals(folder / "patterns.yaml", taxonomy)
    features = FeatureReader(embedder, load_concepts(folder / "concepts.yaml"), refusals)
    return Parts(load_words(folder / "words.yaml", taxonomy), refusals, features)
