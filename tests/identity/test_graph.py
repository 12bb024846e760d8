import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.database.engine import Database
from app.errors import InvalidInput, NotFound
from app.events.schemas import Event
from app.identity.graph import IdentityGraph
from app.identity.identifiers import normalise_identifiers, normalise_value
from app.identity.store import IdentityStore
from tests.factories import an_accepted


def seen(day: float, **identifiers: str) -> Event:
    return an_accepted(day=day, identifiers=identifiers).event


@pytest.mark.parametrize(
    "raw", ["13912345678", "+86 139-1234-5678", "0086 13912345678", "１３９１２３４５６７８", "(139) 1234 5678"]
)
def test_one_phone_has_one_form(raw: str) -> None:
    assert normalise_value("phone", raw) == "13912345678"


@pytest.mark.parametrize("raw", ["", "0000", "null", "anonymous", "13800138000", "11111111111", "-1", "N/A"])
def test_junk_identifies_nobody(raw: str) -> None:
    assert normalise_value("phone", raw) is None


@given(st.dictionaries(st.sampled_from(["user_id", "phone", "device", "loyalty"]), st.text(max_size=30)))
def test_normalising_is_idempotent_and_strongest_first(raw: dict[str, str]) -> None:
    once = normalise_identifiers(raw)
    again = normalise_identifiers({i.type: i.value for i in once})
    assert once == again
    assert not once or not any(i.type == "user_id" for i in once[1:])


def test_identifiers_of_one_event_are_one_customer() -> None:
    graph = IdentityGraph()
    graph.link([seen(0, user_id="u1", phone="13912345678"), seen(1, phone="13912345678", device="d1")])
    assert graph.cluster_of("user_id:u1") is graph.cluster_of("device:d1")


def test_anonymous_browsing_joins_the_customer_who_logs_in_and_the_older_id_stays() -> None:
    graph = IdentityGraph()
    graph.link([seen(0, anonymous="a1")])
    older = graph.cluster_of("anonymous:a1")
    links = graph.link([seen(1, user_id="u1"), seen(2, user_id="u1", anonymous="a1")])
    assert older is not None
    assert graph.cluster_of("user_id:u1") is older
    assert list(links.merged.values()) == [older.customer_id]


def test_two_user_ids_never_merge_and_the_refusal_is_recorded() -> None:
    graph = IdentityGraph()
    links = graph.link([seen(0, user_id="u1", device="shared"), seen(1, user_id="u2", device="shared")])
    assert graph.cluster_of("user_id:u1") is not graph.cluster_of("user_id:u2")
    assert [e.rule for e in links.edges] == ["same_event", "blocked:two_user_ids"]


def test_the_store_keeps_clusters_between_batches(database: Database) -> None:
    store = IdentityStore(database)
    batches = [[seen(0, anonymous="a1"), seen(0, user_id="u1")], [seen(1, user_id="u1", anonymous="a1")]]
    for batch in batches:
        with database.write() as connection:
            store.link(connection, "shop", batch)
    (customer,) = store.customers("shop")
    assert customer.identifiers == ("user_id:u1", "anonymous:a1")
    assert customer.identity_version == 2
    for name in (customer.customer_id, customer.aliases[0], "u1", "user_id:u1", "a1"):
        assert store.customer("shop", name) == customer


def test_unknown_and_ambiguous_names_are_clear_errors(database: Database) -> None:
    store = IdentityStore(database)
    with database.write() as connection:
        store.link(connection, "shop", [seen(0, user_id="7"), seen(0, device="7")])
    with pytest.raises(InvalidInput, match="names 2 customers"):
        store.customer("shop", "7")
    with pytest.raises(NotFound, match="understory customers"):
        store.customer("shop", "nobody")
    with pytest.raises(NotFound):
        store.customer("other", "user_id:7")


def test_a_new_device_joins_the_customer_it_comes_with(database: Database) -> None:
    graph = IdentityGraph()
    graph.link([seen(0, anonymous="a1"), seen(1, user_id="u1", anonymous="a1"), seen(2, device="d1", anonymous="a1")])
    assert graph.cluster_of("device:d1") is graph.cluster_of("user_id:u1")


def test_customers_are_found_by_any_spelling_of_their_identifiers(database: Database) -> None:
    store = IdentityStore(database)
    with database.write() as connection:
        store.link(connection, "shop", [seen(0, user_id="1234567890", phone="+86 139 1234 5678")])
    (customer,) = store.customers("shop")
    for name in ("1234567890", "phone:+86 13912345678", "139-1234-5678", "Phone:13912345678"):
        assert store.customer("shop", name) == customer
