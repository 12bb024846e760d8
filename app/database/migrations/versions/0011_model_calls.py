"""What models cost, what they may cost, and what they answered."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the new tables."""
    op.create_table(
        "model_usage",
        sa.Column("workspace_id", sa.String(), nullable=False),
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("prompt_tokens", sa.BigInteger(), nullable=False),
        sa.Column("completion_tokens", sa.BigInteger(), nullable=False),
        sa.Column("cost_micros", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "day", "model"),
    )
    op.create_table(
        "model_budgets",
        sa.Column("workspace_id", sa.String(), nullable=False),
        sa.Column("daily_tokens", sa.BigInteger()),
        sa.Column("daily_cost_micros", sa.BigInteger()),
        sa.PrimaryKeyConstraint("workspace_id"),
    )
    op.create_table(
        "kept_answers",
        sa.Column("workspace_id", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("question", sa.String(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "subject", "question"),
    )
    op.create_index("kept_answers_by_age", "kept_answers", ["workspace_id", "asked_at"])


def downgrade() -> None:
    """Drop them; only what was answered can be asked for again."""
    op.drop_index("kept_answers_by_age", "kept_answers")
    op.drop_table("kept_answers")
    op.drop_table("model_budgets")
    op.drop_table("model_usage")
