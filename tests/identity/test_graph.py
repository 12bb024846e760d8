import random
import time
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.event import listen

from app.database.engine import Database
from app.errors import InvalidInput, NotFound
from app.events.intake import Accepted, accept
from app.events.schemas import Event
from app.identity.clusters import Node
from app.identity.graph import IdentityGraph, replay
from app.identity.rules import shipped_rules
from app.identity.store import IdentityStore
from app.privacy.vault import Vault
from tests.factories import START, an_accepted, an_incoming, an_intake

RULES = shipped_rules()


def seen(day: float, kind: str = "view", **identifiers: str) -> Event:
    return an_accepted(kind, day=day, identifiers=identifiers).event


def linked(*events: Event) -> IdentityGraph:
    return replay(events, RULES)


def together(graph: IdentityGraph, *keys: str) -> bool:
    return len({id(graph.nodes[key].cluster) for key in keys}) == 1


def decided(graph: IdentityGraph) -> list[str]:
    return [link.rule if not link.revoked_why else f"revoked:{link.revoked_why}" for link in graph.changes.links]


def node_id(graph: IdentityGraph, key: str) -> str:
    return graph.nodes[graph.nodes[key].cluster.oldest].node_id


@pytest.fixture
def store(database: Database, tmp_path: Path) -> IdentityStore:
    return IdentityStore(database, Vault(database, tmp_path / "keys"))


def link(store: IdentityStore, database: Database, *events: Event) -> frozenset[str]:
    with database.write() as connection:
        return store.link(connection, "shop", [Accepted(event, None, "") for event in events]).changed


def test_identifiers_of_one_event_are_one_customer() -> None:
    graph = linked(seen(0, user_id="u1", email="a@b.cn"), seen(1, email="a@b.cn", device="d1"))
    assert together(graph, "user_id:u1", "email:a@b.cn", "device:d1")


def test_anonymous_browsing_joins_the_customer_who_logs_in_and_the_older_id_stays() -> None:
    graph = linked(seen(0, anonymous="a1"))
    older = node_id(graph, "anonymous:a1")
    for event in (seen(1, user_id="u1"), seen(2, user_id="u1", anonymous="a1")):
        graph.apply(event)
    assert node_id(graph, "user_id:u1") == older
    assert older in graph.changes.customers


def test_two_user_ids_never_merge_and_the_refusal_is_recorded() -> None:
    graph = linked(seen(0, user_id="u1", device="shared"), seen(1, user_id="u2", device="shared"))
    assert not together(graph, "user_id:u1", "user_id:u2")
    assert decided(graph) == ["same_event", "blocked:two_user_ids"]


def test_a_device_never_joins_two_persons() -> None:
    graph = linked(
        seen(0, email="a@b.cn", device="d1"), seen(1, openid="mall:o1"), seen(2, openid="mall:o1", device="d1")
    )
    assert decided(graph) == ["same_event", "blocked:shared_identifier"]


def test_a_person_has_so_many_openids_of_one_app_and_others_of_the_next() -> None:
    names = ["mall:o1", "mall:o2", "mall:o3", "club:o4"]
    graph = linked(*(seen(day, user_id="u1", openid=name) for day, name in enumerate(names)))
    assert decided(graph) == ["same_event", "same_event", "blocked:too_many_openid", "same_event"]


def test_a_cookie_that_hangs_on_a_device_yields_to_its_owner_who_logs_in() -> None:
    graph = linked(
        seen(0, user_id="u1", device="d1"), seen(1, device="d1", anonymous="a2"), seen(2, user_id="u2", anonymous="a2")
    )
    assert together(graph, "user_id:u1", "device:d1")
    assert together(graph, "user_id:u2", "anonymous:a2")
    assert decided(graph) == ["same_event", "revoked:yielded", "same_event"]
    graph.apply(seen(3, device="d1", anonymous="a2"))
    assert not together(graph, "device:d1", "anonymous:a2")


def test_a_kiosk_names_nobody_any_more_and_ten_thousand_users_of_it_are_cheap() -> None:
    before = time.process_time()
    graph = linked(*(seen(n / 1000, user_id=f"u{n}", device="kiosk") for n in range(10_000)))
    assert graph.nodes["device:kiosk"].hub
    assert len(graph.nodes["device:kiosk"].cluster.members) == 1
    assert decided(graph).count("blocked:hub") == 9_997
    assert decided(graph)[0] == "revoked:hub"
    assert time.process_time() - before < 60  # a square of it would take hours


def test_the_strongest_that_is_no_hub_takes_a_hubs_place() -> None:
    graph = linked(*(seen(n, user_id=f"u{n}", phone="till") for n in range(5)))
    graph.apply(seen(9, phone="till", email="a@b.cn", device="d1"))
    assert together(graph, "email:a@b.cn", "device:d1")
    assert decided(graph)[-2:] == ["blocked:hub", "same_event"]


def test_a_customer_does_not_grow_without_end() -> None:
    rules = RULES.model_copy(update={"most_members": 5, "per_person": {}})
    graph = replay((seen(n, user_id="u1", device=f"d{n}") for n in range(9)), rules)
    assert len(graph.nodes["user_id:u1"].cluster.members) == 5
    assert decided(graph).count("blocked:too_many_members") == 5


def test_an_alias_means_who_went_by_that_name_before() -> None:
    graph = linked(seen(0, anonymous="old"), seen(1, "alias", user_id="u1", alias="old"))
    assert together(graph, "anonymous:old", "user_id:u1")
    assert decided(graph) == ["same_event", "alias"]
    graph = linked(seen(0, user_id="old"), seen(1, "alias", user_id="u1", alias="old"))
    assert decided(graph) == ["same_event", "blocked:two_user_ids"]


# --- telephone numbers that change hands -------------------------------------------------------------------


def holder(graph: IdentityGraph, day: float) -> Node:
    return graph.nodes[graph.spans().held_at("phone:p1", START + timedelta(days=day))]


def test_a_number_passes_on_when_its_owner_was_quiet() -> None:
    graph = linked(seen(0, user_id="u1", phone="p1"), seen(30, user_id="u2", phone="p1"))
    assert together(graph, "user_id:u1", holder(graph, 29).key)
    assert together(graph, "user_id:u2", holder(graph, 30).key)


@pytest.mark.parametrize(("day", "kind"), [(5, "view"), (90, "campaign_sent")])
def test_it_does_not_pass_while_the_owner_uses_it_nor_by_what_is_sent_to_it(day: float, kind: str) -> None:
    graph = linked(seen(0, user_id="u1", phone="p1"), seen(day, kind, user_id="u2", phone="p1"))
    assert decided(graph) == ["same_event", "blocked:two_user_ids"]


def test_a_message_to_the_former_owner_is_no_use_of_the_number() -> None:
    sent = seen(28, "campaign_sent", user_id="u1", phone="p1")
    graph = linked(seen(0, user_id="u1", phone="p1"), sent, seen(30, user_id="u2", phone="p1"))
    assert together(graph, "user_id:u2", holder(graph, 30).key)


def test_a_late_event_moves_the_beginning_of_a_turn() -> None:
    graph = linked(
        seen(0, user_id="u1", phone="p1"), seen(60, user_id="u2", phone="p1"), seen(40, user_id="u2", phone="p1")
    )
    assert together(graph, "user_id:u2", holder(graph, 40).key)
    assert together(graph, "user_id:u1", holder(graph, 39).key)
    assert {node_id(graph, "user_id:u1"), node_id(graph, "user_id:u2")} <= graph.changes.customers


def test_a_number_that_goes_to_and_fro_names_nobody() -> None:
    graph = linked(*(seen(30 * n, user_id=f"u{n % 5}", phone="p1") for n in range(6)))
    assert all(node.hub for key, node in graph.nodes.items() if key.startswith("phone:"))


def test_a_store_s_tablet_takes_no_number_over() -> None:
    graph = linked(
        seen(0, user_id="u1", phone="p1"), seen(1, user_id="u2", device="pad"), seen(90, phone="p1", device="pad")
    )
    assert together(graph, "user_id:u1", "phone:p1")


# --- order -------------------------------------------------------------------------------------------------


def test_where_no_guard_is_touched_the_order_of_events_does_not_matter() -> None:
    events = [
        seen(day, user_id=f"u{who}", **{kind: f"{kind}{who}-{n}"})
        for day, (who, kind, n) in enumerate(
            (w, k, n) for w in range(4) for k in ("email", "device", "anonymous") for n in range(2)
        )
    ]
    dice, found = random.Random(7), set()
    for _ in range(20):
        dice.shuffle(events)
        graph = linked(*events)
        found.add(frozenset(frozenset(node.cluster.members) for node in graph.nodes.values()))
    assert len(found) == 1


# --- in the store ------------------------------------------------------------------------------------------


def test_the_store_keeps_clusters_between_batches(store: IdentityStore, database: Database) -> None:
    link(store, database, seen(0, anonymous="a1"), seen(0, user_id="u1"))
    assert len(link(store, database, seen(1, user_id="u1", anonymous="a1"))) == 2
    (customer,) = store.customers("shop")
    assert customer.identifiers == ("user_id:u1", "anonymous:a1")
    assert customer.identity_version == 2
    for name in (customer.customer_id, customer.aliases[0], "u1", "user_id:u1", "a1"):
        assert store.customer("shop", name) == customer


def test_unknown_and_ambiguous_names_are_clear_errors(store: IdentityStore, database: Database) -> None:
    link(store, database, seen(0, user_id="7"), seen(0, device="7"))
    with pytest.raises(InvalidInput, match="names 2 customers"):
        store.customer("shop", "7")
    with pytest.raises(NotFound, match="understory customers"):
        store.customer("shop", "nobody")
    with pytest.raises(NotFound):
        store.customer("other", "user_id:7")


def test_customers_are_found_by_any_spelling_of_their_identifiers(store: IdentityStore, database: Database) -> None:
    raw = an_incoming(identifiers={"user_id": "1234567890", "phone": "+86 139 1234 5678", "loyalty": "gold-1"})
    accepted = accept(raw, an_intake(normalise=store.normaliser("shop")))
    with database.write() as connection:
        store.link(connection, "shop", [accepted])
    (customer,) = store.customers("shop")
    for name in (
        "1234567890",
        "phone:+86 13912345678",
        "139-1234-5678",
        "Mobile:13912345678",
        "gold-1",
        "loyalty:gold-1",
    ):
        assert store.customer("shop", name) == customer
    assert store.raw("shop", customer.identifiers) == {customer.identifiers[1]: "13912345678"}


def test_what_another_process_wrote_is_seen(store: IdentityStore, database: Database, tmp_path: Path) -> None:
    other = IdentityStore(database, Vault(database, tmp_path / "keys"))
    link(store, database, seen(0, user_id="u1", device="d1"))
    link(other, database, *(seen(n, user_id=f"u{n}", device="d1") for n in range(2, 6)))
    link(store, database, seen(9, user_id="u1", device="d1"), seen(9, user_id="u9", device="d1"))
    blocked = [edge.blocked for edge in store.view("shop", "d1").blocked]
    assert blocked == ["two_user_ids", "two_user_ids", "hub", "hub", "hub"]


def test_what_was_rolled_back_is_not_believed(store: IdentityStore, database: Database) -> None:
    event = seen(0, user_id="u1", device="d1")
    with database.engine.connect() as connection, connection.begin() as transaction:
        store.link(connection, "shop", [Accepted(event, None, "")])
        transaction.rollback()
    link(store, database, event)
    assert store.customer("shop", "d1").identifiers == ("user_id:u1", "device:d1")


def test_a_batch_that_shows_nothing_new_writes_nothing(store: IdentityStore, database: Database) -> None:
    batch = [seen(n % 7, user_id=f"u{n}", device=f"d{n}") for n in range(50)]
    link(store, database, *batch)
    before = store.revision("shop")
    counted = Statements(database)
    assert link(store, database, *batch) == frozenset()
    assert store.revision("shop") == before
    assert counted.of("INSERT", "UPDATE", "DELETE") == 0
    assert counted.of("SELECT") <= 2


class Statements:
    """Counts what is sent to the database."""

    def __init__(self, database: Database) -> None:
        self.sent: list[str] = []
        listen(database.engine, "before_cursor_execute", lambda *args: self.sent.append(args[2]))

    def of(self, *words: str) -> int:
        """Those that begin so and are about identities."""
        ours = [statement for statement in self.sent if "identi" in statement]
        return sum(statement.lstrip().upper().startswith(words) for statement in ours)
