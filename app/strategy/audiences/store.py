"""Saved segments, and the record of exports, in the database. Neither follows from the log: a backup keeps both."""

from collections.abc import Mapping
from datetime import datetime
from secrets import token_hex

from sqlalchemy import Column, Connection, Row, String, Table, Text, UniqueConstraint, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from app.database.engine import Database, metadata
from app.database.types import UtcTime
from app.errors import Conflict, InvalidInput, NotFound
from app.strategy.audiences.schemas import ExportRecord, SavedSegment

MAX_NAME = 80
MAX_SEGMENTS = 500
"""Segments of one workspace."""

segments = Table(
    "segments",
    metadata,
    Column("workspace_id", String, primary_key=True),
    Column("segment_id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("expression", Text, nullable=False),
    Column("created_by", String, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("changed_at", UtcTime, nullable=False),
    UniqueConstraint("workspace_id", "name", name="segments_by_name"),
)

audience_exports = Table(
    "audience_exports",
    metadata,
    Column("workspace_id", String, primary_key=True),
    Column("export_id", String, primary_key=True),
    Column("exported_at", UtcTime, nullable=False),
    Column("body", Text, nullable=False),
)
_SHOWN = [column for column in segments.c if column.name != "workspace_id"]


class SegmentStore:
    """Segments under names that are unique within a workspace, and what was exported."""

    def __init__(self, database: Database) -> None:
        """Read and write through `database`."""
        self._database = database

    def all(self, workspace_id: str) -> tuple[SavedSegment, ...]:
        """Every segment, by name."""
        found = select(*_SHOWN).where(segments.c.workspace_id == workspace_id).order_by(segments.c.name)
        with self._database.read() as connection:
            return tuple(_segment(row) for row in connection.execute(found))

    def find(self, workspace_id: str, ref: str) -> SavedSegment | None:
        """The segment of an id or a name, if there is one."""
        with self._database.read() as connection:
            return _find(connection, workspace_id, ref)

    def of(self, workspace_id: str, ref: str) -> SavedSegment:
        """The segment of an id or a name; NotFound when there is none."""
        found = self.find(workspace_id, ref)
        if found is None:
            raise _missing(ref)
        return found

    def create(self, workspace_id: str, name: str, expression: str, *, by: str, now: datetime) -> SavedSegment:
        """Keep an expression under a new name. Conflict when the name is taken or there are too many."""
        made = SavedSegment(
            segment_id=f"seg_{token_hex(8)}",
            name=_named(name),
            expression=expression,
            created_by=by,
            created_at=now,
            changed_at=now,
        )
        if len(self.all(workspace_id)) >= MAX_SEGMENTS:
            raise Conflict(f"there are {MAX_SEGMENTS} segments already: delete some first")
        try:
            with self._database.write() as connection:
                connection.execute(insert(segments).values(workspace_id=workspace_id, **made.model_dump()))
        except IntegrityError:
            raise _taken(made.name) from None
        return made

    def change(
        self, workspace_id: str, ref: str, *, name: str | None, expression: str | None, now: datetime
    ) -> SavedSegment:
        """Give a segment another name or expression. Conflict when the name is taken, NotFound without a segment."""
        changes: Mapping[str, str] = {
            key: value
            for key, value in (("name", None if name is None else _named(name)), ("expression", expression))
            if value is not None
        }
        try:
            with self._database.write() as connection:
                known = _find(connection, workspace_id, ref)
                if known is None:
                    raise _missing(ref)
                found = known.model_copy(update={**changes, "changed_at": now})
                mine = (segments.c.workspace_id == workspace_id, segments.c.segment_id == known.segment_id)
                connection.execute(update(segments).where(*mine).values(**changes, changed_at=now))
        except IntegrityError:
            raise _taken(changes.get("name", "")) from None
        return found

    def delete(self, workspace_id: str, ref: str) -> SavedSegment:
        """Forget a segment; NotFound when there is none."""
        with self._database.write() as connection:
            found = _find(connection, workspace_id, ref)
            if found is None:
                raise _missing(ref)
            mine = (segments.c.workspace_id == workspace_id, segments.c.segment_id == found.segment_id)
            connection.execute(delete(segments).where(*mine))
        return found

    def record(self, workspace_id: str, made: ExportRecord) -> None:
        """Note that an audience was handed out."""
        row = {"export_id": made.export_id, "exported_at": made.exported_at, "body": made.model_dump_json()}
        with self._database.write() as connection:
            connection.execute(insert(audience_exports).values(workspace_id=workspace_id, **row))

    def exports(self, workspace_id: str, *, limit: int) -> tuple[ExportRecord, ...]:
        """What was handed out, newest first."""
        e = audience_exports.c
        found = select(e.body).where(e.workspace_id == workspace_id)
        newest = found.order_by(e.exported_at.desc(), e.export_id).limit(limit)
        with self._database.read() as connection:
            return tuple(ExportRecord.model_validate_json(body) for body in connection.scalars(newest))


def _find(connection: Connection, workspace_id: str, ref: str) -> SavedSegment | None:
    """An id before a name, so that nobody can hide a segment behind a name like its id."""
    for column in (segments.c.segment_id, segments.c.name):
        found = select(*_SHOWN).where(segments.c.workspace_id == workspace_id, column == ref)
        if row := connection.execute(found).first():
            return _segment(row)
    return None


def _segment(row: Row[tuple[object, ...]]) -> SavedSegment:
    return SavedSegment.model_validate(dict(row._mapping))


def _named(name: str) -> str:
    """One line; InvalidInput for a name that could not be shown."""
    plain = " ".join(name.split())
    if not plain or len(plain) > MAX_NAME or not plain.isprintable():
        raise InvalidInput(f"name: 1 to {MAX_NAME} printable characters")
    return plain


def _missing(ref: str) -> NotFound:
    return NotFound(f"no segment {ref[:MAX_NAME]!r}; `understory segments list` lists them")


def _taken(name: str) -> Conflict:
    return Conflict(f"there is a segment {name!r} already: choose another name, or delete that one first")
