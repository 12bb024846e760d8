"""What came in and what was wrong with it: counters per source, settings of sources, a quarantine with decisions.

Records in quarantine keep their plain content on the way up; the next start seals it. On the way down only contents
that are still plain survive: what is sealed cannot be opened here.
"""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the new tables."""
    counts = op.create_table(
        "source_counts",
        sa.Column("workspace_id", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "source", "day", "name"),
    )
    op.create_table(
        "sources",
        sa.Column("workspace_id", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("timezone", sa.String(), nullable=True),
        sa.Column("time_format", sa.String(), nullable=False),
        sa.Column("mapping", sa.Text(), nullable=True),
        sa.Column("set_at", sa.BigInteger(), nullable=False),
        sa.Column("set_by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "source"),
    )
    waiting = _rows("SELECT workspace_id, source, line, content_hash, reason, content, received_at FROM quarantine")
    op.drop_table("quarantine")
    kept = op.create_table(
        "quarantine",
        sa.Column("workspace_id", sa.String(), nullable=False),
        sa.Column("record_id", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("plain", sa.Text(), nullable=True),
        sa.Column("message_id", sa.String(), nullable=True),
        sa.Column("sent_hash", sa.String(), nullable=True),
        sa.Column("known_hash", sa.String(), nullable=True),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.Column("settled_by", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("workspace_id", "record_id"),
    )
    op.create_index("quarantine_by_arrival", "quarantine", ["workspace_id", "received_at", "record_id"])
    op.create_index("quarantine_by_source", "quarantine", ["workspace_id", "source", "code", "state"])
    _fill(kept, [_kept(row) for row in waiting])
    _fill(counts, _counted())


def _kept(row: tuple[Any, ...]) -> dict[str, object]:
    """A record of the old shape in the new one; its code is found when it is sealed."""
    workspace_id, source, line, content_hash, reason, content, received_at = row
    return {
        "workspace_id": workspace_id,
        "record_id": f"q_{content_hash}_{line}",
        "source": source,
        "line": line,
        "code": "other",
        "reason": reason,
        "plain": content,
        "received_at": received_at,
        "state": "waiting",
    }


def _counted() -> list[dict[str, object]]:
    """What the tables still tell of past arrivals: events accepted and records quarantined, by UTC day."""
    arrivals = (
        ("accepted", "events"),
        ("quarantined", "quarantine"),
    )
    found: list[dict[str, object]] = []
    for name, table in arrivals:
        day = "received_at / 86400000000"
        sql = f"SELECT workspace_id, source, {day}, count(*) FROM {table} GROUP BY workspace_id, source, {day}"
        for workspace_id, source, days, n in _rows(sql):
            date = datetime.fromtimestamp(int(days) * 86_400, UTC).date().isoformat()
            found.append({"workspace_id": workspace_id, "source": source, "day": date, "name": name, "n": n})
    return found


def _rows(sql: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in op.get_bind().execute(sa.text(sql))]


def _fill(table: sa.Table, rows: list[dict[str, object]]) -> None:
    if rows:
        op.bulk_insert(table, rows)


def downgrade() -> None:
    """Back to a quarantine in plain text."""
    sql = "SELECT workspace_id, source, line, record_id, reason, plain, received_at FROM quarantine"
    columns = ("workspace_id", "source", "line", "content_hash", "reason", "content", "received_at")
    plain = [dict(zip(columns, row, strict=True)) for row in _rows(f"{sql} WHERE plain IS NOT NULL")]
    op.drop_table("quarantine")
    kept = op.create_table(
        "quarantine",
        sa.Column("workspace_id", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("content_hash", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "source", "line", "content_hash"),
    )
    _fill(kept, plain)
    op.drop_table("sources")
    op.drop_table("source_counts")
