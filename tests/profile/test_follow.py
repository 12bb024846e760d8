"""Profiles that follow the log: late, merged, interrupted, by two processes, always what a full fold gives."""

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.access.schemas import Workspace
from app.bootstrap import App, build
from app.config import Settings
from app.events.schemas import IncomingEvent
from app.events.sources.mapping import Parsed
from app.profile import checkpoints, follow, refold
from app.profile.checkpoints import encoded
from app.profile.follow import Lag
from tests.databases import EXAMPLES
from tests.factories import ITEMS, RECEIVED, START, a_workspace, an_incoming


@pytest.fixture(autouse=True)
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Checkpoints, batches and slices after a few events instead of hundreds."""
    monkeypatch.setattr(checkpoints, "EVERY", 4)
    monkeypatch.setattr(follow, "BATCH", 7)
    monkeypatch.setattr(refold, "SLICE", 5)


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    app = opened(tmp_path)
    yield app
    app.database.close()


def opened(folder: Path) -> App:
    return build(Settings(data_dir=folder, llm_url=""))


def a_shop(app: App, name: str = "shop") -> Workspace:
    shop = app.pipeline.access.ensure(a_workspace(name))
    app.pipeline.put_items(shop, list(ITEMS.values()))
    return shop


def send(app: App, shop: Workspace, *incoming: IncomingEvent) -> None:
    records = [Parsed(n, e, None, {"message_id": e.message_id}) for n, e in enumerate(incoming)]
    app.pipeline.ingest(shop, "web", records, now=RECEIVED)


def a_step(n: int, day: float, who: str = "u1", kind: str = "order") -> IncomingEvent:
    return an_incoming(
        kind, day, identifiers={"user_id": who}, item_id="milk", order_id=f"o{n}", amount_minor=100 + n,
        message_id=f"m{n}",
    )  # fmt: skip


def steps(count: int, *, seed: int = 5, customers: int = 2) -> list[IncomingEvent]:
    dice = random.Random(seed)
    kinds = ("order", "view", "search", "refund", "wishlist_shared")
    return [
        a_step(n, dice.randrange(60) + n / 1000, f"u{dice.randrange(customers)}", dice.choice(kinds))
        for n in range(count)
    ]


def stored(app: App, shop: Workspace) -> dict[str, bytes]:
    return {c: encoded(state) for c, state in app.pipeline.profiles.states(shop.workspace_id).items()}


LAWS = settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture])


@LAWS
@given(order=st.permutations(range(18)), cuts=st.lists(st.integers(1, 6), min_size=18, max_size=18), name=st.uuids())
def test_any_order_of_arrival_gives_the_profile_of_the_canonical_order(
    app: App, order: list[int], cuts: list[int], name: object
) -> None:
    shop, events = a_shop(app, f"shop-{name}"), [a_step(n, n / 4) for n in range(18)]
    rest = list(order)
    while rest:
        size = cuts[len(rest) - 1]
        now, rest = rest[:size], rest[size:]
        send(app, shop, *(events[n] for n in now))
        app.pipeline.catch_up(shop)
    assert app.pipeline.check(shop) == (0, 0)
    (state,) = app.pipeline.profiles.states(shop.workspace_id).values()
    assert (state.events, state.purchases.orders, state.purchases.total) == (18, 18, sum(100 + n for n in range(18)))


def test_a_late_event_folds_on_from_the_newest_checkpoint_before_it(app: App) -> None:
    shop = a_shop(app)
    send(app, shop, *(a_step(n, n) for n in range(20)))
    app.pipeline.catch_up(shop)
    (customer_id,) = app.pipeline.profiles.stored("shop")
    before = app.pipeline.profiles.checkpoints("shop", [customer_id])[customer_id]
    assert len(before) == 5
    send(app, shop, a_step(99, 9.5))
    app.pipeline.catch_up(shop)
    after = app.pipeline.profiles.checkpoints("shop", [customer_id])[customer_id]
    kept = {at: state for at, state in before.items() if at < START + timedelta(days=9.5)}
    assert len(kept) == 2
    assert kept.items() <= after.items()
    assert len(after) == 5
    assert app.pipeline.check(shop) == (0, 0)


def test_events_at_one_moment_are_folded_in_the_order_of_their_ids(app: App) -> None:
    shop = a_shop(app)
    for n in range(13):
        send(app, shop, a_step(n, 1))
        app.pipeline.catch_up(shop)
    assert app.pipeline.check(shop) == (0, 0)


def test_a_follower_that_is_killed_between_batches_goes_on_where_it_stopped(app: App, tmp_path: Path) -> None:
    shop = a_shop(app)
    send(app, shop, *steps(30))
    again = opened(tmp_path)
    again.pipeline.follower.step(shop)
    assert again.pipeline.lag(shop) == Lag(23, 0.0)
    again.database.close()
    third = opened(tmp_path)
    third.pipeline.catch_up(shop)
    assert third.pipeline.lag(shop).events == 0
    assert third.pipeline.check(shop) == (0, 0)
    third.database.close()


def test_a_step_that_is_undone_leaves_nothing_wrong_in_memory(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = a_shop(app)
    send(app, shop, *steps(10))
    app.pipeline.catch_up(shop)
    send(app, shop, *(a_step(n, 90 + n) for n in range(10, 16)))
    with monkeypatch.context() as broken:
        broken.setattr(app.pipeline.profiles, "save", dies)
        with pytest.raises(RuntimeError, match="power cut"):
            app.pipeline.catch_up(shop)
    app.pipeline.catch_up(shop)
    assert app.pipeline.check(shop) == (0, 0)


def dies(*_: object, **__: object) -> None:
    raise RuntimeError("power cut")


def test_two_processes_that_follow_in_turn_never_fold_onto_what_is_out_of_date(app: App, tmp_path: Path) -> None:
    shop, other = a_shop(app), opened(tmp_path)
    for n, event in enumerate(steps(24)):
        send(app if n % 3 else other, shop, event)
        (other if n % 2 else app).pipeline.catch_up(shop)
    assert app.pipeline.check(shop) == (0, 0)
    other.database.close()


def test_followers_that_run_at_once_in_two_processes_leave_what_a_full_fold_gives(app: App, tmp_path: Path) -> None:
    shop, other = a_shop(app), opened(tmp_path)
    with ThreadPoolExecutor(4) as threads:
        for event in steps(60, customers=5):
            send(app, shop, event)
            for one in (app, app, other, other):
                threads.submit(one.pipeline.catch_up, shop)
    assert app.pipeline.lag(shop).events == 0
    assert app.pipeline.check(shop) == (0, 0)
    other.database.close()


def test_a_merge_in_another_process_makes_what_is_at_hand_stale(app: App, tmp_path: Path) -> None:
    shop, other = a_shop(app), opened(tmp_path)
    send(app, shop, *(a_step(n, n) for n in range(6)))
    send(app, shop, an_incoming("view", 3, identifiers={"anonymous": "a1"}, item_id="cream", message_id="seen"))
    app.pipeline.catch_up(shop)
    both = {"user_id": "u1", "anonymous": "a1"}
    send(other, shop, an_incoming("identify", 8, identifiers=both, message_id="login"))
    send(app, shop, a_step(9, 9))
    app.pipeline.catch_up(shop)
    assert app.pipeline.check(shop) == (0, 0)
    assert [state.events for state in app.pipeline.profiles.states("shop").values()] == [9]
    other.database.close()


def test_more_events_of_one_moment_than_lie_between_checkpoints_leave_one_checkpoint(app: App) -> None:
    shop = a_shop(app)
    send(app, shop, *(a_step(n, 3) for n in range(20)))
    app.pipeline.catch_up(shop)
    (customer_id,) = stored(app, shop)
    assert len(app.pipeline.profiles.checkpoints("shop", [customer_id])[customer_id]) == 1
    assert app.pipeline.check(shop) == (0, 0)


def test_stored_profiles_carry_the_identity_version_that_readings_show(app: App) -> None:
    shop = a_shop(app)
    send(app, shop, *(a_step(n, n / 8) for n in range(8)))
    send(app, shop, an_incoming("view", 3, identifiers={"anonymous": "a1"}, item_id="cream", message_id="seen"))
    app.pipeline.catch_up(shop)
    assert set(versions(app).values()) == {1}
    app.pipeline.merging.merge(shop, "u1", "anonymous:a1", by="t", reason="same", now=RECEIVED)
    app.pipeline.catch_up(shop)
    app.pipeline.merging.unmerge(shop, "u1", "anonymous:a1", by="t", reason="not", now=RECEIVED)
    app.pipeline.catch_up(shop)
    reading = app.pipeline.read_customer(shop, "u1", as_of=RECEIVED, lang="en", ask_model=False)
    customer_id, version = reading.profile.customer_id, reading.profile.identity_version
    assert version > 1
    assert versions(app)[customer_id] == version
    assert {v for v, _ in app.pipeline.profiles.checkpoints("shop", [customer_id])[customer_id].values()} == {version}


def versions(app: App) -> dict[str, int]:
    return {c: snapshot.identity_version for c, snapshot in app.pipeline.profiles.snapshots("shop").items()}


@pytest.mark.parametrize("table", ["profile_states", "profile_checkpoints"])
def test_check_finds_an_identity_version_that_is_not_the_customers(app: App, table: str) -> None:
    shop = a_shop(app)
    send(app, shop, *(a_step(n, n / 8) for n in range(8)))
    app.pipeline.catch_up(shop)
    with app.database.write() as connection:
        connection.exec_driver_sql(f"UPDATE {table} SET identity_version = 7")
    assert app.pipeline.check(shop) == (0, 1)
    assert app.pipeline.rebuild(shop) == (0, 1)
    assert app.pipeline.check(shop) == (0, 0)


def test_check_finds_a_held_refusal_and_a_link_that_are_gone(app: App) -> None:
    shop = a_shop(app)
    send(app, shop, *refusing_in_two_places())
    app.pipeline.merging.unmerge(shop, "u1", "device:d1", by="t", reason="not", now=RECEIVED)
    app.pipeline.catch_up(shop)
    assert app.pipeline.check(shop) == (0, 0)
    with app.database.write() as connection:
        connection.exec_driver_sql("DELETE FROM consent_holds WHERE key = 'device:d1'")
        connection.exec_driver_sql("DELETE FROM identity_edges")
    assert app.pipeline.check(shop) == (2, 0)
    assert app.pipeline.rebuild(shop) == (2, 0)
    assert app.pipeline.check(shop) == (0, 0)


def refusing_in_two_places() -> list[IncomingEvent]:
    no = {"granted": False, "purpose": "marketing", "channel": "sms"}
    both = {"user_id": "u1", "device": "d1"}
    return [
        an_incoming("identify", 1, identifiers=both, message_id="login"),
        an_incoming("consent", 2, identifiers={"user_id": "u1"}, properties=no, message_id="no"),
    ]


def test_a_new_catalogue_folds_everybody_anew(app: App) -> None:
    shop = app.pipeline.access.ensure(a_workspace())
    send(app, shop, *steps(12))
    app.pipeline.catch_up(shop)
    old = stored(app, shop)
    app.pipeline.put_items(shop, list(ITEMS.values()))
    assert app.pipeline.lag(shop).events == 12
    app.pipeline.catch_up(shop)
    assert app.pipeline.check(shop) == (0, 0)
    assert stored(app, shop) != old


def test_rebuild_mends_what_check_finds_and_check_changes_nothing(app: App) -> None:
    shop = a_shop(app)
    send(app, shop, *steps(20, customers=3))
    app.pipeline.catch_up(shop)
    right = stored(app, shop)
    first, second, third = sorted(right)
    with app.database.write() as connection:
        connection.exec_driver_sql(f"DELETE FROM profile_states WHERE customer_id = '{first}'")
        connection.exec_driver_sql(f"DELETE FROM profile_checkpoints WHERE customer_id = '{second}'")
        connection.exec_driver_sql(
            "INSERT INTO profile_states (workspace_id, customer_id, identity_version, state) "
            "SELECT workspace_id, 'c_nobody', identity_version, state FROM profile_states "
            f"WHERE customer_id = '{third}'"
        )
        connection.exec_driver_sql("UPDATE identity_nodes SET partners = partners + 1 WHERE identifier = 'user_id:u1'")
    assert app.pipeline.check(shop) == app.pipeline.check(shop) == (1, 3)
    assert app.pipeline.rebuild(shop) == (1, 0)
    assert app.pipeline.check(shop) == (0, 0)
    assert stored(app, shop) == right


def test_a_workspace_whose_graph_is_gone_gets_it_back_from_the_log_at_the_next_start(app: App, tmp_path: Path) -> None:
    shop = a_shop(app)
    send(app, shop, *steps(9))
    app.pipeline.catch_up(shop)
    right = stored(app, shop)
    with app.database.write() as connection:
        for table in ("identity_nodes", "identity_edges", "identity_heads", "profile_states", "consumer_offsets"):
            connection.exec_driver_sql(f"DELETE FROM {table}")
    again = opened(tmp_path)
    again.pipeline.catch_up(shop)
    assert again.pipeline.check(shop) == (0, 0)
    assert stored(again, shop) == right
    again.database.close()


def test_lag_counts_events_and_the_time_that_the_oldest_has_waited(app: App) -> None:
    shop = a_shop(app)
    assert app.pipeline.lag(shop, now=RECEIVED) == Lag(0, 0.0)
    send(app, shop, *steps(3))
    assert app.pipeline.lag(shop, now=RECEIVED + timedelta(seconds=9)) == Lag(3, 9.0)
    app.pipeline.catch_up(shop)
    assert app.pipeline.lag(shop, now=RECEIVED + timedelta(days=1)) == Lag(0, 0.0)


def test_a_state_has_the_same_size_however_long_the_history(app: App) -> None:
    shop, sizes = a_shop(app), []
    for batch in range(4):
        send(app, shop, *(a_step(n, n) for n in range(batch * 200, batch * 200 + 200)))
        app.pipeline.catch_up(shop)
        sizes.append(len(next(iter(stored(app, shop).values()))))
    assert max(sizes) < 1.03 * min(sizes)
