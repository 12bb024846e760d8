"""`understory explain CUSTOMER`: why a customer's number is what it is, what would change it, what may undo it."""

from typing import Annotated

import typer

from app.cli.options import AsJson, AsOf, DataDir, Language, LlmModel, LlmUrl, WorkspaceName, asking
from app.cli.output import print_json, print_origin
from app.console.format import Formatter
from app.insights.ltv.schemas import LtvStory

explain_commands = typer.Typer()


@explain_commands.command()
def explain(
    customer: Annotated[str, typer.Argument(help="Our customer id or a source id.")],
    workspace: WorkspaceName = "demo",
    as_of: AsOf = "",
    lang: Language = None,
    llm: LlmUrl = "",
    llm_model: LlmModel = "",
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Say what a customer's expected value is made of, each share with its evidence, and what would change it."""
    with asking(workspace, as_of, lang, data, llm_url=llm, llm_model=llm_model) as (app, shop, moment, said):
        found = app.pipeline.explanation(shop, customer, as_of=moment, lang=said)
    if as_json:
        print_json(found.model_dump(mode="json"))
    else:
        _print(found, Formatter(said, shop.zone))


def _print(found: LtvStory, show: Formatter) -> None:
    if found.numbers.status != "ok":
        print(show.say("numbers.not_enough", missing=show.missing(found.numbers.missing)))
    for sentence in found.said:
        print(sentence)
    _print_drivers(found)
    for told in found.what_ifs:
        print(f"- {told.said}")
    print(show.say("why.risks" if found.risks else "why.no_risks"))
    for risk in found.told_risks:
        print(f"  {risk.text}")
    print(show.say("why.advice" if found.advice else "why.no_advice"))
    for advice in found.advice:
        print(f"  {advice.name}: {advice.do} ({advice.reason})")
    for note in found.notes:
        print(note)
    if found.ltv.leaned_value is not None:
        print(show.say("why.leaned", value=show.money(found.ltv.leaned_value, found.ltv.currency)))
    print_origin(found.provenance, found.dropped)


def _print_drivers(found: LtvStory) -> None:
    """The drivers in words, then every share with its evidence."""
    for driver in found.drivers:
        print(driver.text)
    for reason in found.reasons:
        print(f"  {reason.said}")
        print(f"    {reason.said_chance}")
        for claim_id in reason.claim_ids:
            print(f"    <- {found.spoken[claim_id]}")
