"""Merge and unmerge through the whole product: profiles, consents, ids, the log, and no number in clear anywhere."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from app.access.schemas import Workspace
from app.bootstrap import App, build
from app.config import Settings
from app.errors import InvalidInput, NotFound
from app.events.schemas import IncomingEvent
from app.events.sources.mapping import Parsed
from app.profile.checkpoints import encoded
from app.profile.fold import State
from tests.factories import ITEMS, RECEIVED, START, a_workspace, an_incoming

PHONE, HEIR = "13912345678", "13800000001"
LATER = RECEIVED + timedelta(days=1)
SHOP = a_workspace()


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    app = build(Settings(data_dir=tmp_path, llm_url=""))
    app.pipeline.access.ensure(SHOP)
    app.pipeline.put_items(SHOP, list(ITEMS.values()))
    yield app
    app.database.close()


def take(app: App, *incoming: IncomingEvent, workspace: Workspace = SHOP, now: datetime = RECEIVED) -> None:
    records = [Parsed(n, e, None, {"message_id": e.message_id}) for n, e in enumerate(incoming, start=1)]
    assert app.pipeline.ingest(workspace, "web", records, now=now).quarantined == 0
    app.pipeline.catch_up(workspace)


def seen(day: float, kind: str = "view", **names: str) -> IncomingEvent:
    return an_incoming(kind, day, identifiers=names, item_id="milk")


def consent(day: float, granted: bool, **names: str) -> IncomingEvent:
    properties = {"granted": granted, "purpose": "marketing", "channel": "sms"}
    return an_incoming("consent", day, identifiers=names, properties=properties)


def two_customers(app: App) -> None:
    take(app, seen(0, user_id="u1"), seen(1, user_id="u1", device="d1"), seen(2, user_id="u2"), seen(5, user_id="u2"))


def checksums(app: App) -> dict[str, bytes]:
    app.pipeline.catch_up(SHOP)
    states: dict[str, State] = app.pipeline.profiles.states(SHOP.workspace_id)
    return {customer: encoded(state) for customer, state in states.items()}


def merge(app: App, a: str, b: str, now: datetime = LATER) -> None:
    app.pipeline.merging.merge(SHOP, a, b, by="tester", reason="same person", now=now)
    app.pipeline.catch_up(SHOP)


def unmerge(app: App, a: str, b: str, now: datetime = LATER + timedelta(hours=1)) -> tuple[str, ...]:
    made = app.pipeline.merging.unmerge(SHOP, a, b, by="tester", reason="mistake", now=now)
    app.pipeline.catch_up(SHOP)
    return made.carried_refusals


def sms(app: App, ref: str) -> bool | None:
    reading = app.pipeline.read_customer(SHOP, ref, as_of=LATER + timedelta(days=60), lang="en", ask_model=False)
    return next((c.granted for c in reading.profile.consents if (c.purpose, c.channel) == ("marketing", "sms")), None)


def test_merge_then_unmerge_restores_both_profiles_to_the_byte(app: App) -> None:
    two_customers(app)
    before = checksums(app)
    assert len(before) == 2
    merge(app, "u1", "u2")
    assert len(checksums(app)) == 1
    unmerge(app, "u1", "u2")
    assert checksums(app) == before
    assert app.pipeline.rebuilding.check(SHOP).total == 0


def test_the_older_id_stays_the_other_answers_with_it_and_comes_back(app: App) -> None:
    two_customers(app)
    one, two = (app.pipeline.identity.customer("shop", name) for name in ("u1", "u2"))
    merge(app, "u2", "u1")
    whole = app.pipeline.identity.customer("shop", two.customer_id)
    assert whole.canonical_id == one.customer_id
    assert whole.aliases == (two.customer_id,)
    assert whole.identity_version > one.identity_version
    reading = app.pipeline.read_customer(SHOP, two.customer_id, as_of=LATER, lang="en")
    assert (reading.canonical_id, reading.aliases) == (one.customer_id, (two.customer_id,))
    assert reading.profile.identity_version == whole.identity_version
    unmerge(app, one.customer_id, two.customer_id)
    again = [app.pipeline.identity.customer("shop", name) for name in ("u1", "u2")]
    assert [c.customer_id for c in again] == [one.customer_id, two.customer_id]
    assert all(c.identity_version > whole.identity_version for c in again)
    assert [c.aliases for c in again] == [(), ()]


def test_what_was_unmerged_stays_apart_until_it_is_merged_again(app: App) -> None:
    take(
        app,
        seen(0, user_id="u1", email="a@b.cn"),
        seen(1, openid="o1", phone=PHONE),
        seen(2, user_id="u1", openid="o1"),
    )
    unmerge(app, "u1", "openid:o1")
    take(app, seen(3, user_id="u1", openid="o1"), seen(4, user_id="u1", phone=PHONE), now=LATER + timedelta(days=1))
    one, two = (app.pipeline.identity.customer("shop", name) for name in ("u1", "openid:o1"))
    assert one.customer_id != two.customer_id
    found = app.pipeline.merging.view(SHOP, "u1")
    assert [edge.blocked for edge in found.blocked] == ["separated"]
    assert [edge.revoked_why for edge in found.edges] == [None, "unmerge"]
    merge(app, "u1", "openid:o1", now=LATER + timedelta(days=2))
    assert app.pipeline.identity.customer("shop", "u1") == app.pipeline.identity.customer("shop", "openid:o1")


def test_merging_one_unmerging_two_or_naming_nobody_is_a_clear_error(app: App) -> None:
    two_customers(app)
    merging, more = app.pipeline.merging, {"by": "tester", "reason": "why not", "now": LATER}
    with pytest.raises(InvalidInput, match="are one customer already"):
        merging.merge(SHOP, "u1", "device:d1", **more)
    with pytest.raises(InvalidInput, match="nothing to take apart"):
        merging.unmerge(SHOP, "u1", "u2", **more)
    with pytest.raises(InvalidInput, match="same name"):
        merging.unmerge(SHOP, "u1", "user_id:u1", **more)
    with pytest.raises(NotFound):
        merging.merge(SHOP, "u1", "nobody", **more)
    with pytest.raises(InvalidInput, match="say why"):
        merging.merge(SHOP, "u1", "u2", by="tester", reason="  ", now=LATER)
    assert app.pipeline.log.count("shop") == 4


def test_why_names_every_link_on_the_way_and_flags_bridges(app: App) -> None:
    take(
        app,
        seen(0, user_id="u1", device="d1"),
        seen(1, device="d1", anonymous="a1"),
        seen(2, user_id="u1", phone=PHONE),
    )
    found = app.pipeline.merging.why(SHOP, PHONE, "a1")
    assert [(edge.a, edge.b) for edge in found.hops] == [
        ("user_id:u1", "phone:139****78"), ("user_id:u1", "device:d1"), ("device:d1", "anonymous:a1"),
    ]  # fmt: skip
    assert all(edge.bridge and edge.source == "web" and edge.rule == "same_event" for edge in found.hops)
    take(app, seen(9, user_id="u1", anonymous="a1"), now=LATER)
    assert [edge.bridge for edge in app.pipeline.merging.why(SHOP, "u1", "a1").hops] == [False]
    take(app, seen(3, user_id="u9"), now=LATER + timedelta(days=1))
    with pytest.raises(InvalidInput, match="no event shows them together"):
        app.pipeline.merging.why(SHOP, "u1", "u9")


def test_after_a_merge_the_refusal_wins_until_a_grant_that_knows_of_it(app: App) -> None:
    take(app, consent(1, False, user_id="u1"), consent(5, True, user_id="u2"))
    assert (sms(app, "u1"), sms(app, "u2")) == (False, True)
    merge(app, "u1", "u2")
    assert sms(app, "u1") is False
    after = (LATER - START).days + 2
    take(app, consent(after, True, user_id="u2"), now=LATER + timedelta(days=3))
    assert sms(app, "u1") is True


def test_what_was_refused_for_the_whole_stays_refused_for_both_parts(app: App) -> None:
    take(app, consent(1, False, user_id="u1"), consent(5, True, user_id="u2"))
    before = checksums(app)
    merge(app, "u1", "u2")
    assert unmerge(app, "u1", "u2") == ("marketing/sms",)
    assert (sms(app, "u1"), sms(app, "u2")) == (False, False)
    assert checksums(app) == before
    after = (LATER - START).days + 2
    take(app, consent(after, True, user_id="u2"), now=LATER + timedelta(days=3))
    assert (sms(app, "u1"), sms(app, "u2")) == (False, True)


def test_a_refusal_left_on_a_number_that_changed_hands_is_lifted_by_its_owner(app: App) -> None:
    take(app, seen(1, user_id="old", phone=PHONE), seen(40, user_id="heir", phone=PHONE))
    take(app, consent(42, False, user_id="heir"), seen(43, user_id="other"))
    merge(app, "heir", "other")
    assert unmerge(app, "heir", "other") == ("marketing/sms",)
    assert sms(app, "heir") is False
    after = (LATER - START).days + 2
    take(app, consent(after, True, user_id="heir"), now=LATER + timedelta(days=3))
    assert sms(app, "heir") is True


def test_a_number_that_changes_hands_takes_no_past_with_it(app: App) -> None:
    take(app, seen(0, user_id="u1", phone=PHONE), seen(3, phone=PHONE), seen(60, user_id="u2", phone=PHONE))
    take(app, seen(61, phone=PHONE), now=LATER)
    one, two = (app.pipeline.read_customer(SHOP, name, as_of=LATER, lang="en") for name in ("u1", "u2"))
    assert (one.profile.events, two.profile.events) == (2, 2)
    assert app.pipeline.identity.customer("shop", PHONE).customer_id == two.customer_id
    take(app, seen(40, user_id="u2", phone=PHONE), seen(41, phone=PHONE), now=LATER + timedelta(days=1))
    two = app.pipeline.read_customer(SHOP, "u2", as_of=LATER, lang="en")
    assert two.profile.events == 4
    assert app.pipeline.rebuilding.check(SHOP).total == 0


def test_no_planted_number_stands_in_clear_anywhere_in_the_files(app: App, tmp_path: Path) -> None:
    planted = ["13987654321", "+86 139 8765 4322", "11010519491231002X", "13987654323", "13987654324"]
    traits = {"phone": planted[0], "mobile": planted[1], "id_number": planted[2], "note": f"call {planted[3]}"}
    incoming = [
        seen(0, user_id="u1", phone=planted[0]),
        seen(1, openid="o1", mobile=planted[1], id_number=planted[2]),
        an_incoming("identify", 2, identifiers={"user_id": "u1"}, properties={"traits": traits}),
        seen(3, phone=planted[4]),
    ]  # a message id is a source's own; the factory makes it of the content
    take(app, *(msgspec.structs.replace(event, message_id=f"m{n}") for n, event in enumerate(incoming)))
    merge(app, planted[0], planted[4])
    unmerge(app, f"phone:{planted[0]}", planted[4])
    with app.database.read():
        kept = b"".join(path.read_bytes() for path in tmp_path.glob("understory.db*"))
    digits = ["13987654321", "13987654322", "11010519491231002", "13987654323", "13987654324"]
    assert [number for number in digits if number.encode() in kept] == []
    assert app.pipeline.identity.customer("shop", planted[0]).identifiers[0] == "user_id:u1"
    shown = app.pipeline.read_customer(SHOP, planted[4], as_of=LATER, lang="en").identifiers
    assert shown == ("phone:139****24",)
    found = app.pipeline.customers(SHOP, as_of=LATER, search=planted[4])
    assert [row.name for row in found.rows] == ["phone:139****24"]


def test_the_same_number_in_two_workspaces_is_two_hashes_and_two_customers(app: App) -> None:
    other = app.pipeline.access.ensure(a_workspace("other"))
    take(app, seen(0, phone=PHONE))
    take(app, seen(0, phone=PHONE), workspace=other)
    one, two = (app.pipeline.identity.customer(name, PHONE) for name in ("shop", "other"))
    assert one.identifiers != two.identifiers
    assert one.customer_id != two.customer_id
    assert app.pipeline.identity.raw("shop", one.identifiers) == {one.identifiers[0]: PHONE}
    assert app.pipeline.identity.raw("other", one.identifiers) == {}


def test_merges_are_in_the_log_with_who_and_why_and_no_number(app: App) -> None:
    two_customers(app)
    app.pipeline.merging.merge(
        SHOP, "u1", "u2", by="key k1", reason=f"told so by {PHONE}", now=datetime(2027, 2, 1, tzinfo=UTC)
    )
    (_, event), *_ = app.pipeline.log.since("shop", 4, limit=9)
    assert (event.kind, event.source, event.subject) == ("merge", "understory", "")
    assert event.properties == {"a": "user_id:u1", "b": "user_id:u2", "by": "key k1", "reason": "told so by [phone]"}
