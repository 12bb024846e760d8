"""Telling a broad query from one that names a thing, by a logistic regression over its grams.

Broad is a wish, an occasion, a person, a place, something to do, a need, a whole department. `evals/train/queries.py`
fits the weights to word lists of our own; shape counts too, because who names a thing types more and narrows it down.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError

from app.errors import InvalidInput
from app.schema import Frozen

BIAS, UNKNOWN = "#", "?"
"""What every query has, and what stands for each character or word that was not learned from."""
LONGEST, LONGEST_LATIN = 16, 48
"""Longer texts are no broad queries."""
_RUNS = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]+|[a-z]+(?:'[a-z]+)*|[0-9]+")
_MOST_SIGNS, _MOST_WORDS, _MOST_RUNS = 9, 6, 3


class _File(Frozen):
    version: int
    trained: dict[str, str | int | float]
    weights: dict[str, Annotated[int, Field(ge=-9999, le=9999)]]


class QueryReader:
    """Whole weights by gram; a query is broad when their sum is above nothing."""

    def __init__(self, text: str) -> None:
        """Parse the JSON text; InvalidInput names the fault."""
        try:
            file = _File.model_validate_json(text)
        except ValidationError as error:
            raise InvalidInput(f"query weights: {' '.join(str(error).split())}") from None
        self.fingerprint = hashlib.sha256(text.encode()).hexdigest()[:12]
        """Changes with the weights."""
        self._weights: Mapping[str, int] = file.weights

    def broad(self, text: str) -> bool:
        """Whether a normalised query names no product; False for what is too long for a query or has no word."""
        if len(text) > LONGEST and (len(text) > LONGEST_LATIN or not text.isascii()):
            return False
        weights = self._weights
        found = grams(text)
        return bool(found) and sum(weights.get(gram, 0) for gram in known(found, weights)) > 0


def known(found: set[str], weights: Mapping[str, int]) -> set[str]:
    """Grams that have a weight; one sign for all characters and words without."""
    kept = {gram for gram in found if gram in weights}
    if any(gram[0] != "#" and (len(gram) == 1 or gram[0] == "=") for gram in found - kept):
        kept.add(UNKNOWN)
    return kept


def grams(text: str) -> set[str]:
    """Chinese characters and pairs of them with borders, Latin words, and the shape; nothing for a text without."""
    found: set[str] = set()
    signs = words = 0
    runs = _RUNS.findall(text)
    for run in runs:
        if run[0] > "z":
            signs += len(run)
            found.update(run, map("".join, pairwise(f"^{run}$")))
        elif run[0] < "a":
            found.add("#digits")
        else:
            words += 1
            found.add(f"={run.removesuffix('s')}")
    if runs:
        shape = min(signs, _MOST_SIGNS), min(words, _MOST_WORDS), min(len(runs), _MOST_RUNS)
        found.update((BIAS, f"#signs{shape[0]}", f"#words{shape[1]}", f"#runs{shape[2]}"))
    return found


def load_queries(path: Path) -> QueryReader:
    """Read knowledge_base/query_weights.json; InvalidInput says what is missing."""
    try:
        return QueryReader(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidInput(f"{path}: {error.strerror}; restore the file or train it again") from None


def dump(weights: Mapping[str, int], trained: Mapping[str, str | int | float]) -> str:
    """The file that `QueryReader` parses, one gram a line."""
    lines = ",\n".join(f"  {json.dumps(gram, ensure_ascii=False)}: {weight}" for gram, weight in weights.items())
    return f'{{"version": 1, "trained": {json.dumps(trained)}, "weights": {{\n{lines}\n}}}}\n'
