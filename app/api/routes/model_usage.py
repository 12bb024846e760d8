"""What a workspace's language models were used for, and what they may use in a day."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from app.access.schemas import Role
from app.api.answers import READ_PROBLEMS, Answer
from app.api.deps import Caller, allowed
from app.llm.budgets import Budget
from app.llm.rungs import RungState
from app.llm.usage import Usage
from app.schema import Frozen

router = APIRouter(prefix="/v1/model-usage", tags=["models"], responses=READ_PROBLEMS)

Days = Annotated[int, Query(ge=1, le=366, description="Days up to today (UTC)")]
Reader = Annotated[Caller, Depends(allowed(Role.VIEWER))]


class UsageView(Frozen):
    """Use of the language models, and the budget that it is held against."""

    budget: Budget
    used: tuple[Usage, ...]
    """A row for each day and model, newest first."""
    kept_answers: int
    """Answers that are kept, so that the same question is not asked twice."""
    rungs: tuple[RungState, ...]
    """How each model does now."""


@router.get("")
def usage(reader: Reader, days: Days = 30) -> Answer[UsageView]:
    """Calls, tokens and cost of each model by day (UTC). Costs are millionths of the currency of the prices."""
    rungs, workspace_id = reader.pipeline.rungs, reader.workspace.workspace_id
    books, today = rungs.books, reader.now.date()
    found = UsageView(
        budget=books.budgets.of(workspace_id),
        used=books.usage.by_day(workspace_id, today - timedelta(days=days - 1)),
        kept_answers=books.answers.number(workspace_id),
        rungs=rungs.states(),
    )
    return Answer(data=found, as_of=reader.now)
