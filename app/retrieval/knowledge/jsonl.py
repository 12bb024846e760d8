"""Cases as JSON Lines, one case a line: the form in which everything about a case has a place."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from pydantic import ValidationError

from app.errors import InvalidInput
from app.retrieval.knowledge.faults import Fault, FaultyFile, LineFault, faults_of, repeated, schema_faults
from app.retrieval.schemas import Case


class _Line(NamedTuple):
    """One line of the file: a case, or why it is none."""

    number: int
    case: Case | None
    faults: tuple[Fault, ...]


def read_lines(path: Path) -> tuple[Case, ...]:
    """All cases of the file, or FaultyFile."""
    lines = [_read(number, text) for number, text in _lines(path)]
    faults = [LineFault(line.number, *fault) for line in lines for fault in line.faults]
    cases = [(line.number, line.case) for line in lines if line.case is not None]
    faults += repeated(cases)
    if faults:
        raise FaultyFile(path.name, faults)
    return tuple(case for _, case in cases)


def as_lines(cases: Iterable[Case]) -> bytes:
    """The cases as a file. What is absent is left out."""
    return "".join(f"{case.model_dump_json(exclude_none=True)}\n" for case in cases).encode()


def _read(number: int, text: str) -> _Line:
    try:
        case = Case.model_validate_json(text)
    except ValidationError as error:
        return _Line(number, None, tuple(schema_faults(error)))
    return _Line(number, case, tuple(faults_of(case)))


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InvalidInput(f"cannot read {path}: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{path.name} is not UTF-8 (byte {error.start}): save it as UTF-8") from None
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield number, line
