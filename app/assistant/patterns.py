"""Questions that are refused by unmistakable words: closed lists in knowledge_base/router/patterns.yaml."""

import re
from pathlib import Path

import yaml
from pydantic import ValidationError

from app.errors import InvalidInput
from app.insights.lexicon import any_of
from app.schema import Frozen
from app.text.normalise import normalise
from app.text.taxonomy import Taxonomy


class _File(Frozen):
    refused: dict[str, tuple[str, ...]]
    stored: tuple[str, ...]
    """Words of a question about what is stored; they may name any subject."""


class Refusals:
    """Says why a question is out of scope, where its words leave no doubt."""

    def __init__(self, file: _File, taxonomy: Taxonomy) -> None:
        """Compile the lists; `taxonomy` knows the subjects that nobody may be asked about."""
        self._patterns = {reason: re.compile("|".join(words)) for reason, words in file.refused.items()}
        self._stored = any_of(file.stored)
        self._taxonomy = taxonomy

    def reason(self, text: str) -> str | None:
        """The first list that a question is on, or None."""
        plain = normalise(text).replace("’", "'")
        found = next((reason for reason, pattern in self._patterns.items() if pattern.search(plain)), None)
        return found or ("forbidden" if self._forbidden(plain) else None)

    def _forbidden(self, plain: str) -> bool:
        return bool(self._taxonomy.forbidden_in(plain)) and not self._stored.search(plain)


def load_refusals(path: Path, taxonomy: Taxonomy) -> Refusals:
    """Read patterns.yaml; InvalidInput names the fault."""
    try:
        return Refusals(_File.model_validate(yaml.safe_load(path.read_text(encoding="utf-8"))), taxonomy)
    except OSError as error:
        raise InvalidInput(f"{path}: {error.strerror}; restore the file") from None
    except (yaml.YAMLError, ValidationError, re.error) as error:
        raise InvalidInput(f"{path}: {' '.join(str(error).split())}") from None
