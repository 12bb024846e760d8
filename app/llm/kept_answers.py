"""Answers that models gave, so that the same question about the same subject is not asked twice.

A kept answer is the value that was read, not the text that was sent, and is read as strictly as a new one. It is kept
whether or not the checks behind it like what it says: the same question would bring the same answer, and the checks run
on it each time. Failures are never kept.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from pydantic import ValidationError
from sqlalchemy import Connection, delete, func, insert, select

from app.database.engine import Database
from app.errors import Busy, StorageFull
from app.llm.aside import Aside
from app.llm.chat_model import About, Completion, Question, Sampling
from app.llm.ladder import Origin, Rung
from app.llm.tables import kept_answers


class Asker(NamedTuple):
    """Which model answers."""

    rung: Rung
    model: str
    """The name under which it is served."""


class KeptAnswers:
    """Kept answers of all workspaces; the oldest of a workspace go first."""

    def __init__(self, database: Database, aside: Aside, *, most: int, days: float) -> None:
        """Keep `most` answers per workspace for `days`; 0 keeps none."""
        self._database, self._aside, self._most, self._age = database, aside, most, timedelta(days=days)

    def find(self, question: Question, asker: Asker, about: About, *, now: datetime) -> Completion | None:
        """The answer that is kept for this very question. None also while the database does not answer."""
        if not self._most or not about.workspace_id:
            return None
        wanted = select(kept_answers.c.answer, kept_answers.c.origin).where(
            kept_answers.c.workspace_id == about.workspace_id,
            kept_answers.c.subject == about.subject,
            kept_answers.c.question == fingerprint(question, asker.model),
            kept_answers.c.asked_at > now - self._age,
        )
        try:
            with self._database.read() as connection:
                row = connection.execute(wanted).first()
            return None if row is None else _completion(row[0], Origin.model_validate_json(row[1]))
        except (Busy, StorageFull, ValidationError):
            return None

    def keep(self, question: Question, answer: Completion, asker: Asker, about: About, *, now: datetime) -> None:
        """Keep an answer. One that the database does not take now is not kept, and nobody waits for it."""
        if not self._most or not about.workspace_id:
            return
        row = {
            "workspace_id": about.workspace_id,
            "subject": about.subject,
            "question": fingerprint(question, asker.model),
            "asked_at": now,
            "answer": answer.text,
            "origin": _origin(question, answer, asker).model_dump_json(),
        }
        self._aside.write(lambda: self._write(row))

    def forget(self, workspace_id: str, subject: str) -> int:
        """Erase all answers about a subject; returns how many there were."""
        mine = (kept_answers.c.workspace_id == workspace_id, kept_answers.c.subject == subject)
        with self._database.write() as connection:
            return connection.execute(delete(kept_answers).where(*mine)).rowcount

    def number(self, workspace_id: str) -> int:
        """How many answers are kept."""
        with self._database.read() as connection:
            return _number(connection, workspace_id)

    def _write(self, row: Mapping[str, object]) -> None:
        mine = [kept_answers.c[name] == row[name] for name in ("workspace_id", "subject", "question")]
        with self._database.write(derived=True) as connection:
            connection.execute(delete(kept_answers).where(*mine))
            connection.execute(insert(kept_answers).values(row))
            self._drop_oldest(connection, str(row["workspace_id"]))

    def _drop_oldest(self, connection: Connection, workspace_id: str) -> None:
        over = _number(connection, workspace_id) - self._most
        if over <= 0:
            return
        mine = kept_answers.c.workspace_id == workspace_id
        by_age = select(kept_answers.c.asked_at).where(mine).order_by(kept_answers.c.asked_at)
        last = connection.execute(by_age.offset(over - 1).limit(1)).scalar_one()
        connection.execute(delete(kept_answers).where(mine, kept_answers.c.asked_at <= last))


def fingerprint(question: Question, model: str) -> str:
    """SHA-256 over all that decides the answer: messages, schema, sampling and the model's name."""
    said = {
        "messages": [list(message) for message in question.messages],
        "schema": None if question.schema is None else [question.schema.name, dict(question.schema.json_schema)],
        "sampling": question.sampling.model_dump(),
        "model": model,
    }
    return hashlib.sha256(json.dumps(said, ensure_ascii=True, sort_keys=True).encode()).hexdigest()


def _number(connection: Connection, workspace_id: str) -> int:
    counted = select(func.count()).where(kept_answers.c.workspace_id == workspace_id)
    return int(connection.execute(counted).scalar_one())


def _origin(question: Question, answer: Completion, asker: Asker) -> Origin:
    sampling = answer.sampling or question.sampling
    return Origin(
        rung=asker.rung,
        model=answer.model,
        prompt_fingerprint=question.fingerprint or None,
        sampling=sampling,
        prompt_tokens=answer.prompt_tokens,
        completion_tokens=answer.completion_tokens,
        ms=answer.ms,
    )


def _completion(text: str, origin: Origin) -> Completion:
    return Completion(
        text=text,
        finish_reason="stop",
        model=origin.model or "",
        prompt_tokens=origin.prompt_tokens,
        completion_tokens=origin.completion_tokens,
        ms=origin.ms,
        sampling=origin.sampling or Sampling(),
    )
