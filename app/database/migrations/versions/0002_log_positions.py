"""Positions per workspace, histories as chains, texts keyed by workspace, checkpoints of profiles.

What is derived (profile states, offsets) is dropped and folded again from the log.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_COLUMNS = (
    "event_id, source, message_id, payload_hash, schema_version, kind, occurred_at, received_at, sent_at, "
    "clock_correction_ms, subject, {previous}identifiers, item_id, campaign_id, arm_id, decision_id, session_id, "
    "order_id, amount_minor, currency, text_ref, properties"
)
_OUR_SOURCE = "understory"


def upgrade() -> None:
    """Carry the log over; each workspace's events keep their order and are numbered from 1."""
    for index in ("events_by_kind", "events_by_time", "events_by_position", "events_by_subject"):
        op.drop_index(index, table_name="events")
    op.rename_table("events", "events_0001")
    op.rename_table("event_texts", "event_texts_0001")
    _free_names()
    _create_log()
    numbered = "ROW_NUMBER() OVER (PARTITION BY workspace_id ORDER BY seq)"
    op.execute(
        f"INSERT INTO events (workspace_id, position, {_COLUMNS.format(previous='previous, ')}) "
        f"SELECT workspace_id, position, {_COLUMNS.format(previous=_PREVIOUS)} "
        f"FROM (SELECT *, {numbered} AS position FROM events_0001) AS numbered"
    )
    op.execute("INSERT INTO event_texts SELECT workspace_id, text_ref, text FROM event_texts_0001")
    op.execute(
        "INSERT INTO event_subjects (workspace_id, subject, head, events, first_at) "
        "SELECT workspace_id, subject, MAX(position), COUNT(*), MIN(occurred_at) FROM events "
        "WHERE subject <> '' GROUP BY workspace_id, subject"
    )
    sourced = f"CASE WHEN source <> '{_OUR_SOURCE}' THEN {{}} END"
    op.execute(
        "INSERT INTO log_heads (workspace_id, position, read_position, events, newest_at) "
        f"SELECT workspace_id, MAX(position), COALESCE(MAX({sourced.format('position')}), 0), COUNT(*), "
        f"MAX({sourced.format('occurred_at')}) FROM events GROUP BY workspace_id"
    )
    op.drop_table("events_0001")
    op.drop_table("event_texts_0001")
    _forget_profiles(
        offset=[sa.Column("version", sa.BigInteger(), nullable=False)],
        state=[sa.Column("identity_version", sa.BigInteger(), nullable=False)],
    )
    op.create_table(
        "profile_checkpoints",
        sa.Column("workspace_id", sa.String(), nullable=False),
        sa.Column("customer_id", sa.String(), nullable=False),
        sa.Column("identity_version", sa.BigInteger(), nullable=False),
        sa.Column("occurred_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "customer_id", "occurred_at"),
    )
    op.create_table(
        "stale_profiles",
        sa.Column("workspace_id", sa.String(), nullable=False),
        sa.Column("customer_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "customer_id"),
    )


def downgrade() -> None:
    """Back to one sequence over all workspaces, in order of arrival."""
    op.drop_table("stale_profiles")
    op.drop_table("profile_checkpoints")
    op.drop_index("events_orders", table_name="events")
    op.rename_table("events", "events_0002")
    op.rename_table("event_texts", "event_texts_0002")
    _free_names()
    _create_first_log()
    names = _COLUMNS.format(previous="")
    op.execute(
        f"INSERT INTO events (workspace_id, {names}) SELECT workspace_id, {names} FROM events_0002 "
        "ORDER BY received_at, workspace_id, position"
    )
    op.execute("INSERT INTO event_texts (text_ref, workspace_id, text) SELECT text_ref, workspace_id, text "
               "FROM event_texts_0002")  # fmt: skip
    for table in ("events_0002", "event_texts_0002", "event_subjects", "log_heads"):
        op.drop_table(table)
    _forget_profiles(offset=[], state=[])


_PREVIOUS = (
    "CASE WHEN subject = '' THEN 0 "  # events about the graph are in nobody's chain
    "ELSE COALESCE(LAG(position) OVER (PARTITION BY workspace_id, subject ORDER BY position), 0) END, "
)


def _forget_profiles(*, offset: list[sa.Column[object]], state: list[sa.Column[object]]) -> None:
    """Everything is folded again from the log; offsets and states get (or lose) these columns."""
    op.drop_table("profile_states")
    op.create_table(
        "profile_states",
        sa.Column("workspace_id", sa.String(), nullable=False),
        sa.Column("customer_id", sa.String(), nullable=False),
        *state,
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "customer_id"),
    )
    op.drop_table("consumer_offsets")
    op.create_table(
        "consumer_offsets",
        sa.Column("workspace_id", sa.String(), nullable=False),
        sa.Column("consumer", sa.String(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        *offset,
        sa.PrimaryKeyConstraint("workspace_id", "consumer"),
    )


def _free_names() -> None:
    """PostgreSQL keeps the names of a renamed table's constraints and sequence; the new table needs them."""
    if op.get_bind().dialect.name != "postgresql":
        return
    kept = op.get_bind().execute(
        sa.text(
            "SELECT c.conrelid::regclass::text, c.conname FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid "
            "WHERE t.relname IN ('events_0001', 'event_texts_0001', 'events_0002', 'event_texts_0002') "
            "AND c.contype IN ('p', 'u')"
        )
    )
    for table, name in kept.all():
        op.execute(f"ALTER TABLE {table} RENAME CONSTRAINT {name} TO {name}_old")


def _event_columns() -> list[sa.Column[object]]:
    return [
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("payload_hash", sa.String(), nullable=False),
        sa.Column("schema_version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("occurred_at", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column("clock_correction_ms", sa.BigInteger(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("previous", sa.BigInteger(), nullable=False),
        sa.Column("identifiers", sa.Text(), nullable=False),
        sa.Column("item_id", sa.String(), nullable=True),
        sa.Column("campaign_id", sa.String(), nullable=True),
        sa.Column("arm_id", sa.String(), nullable=True),
        sa.Column("decision_id", sa.String(), nullable=True),
        sa.Column("session_id", sa.String(), nullable=True),
        sa.Column("order_id", sa.String(), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(), nullable=True),
        sa.Column("text_ref", sa.String(), nullable=True),
        sa.Column("properties", sa.Text(), nullable=False),
    ]


def _create_log() -> None:
    op.create_table(
        "events",
        sa.Column("workspace_id", sa.String(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        *_event_columns(),
        sa.PrimaryKeyConstraint("workspace_id", "position"),
        sa.UniqueConstraint("workspace_id", "source", "message_id", name="events_dedupe"),
    )
    orders = sa.text("kind = 'order'")
    op.create_index(
        "events_orders", "events", ["workspace_id", "occurred_at"], sqlite_where=orders, postgresql_where=orders
    )
    op.create_table(
        "event_texts",
        sa.Column("workspace_id", sa.String(), nullable=False),
        sa.Column("text_ref", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "text_ref"),
    )
    op.create_table(
        "event_subjects",
        sa.Column("workspace_id", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("head", sa.BigInteger(), nullable=False),
        sa.Column("events", sa.BigInteger(), nullable=False),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "subject"),
    )
    op.create_table(
        "log_heads",
        sa.Column("workspace_id", sa.String(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("read_position", sa.BigInteger(), nullable=False),
        sa.Column("events", sa.BigInteger(), nullable=False),
        sa.Column("newest_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("workspace_id"),
    )


def _create_first_log() -> None:
    op.create_table(
        "events",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("workspace_id", sa.String(), nullable=False),
        *(column for column in _event_columns() if column.name != "previous"),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("event_id"),
        sa.UniqueConstraint("workspace_id", "source", "message_id", name="events_dedupe"),
        sqlite_autoincrement=True,
    )
    op.create_index("events_by_kind", "events", ["workspace_id", "kind", "occurred_at"], unique=False)
    op.create_index("events_by_time", "events", ["workspace_id", "occurred_at"], unique=False)
    op.create_index("events_by_position", "events", ["workspace_id", "seq"], unique=False)
    op.create_index("events_by_subject", "events", ["workspace_id", "subject", "occurred_at"], unique=False)
    op.create_table(
        "event_texts",
        sa.Column("text_ref", sa.String(), nullable=False),
        sa.Column("workspace_id", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("text_ref"),
    )
