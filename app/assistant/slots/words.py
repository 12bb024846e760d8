"""Closed lists of words that fill slots, in both languages, and topics by the taxonomy's words and everyday names."""

import re
from collections.abc import Mapping
from pathlib import Path

import yaml
from pydantic import ValidationError

from app.assistant.slots.found import Found, Text, apart
from app.errors import InvalidInput
from app.schema import Frozen
from app.text.lexicon import Lexicon
from app.text.taxonomy import Taxonomy

TOPIC, NOTHING = "topic", "nothing"


_NEW = re.compile(
    r"(?<![a-z])new(?= (?:[a-z&'\-]+ ){1,2}"
    r"(?:customers?|buyers?|shoppers?|clients?|people|folks|users?|members?)(?![a-z]))"
)
"""Newcomers of a kind: "new skincare buyers"."""
_WITHOUT = re.compile(
    r"(?:(?<![a-z])(?:no|not|without|not just|other than|besides)\s(?:a |any |just |another )?"
    r"|别光?|不要|不用|无|(?<!有)没有)(?:说|发|给|用)?\Z"
)


class WordFile(Frozen):
    """knowledge_base/router/words.yaml."""

    slots: dict[str, dict[str, tuple[str, ...]]]
    """Slot -> value -> words."""
    nothing: tuple[str, ...]
    """Words that fill no slot, and win over shorter ones inside them that would."""
    not_topics: tuple[str, ...]
    """Words of the taxonomy that mean something else in a question."""
    topics: dict[str, tuple[str, ...]]
    """Topic -> everyday names beside the taxonomy's words."""


class SlotWords:
    """Finds the words of the lists; of words that overlap the longest wins."""

    def __init__(self, file: WordFile, taxonomy: Taxonomy) -> None:
        """InvalidInput where the file names a topic that there is not."""
        if unknown := sorted(set(file.topics) - set(taxonomy.topics)):
            raise InvalidInput(f"words of the router: no topic {unknown[0]!r} in the taxonomy")
        meanings = {word: (TOPIC, topic) for word, topic in _topic_words(file, taxonomy).items()}
        for slot, values in file.slots.items():
            meanings |= {word: (slot, value) for value, words in values.items() for word in words}
        meanings |= dict.fromkeys(file.nothing, (NOTHING, ""))
        plurals = {f"{word}{end}": m for word, m in meanings.items() if word.isascii() for end in ("s", "es")}
        self._lexicon = Lexicon(plurals | meanings)

    def read(self, text: Text) -> list[Found]:
        """Every known word, in order."""
        hits = self._lexicon.hits(text.low)
        found = [Found(slot, value, start, end) for (slot, value), start, end in hits if slot != NOTHING]
        newly = [Found("state", "new", *match.span()) for match in _NEW.finditer(text.low)]
        return apart([one for one in found if not _denied(one, text)] + newly)


def _denied(one: Found, text: Text) -> bool:
    """Whether an offer is named as what is not wanted: "no discount, please"."""
    return one.slot == "offer" and _WITHOUT.search(text.low[: one.start][-16:]) is not None


def _topic_words(file: WordFile, taxonomy: Taxonomy) -> Mapping[str, str]:
    known = {word.lower(): topic for topic, t in taxonomy.topics.items() for word in (*t.words, t.zh, t.en, topic)}
    kept = {word: topic for word, topic in known.items() if word not in file.not_topics}
    return kept | {word: topic for topic, words in file.topics.items() for word in words}


def load_words(path: Path, taxonomy: Taxonomy) -> SlotWords:
    """Read words.yaml; InvalidInput names the fault."""
    try:
        return SlotWords(WordFile.model_validate(yaml.safe_load(path.read_text(encoding="utf-8"))), taxonomy)
    except OSError as error:
        raise InvalidInput(f"{path}: {error.strerror}; restore the file") from None
    except (yaml.YAMLError, ValidationError) as error:
        raise InvalidInput(f"{path}: {' '.join(str(error).split())}") from None
