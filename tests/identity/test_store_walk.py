"""The stored graph against the brute-force model: batches of any size, each linked onto what the store brings back.

UNDERSTORY_TEST_STEPS=200000 walks longer (default: 5,000 steps). On PostgreSQL, where every batch waits for answers
of a server, a tenth of the steps is walked.
"""

import os
import random
from itertools import count
from pathlib import Path

import pytest

from app.database.engine import Database
from app.events.intake import Accepted
from app.identity.store import IdentityStore
from app.privacy.vault import Vault
from tests.databases import SERVER
from tests.identity.walking import RULES, Machine

STEPS = int(os.environ.get("UNDERSTORY_TEST_STEPS", 5_000)) // (10 if SERVER else 1)
EACH = 50
BATCHED = 0.1
"""Chance after each step that what has come goes to the store."""


class StoreWalk(Machine):
    """A walk that also takes trips through the store."""

    def to_store(self, store: IdentityStore, database: Database, workspace: str, start: int) -> int:
        """Link the events after `start`, compare who is who, and return how many are linked now."""
        fresh = [Accepted(event, None, "") for event in self.log[start:]]
        with database.write() as connection:
            changed = store.link(connection, workspace, fresh).changed
        assert changed <= {node.node_id for node in self.graph.nodes.values()}
        stored = {c.customer_id: {m.key for m in c.members} for c in store.customers(workspace)}
        shown = {c: {key.partition("@")[0] for key in members} for c, members in self.model.partition().items()}
        assert stored == shown
        return len(self.log)


@pytest.fixture
def store(database: Database, tmp_path: Path) -> IdentityStore:
    return IdentityStore(database, Vault(database, tmp_path / "keys"), RULES)


def test_the_store_agrees_with_the_model_after_every_batch_and_after_one_batch_of_all(
    store: IdentityStore, database: Database
) -> None:
    serial = count()
    for seed in range(STEPS // EACH):
        dice, here = random.Random(seed), StoreWalk()
        here.begin()
        workspace, linked = f"w{next(serial)}", 0
        for _ in range(EACH):
            here.walk(dice)
            if dice.random() < BATCHED:
                linked = here.to_store(store, database, workspace, linked)
        here.to_store(store, database, workspace, linked)
        here.to_store(store, database, f"w{next(serial)}", 0)
    assert next(serial) >= 2 * (STEPS // EACH) > 0
