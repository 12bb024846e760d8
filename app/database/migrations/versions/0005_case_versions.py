"""Past campaigns in versions, with who brought each in and who approved or rejected it.

Every case becomes its own first version, approved by whoever had vouched for it. On the way down the version that is
retrieved stays, else the newest one; earlier versions and rejections are lost.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_UNKNOWN = "before versions were kept"


def upgrade() -> None:
    """Make the new tables from the old one."""
    versions = op.create_table(
        "case_versions",
        sa.Column("workspace_id", sa.String(), nullable=False),
        sa.Column("campaign_id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("content_hash", sa.String(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("imported_at", sa.BigInteger(), nullable=False),
        sa.Column("imported_by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "campaign_id", "version"),
    )
    rulings = op.create_table(
        "case_rulings",
        sa.Column("workspace_id", sa.String(), nullable=False),
        sa.Column("turn", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("campaign_id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("ruling", sa.String(), nullable=False),
        sa.Column("ruled_by", sa.String(), nullable=False),
        sa.Column("ruled_at", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "turn"),
    )
    sql = "SELECT workspace_id, campaign_id, content_hash, body, approved_by, imported_at FROM cases"
    old = _rows(f"{sql} ORDER BY workspace_id, campaign_id")
    _fill(versions, [_version(row) for row in old])
    _fill(rulings, _approvals(old))
    op.drop_table("cases")


def _version(row: dict[str, Any]) -> dict[str, Any]:
    kept = {name: row[name] for name in ("workspace_id", "campaign_id", "content_hash", "body", "imported_at")}
    return kept | {"version": 1, "imported_by": row["approved_by"] or _UNKNOWN}


def _approvals(old: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One for each case that somebody had vouched for; turns count from 1 in each workspace."""
    found: list[dict[str, Any]] = []
    turns: dict[str, int] = {}
    for row in old:
        if row["approved_by"] is None:
            continue
        turn = turns[row["workspace_id"]] = turns.get(row["workspace_id"], 0) + 1
        names = {name: row[name] for name in ("workspace_id", "campaign_id")}
        said = {"ruling": "approved", "ruled_by": row["approved_by"], "ruled_at": row["imported_at"], "note": ""}
        found.append(names | said | {"turn": turn, "version": 1})
    return found


def downgrade() -> None:
    """One version of each case, as the old table keeps it."""
    cases = op.create_table(
        "cases",
        sa.Column("workspace_id", sa.String(), nullable=False),
        sa.Column("campaign_id", sa.String(), nullable=False),
        sa.Column("content_hash", sa.String(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("approved_by", sa.String(), nullable=True),
        sa.Column("imported_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "campaign_id"),
    )
    approved: dict[tuple[str, str], tuple[int, str]] = {}
    for row in _rows("SELECT workspace_id, campaign_id, version, ruling, ruled_by FROM case_rulings ORDER BY turn"):
        key = (row["workspace_id"], row["campaign_id"])
        if row["ruling"] == "approved":
            approved[key] = (row["version"], row["ruled_by"])
        elif key in approved and approved[key][0] == row["version"]:
            del approved[key]
    kept: dict[tuple[str, str], dict[str, Any]] = {}
    for row in _rows("SELECT * FROM case_versions ORDER BY workspace_id, campaign_id, version"):
        key = (row["workspace_id"], row["campaign_id"])
        version, approver = approved.get(key, (None, None))
        if version is None or row["version"] == version:
            names = ("workspace_id", "campaign_id", "content_hash", "body", "imported_at")
            kept[key] = {name: row[name] for name in names} | {"approved_by": approver}
    _fill(cases, list(kept.values()))
    op.drop_table("case_rulings")
    op.drop_table("case_versions")


def _rows(sql: str) -> list[dict[str, Any]]:
    return [dict(row._mapping) for row in op.get_bind().execute(sa.text(sql))]


def _fill(table: sa.Table, rows: list[dict[str, Any]]) -> None:
    if rows:
        op.bulk_insert(table, rows)
