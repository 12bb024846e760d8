import hashlib
import os
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path
from statistics import median

import pytest

from app.config import ROOT
from app.demo.__main__ import event_lines
from app.demo.shop import DemoShop
from app.events.intake import Intake, accept
from app.events.schemas import EventKind, IncomingEvent, Named
from app.identity.identifiers import normalise_identifiers
from app.privacy.redaction import redact
from app.retrieval.schemas import Case
from tests.demo.logbook import Entry, Logbook

RECEIVED = datetime(2027, 1, 1, tzinfo=UTC)


def digest(shop: DemoShop) -> str:
    return hashlib.sha256("\n".join(event_lines(shop)).encode()).hexdigest()


def line_of(source: str, event: IncomingEvent) -> str:
    return f"{source} {event.message_id} {event.occurred_at} {event.kind}"


def order_lines(log: Logbook) -> dict[tuple[str, str], Entry]:
    return {(e.event.order_id or "", e.event.item_id or ""): e for e in log.of_kind("order")}


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    assert digest(DemoShop(11, 20)) == digest(DemoShop(11, 20))
    assert digest(DemoShop(11, 20)) != digest(DemoShop(12, 20))


def test_the_same_bytes_come_out_of_another_process_with_other_string_hashes(tmp_path: Path) -> None:
    file = tmp_path / "log.jsonl"
    command = [sys.executable, "-m", "app.demo", "--seed", "11", "--customers", "5", "--events", str(file)]
    subprocess.run(command, check=True, cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": "4242"}, capture_output=True)
    assert file.read_text(encoding="utf-8").splitlines() == list(event_lines(DemoShop(11, 5)))


def test_a_larger_shop_holds_the_smaller_one() -> None:
    neighbourhood = DemoShop(3, 50)
    small, large = list(neighbourhood.events()), list(DemoShop(3, 53).events())
    assert large[: len(small)] == small
    assert len(large) > len(small)


def test_the_stream_is_every_customers_log_and_nothing_else() -> None:
    shop = DemoShop(3, 60)
    apart = Counter(line_of(*told) for index in range(shop.customers) for told in shop.events_of(index))
    assert Counter(line_of(*told) for told in shop.events()) == apart
    assert list(DemoShop(3, 1000).events_of(7)) == list(shop.events_of(7))


def test_customers_come_one_after_the_other_but_those_who_share_a_name_come_together() -> None:
    circles = list(DemoShop(3, 200).neighbours.circles(200))
    assert [circle[0] for circle in circles] == sorted(circle[0] for circle in circles)
    assert sorted(index for circle in circles for index in circle) == list(range(200))
    assert 4 < sum(len(circle) > 1 for circle in circles) < 30


def test_everything_happens_within_the_nine_months(log: Logbook, shop: DemoShop) -> None:
    assert shop.ends_at.date() == date(2026, 11, 1)
    assert all(shop.calendar.midnight <= entry.at < shop.ends_at for entry in log.entries)


def named(raw: Mapping[str, str | int]) -> Named:
    return Named(normalise_identifiers(raw))


def test_every_record_passes_the_products_own_intake(log: Logbook, shop: DemoShop) -> None:
    for entry in log.entries[::7]:
        intake = Intake("demo", entry.source, shop.workspace.zone, "CNY", RECEIVED, named)
        assert accept(entry.event, intake).event.occurred_at == entry.at


def test_order_lines_name_catalogue_items_and_cost_something(log: Logbook, shop: DemoShop) -> None:
    known = {item.item_id for item in shop.items()}
    for entry in log.of_kind("order"):
        event = entry.event
        assert event.item_id in known
        assert event.currency == "CNY"
        assert event.amount_minor == event.properties["quantity"] * event.properties["unit_price_minor"] > 0
    assert all(entry.event.item_id in known for entry in log.entries if entry.event.item_id)


def test_the_lines_of_an_order_belong_to_one_customer_and_moment(log: Logbook) -> None:
    orders: dict[str, set[tuple[int, datetime]]] = defaultdict(set)
    for entry in log.of_kind("order"):
        orders[entry.event.order_id or ""].add((entry.customer, entry.at))
    assert all(len(places) == 1 for places in orders.values())
    assert len(order_lines(log)) == len(log.of_kind("order"))


def test_refunds_follow_their_order_and_return_no_more_than_was_paid(log: Logbook) -> None:
    lines = order_lines(log)
    refunds = log.of_kind("refund")
    assert refunds
    for entry in refunds:
        line = lines[entry.event.order_id or "", entry.event.item_id or ""]
        assert line.customer == entry.customer
        assert line.at < entry.at
        assert 0 < (entry.event.amount_minor or 0) <= (line.event.amount_minor or 0)


def test_reviews_follow_their_order_with_text_and_stars(log: Logbook) -> None:
    lines = order_lines(log)
    for entry in log.of_kind("review"):
        assert lines[entry.event.order_id or "", entry.event.item_id or ""].at < entry.at
        assert entry.event.properties["rating"] in (1, 2, 3, 4, 5)
        assert entry.event.text


def test_messages_go_only_to_those_who_agreed(log: Logbook) -> None:
    agreed: dict[tuple[int, str], bool] = {}
    for entry in log.entries:
        said = entry.event.properties
        if entry.event.kind == EventKind.CONSENT:
            agreed[entry.customer, str(said["channel"])] = bool(said["granted"])
        if entry.event.kind == EventKind.CAMPAIGN_SENT and said["channel"] != "onsite":
            assert agreed[entry.customer, str(said["channel"])]
    assert any(not granted for granted in agreed.values())


def test_most_customers_agree_to_some_channel_and_some_to_none(log: Logbook, shop: DemoShop) -> None:
    granted = {entry.customer for entry in log.of_kind("consent") if entry.event.properties["granted"]}
    assert 0.75 < len(granted) / shop.customers < 0.97


def test_campaign_events_name_known_campaigns(log: Logbook, cases: tuple[Case, ...]) -> None:
    known = {(case.campaign.campaign_id, arm.arm_id) for case in cases for arm in case.campaign.arms}
    kinds = ("campaign_sent", "campaign_opened", "campaign_clicked")
    named = {(e.event.campaign_id, e.event.arm_id) for kind in kinds for e in log.of_kind(kind)}
    assert named
    assert named <= known


def test_a_few_records_come_twice_unchanged(log: Logbook) -> None:
    by_id: dict[tuple[str, str], list[Entry]] = defaultdict(list)
    for entry in log.deliveries:
        by_id[entry.source, entry.event.message_id].append(entry)
    twice = [copies for copies in by_id.values() if len(copies) > 1]
    assert 0.015 < len(twice) / len(by_id) < 0.04
    assert all(copy.event == copies[0].event for copies in twice for copy in copies)


def test_some_records_come_late(log: Logbook) -> None:
    firsts = {(e.source, e.event.message_id): e for e in reversed(log.deliveries)}
    arrivals = [e for e in log.deliveries if firsts[e.source, e.event.message_id] is e]
    late = sum(a.customer == b.customer and b.at < a.at for a, b in pairwise(arrivals))
    assert 0.005 < late / len(arrivals) < 0.06


def test_some_chats_hold_a_phone_number_that_redaction_takes_out(log: Logbook) -> None:
    chats = [entry.event.text or "" for entry in log.of_kind("support_message")]
    with_phone = [text for text in chats if "1390000" in text]
    assert 10 < len(with_phone) < len(chats)
    assert not any("1390000" in redact(text) for text in with_phone)


@pytest.mark.parametrize(
    "kind", ["search", "view", "media", "favourite", "cart_add", "cart_remove", "coupon", "share", "follow"]
)
def test_every_kind_of_behaviour_occurs(log: Logbook, kind: str) -> None:
    assert len(log.of_kind(kind)) > 50


def test_the_log_has_the_measure_of_a_real_shop(log: Logbook, shop: DemoShop) -> None:
    """Beside it in nine months: CDNOW and Online Retail repeat 40-57%, gaps of 27 days, 90% below 92-125."""
    baskets, days = Counter[str](), defaultdict(set)
    for entry in log.of_kind("order"):
        baskets[entry.event.order_id or ""] += entry.event.amount_minor or 0
        days[entry.customer].add(entry.at.astimezone(shop.workspace.zone).date())
    gaps = sorted((b - a).days for bought in days.values() for a, b in pairwise(sorted(bought)))
    yuan = sorted(value / 100 for value in baskets.values())
    middle = median(yuan)
    assert 120 < len(log.entries) / shop.customers < 205
    assert 0.5 < sum(len(bought) > 1 for bought in days.values()) / len(days) < 0.7
    assert 150 < middle < 350
    assert 0.15 < yuan[len(yuan) // 20] / middle < 0.5
    assert 3 < yuan[-len(yuan) // 20] / middle < 4.5
    assert yuan[-len(yuan) // 100] / middle > 5
    assert 15 < median(gaps) < 35
    assert 55 < gaps[-len(gaps) // 10] < 125


def test_carts_and_favourites_stand_to_orders_as_in_a_real_shop(log: Logbook) -> None:
    """A public log of 31,882 users has 0.83 carts and 0.29 favourites to an order line: within a factor of two."""
    orders, views = len(log.of_kind("order")), len(log.of_kind("view"))
    assert 0.42 < len(log.of_kind("cart_add")) / orders < 1.66
    assert 0.15 < len(log.of_kind("favourite")) / orders < 0.58
    assert views > 3 * orders
