"""`understory ...`: bring data in, read customers, ask for strategies, manage cases and keys.

Results go to stdout, progress to stderr. Anything that the user can mend is one line on stderr and exit code 2.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from alembic.util import CommandError
from pydantic import ValidationError
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from typer.exceptions import TyperException

from app.access.schemas import Role, Workspace
from app.bootstrap import App, build
from app.cli.output import print_customers, print_json, print_reading, print_report, print_strategy, progress
from app.config import Settings
from app.errors import InvalidInput, UnderstoryError
from app.events.sources.mapping import Mapping, load_mapping, load_preset, open_events, read_items
from app.events.timestamps import EARLIEST, parse_as_of
from app.retrieval.knowledge_base import read_cases
from app.retrieval.store import DEMO_WORKSPACE

cli = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
kb = typer.Typer(no_args_is_help=True, help="Past campaigns and their outcomes.")
keys = typer.Typer(no_args_is_help=True, help="API keys.")
cli.add_typer(kb, name="kb")
cli.add_typer(keys, name="keys")

WorkspaceName = Annotated[str, typer.Option("--workspace", "-w", envvar="UNDERSTORY_WORKSPACE", help="Workspace name.")]
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
    except OperationalError as error:
        busy = "locked" in str(error.orig)
        fault = "another command is writing to this database; try again" if busy else f"database: {error.orig}"
    except (SQLAlchemyError, CommandError) as error:
        fault = f"database: {error}"
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except OSError as error:
        fault = f"{error.strerror}: {error.filename or 'output'}"
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
    _not_demo(workspace)
    how = _mapping(preset, mapping)
    catalogue = read_items(items, how, valid_from=EARLIEST) if items else []
    rows = open_events(file, how)
    with _opened(data) as app:
        now = datetime.now(UTC)
        shop = app.pipeline.access.ensure(
            Workspace(workspace_id=workspace, timezone=how.timezone, currency=how.currency),
            empty=app.pipeline.log.count(workspace) == 0,
        )
        intake = app.pipeline.intake(shop, how.source, now=now)._replace(
            zone=how.zone, time_unit=how.occurred_at.unit, time_format=how.occurred_at.format
        )
        progress(f"reading {file.name}")
        report = app.pipeline.ingest(shop, how.source, rows, now=now, intake=intake, items=catalogue)
        progress("folding events into profiles")
        app.pipeline.catch_up(shop)
    print_report(report.model_copy(update={"items": len(catalogue)}), workspace, as_json)


@cli.command()
def items(
    file: Annotated[Path, typer.Argument(help="The product catalogue.")],
    preset: Annotated[str, typer.Option(help="A mapping that we ship.")] = "",
    mapping: Annotated[Path | None, typer.Option(help="A mapping file with an items section.")] = None,
    workspace: WorkspaceName = "demo",
    data: DataDir = None,
) -> None:
    """Load or replace a workspace's product catalogue, all of it or nothing."""
    _not_demo(workspace)
    how = _mapping(preset, mapping)
    catalogue = read_items(file, how, valid_from=EARLIEST)
    with _opened(data) as app:
        shop = app.pipeline.access.workspace(workspace)
        changed = app.pipeline.put_items(shop, catalogue)
        app.pipeline.catch_up(shop)
    print(f"{len(catalogue):,} catalogue items, {changed:,} new or changed")


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
        print_json(found.model_dump(mode="json"))
        return
    print_customers(found)


@cli.command()
def profile(
    customer: Annotated[str, typer.Argument(help="Our customer id or a source id.")],
    workspace: WorkspaceName = "demo",
    as_of: AsOf = "",
    lang: Language = None,
    llm: Annotated[str, typer.Option("--llm", help="URL of an OpenAI-compatible server that writes the story.")] = "",
    llm_model: Annotated[str, typer.Option("--llm-model", help="Name of its model.")] = "",
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Tell one customer's story with its evidence, value and churn estimates."""
    with _opened(data, llm_url=llm, llm_model=llm_model) as app:
        shop = app.pipeline.access.workspace(workspace)
        reading = app.pipeline.read_customer(
            shop, customer, as_of=_moment(app, shop, as_of), lang=lang or shop.language
        )
    if as_json:
        print_json(reading.model_dump(mode="json"))
    else:
        print_reading(reading)


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
        print_json(found.model_dump(mode="json"))
    else:
        print_strategy(found.strategy, shop)


@cli.command()
def quarantine(
    workspace: WorkspaceName = "demo",
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 20,
    data: DataDir = None,
) -> None:
    """List records that could not be used, newest arrivals first, with their line, reason and content."""
    with _opened(data) as app:
        shop = app.pipeline.access.workspace(workspace)
        kept = app.pipeline.quarantine.of(shop.workspace_id, limit=limit)
        total = app.pipeline.quarantine.count(shop.workspace_id)
    for source, record in kept:
        print(f"{source} line {record.line}: {record.reason}\n    {record.content[:200]}")
    print(f"{len(kept)} of {total} records in quarantine")


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


@keys.command("list")
def keys_list(workspace: WorkspaceName = "demo", data: DataDir = None) -> None:
    """List the keys of a workspace that are valid; the keys themselves are not kept."""
    with _opened(data) as app:
        found = app.pipeline.access.keys(app.pipeline.access.workspace(workspace).workspace_id)
    for key in found:
        print(f"{key.key_id}  {key.role}  since {key.created_at:%Y-%m-%d %H:%M} UTC")
    if not found:
        print("no valid keys; `understory keys create` issues one")


@keys.command("revoke")
def keys_revoke(key_id: str, workspace: WorkspaceName = "demo", data: DataDir = None) -> None:
    """Make a key useless from now on."""
    with _opened(data) as app:
        app.pipeline.access.revoke(app.pipeline.access.workspace(workspace).workspace_id, key_id, now=datetime.now(UTC))
    print(f"{key_id} is revoked")


def _not_demo(workspace: str) -> None:
    """Real customers must not meet simulated campaigns, nor the demo shop a real catalogue."""
    if workspace == DEMO_WORKSPACE:
        raise InvalidInput("the workspace 'demo' is the demo shop's own: name yours with --workspace NAME")


def _mapping(preset: str, mapping: Path | None) -> Mapping:
    if preset and mapping is None:
        return load_preset(preset)
    if mapping and not preset:
        return load_mapping(mapping)
    raise InvalidInput("give either --preset NAME or --mapping FILE")


@contextmanager
def _opened(data: Path | None, **changes: str) -> Iterator[App]:
    """The product over one data folder; `changes` override settings, empty ones do not."""
    given: dict[str, Any] = {name: value for name, value in {"data_dir": data, **changes}.items() if value}
    app = build(Settings(**given))
    try:
        yield app
    finally:
        app.database.close()


def _moment(app: App, shop: Workspace, as_of: str) -> datetime:
    return parse_as_of(as_of, shop.zone) if as_of else app.pipeline.clock(shop, now=datetime.now(UTC))
