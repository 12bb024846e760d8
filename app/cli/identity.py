"""`understory identity ...`: who is who, and why; merge and unmerge."""

import getpass
from datetime import UTC, datetime
from typing import Annotated

import typer

from app.cli.options import AsJson, DataDir, WorkspaceName, opened
from app.cli.output import print_json
from app.identity.schemas import Customer, Edge
from app.merging import Remade

identity = typer.Typer(no_args_is_help=True, help="Who is who: links, merges, unmerges.")

Name = Annotated[str, typer.Argument(help="Our customer id, an alias, type:value, or a bare source id.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; kept in the log.")]


@identity.command("show")
def show(customer: Name, workspace: WorkspaceName = "demo", data: DataDir = None, as_json: AsJson = False) -> None:
    """List a customer's identifiers, the links between them, and refused links with the reason."""
    with opened(data) as app:
        found = app.pipeline.merging.view(app.pipeline.access.workspace(workspace), customer)
    if as_json:
        print_json(found.model_dump(mode="json"))
        return
    _print_customer(found.customer)
    for edge in found.edges:
        _print_edge(edge)
    for edge in found.blocked:
        print(f"  refused ({edge.blocked}): {edge.a} - {edge.b}  {edge.source} {edge.occurred_at:%Y-%m-%d %H:%M} UTC")


@identity.command("why")
def why(a: Name, b: Name, workspace: WorkspaceName = "demo", data: DataDir = None, as_json: AsJson = False) -> None:
    """Show the links that make two names one customer."""
    with opened(data) as app:
        found = app.pipeline.merging.why(app.pipeline.access.workspace(workspace), a, b)
    if as_json:
        print_json(found.model_dump(mode="json"))
        return
    print(f"{found.a} and {found.b} are {found.customer_id}; weakest link {found.strength:g}")
    for edge in found.hops:
        _print_edge(edge)


@identity.command("merge")
def merge(
    a: Name, b: Name, reason: Reason, workspace: WorkspaceName = "demo", data: DataDir = None, as_json: AsJson = False
) -> None:
    """Make two customers one. The older id stays, the other becomes an alias."""
    with opened(data) as app:
        shop, merging = app.pipeline.access.workspace(workspace), app.pipeline.merging
        made = merging.merge(shop, a, b, by=who(), reason=reason, now=datetime.now(UTC))
        app.pipeline.catch_up(shop)
        made = merging.shown(shop, made)
    _print_made(made, as_json)


@identity.command("unmerge")
def unmerge(
    a: Name, b: Name, reason: Reason, workspace: WorkspaceName = "demo", data: DataDir = None, as_json: AsJson = False
) -> None:
    """Take two names of one customer apart, for good."""
    with opened(data) as app:
        shop, merging = app.pipeline.access.workspace(workspace), app.pipeline.merging
        made = merging.unmerge(shop, a, b, by=who(), reason=reason, now=datetime.now(UTC))
        app.pipeline.catch_up(shop)
        made = merging.shown(shop, made)
    _print_made(made, as_json)


def who() -> str:
    """Who works at this command line, for the log."""
    try:
        return f"command line: {getpass.getuser()}"
    except (KeyError, OSError):  # a user without a name, as in a container
        return "command line"


def _print_made(made: Remade, as_json: bool) -> None:
    if as_json:
        print_json(made.model_dump(mode="json"))
        return
    for customer in made.customers:
        _print_customer(customer)
    if made.carried_refusals:
        print(f"stays refused for both until granted anew: {', '.join(made.carried_refusals)}")


def _print_customer(customer: Customer) -> None:
    print(f"{customer.canonical_id}  ({', '.join(customer.identifiers)})  identity version {customer.identity_version}")
    if customer.aliases:
        print(f"  also known as {', '.join(customer.aliases)}")


def _print_edge(edge: Edge) -> None:
    notes = ["bridge"] * edge.bridge + [f"taken back: {edge.revoked_why}"] * (edge.revoked_at is not None)
    print(
        f"  {edge.a} - {edge.b}  {edge.rule} {edge.strength:g}, {edge.source} {edge.occurred_at:%Y-%m-%d %H:%M} UTC,"
        f" event {edge.event_id}" + (f"  [{', '.join(notes)}]" if notes else "")
    )
