"""The tables of the knowledge base. Both only grow: what was decided on an old version can still be explained."""

from sqlalchemy import BigInteger, Column, Integer, String, Table, Text

from app.database.engine import metadata
from app.database.types import UtcTime

case_versions = Table(
    "case_versions",
    metadata,
    Column("workspace_id", String, primary_key=True),
    Column("campaign_id", String, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("content_hash", String, nullable=False),
    Column("body", Text, nullable=False),
    Column("imported_at", UtcTime, nullable=False),
    Column("imported_by", String, nullable=False),
)

case_rulings = Table(
    "case_rulings",
    metadata,
    Column("workspace_id", String, primary_key=True),
    Column("turn", BigInteger, primary_key=True, autoincrement=False),
    Column("campaign_id", String, nullable=False),
    Column("version", Integer, nullable=False),
    Column("ruling", String, nullable=False),
    Column("ruled_by", String, nullable=False),
    Column("ruled_at", UtcTime, nullable=False),
    Column("note", Text, nullable=False),
)
"""`turn` counts a workspace's rulings from 1: what is retrievable changes with it and with nothing else."""
