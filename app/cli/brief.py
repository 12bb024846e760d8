"""`understory brief CUSTOMER`: what an agent should know before talking to a customer."""

from typing import Annotated

import typer

from app.cli.options import AsJson, AsOf, DataDir, Language, LlmModel, LlmUrl, WorkspaceName, asking
from app.cli.output import print_json, print_origin
from app.console.format import Formatter
from app.insights.brief.schemas import Brief, Part

brief_commands = typer.Typer()


@brief_commands.command()
def brief(
    customer: Annotated[str, typer.Argument(help="Our customer id or a source id.")],
    workspace: WorkspaceName = "demo",
    as_of: AsOf = "",
    lang: Language = None,
    llm: LlmUrl = "",
    llm_model: LlmModel = "",
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Brief an agent who is about to talk to a customer: who, what last, what is open, what to avoid, how to begin."""
    with asking(workspace, as_of, lang, data, llm_url=llm, llm_model=llm_model) as (app, shop, moment, said):
        found = app.pipeline.briefing.brief(shop, customer, as_of=moment, lang=said)
    if as_json:
        print_json(found.model_dump(mode="json"))
    else:
        _print(found, Formatter(said, shop.zone))


def _print(found: Brief, show: Formatter) -> None:
    for part in Part:
        print(show.say(f"brief.parts.{part}"))
        for sentence in found.sentences:
            if sentence.part is part:
                print(f"  {sentence.text}")
    print(show.say("brief.opening"))
    print(f"  {found.opening}")
    print_origin(found.provenance, found.dropped)
