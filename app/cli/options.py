"""What every command shares: its options, and the product opened over one data folder."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from app.access.schemas import Workspace
from app.bootstrap import App, build
from app.config import Settings
from app.events.timestamps import parse_as_of
from app.schema import Lang

WorkspaceName = Annotated[str, typer.Option("--workspace", "-w", envvar="UNDERSTORY_WORKSPACE", help="Workspace name.")]
AsOf = Annotated[str, typer.Option("--as-of", help="Date (end of that day, workspace zone) or ISO 8601 time.")]
Language = Annotated[Lang | None, typer.Option("--lang", help="Language of the answer.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
EmbedderPlace = Annotated[
    str,
    typer.Option("--embedder", help="Find past campaigns by a sentence-transformers FOLDER or the URL of a server."),
]
LlmUrl = Annotated[str, typer.Option("--llm", help="URL of an OpenAI-compatible server whose model words the answer.")]
LlmModel = Annotated[str, typer.Option("--llm-model", help="Name of its model.")]
DataDir = Annotated[Path | None, typer.Option("--data", help="Data folder (default: data, or UNDERSTORY_DATA_DIR).")]


@contextmanager
def opened(data: Path | None, **changes: str) -> Iterator[App]:
    """The product over one data folder; `changes` override settings, empty ones do not."""
    given: dict[str, Any] = {name: value for name, value in {"data_dir": data, **changes}.items() if value}
    app = build(Settings(**given))
    try:
        yield app
    finally:
        app.database.close()


def moment_of(app: App, shop: Workspace, as_of: str) -> datetime:
    """The moment that `--as-of` names; without it, as far as the data reach."""
    return parse_as_of(as_of, shop.zone) if as_of else app.pipeline.clock(shop, now=datetime.now(UTC))


def _say_if_behind(app: App, shop: Workspace) -> None:
    """On stderr that profiles have not read all events, as after an upgrade: nobody may take 0 of 0 for an answer."""
    if waiting := app.pipeline.lag(shop).events:
        events = "1 event" if waiting == 1 else f"{waiting:,} events"
        hint = f"bring them up with `understory rebuild --workspace {shop.workspace_id}`, or let a server run"
        sys.stderr.write(f"understory: profiles are {events} behind the log; {hint}\n")


class Question(NamedTuple):
    """What a question of the command line is put to."""

    app: App
    shop: Workspace
    moment: datetime
    lang: Lang


@contextmanager
def asking(workspace: str, as_of: str, lang: Lang | None, data: Path | None, **changes: str) -> Iterator[Question]:
    """The product with its workspace, at the moment and in the language that were named or are usual there."""
    with opened(data, **changes) as app:
        shop = app.pipeline.access.workspace(workspace)
        _say_if_behind(app, shop)
        yield Question(app, shop, moment_of(app, shop, as_of), lang or shop.language)
