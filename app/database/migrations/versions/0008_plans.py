"""Drafted plans, and an index of what was sent or decided, for who rests after a contact."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0006"
branch_labels = None
depends_on = None

_CONTACTS = sa.text("kind IN ('approval', 'campaign_sent', 'decision')")


def upgrade() -> None:
    """Make the table and the index."""
    op.create_table(
        "plans",
        sa.Column("workspace_id", sa.String(), nullable=False),
        sa.Column("plan_id", sa.String(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("customers", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "plan_id"),
    )
    op.create_index(
        "events_contacts",
        "events",
        ["workspace_id", "occurred_at"],
        sqlite_where=_CONTACTS,
        postgresql_where=_CONTACTS,
    )


def downgrade() -> None:
    """Take both away."""
    op.drop_index("events_contacts", table_name="events")
    op.drop_table("plans")
