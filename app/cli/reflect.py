"""`understory reflect`: read what may lie behind customers' newest words; run it daily or weekly from cron."""

import sys
from datetime import UTC, datetime
from typing import Annotated

import typer

from app.cli.options import AsJson, DataDir, Language, WorkspaceName, opened
from app.cli.output import print_json
from app.errors import InvalidInput
from app.reflecting import EVERY_DAYS, Reflected

reflect_commands = typer.Typer()


@reflect_commands.command()
def reflect(
    customer: Annotated[str, typer.Argument(help="One customer, whatever the score says.")] = "",
    due: Annotated[bool, typer.Option("--due", help="Only customers whose profile has moved enough.")] = False,
    everybody: Annotated[bool, typer.Option("--all", help="Everybody who changed at all since last time.")] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many, furthest moved first.")] = None,
    every_days: Annotated[int, typer.Option(min=1, help="After so many days a small change is enough.")] = EVERY_DAYS,
    workspace: WorkspaceName = "demo",
    lang: Language = None,
    llm: Annotated[str, typer.Option("--llm", help="URL of an OpenAI-compatible server that infers.")] = "",
    llm_model: Annotated[str, typer.Option("--llm-model", help="Name of its model.")] = "",
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Reflect upon customers whose profile has moved enough, and upon those who were not for --every-days."""
    if bool(customer) + due + everybody > 1:
        raise InvalidInput("give one of CUSTOMER, --due and --all")
    with opened(data, llm_url=llm, llm_model=llm_model) as app:
        shop, now, reflecting = app.pipeline.access.workspace(workspace), datetime.now(UTC), app.pipeline.reflecting
        app.pipeline.catch_up(shop)
        if customer:
            found = [reflecting.reflect(shop, customer, trigger=None, now=now, lang=lang)]
        else:
            days = 0 if everybody else None if due else every_days
            found = []
            for one in reflecting.due(shop, now=now, every_days=days, limit=limit):
                found.append(reflecting.reflect(shop, one.customer_id, trigger=one.trigger, now=now, lang=lang))
                if len(found) % 100 == 0:
                    sys.stderr.write(f"{len(found)} customers reflected upon\n")
        app.pipeline.catch_up(shop)
    _print(found, as_json)


def _print(found: list[Reflected], as_json: bool) -> None:
    if as_json:
        print_json({"reflected": [one.model_dump(mode="json") for one in found]})
        return
    for one in found:
        inferred = "; ".join(f"{i.value} ({i.confidence:.2f}: “{i.quote}”)" for i in one.inferred) or "nothing inferred"
        rung = f"{one.rung}" if one.event_id else "nothing new"
        print(f"{one.customer_id}  {one.trigger}  score {one.score:.2f} of {one.threshold:.2f}  {rung}  {inferred}")
        for sentence in one.conclusions:
            print(f"  concluded by {one.concluded_by}: {sentence.text}")
        if one.fallback_reason:
            print(f"  not a higher rung: {one.fallback_reason}")
