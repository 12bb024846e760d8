"""`understory churn CUSTOMER`: whether a customer is drifting away, as a narrative."""

from typing import Annotated

import typer

from app.cli.options import AsJson, AsOf, DataDir, Language, LlmModel, LlmUrl, WorkspaceName, asking
from app.cli.output import print_json, print_origin
from app.console.format import Formatter
from app.insights.churn.schemas import ChurnRead

churn_commands = typer.Typer()


@churn_commands.command()
def churn(
    customer: Annotated[str, typer.Argument(help="Our customer id or a source id.")],
    workspace: WorkspaceName = "demo",
    as_of: AsOf = "",
    lang: Language = None,
    llm: LlmUrl = "",
    llm_model: LlmModel = "",
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Tell whether a customer is drifting away: which signs, since when, what they said, what speaks against it."""
    with asking(workspace, as_of, lang, data, llm_url=llm, llm_model=llm_model) as (app, shop, moment, said):
        found = app.pipeline.explaining.churn(shop, customer, as_of=moment, lang=said)
    if as_json:
        print_json(found.model_dump(mode="json"))
    else:
        _print(found, Formatter(said, shop.zone))


def _print(found: ChurnRead, show: Formatter) -> None:
    print(f"{found.verdict_name}: {found.headline}")
    if found.missing:
        print(show.say("numbers.not_enough", missing=show.missing(found.missing)))
    for sentence in found.sentences:
        print(sentence.text)
        for claim_id in sentence.claim_ids:
            print(f"    <- {found.spoken[claim_id]}")
    print_origin(found.provenance, found.dropped)
