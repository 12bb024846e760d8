"""How a source writes its times, and the mapping that its files were last read with.

A mapping file says this for a file; for events that come over the API the settings here say it. They hold from the
next batch on, and for replays of what is in quarantine.
"""

from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field
from sqlalchemy import Column, String, Table, Text

from app.access.schemas import known_zone
from app.database.engine import Database, metadata
from app.database.statements import query, upsert_rows
from app.database.types import UtcTime, to_micros
from app.events.intake import Intake
from app.events.sources.mapping import Mapping
from app.events.time_formats import check_format
from app.schema import Frozen

MAX_SOURCE = 80
"""Characters of a source's name."""

sources = Table(
    "sources",
    metadata,
    Column("workspace_id", String, primary_key=True),
    Column("source", String, primary_key=True),
    Column("timezone", String),
    Column("time_format", String, nullable=False),
    Column("mapping", Text),
    Column("set_at", UtcTime, nullable=False),
    Column("set_by", String, nullable=False),
)


_ONE = "SELECT timezone, time_format, mapping FROM sources WHERE workspace_id = ? AND source = ?"
_ALL = "SELECT source, timezone, time_format, mapping FROM sources WHERE workspace_id = ? ORDER BY source"


def _known_zone(name: str | None) -> str | None:
    return None if name is None else known_zone(name)


class SourceSettings(Frozen):
    """What has to be known to read one source's times."""

    timezone: Annotated[str | None, AfterValidator(_known_zone)] = None
    """IANA zone of times that carry none; the workspace's when absent."""
    time_format: Annotated[str, Field(max_length=100), AfterValidator(check_format)] = ""
    """iso8601, unix, unix_ms, compact, dmy ... or a strptime pattern; empty: whatever reads in one way only."""
    mapping: Mapping | None = None
    """The mapping of the last file of this source."""

    def applied(self, intake: Intake) -> Intake:
        """The intake of the same source, reading times as these settings say, or else as its mapping does."""
        column = self.mapping.occurred_at if self.mapping else None
        zone = self.timezone or (self.mapping.timezone if self.mapping else None)
        return intake._replace(
            zone=ZoneInfo(zone) if zone else intake.zone,
            time_unit=column.unit if column else intake.time_unit,
            time_format=self.time_format or (column.format if column else ""),
        )


class SourceStore:
    """Keep and find settings."""

    def __init__(self, database: Database) -> None:
        """Read and write through `database`."""
        self._database = database

    def of(self, workspace_id: str, source: str) -> SourceSettings:
        """The source's settings; the plain ones when none were made."""
        with self._database.read() as connection:  # every batch passes here
            rows = query(connection, _ONE, (workspace_id, source))
        return _to_settings(*rows[0]) if rows else SourceSettings()

    def all(self, workspace_id: str) -> dict[str, SourceSettings]:
        """Source -> settings, of every source that has some."""
        with self._database.read() as connection:
            rows = query(connection, _ALL, (workspace_id,))
        return {source: _to_settings(*settings) for source, *settings in rows}

    def put(self, workspace_id: str, source: str, wanted: SourceSettings, *, by: str, now: datetime) -> None:
        """Set a source's settings as a whole."""
        mapping = wanted.mapping.model_dump_json() if wanted.mapping else None
        row = (workspace_id, source, wanted.timezone, wanted.time_format, mapping, to_micros(now), by)
        with self._database.write() as connection:
            upsert_rows(connection, sources, [row])


def _to_settings(timezone: str | None, time_format: str, mapping: str | None) -> SourceSettings:
    parsed = Mapping.model_validate_json(mapping) if mapping else None
    return SourceSettings(timezone=timezone, time_format=time_format, mapping=parsed)
