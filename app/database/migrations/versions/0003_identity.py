"""The identity graph with edges that can be revoked, the vault of raw phone and ID numbers, and consent holds.

The graph is made from the log, so the old tables are dropped and the next start fills the new ones. Going down drops
the vault: the numbers that it holds are lost, and the log keeps only their hashes.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_NEW = ("identity_nodes", "identity_edges", "consent_holds", "identity_heads", "identifier_vault")
_OLD = ("identity_nodes", "identity_edges", "customer_aliases")


def upgrade() -> None:
    """Replace the graph's tables."""
    for table in _OLD:
        op.drop_table(table)
    op.create_table(
        "identity_nodes",
        sa.Column("workspace_id", sa.String(), nullable=False),
        sa.Column("identifier", sa.String(), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("customer_id", sa.String(), nullable=False),
        sa.Column("node_id", sa.String(), nullable=False),
        sa.Column("serial", sa.BigInteger(), nullable=False),
        sa.Column("born_event", sa.String(), nullable=False),
        sa.Column("founder", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("partners", sa.Integer(), nullable=False),
        sa.Column("seen", sa.Text(), nullable=True),
        sa.Column("hub", sa.Integer(), nullable=False),
        sa.Column("apart", sa.Text(), nullable=True),
        sa.Column("valid_from", sa.BigInteger(), nullable=True),
        sa.Column("valid_until", sa.BigInteger(), nullable=True),
        sa.Column("last_seen", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("workspace_id", "identifier", "turn"),
    )
    op.create_index("identity_nodes_by_customer", "identity_nodes", ["workspace_id", "customer_id"])
    op.create_index("identity_nodes_by_id", "identity_nodes", ["workspace_id", "node_id"])
    op.create_table(
        "identity_edges",
        sa.Column("workspace_id", sa.String(), nullable=False),
        sa.Column("serial", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("a", sa.String(), nullable=False),
        sa.Column("b", sa.String(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("strength", sa.Float(), nullable=False),
        sa.Column("occurred_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_by", sa.String(), nullable=True),
        sa.Column("revoked_why", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("workspace_id", "serial"),
    )
    op.create_index("identity_edges_by_pair", "identity_edges", ["workspace_id", "a", "b"])
    op.create_index("identity_edges_by_b", "identity_edges", ["workspace_id", "b"])
    _create_small_tables()


def _create_small_tables() -> None:
    op.create_table(
        "consent_holds",
        sa.Column("workspace_id", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "key", "purpose", "channel", "event_id"),
    )
    op.create_table(
        "identity_heads",
        sa.Column("workspace_id", sa.String(), nullable=False),
        sa.Column("nodes", sa.BigInteger(), nullable=False),
        sa.Column("edges", sa.BigInteger(), nullable=False),
        sa.Column("token", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id"),
    )
    op.create_table(
        "identifier_vault",
        sa.Column("workspace_id", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "key"),
    )


def downgrade() -> None:
    """The tables of the first schema, empty."""
    for table in _NEW:
        op.drop_table(table)
    op.create_table(
        "identity_nodes",
        sa.Column("workspace_id", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("customer_id", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("born_at", sa.String(), nullable=False),
        sa.Column("born_event", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "key"),
    )
    op.create_index("identity_nodes_by_customer", "identity_nodes", ["workspace_id", "customer_id"])
    op.create_table(
        "identity_edges",
        sa.Column("workspace_id", sa.String(), nullable=False),
        sa.Column("a", sa.String(), nullable=False),
        sa.Column("b", sa.String(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("strength", sa.Float(), nullable=False),
        sa.Column("occurred_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("workspace_id", "a", "b", "rule"),
    )
    op.create_table(
        "customer_aliases",
        sa.Column("workspace_id", sa.String(), nullable=False),
        sa.Column("customer_id", sa.String(), nullable=False),
        sa.Column("canonical_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "customer_id"),
    )
