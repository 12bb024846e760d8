"""The product opened for an evaluation: on a workspace that is there, on a demo shop of its own, or empty."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from app.access.schemas import Workspace
from app.bootstrap import App, build
from app.config import Settings
from app.demo.load import load_shop
from app.demo.shop import DemoShop
from app.demo.synonyms import Vocabulary
from app.demo.truth import CustomerTruth
from app.errors import NotFound
from app.events.schemas import IncomingEvent
from app.events.timestamps import parse_moment
from app.pipeline import Pipeline
from app.privacy.sealing import SECRET_BYTES
from evals.task import Say


class Open(NamedTuple):
    """An open workspace with the pipeline over it."""

    pipeline: Pipeline
    workspace: Workspace
    database_url: str
    now: datetime


def moment_of(event: IncomingEvent, zone: ZoneInfo) -> datetime:
    """When a record of the demo shop happened; ValueError for one without a time, of which the shop has none."""
    if event.occurred_at is None:
        raise ValueError(f"{event.message_id} has no time")
    return parse_moment(event.occurred_at, zone=zone)


@contextmanager
def opened(
    workspace: str | None, data: Path, *, seed: int, customers: int, say: Say, wording: Vocabulary = "A"
) -> Iterator[Open]:
    """The named workspace of a data folder; without a name a demo shop in a temporary folder, gone afterwards."""
    if workspace is None:
        with demo(seed=seed, customers=customers, say=say, wording=wording) as made:
            yield made
        return
    settings = Settings(data_dir=data)
    if not settings.database_url and not (data / "understory.db").is_file():
        raise NotFound(f"no database in {data}; name its folder with --data, or bring data in with `understory ingest`")
    with _closing(build(settings)) as app:
        found = app.pipeline.access.workspace(workspace)
        app.pipeline.catch_up(found)
        yield Open(app.pipeline, found, settings.resolved_database_url(), datetime.now(UTC))


@contextmanager
def demo(*, seed: int, customers: int, say: Say, wording: Vocabulary = "A") -> Iterator[Open]:
    """A demo shop of its own in a temporary folder.

    It is filled at the moment at which it ends, so that the same seed gives the same ids whenever it is run.
    """
    shop = DemoShop(seed, customers, wording)
    with tempfile.TemporaryDirectory(prefix="understory-eval-") as folder:
        settings = Settings(data_dir=Path(folder), database_url="", keys_dir=str(Path(folder) / "keys"))
        _lay_key(settings.resolved_keys_dir() / f"{shop.workspace.workspace_id}.key", seed)
        with _closing(build(settings)) as app:
            workspace = load_shop(app.pipeline, shop, now=shop.ends_at, progress=say)
            yield Open(app.pipeline, workspace, settings.resolved_database_url(), shop.ends_at)


def _lay_key(path: Path, seed: int) -> None:
    """The key of a shop that is gone afterwards, so that the same seed gives the same customer ids.

    Who is first seen by a contact is named by it, and what is fitted hangs a little on the order of ids.
    """
    path.parent.mkdir(mode=0o700)
    path.write_text(blake2b(str(seed).encode(), digest_size=SECRET_BYTES).hexdigest() + "\n", encoding="ascii")


def known(opened: Open, truths: Sequence[CustomerTruth]) -> dict[str, CustomerTruth]:
    """customer_id -> whom the truth knows by one of its names; who is known by none is left out."""
    found: dict[str, CustomerTruth] = {}
    for one in truths:
        for held in one.identifiers:
            try:
                customer = opened.pipeline.identity.customer(opened.workspace.workspace_id, held.key)
            except NotFound:
                continue
            found.setdefault(customer.customer_id, one)
            break
    return found


@contextmanager
def empty(folder: Path, workspace: Workspace) -> Iterator[Pipeline]:
    """An empty workspace on a fresh database in `folder`."""
    with _closing(build(Settings(data_dir=folder, database_url=""))) as app:
        app.pipeline.access.ensure(workspace)
        yield app.pipeline


@contextmanager
def _closing(app: App) -> Iterator[App]:
    try:
        yield app
    finally:
        app.database.close()
