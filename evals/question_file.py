"""Questions to the assistant with what they ask for, one JSON object a line, read and checked."""

from pathlib import Path
from typing import Annotated

import msgspec
from pydantic import Field, ValidationError

from app.assistant.schemas import Intent
from app.config import ROOT
from app.errors import InvalidInput
from app.schema import Frozen, Lang

EVERYDAY = ROOT / "evals" / "questions" / "everyday.jsonl"
"""Forty everyday questions in both languages; nothing is trained on them."""
Stated = str | int | float | bool | None


class Question(Frozen):
    """One line of a question file."""

    id: Annotated[str, Field(min_length=1, max_length=200)]
    lang: Lang
    text: Annotated[str, Field(min_length=1, max_length=4000)]
    intent: Intent
    slots: dict[str, Stated | list[Stated]] = Field(default_factory=dict)
    """What the question states beside its intent, as far as somebody wrote it down."""
    family: str = ""
    """Paraphrases of one question share it, so that cross-validation keeps them together."""


def load(path: Path) -> list[Question]:
    """Every question of a file; InvalidInput names the first bad line."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{path}: {error}") from None
    questions = [_question(line, f"{path}, line {at}") for at, line in enumerate(lines, 1) if line.strip()]
    if not questions:
        raise InvalidInput(f"{path}: no question in it")
    _check_ids(questions, path)
    return questions


def _question(line: str, where: str) -> Question:
    try:
        return Question.model_validate(msgspec.json.decode(line))
    except msgspec.MsgspecError as error:
        raise InvalidInput(f"{where}: {error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        raise InvalidInput(f"{where}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None


def _check_ids(questions: list[Question], path: Path) -> None:
    known: set[str] = set()
    for question in questions:
        if question.id in known:
            raise InvalidInput(f"{path}: the id {question.id!r} is there twice")
        known.add(question.id)
