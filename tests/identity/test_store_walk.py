"""The stored graph against the brute-force model: batches of any size, each linked onto what the store brings back.

UNDERSTORY_TEST_STEPS=200000 walks longer (default: 5,000 steps). On PostgreSQL, where every batch waits for answers
of a server, a tenth of the steps is walked.
"""

import os
import random
from collections.abc import Callable
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from app.database.engine import Database
from app.database.statements import query
from app.events.intake import Accepted
from app.events.schemas import Identifier
from app.identity.rows import link_row
from app.identity.store import IdentityStore
from app.identity.tables import identity_edges
from app.privacy.vault import Vault
from tests.databases import SERVER
from tests.identity.walking import RULES, START, Machine, an_event

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
        links = {link_row(workspace, link) for link in self.graph.changes.links}
        assert links_of(database, workspace) == links
        return len(self.log)


def links_of(database: Database, workspace: str) -> set[tuple[Any, ...]]:
    """All that the store has decided."""
    columns = ", ".join(column.name for column in identity_edges.columns)
    with database.read() as connection:
        return set(query(connection, f"SELECT {columns} FROM identity_edges WHERE workspace_id = ?", (workspace,)))


@pytest.fixture
def start(database: Database, tmp_path: Path) -> Callable[[], IdentityStore]:
    """A store as it is after a start: it has noted nothing."""
    return partial(IdentityStore, database, Vault(database, tmp_path / "keys"), RULES)


def test_the_store_agrees_with_the_model_after_every_batch_and_after_one_batch_of_all(
    start: Callable[[], IdentityStore], database: Database
) -> None:
    serial = count()
    for seed in range(STEPS // EACH):
        dice, here, store = random.Random(seed), StoreWalk(), start()
        here.begin()
        workspace, linked = f"w{next(serial)}", 0
        for _ in range(EACH):
            here.walk(dice)
            if dice.random() < BATCHED:
                store = dice.choice([store, start()])
                linked = here.to_store(store, database, workspace, linked)
        here.to_store(start(), database, workspace, linked)
        here.to_store(store, database, f"w{next(serial)}", 0)
    assert next(serial) >= 2 * (STEPS // EACH) > 0


HUB = [{"phone": "p1", "user_id": f"u{n}"} for n in range(5)]
TIES = [{"email": "e1", "device": "d1"}, {"email": "e1", "crm": "c1"}, {"email": "e1", "anonymous": "a1"}]
CROWD = {"phone": "p1", "email": "e1", "crm": "c1", "device": "d1", "anonymous": "a1"}
FORMER = {"user_id": "z", "alias": "a", "anonymous": "n", "device": "d"}
MANY = {"user_id": "u", **{f"type{n}": "x" for n in range(40)}}


@pytest.mark.parametrize(
    "batches",
    [
        [[{"user_id": "a"}, FORMER], [FORMER]],
        [[*TIES, *HUB[:3]], [HUB[3], CROWD]],
        [[MANY], [MANY | {"alias": "b"}]],
    ],
    ids=["a former name", "a hub made in the same batch", "forty names"],
)
def test_what_is_decided_is_not_decided_again_after_a_start(
    start: Callable[[], IdentityStore], database: Database, batches: list[list[dict[str, str]]]
) -> None:
    here = StoreWalk()
    here.begin()
    linked = 0
    for batch in batches:
        for names in batch:
            found = [Identifier(kind, value) for kind, value in names.items()]
            found.sort(key=lambda i: RULES.place(i.type, i.value))
            here.take(an_event(len(here.log), tuple(found), START))
        linked = here.to_store(start(), database, "w", linked)
