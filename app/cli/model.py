"""`understory model ...`: what the language models were used for, and what they may use."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Annotated

import typer

from app.cli.options import AsJson, DataDir, WorkspaceName, opened
from app.errors import InvalidInput
from app.llm.budgets import UNLIMITED, Budget, micros, told_cost
from app.llm.usage import Usage
from app.schema import Frozen

model = typer.Typer(no_args_is_help=True, help="Language models: use, cost, budgets.")

Days = Annotated[int, typer.Option("--days", min=1, max=366, help="Days up to today (UTC).")]
Limit = Annotated[str, typer.Option(help="A day's limit, `none`, or empty to leave it as it is.")]


class UsageReport(Frozen):
    """What `--json` prints."""

    budget: Budget
    used: tuple[Usage, ...]
    kept_answers: int


@model.command("usage")
def model_usage(
    workspace: WorkspaceName = "demo", days: Days = 30, as_json: AsJson = False, data: DataDir = None
) -> None:
    """Show calls, tokens and cost of each model by day, and the budget."""
    with opened(data) as app:
        shop, books = app.pipeline.access.workspace(workspace).workspace_id, app.pipeline.rungs.books
        since = datetime.now(UTC).date() - timedelta(days=days - 1)
        found = UsageReport(
            budget=books.budgets.of(shop),
            used=books.usage.by_day(shop, since),
            kept_answers=books.answers.number(shop),
        )
    print(found.model_dump_json(indent=2) if as_json else _told(found, since))


@model.command("budget")
def model_budget(
    workspace: WorkspaceName = "demo",
    tokens: Limit = "",
    cost: Limit = "",
    usual: Annotated[bool, typer.Option("--usual", help="Back to what settings say for every workspace.")] = False,
    data: DataDir = None,
) -> None:
    """Show or set what a workspace's models may use in a day (UTC): tokens, and cost in the currency of the prices."""
    with opened(data) as app:
        shop, budgets = app.pipeline.access.workspace(workspace).workspace_id, app.pipeline.rungs.books.budgets
        before = budgets.of(shop)
        if usual:
            budgets.give(shop, None)
        elif tokens or cost:
            budgets.give(shop, _changed(before, tokens, cost))
        now = budgets.of(shop)
    print(f"{workspace}: {_limits(now)}")


@model.command("forget")
def model_forget(
    subject: Annotated[str, typer.Argument(help="A customer id, segment:NAME or conversation:ID.")],
    workspace: WorkspaceName = "demo",
    data: DataDir = None,
) -> None:
    """Erase the kept answers of models about one subject."""
    with opened(data) as app:
        shop = app.pipeline.access.workspace(workspace).workspace_id
        number = app.pipeline.rungs.books.answers.forget(shop, subject)
    print(f"{number} kept answers about {subject} are erased")


def _changed(before: Budget, tokens: str, cost: str) -> Budget:
    return Budget(
        daily_tokens=_whole(tokens) if tokens else before.daily_tokens,
        daily_cost_micros=micros(_amount(cost)) if cost else before.daily_cost_micros,
    )


def _whole(given: str) -> int | None:
    if given == "none":
        return None
    if not (given.isascii() and given.isdigit()) or len(given) > 12:
        raise InvalidInput(f"--tokens {given}: give a whole number of tokens a day, or none")
    return int(given)


def _amount(given: str) -> Decimal | None:
    if given == "none":
        return None
    try:
        amount = Decimal(given)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or not 0 <= amount <= 1_000_000:
        raise InvalidInput(f"--cost {given}: give an amount a day such as 2.50, or none")
    return amount


def _limits(budget: Budget) -> str:
    if budget == UNLIMITED:
        return "no limit on what models use"
    limits = [f"{budget.daily_tokens:,} tokens"] if budget.daily_tokens is not None else []
    limits += [f"a cost of {told_cost(budget.daily_cost_micros)}"] if budget.daily_cost_micros is not None else []
    return f"models may use {' and '.join(limits)} a day"


def _told(found: UsageReport, since: date) -> str:
    head = f"{'day':<12}{'model':<28}{'calls':>8}{'failed':>8}{'tokens in':>12}{'tokens out':>12}{'cost':>14}"
    rows = [_row(used) for used in found.used]
    table = [head, *rows] if rows else [f"no model was asked since {since}"]
    return "\n".join([*table, f"{_limits(found.budget)}; {found.kept_answers:,} answers are kept"])


def _row(used: Usage) -> str:
    return (
        f"{used.day!s:<12}{used.model[:27]:<28}{used.calls:>8,}{used.failed:>8,}{used.prompt_tokens:>12,}"
        f"{used.completion_tokens:>12,}{told_cost(used.cost_micros):>14}"
    )
