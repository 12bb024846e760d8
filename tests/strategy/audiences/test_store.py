from datetime import UTC, datetime, timedelta

import pytest

from app.database.engine import Database
from app.errors import Conflict, InvalidInput, NotFound
from app.strategy.audiences.store import MAX_NAME, SegmentStore

NOW = datetime(2026, 5, 1, 4, tzinfo=UTC)


@pytest.fixture
def store(database: Database) -> SegmentStore:
    return SegmentStore(database)


def test_a_segment_is_found_by_id_and_by_name_in_its_own_workspace_only(store: SegmentStore) -> None:
    made = store.create("shop", " 快走了 ", "orders >= 2", by="key k1", now=NOW)
    assert made.name == "快走了"
    assert store.of("shop", made.segment_id) == store.of("shop", "快走了") == made
    assert store.all("other") == ()
    with pytest.raises(NotFound, match="no segment '快走了'"):
        store.of("other", "快走了")


def test_a_name_is_taken_once(store: SegmentStore) -> None:
    store.create("shop", "a", "orders >= 2", by="x", now=NOW)
    other = store.create("shop", "b", "orders >= 3", by="x", now=NOW)
    with pytest.raises(Conflict, match="there is a segment 'a' already"):
        store.create("shop", "a", "orders >= 4", by="x", now=NOW)
    with pytest.raises(Conflict, match="there is a segment 'a' already"):
        store.change("shop", other.segment_id, name="a", expression=None, now=NOW)
    assert [(s.name, s.expression) for s in store.all("shop")] == [("a", "orders >= 2"), ("b", "orders >= 3")]
    store.create("other", "a", "orders >= 4", by="x", now=NOW)


def test_a_segment_can_be_changed_and_forgotten(store: SegmentStore) -> None:
    made = store.create("shop", "a", "orders >= 2", by="x", now=NOW)
    later = NOW + timedelta(days=1)
    changed = store.change("shop", "a", name="b", expression="orders >= 3", now=later)
    assert store.all("shop") == (changed,)
    assert (changed.segment_id, changed.created_at, changed.changed_at) == (made.segment_id, NOW, later)
    assert store.delete("shop", "b") == changed
    for again in (
        lambda: store.delete("shop", "b"),
        lambda: store.change("shop", "b", name="c", expression=None, now=NOW),
    ):
        with pytest.raises(NotFound):
            again()


@pytest.mark.parametrize("name", ["", "  ", "x" * (MAX_NAME + 1), "a\x07b"])
def test_a_name_can_be_shown(store: SegmentStore, name: str) -> None:
    with pytest.raises(InvalidInput, match="printable"):
        store.create("shop", name, "orders >= 2", by="x", now=NOW)
