"""A served model as the product wires it, over a temporary database, with a script in place of the server."""

from datetime import UTC, datetime
from decimal import Decimal

from app.database.engine import Database
from app.llm.books import Books
from app.llm.breaker import Breaker
from app.llm.budgets import UNLIMITED, Budget
from app.llm.chat_model import About, ChatModel
from app.llm.kept_answers import Asker
from app.llm.rungs import open_books
from app.llm.served import ServedModel
from app.llm.turns import Turns
from app.model_settings import ModelSettings

TODAY = datetime(2026, 5, 1, 4, tzinfo=UTC)
ABOUT = About("shop", "c_1")
PRICED = ModelSettings(prompt_price=Decimal("0.5"), completion_price=Decimal(2))


def books_of(
    database: Database,
    *,
    budget: Budget = UNLIMITED,
    now: datetime = TODAY,
    most_kept: int = 100,
    kept_days: float = 30.0,
) -> Books:
    return open_books(database, default=budget, most_kept=most_kept, kept_days=kept_days, now=lambda: now)


def served(
    inner: ChatModel,
    books: Books,
    settings: ModelSettings = PRICED,
    *,
    name: str = "m-1",
    deadline_s: float = 8.0,
    limit: int = 3,
    pause_s: float = 60.0,
) -> ServedModel:
    return ServedModel(
        inner=inner,
        asker=Asker("large", name),
        settings=settings,
        deadline_s=deadline_s,
        breaker=Breaker(name, limit=limit, pause_s=pause_s),
        turns=Turns(name, settings.calls_at_once, settings.calls_waiting),
        books=books,
    )
