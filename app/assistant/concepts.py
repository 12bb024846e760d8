"""Kinds of words that questions are made of: why, how many, export, consent; in knowledge_base/router/concepts.yaml."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml
from pydantic import ValidationError

from app.errors import InvalidInput
from app.schema import Frozen

_PIECES = re.compile(r"[a-z]+|.", re.DOTALL)
"""A text in parts: runs of Latin letters, every other sign by itself. A word begins where a part does."""
_LETTER = re.compile(r"[a-z]")


class _File(Frozen):
    concepts: dict[str, tuple[str, ...]]


class Concepts:
    """The lists, by how their words begin: all words of a text are looked up in one pass, also one inside another."""

    def __init__(self, concepts: Mapping[str, Sequence[str]]) -> None:
        """Words in lower case: whole ones in Latin script, anywhere in Han."""
        self._kinds: dict[str, list[str]] = {}
        for kind, words in concepts.items():
            for word in words:
                self._kinds.setdefault(word, []).append(kind)
        sizes: dict[str, set[int]] = {}
        for word in self._kinds:
            sizes.setdefault(_PIECES.findall(word)[0], set()).add(len(word))
        self._sizes = {piece: tuple(found) for piece, found in sizes.items()}
        self._order = tuple(concepts)

    def of(self, low: str) -> tuple[str, ...]:
        """The kinds of which a text in lower case has a word."""
        found: set[str] = set()
        for piece in _PIECES.finditer(low):
            for size in self._sizes.get(piece[0], ()):
                word, end = low[piece.start() : piece.start() + size], piece.start() + size
                if word in self._kinds and not (_LETTER.match(word[-1]) and _LETTER.match(low, end)):
                    found.update(self._kinds[word])
        return tuple(kind for kind in self._order if kind in found)


def load_concepts(path: Path) -> Concepts:
    """Read concepts.yaml; InvalidInput names the fault."""
    try:
        return Concepts(_File.model_validate(yaml.safe_load(path.read_text(encoding="utf-8"))).concepts)
    except OSError as error:
        raise InvalidInput(f"{path}: {error.strerror}; restore the file") from None
    except (yaml.YAMLError, ValidationError) as error:
        raise InvalidInput(f"{path}: {' '.join(str(error).split())}") from None
