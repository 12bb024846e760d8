"""A comparison of what is stored with the log while the follower does not stand still."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app.access.schemas import Workspace
from app.bootstrap import App, build
from app.config import Settings
from app.errors import Busy
from app.events.sources.mapping import Parsed
from app.profile import proof
from app.profile.proof import TRIES, Proof
from app.profile.refold import Refold, Refolded
from tests.factories import RECEIVED, a_workspace, an_incoming

BOUND_S = 60
CUSTOMERS = 5


class Disturbed(Refold):
    """Before it folds anything, the follower takes a step, unless it has to wait for a writer."""

    def __init__(self, app: App) -> None:
        pipeline = app.pipeline
        super().__init__(pipeline.log, pipeline.identity, pipeline.taxonomy)
        self.app, self.moved, self.refused = app, 0, 0

    def of(self, workspace: Workspace, customer_ids: Sequence[str], *, position: int) -> Iterator[Refolded]:
        with ThreadPoolExecutor(1) as other:
            other.submit(self._move, workspace).result(BOUND_S)
        return super().of(workspace, customer_ids, position=position)

    def _move(self, workspace: Workspace) -> None:
        try:
            see(self.app, workspace, CUSTOMERS + self.moved)
            self.moved += 1
        except Busy:
            self.refused += 1


def see(app: App, shop: Workspace, number: int) -> None:
    who = {"user_id": f"u{number % CUSTOMERS}"}
    event = an_incoming("view", number, identifiers=who, item_id="milk", message_id=f"m{number}")
    app.pipeline.ingest(shop, "web", [Parsed(1, event, None, {})], now=RECEIVED)
    app.pipeline.catch_up(shop)


def test_a_check_ends_although_the_follower_never_stands_still(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proof, "HELD", 2)
    app = build(Settings(data_dir=tmp_path, llm_url=""))
    shop = app.pipeline.access.ensure(a_workspace())
    for number in range(CUSTOMERS):
        see(app, shop, number)
    wrong = min(app.pipeline.profiles.stored("shop"))
    with app.database.write() as connection:
        app.pipeline.profiles.replace(connection, "shop", wrong, None, [])
    app.database.patience_s = 0.05
    disturbed = Disturbed(app)
    found = [
        differing.customer_id for differing in Proof(app.database, app.pipeline.profiles, disturbed).differing(shop)
    ]
    assert (disturbed.moved, disturbed.refused) == (TRIES, 3)
    assert found == [wrong]
    app.database.close()
