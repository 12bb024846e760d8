"""What is kept about asking models: what it cost, what it may cost, and what was answered."""

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text

from app.database.engine import metadata
from app.database.types import UtcTime

model_usage = Table(
    "model_usage",
    metadata,
    Column("workspace_id", String, primary_key=True),
    Column("day", String, primary_key=True),
    Column("model", String, primary_key=True),
    Column("calls", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("prompt_tokens", BigInteger, nullable=False),
    Column("completion_tokens", BigInteger, nullable=False),
    Column("cost_micros", BigInteger, nullable=False),
)

model_budgets = Table(
    "model_budgets",
    metadata,
    Column("workspace_id", String, primary_key=True),
    Column("daily_tokens", BigInteger),
    Column("daily_cost_micros", BigInteger),
)

kept_answers = Table(
    "kept_answers",
    metadata,
    Column("workspace_id", String, primary_key=True),
    Column("subject", String, primary_key=True),
    Column("question", String, primary_key=True),
    Column("asked_at", UtcTime, nullable=False),
    Column("answer", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Index("kept_answers_by_age", "workspace_id", "asked_at"),
)
