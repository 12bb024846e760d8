"""What customers know a shop by."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Shops that are there have no name yet."""
    op.add_column("workspaces", sa.Column("name", sa.String(), nullable=False, server_default=""))


def downgrade() -> None:
    """Forget the names."""
    with op.batch_alter_table("workspaces") as table:
        table.drop_column("name")
