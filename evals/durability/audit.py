"""What the database holds beside what the clients were told. Plain SQL, so that it shares no code with the log."""

import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Set
from typing import NamedTuple

from sqlalchemy import Connection, text

from app.config import ROOT
from app.database.engine import Database
from evals.durability.client import SOURCE
from evals.durability.served import WORKSPACE, Place, environment


class Found(NamedTuple):
    """The log after the last kill."""

    stored: int
    lost: int
    """Acknowledged events that are not there."""
    duplicates: int
    """Rows beyond the first of a message id."""
    torn: int
    """Batches of which only a part is there."""
    gaps: int
    """Log positions that are missing."""
    conflicts: int
    """Records in quarantine: every resend was the same, so there must be none."""
    integrity_ok: bool | None
    """What the database says of its own file; None where it has no such check."""
    profiles_equal_log: bool
    """What `understory rebuild --check` says."""


def audit(place: Place, acknowledged: Mapping[str, Set[int]], *, size: int) -> Found:
    """Count what is missing, double or torn; then let the product compare its profiles with the log."""
    database = Database(place.database_url)
    with database.read() as connection:
        messages = _messages(connection)
        gaps = connection.execute(text("SELECT max(position) - count(*) FROM events")).scalar_one()
        kept = connection.execute(text("SELECT count(*) FROM quarantine")).scalar_one()
        whole = _integrity(connection) if database.engine.name == "sqlite" else None
    database.close()
    told = {f"{name}-{n}-{i}" for name, numbers in acknowledged.items() for n in numbers for i in range(size)}
    batches = Counter(message.rsplit("-", 1)[0] for message in messages)
    return Found(
        stored=messages.total(),
        lost=len(told - messages.keys()),
        duplicates=messages.total() - len(messages),
        torn=sum(n != size for n in batches.values()),
        gaps=int(gaps or 0),
        conflicts=int(kept),
        integrity_ok=whole,
        profiles_equal_log=_profiles_equal_log(place),
    )


def _messages(connection: Connection) -> Counter[str]:
    rows = connection.execute(text("SELECT message_id FROM events WHERE source = :source"), {"source": SOURCE})
    return Counter(rows.scalars())


def _integrity(connection: Connection) -> bool:
    return connection.exec_driver_sql("PRAGMA integrity_check").scalars().all() == ["ok"]


def _profiles_equal_log(place: Place) -> bool:
    command = [sys.executable, "-m", "app.cli", "rebuild", "--check", "-w", WORKSPACE, "--data", str(place.folder)]
    return subprocess.run(command, cwd=ROOT, env=environment(place.database_url), capture_output=True).returncode == 0
