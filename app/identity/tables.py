"""The identity graph's tables. All of it can be made again from the log; the vault beside it cannot."""

from sqlalchemy import BigInteger, Column, Float, Index, Integer, String, Table, Text

from app.database.engine import metadata
from app.database.types import UtcTime

identity_nodes = Table(
    "identity_nodes",
    metadata,
    Column("workspace_id", String, primary_key=True),
    Column("identifier", String, primary_key=True),
    Column("turn", Integer, primary_key=True),
    Column("kind", String, nullable=False),
    Column("customer_id", String, nullable=False),
    Column("node_id", String, nullable=False),
    Column("serial", BigInteger, nullable=False),
    Column("born_event", String, nullable=False),
    Column("founder", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("partners", Integer, nullable=False),
    Column("seen", Text),
    Column("hub", Integer, nullable=False),
    Column("apart", Text),
    Column("valid_from", UtcTime),
    Column("valid_until", UtcTime),
    Column("last_seen", UtcTime),
    Index("identity_nodes_by_customer", "workspace_id", "customer_id"),
    Index("identity_nodes_by_id", "workspace_id", "node_id"),
)

identity_edges = Table(
    "identity_edges",
    metadata,
    Column("workspace_id", String, primary_key=True),
    Column("serial", BigInteger, primary_key=True, autoincrement=False),
    Column("a", String, nullable=False),
    Column("b", String, nullable=False),
    Column("rule", String, nullable=False),
    Column("source", String, nullable=False),
    Column("event_id", String, nullable=False),
    Column("strength", Float, nullable=False),
    Column("occurred_at", UtcTime, nullable=False),
    Column("revoked_at", UtcTime),
    Column("revoked_by", String),
    Column("revoked_why", String),
    Index("identity_edges_by_pair", "workspace_id", "a", "b"),
    Index("identity_edges_by_b", "workspace_id", "b"),
)

consent_holds = Table(
    "consent_holds",
    metadata,
    Column("workspace_id", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("purpose", String, primary_key=True),
    Column("channel", String, primary_key=True),
    Column("event_id", String, primary_key=True),
    Column("at", UtcTime, nullable=False),
)

identity_heads = Table(
    "identity_heads",
    metadata,
    Column("workspace_id", String, primary_key=True),
    Column("nodes", BigInteger, nullable=False),
    Column("edges", BigInteger, nullable=False),
    Column("token", String, nullable=False),
)
