"""Past campaigns from and to files: JSON Lines, CSV or Parquet, all of a file or nothing.

A case that contradicts itself is refused here, so that everything behind this door can trust the sums.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from app.errors import InvalidInput
from app.retrieval.knowledge.jsonl import as_lines, read_lines
from app.retrieval.knowledge.sheets import as_csv, as_parquet, read_sheet
from app.retrieval.schemas import Case

CaseFormat = Literal["jsonl", "csv", "parquet"]
_ENDINGS: dict[str, CaseFormat] = {".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv", ".parquet": "parquet"}


def read_cases(path: Path, wanted: CaseFormat | None = None) -> tuple[Case, ...]:
    """All cases of a file, or InvalidInput that names line and field of what is wrong. The ending tells the format."""
    form = wanted or format_of(path)
    cases = read_lines(path) if form == "jsonl" else read_sheet(path, f".{form}")
    if not cases:
        raise InvalidInput(f"{path.name} holds no case: see knowledge_base/README.md for what one looks like")
    return cases


def written(cases: Sequence[Case], form: CaseFormat) -> bytes:
    """The cases as a file of that format; reading it gives the same cases."""
    match form:
        case "jsonl":
            return as_lines(cases)
        case "csv":
            return as_csv(cases)
        case "parquet":
            return as_parquet(cases)


def format_of(path: Path) -> CaseFormat:
    """What the file's ending says; InvalidInput when it says nothing."""
    ending = path.suffix.lower()
    if ending not in _ENDINGS:
        raise InvalidInput(f"{path.name}: unknown file type {ending!r}; use .jsonl, .csv or .parquet, or --format")
    return _ENDINGS[ending]
