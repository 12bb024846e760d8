"""`understory profile ...`: a customer's profile, what people say against it, and how it came to be as it is.

`understory profile CUSTOMER` is short for `understory profile show CUSTOMER`.
"""

from datetime import UTC, datetime
from typing import Annotated

import typer
from typer.core import TyperGroup

from app.cli.identity import who
from app.cli.options import AsJson, AsOf, DataDir, Language, WorkspaceName, moment_of, opened
from app.cli.output import print_json
from app.cli.reading import show
from app.correcting import Action, By
from app.profile.schemas import Update
from app.schema import Frozen


class _ShowsByDefault(TyperGroup):
    """A group whose first word may be a customer."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        """Read `profile u1` as `profile show u1`."""
        named = not args or args[0] in self.commands or args[0] == "--help"
        return super().parse_args(ctx, args if named else ["show", *args])


profile = typer.Typer(cls=_ShowsByDefault, no_args_is_help=True, help="One customer: story, corrections, history.")
profile.command("show")(show)

Customer = Annotated[str, typer.Argument(help="Our customer id or a source id.")]
Name = Annotated[str, typer.Argument(metavar="ATTRIBUTE", help="Name as the profile shows it.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; kept in the log.")]
Who = Annotated[By, typer.Option("--by", help="Who says so.")]


class Written(Frozen):
    """What a command wrote to the log."""

    event_id: str
    action: Action
    attribute: str
    value: str | None


@profile.command("correct")
def correct(
    customer: Customer,
    attribute: Name,
    reason: Reason,
    value: Annotated[str | None, typer.Argument(help="What it is; without it, nothing is to be said of it.")] = None,
    by: Who = By.OPERATOR,
    workspace: WorkspaceName = "demo",
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Say what an attribute is. It wins over every source and inference until it is withdrawn."""
    with opened(data) as app:
        shop, now = app.pipeline.access.workspace(workspace), datetime.now(UTC)
        event_id = app.pipeline.correcting.correct(
            shop, customer, attribute, value, by=by, reason=reason, now=now, who=who()
        )
        app.pipeline.catch_up(shop)
    _print_written(Written(event_id=event_id, action=Action.SET, attribute=attribute, value=value), as_json)


@profile.command("reject")
def reject(
    customer: Customer,
    attribute: Name,
    reason: Reason,
    value: Annotated[str | None, typer.Argument(help="Only this value; without it, whatever is inferred.")] = None,
    by: Who = By.OPERATOR,
    workspace: WorkspaceName = "demo",
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Reject an inference for good: no model brings it back."""
    with opened(data) as app:
        shop, now = app.pipeline.access.workspace(workspace), datetime.now(UTC)
        event_id = app.pipeline.correcting.reject(
            shop, customer, attribute, value, by=by, reason=reason, now=now, who=who()
        )
        app.pipeline.catch_up(shop)
    _print_written(Written(event_id=event_id, action=Action.REJECT, attribute=attribute, value=value), as_json)


@profile.command("withdraw")
def withdraw(
    customer: Customer,
    attribute: Name,
    reason: Reason,
    by: Who = By.OPERATOR,
    workspace: WorkspaceName = "demo",
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Take a correction back: the next best word shows again. Rejections stay."""
    with opened(data) as app:
        shop, now = app.pipeline.access.workspace(workspace), datetime.now(UTC)
        event_id = app.pipeline.correcting.withdraw(shop, customer, attribute, by=by, reason=reason, now=now, who=who())
        app.pipeline.catch_up(shop)
    _print_written(Written(event_id=event_id, action=Action.WITHDRAW, attribute=attribute, value=None), as_json)


@profile.command("history")
def history(
    customer: Customer,
    workspace: WorkspaceName = "demo",
    as_of: AsOf = "",
    lang: Language = None,
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Show how the profile came to be as it is: events folded, reflections, and what each changed. Newest first."""
    with opened(data) as app:
        shop = app.pipeline.access.workspace(workspace)
        reading = app.pipeline.read_customer(
            shop, customer, as_of=moment_of(app, shop, as_of), lang=lang or shop.language, ask_model=False
        )
    updates = reading.profile.history
    if as_json:
        print_json({"customer_id": reading.customer_id, "history": [u.model_dump(mode="json") for u in updates]})
        return
    for update in updates:
        _print_update(update)


def _print_written(written: Written, as_json: bool) -> None:
    if as_json:
        print_json(written.model_dump(mode="json"))
        return
    print(f"{written.action}: {written.attribute}{f' = {written.value}' if written.value else ''}  {written.event_id}")


def _print_update(update: Update) -> None:
    score = "" if update.score is None else f"  score {update.score:.2f} (threshold {update.threshold:.2f})"
    changes = f"  {', '.join(update.changes)}" if update.changes else ""
    print(f"{update.at:%Y-%m-%d %H:%M} UTC  {update.mode:<11}  {update.events} events{score}{changes}")
