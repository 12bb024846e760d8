"""`understory fit decay`: constants that a workspace's own events know better than the files we ship."""

import random
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from app.access.schemas import Workspace
from app.bootstrap import App
from app.cli.options import AsJson, AsOf, DataDir, WorkspaceName, moment_of, opened
from app.cli.output import print_json, progress
from app.errors import InvalidInput
from app.events.schemas import Event
from app.identity.schemas import Customer
from app.profile.seen import Context
from app.profile.wants.decay import FEWEST, HalfLife
from app.profile.wants.half_lives import Fitted
from app.profile.wants.half_lives import fit as fit_half_lives

MOST_CUSTOMERS = 5_000
"""Customers that are read at most, always the same ones."""


def fit_decay(
    out: Annotated[
        Path | None, typer.Option(help="File to write the half-lives to, as taxonomy.yaml has them.")
    ] = None,
    workspace: WorkspaceName = "demo",
    as_of: AsOf = "",
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Fit how fast interest in each topic fades, from what customers came back to. Changes no file but --out."""
    with opened(data) as app:
        shop = app.pipeline.access.workspace(workspace)
        until = moment_of(app, shop, as_of)
        chosen = _chosen(app.pipeline.identity.customers(shop.workspace_id))
        progress(f"reading {len(chosen):,} customers up to {until.isoformat()}")
        found = fit_half_lives(_histories(app, shop, chosen, until))
    if found.shared is None:
        raise InvalidInput(
            f"too little to fit: {found.cases} times somebody came back to one of several topics by then; "
            f"{FEWEST} are needed, so keep the half-lives of taxonomy.yaml"
        )
    if out:
        _write(out, _as_yaml(found, found.shared, f"workspace {workspace}, up to {until.isoformat()}"))
    if as_json:
        print_json(_as_json(found, found.shared))
    else:
        _print(found, found.shared)


def _chosen(customers: Sequence[Customer]) -> list[Customer]:
    known = sorted(customers, key=lambda customer: customer.customer_id)
    return known if len(known) <= MOST_CUSTOMERS else random.Random(0).sample(known, MOST_CUSTOMERS)


def _histories(
    app: App, shop: Workspace, customers: Sequence[Customer], until: datetime
) -> Iterator[tuple[tuple[Event, ...], Context]]:
    for customer in customers:
        history = app.pipeline.log.history(shop.workspace_id, customer.members, until=until)
        yield history.events, Context(app.pipeline.taxonomy, shop.zone, history.items, history.texts)


def _write(out: Path, text: str) -> None:
    """All of the file or nothing."""
    unfinished = out.with_name(f".{out.name}.new")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(out)


def _as_yaml(found: Fitted, shared: HalfLife, origin: str) -> str:
    lines = [f"# Half-lives in days fitted by `understory fit decay` on {found.cases:,} cases: {origin}."]
    lines += ["# Copy what you believe into knowledge_base/taxonomy.yaml; profiles are then folded anew."]
    lines += [f"default_half_life_days: {shared.days:.1f}", "topics:"]
    for topic, value in sorted(found.topics.items()):
        lines.append(f"  {topic}: {{half_life_days: {value.days:.1f}}}  # {_interval(value)}, n = {value.n}")
    return "\n".join(lines) + "\n"


def _as_json(found: Fitted, shared: HalfLife) -> dict[str, object]:
    return {
        "cases": found.cases,
        "default_half_life_days": shared._asdict(),
        "topics": {topic: value._asdict() for topic, value in sorted(found.topics.items())},
    }


def _print(found: Fitted, shared: HalfLife) -> None:
    table = Table("topic", "half-life, days", "95% interval", "n")
    for topic, value in sorted(found.topics.items(), key=lambda pair: (-pair[1].days, pair[0])):
        table.add_row(topic, f"{value.days:.1f}", _interval(value), f"{value.n:,}")
    table.add_section()
    table.add_row("all alike", f"{shared.days:.1f}", _interval(shared), f"{shared.n:,}")
    Console().print(table)
    print(f"{found.cases:,} cases: days on which somebody came back to one of several topics they knew")


def _interval(value: HalfLife) -> str:
    return f"{value.low:.1f} to {value.high:.1f}"
