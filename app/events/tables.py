"""The log's tables.

A position is given once per workspace, in order, without gaps at the time of writing: it is the outbox that
consumers follow. Each event points back at the one before it of the same subject (`previous`), so that a history is
read along its own chain: an index over (subject, time) would write to as many places as a batch has customers,
and the price of an event would rise with the depth of the log.
"""

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text, UniqueConstraint, text

from app.database.engine import metadata
from app.database.types import UtcTime

events = Table(
    "events",
    metadata,
    Column("workspace_id", String, primary_key=True),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("event_id", String, nullable=False),
    Column("source", String, nullable=False),
    Column("message_id", String, nullable=False),
    Column("payload_hash", String, nullable=False),
    Column("schema_version", Integer, nullable=False),
    Column("kind", String, nullable=False),
    Column("occurred_at", UtcTime, nullable=False),
    Column("received_at", UtcTime, nullable=False),
    Column("sent_at", UtcTime),
    Column("clock_correction_ms", BigInteger, nullable=False),
    Column("subject", String, nullable=False),
    Column("previous", BigInteger, nullable=False),
    Column("identifiers", Text, nullable=False),
    Column("item_id", String),
    Column("campaign_id", String),
    Column("arm_id", String),
    Column("decision_id", String),
    Column("session_id", String),
    Column("order_id", String),
    Column("amount_minor", BigInteger),
    Column("currency", String),
    Column("text_ref", String),
    Column("properties", Text, nullable=False),
    UniqueConstraint("workspace_id", "source", "message_id", name="events_dedupe"),
)
_ORDERS = text("kind = 'order'")
Index("events_orders", events.c.workspace_id, events.c.occurred_at, sqlite_where=_ORDERS, postgresql_where=_ORDERS)
_CONTACTS = text("kind IN ('approval', 'campaign_sent', 'decision')")
Index(
    "events_contacts", events.c.workspace_id, events.c.occurred_at, sqlite_where=_CONTACTS, postgresql_where=_CONTACTS
)

event_texts = Table(
    "event_texts",
    metadata,
    Column("workspace_id", String, primary_key=True),
    Column("text_ref", String, primary_key=True),
    Column("text", Text, nullable=False),
)

event_subjects = Table(
    "event_subjects",
    metadata,
    Column("workspace_id", String, primary_key=True),
    Column("subject", String, primary_key=True),
    Column("head", BigInteger, nullable=False),
    Column("events", BigInteger, nullable=False),
    Column("first_at", UtcTime, nullable=False),
)

log_heads = Table(
    "log_heads",
    metadata,
    Column("workspace_id", String, primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("read_position", BigInteger, nullable=False),
    Column("events", BigInteger, nullable=False),
    Column("newest_at", UtcTime),
)
