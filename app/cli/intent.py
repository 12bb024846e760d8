"""`understory intent CUSTOMER`: what a customer buys next, and when, with probabilities and their record."""

from typing import Annotated

import typer

from app.cli.options import AsJson, AsOf, DataDir, Language, WorkspaceName, moment_of, opened
from app.cli.output import print_json
from app.console.format import Formatter
from app.console.intent_lines import Row, categories, headline, measured, reason, replenishments, when, windows
from app.views import NextPurchase

intent_commands = typer.Typer()
_WIDTH = 26


@intent_commands.command()
def intent(
    customer: Annotated[str, typer.Argument(help="Our customer id or a source id.")],
    workspace: WorkspaceName = "demo",
    as_of: AsOf = "",
    lang: Language = None,
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Say what a customer buys next and within how many days, each with its probability and what speaks for it."""
    with opened(data) as app:
        shop = app.pipeline.access.workspace(workspace)
        said = lang or shop.language
        found = app.pipeline.next_purchase(shop, customer, as_of=moment_of(app, shop, as_of), lang=said)
    if as_json:
        print_json(found.model_dump(mode="json"))
    else:
        _print(found, Formatter(said, shop.zone))


def _print(found: NextPurchase, show: Formatter) -> None:
    intent = found.intent
    if intent.status != "ok":
        print(show.say("numbers.not_enough", missing=show.missing(intent.missing)))
        return
    print(headline(found, show))
    print(when(intent, show))
    _rows(windows(intent, show))
    if intent.categories_missing:
        print(show.say("intent.no_categories", missing=show.missing(intent.categories_missing)))
    else:
        print(show.say("intent.what"))
        _rows(categories(found, show))
    for category in intent.categories:
        for one in category.reasons:
            cited = f"  <- {', '.join(one.evidence)}" if one.evidence else ""
            print(f"{found.names[category.category]}: {reason(one, show)}{cited}")
    for line in (*replenishments(found, show), *measured(intent.calibration, show)):
        print(line)


def _rows(rows: list[Row]) -> None:
    for row in rows:
        print(f"  {row.share:>5.0%}  {row.label:<{_WIDTH}} {row.remark}".rstrip())
