"""`understory ...`: bring data in, read customers, ask for strategies, manage cases and keys.

Results go to stdout, progress to stderr. Anything that the user can mend is one line on stderr and exit code 2.
"""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table
from typer.exceptions import TyperException

from app.access.schemas import Role, Workspace
from app.bootstrap import App, build
from app.config import Settings
from app.errors import InvalidInput, UnderstoryError
from app.events.quality import IngestReport
from app.events.sources.mapping import load_mapping, load_preset, open_events, read_items
from app.events.timestamps import EARLIEST, parse_as_of
from app.narrative.speech import amount_in_words
from app.retrieval.knowledge_base import read_cases
from app.strategy.schemas import Strategy
from app.views import CustomerReading

cli = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
kb = typer.Typer(no_args_is_help=True, help="Past campaigns and their outcomes.")
keys = typer.Typer(no_args_is_help=True, help="API keys.")
cli.add_typer(kb, name="kb")
cli.add_typer(keys, name="keys")

WorkspaceName = Annotated[str, typer.Option("--workspace", "-w", help="Workspace name.")]
AsOf = Annotated[str, typer.Option("--as-of", help="Date (end of that day, workspace zone) or ISO 8601 time.")]
Language = Annotated[Literal["zh", "en"] | None, typer.Option("--lang", help="Language of the answer.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
DataDir = Annotated[Path | None, typer.Option("--data", help="Data folder (default: data, or UNDERSTORY_DATA_DIR).")]


def main() -> None:
    """Entry point: run a command, turn expected errors into one line and exit code 2."""
    try:
        sys.exit(cli(standalone_mode=False) or 0)
    except UnderstoryError as error:
        fault = str(error)
    except TyperException as error:
        fault = f"{error.format_message()} (`understory --help` shows how)"
    except ValidationError as error:
        fault = f"settings: {error.errors()[0]['loc'][0]}: {error.errors()[0]['msg']}"
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    sys.stderr.write(f"understory: {' '.join(fault.split())}\n")
    sys.exit(2)


@cli.command()
def ingest(
    file: Annotated[Path, typer.Argument(help="CSV, TSV, JSONL or Parquet file of events.")],
    preset: Annotated[str, typer.Option(help="A mapping that we ship, e.g. online-retail.")] = "",
    mapping: Annotated[Path | None, typer.Option(help="A mapping file; see app/events/sources/README.md.")] = None,
    items: Annotated[
        Path | None, typer.Option(help="The product catalogue, read by the mapping's items section.")
    ] = None,
    workspace: WorkspaceName = "demo",
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Load a file of events, all of it or nothing; unusable rows go to quarantine with their reasons."""
    if bool(preset) == bool(mapping):
        raise InvalidInput("give either --preset NAME or --mapping FILE")
    how = load_preset(preset) if preset else load_mapping(mapping or Path())
    catalogue = read_items(items, how, valid_from=EARLIEST) if items else []
    rows = open_events(file, how)
    with _opened(data) as app:
        now = datetime.now(UTC)
        shop = app.pipeline.access.ensure(
            Workspace(workspace_id=workspace, timezone=how.timezone, currency=how.currency)
        )
        intake = app.pipeline.intake(shop, how.source, now=now)._replace(
            zone=how.zone, time_unit=how.occurred_at.unit, time_format=how.occurred_at.format
        )
        _progress(f"reading {file.name}")
        report = app.pipeline.ingest(shop, how.source, rows, now=now, intake=intake)
        if catalogue:
            app.pipeline.put_items(shop, catalogue)
        _progress("folding events into profiles")
        app.pipeline.catch_up(shop)
    _print_report(report.model_copy(update={"items": len(catalogue)}), workspace, as_json)


@cli.command()
def customers(
    top: Annotated[Literal["ltv", "churn_risk", "recent", "total"], typer.Option(help="What to sort by.")] = "ltv",
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 20,
    search: Annotated[str, typer.Option(help="Part of an id.")] = "",
    workspace: WorkspaceName = "demo",
    as_of: AsOf = "",
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """List customers by expected value, churn risk, recency or spend."""
    with _opened(data) as app:
        shop = app.pipeline.access.workspace(workspace)
        found = app.pipeline.customers(shop, as_of=_moment(app, shop, as_of), order_by=top, limit=limit, search=search)
    if as_json:
        _print_json(found.model_dump(mode="json"))
        return
    table = Table("customer", "id", "orders", "spent", "last order", "class", "LTV 90 d", "80% interval", "churn risk")
    for row in found.rows:
        interval = f"{_money(row.ltv.q10, row.currency)} to {_money(row.ltv.q90, row.currency)}"
        table.add_row(
            row.name, row.customer_id, str(row.orders), _money(row.total_minor, row.currency),
            "" if row.days_since_last is None else f"{row.days_since_last} d ago",
            row.rfm_class or "", _money(row.ltv.value, row.currency), interval if row.ltv.value is not None else "",
            "" if row.churn.churn_risk is None else f"{row.churn.churn_risk:.0%}",
        )  # fmt: skip
    Console(width=None if sys.stdout.isatty() else 160).print(table)
    print(f"{len(found.rows)} of {found.total} customers as of {found.as_of.isoformat()}")
    if found.rows and (missing := found.rows[0].ltv.missing):
        print(f"no estimates: not enough data ({', '.join(missing)})")


@cli.command()
def profile(
    customer: Annotated[str, typer.Argument(help="Our customer id or a source id.")],
    workspace: WorkspaceName = "demo",
    as_of: AsOf = "",
    lang: Language = None,
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Tell one customer's story with its evidence, value and churn estimates."""
    with _opened(data) as app:
        shop = app.pipeline.access.workspace(workspace)
        reading = app.pipeline.read_customer(
            shop, customer, as_of=_moment(app, shop, as_of), lang=lang or shop.language
        )
    if as_json:
        _print_json(reading.model_dump(mode="json"))
    else:
        _print_reading(reading)


@cli.command()
def strategy(
    customer: Annotated[str, typer.Argument(help="Our customer id or a source id.")],
    workspace: WorkspaceName = "demo",
    as_of: AsOf = "",
    lang: Language = None,
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Propose what to do about one customer, or say why not. The decision is logged."""
    with _opened(data) as app:
        shop = app.pipeline.access.workspace(workspace)
        moment = _moment(app, shop, as_of)
        found = app.pipeline.recommend(shop, customer, as_of=moment, now=datetime.now(UTC), lang=lang or shop.language)
    if as_json:
        _print_json(found.model_dump(mode="json"))
    else:
        _print_strategy(found.strategy, shop)


@cli.command()
def rebuild(workspace: WorkspaceName = "demo", data: DataDir = None) -> None:
    """Fold every profile anew from the log and compare it with the stored one."""
    with _opened(data) as app:
        shop = app.pipeline.access.workspace(workspace)
        app.pipeline.catch_up(shop)
        different = app.pipeline.rebuild(shop)
    print(
        f"{different} profile(s) differed from the log and were replaced" if different else "all profiles equal the log"
    )
    if different:
        sys.exit(1)


@kb.command("import")
def kb_import(
    file: Annotated[Path, typer.Argument(help="JSONL, one case a line; see knowledge_base/README.md.")],
    workspace: WorkspaceName = "demo",
    approved_by: Annotated[str, typer.Option(help="Who vouches for these cases.")] = "command line",
    data: DataDir = None,
) -> None:
    """Bring past campaigns in, all of the file or nothing."""
    cases = read_cases(file)
    with _opened(data) as app:
        shop = app.pipeline.access.workspace(workspace)
        report = app.pipeline.knowledge_base.import_cases(
            shop.workspace_id, cases, approved_by=approved_by, now=datetime.now(UTC)
        )
    print(
        f"{report.imported} new, {report.replaced} replaced, {report.unchanged} unchanged; {report.outcomes} outcomes"
    )


@kb.command("list")
def kb_list(workspace: WorkspaceName = "demo", data: DataDir = None) -> None:
    """List a workspace's past campaigns."""
    with _opened(data) as app:
        cases = app.pipeline.knowledge_base.cases(app.pipeline.access.workspace(workspace).workspace_id)
    for case in cases:
        print(f"{case.campaign.campaign_id}  {case.campaign.title}  ({len(case.outcomes)} outcomes)")
    if not cases:
        print("no past campaigns yet; bring them in with `understory kb import FILE`")


@keys.command("create")
def keys_create(workspace: WorkspaceName = "demo", role: Role = Role.EDITOR, data: DataDir = None) -> None:
    """Issue an API key for one workspace. It is shown once."""
    with _opened(data) as app:
        shop = app.pipeline.access.workspace(workspace)
        print(app.pipeline.access.issue_key(shop.workspace_id, role, now=datetime.now(UTC)))


@contextmanager
def _opened(data: Path | None) -> Iterator[App]:
    app = build(Settings(data_dir=data) if data else Settings())
    try:
        yield app
    finally:
        app.database.close()


def _moment(app: App, shop: Workspace, as_of: str) -> datetime:
    return parse_as_of(as_of, shop.zone) if as_of else app.pipeline.clock(shop, now=datetime.now(UTC))


def _progress(text: str) -> None:
    sys.stderr.write(f"understory: {text}\n")


def _print_json(value: object) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False))


def _money(minor: int | None, currency: str) -> str:
    return "" if minor is None else amount_in_words(minor, currency, "en")


def _print_report(report: IngestReport, workspace: str, as_json: bool) -> None:
    if as_json:
        _print_json(report.model_dump(mode="json"))
        return
    print(
        f"{report.records:,} records: {report.accepted:,} accepted, {report.duplicates:,} duplicates, "
        f"{report.conflicts:,} conflicts, {report.quarantined:,} quarantined; {report.items:,} catalogue items"
    )
    for reason, count in report.reasons.items():
        print(f"  {count:,} x {reason} (first on line {report.first_lines[reason]})")
    print(f"next: understory customers --workspace {workspace} --top ltv")


def _print_reading(reading: CustomerReading) -> None:
    print(f"{reading.customer_id}  ({', '.join(reading.identifiers)})  as of {reading.as_of.isoformat()}")
    numbers = {claim.claim_id: n for n, claim in enumerate(reading.story.claims, start=1)}
    print()
    for sentence in reading.story.sentences:
        print(sentence.text, "".join(f"[{numbers[c]}]" for c in sentence.claim_ids))
    print()
    for claim in reading.story.claims:
        ref = claim.query_ref
        cited = f"{ref.count} events: {ref.query} #{ref.hash}" if ref else ", ".join(claim.evidence) or "estimator"
        print(f"[{numbers[claim.claim_id]}] ({claim.kind}) {reading.spoken[claim.claim_id]}  <- {cited}")
    provenance = reading.story.provenance
    print(f"\ntold by: {provenance.rung}" + (f" ({provenance.model})" if provenance.model else ""))
    if provenance.fallback_reason:
        print(f"  because: {provenance.fallback_reason}")
    if reading.ltv.status != "ok":
        print(f"no estimates: not enough data ({', '.join(reading.ltv.missing)})")
    elif reading.ltv.calibration:
        measured = reading.ltv.calibration
        print(f"interval measured: {measured.above_q90:.1%} above q90 on {measured.set} (n={measured.n})")


def _print_strategy(found: Strategy, shop: Workspace) -> None:
    print(f"{found.status}: {found.status_reason or ''}".rstrip(": "))
    rows = {
        "channel": found.channel or "none",
        "timing": f"{found.timing.at.astimezone(shop.zone):%Y-%m-%d %H:%M} {found.timing.reason}"
        if found.timing
        else "",
        "offer": f"{found.offer.type} {_money(found.offer.amount_minor, shop.currency)}" if found.offer else "none",
        "holdout": f"{found.holdout_share:.0%}",
        "metric": f"{found.metric.name}, baseline {found.metric.baseline:.3g}, {found.metric.sample_size:,} per arm"
        if found.metric
        else "",
        "campaigns": ", ".join(found.campaigns) or "none",
        "risk": found.risk,
        "confidence": found.confidence,
        "why (customer)": found.why_for_customer,
        "label": found.ai_label,
    }
    for name, value in rows.items():
        if value:
            print(f"  {name}: {value}")
    for theme in found.themes:
        print(f"  theme: {theme.title}\n    {theme.draft}")
    for rule in found.rules_fired:
        print(f"  rule {rule.rule}: {rule.effect}")


if __name__ == "__main__":
    main()
