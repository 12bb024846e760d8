import json
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.events.schemas import OUR_KINDS, EventKind, IncomingEvent
from app.events.sources.segment import Arrival, Read, SegmentReader
from app.events.sources.segment_names import kind_of
from app.events.sources.segment_orders import MAX_PRODUCTS
from app.privacy.properties import sealed_properties

RECEIVED = datetime(2026, 5, 1, 4, tzinfo=UTC)
CLICKED = "2026-05-01T03:59:00.000Z"


def a_message(kind: str = "track", **fields: Any) -> dict[str, Any]:
    return {"type": kind, "userId": "u1", "messageId": "m1", "timestamp": CLICKED, **fields}


def read(*messages: dict[str, Any], sent_at: Any = None, currency: str = "CNY") -> list[Read]:
    reader = SegmentReader(Arrival(RECEIVED, currency, ZoneInfo("Asia/Shanghai"), sent_at))
    return [reader.read(index, message) for index, message in enumerate(messages)]


def events_of(*messages: dict[str, Any], **arrival: Any) -> list[IncomingEvent]:
    records = [record for one in read(*messages, **arrival) for record in one.records]
    assert [record.fault for record in records] == [None] * len(records)
    return [record.incoming for record in records if record.incoming]


def tracked(event: str, **properties: Any) -> IncomingEvent:
    (found,) = events_of(a_message(event=event, properties=properties))
    return found


def fault_of(**fields: Any) -> str:
    (record,) = read(a_message(**fields))[0].records
    assert record.incoming is None
    return record.fault or ""


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Products Searched", "search"),
        ("Product List Viewed", "impression"),
        ("Promotion Clicked", "campaign_clicked"),
        ("Product Viewed", "view"),
        ("product_viewed", "view"),
        ("PRODUCT  viewed", "view"),
        ("productViewed", "view"),
        ("Product Added", "cart_add"),
        ("Product Removed", "cart_remove"),
        ("Order Completed", "order"),
        ("Order Refunded", "refund"),
        ("Order Cancelled", "order_cancelled"),
        ("Coupon Denied", "coupon"),
        ("Product Added to Wishlist", "favourite"),
        ("Product Reviewed", "review"),
        ("Cart Shared", "share"),
        ("Email Delivered", "campaign_sent"),
        ("Email Opened", "campaign_opened"),
        ("Email Link Clicked", "campaign_clicked"),
        ("Application Opened", "session"),
        ("Video Playback Started", "media"),
        ("Checkout Started", "checkout_started"),
        ("order_updated", "order_updated"),
        ("support_message", "support_message"),
        ("Cart Add", "cart_add"),
        ("Gift Wrapped", "Gift Wrapped"),
        ("直播间打赏", "直播间打赏"),
        ("merge", "merge"),
    ],
)
def test_a_name_of_the_specs_gets_our_kind_and_any_other_keeps_its_own(name: str, kind: str) -> None:
    assert kind_of(name) == kind


def test_every_kind_of_ours_that_a_source_may_send_is_an_event_name_too() -> None:
    assert all(kind_of(kind.value) == kind for kind in EventKind if kind not in OUR_KINDS)


def test_an_order_is_one_event_for_each_product_with_exact_amounts() -> None:
    products = [
        {"product_id": "p1", "price": 18.99, "quantity": 3, "name": "奶粉"},
        {"sku": 42, "price": "1,000.10"},
    ]
    first, second = events_of(
        a_message(event="Order Completed", properties={"order_id": 7, "revenue": 1057.07, "products": products})
    )
    assert [(e.item_id, e.amount_minor, e.currency) for e in (first, second)] == [
        ("p1", 5697, "CNY"),
        ("42", 100_010, "CNY"),
    ]
    assert (first.message_id, second.message_id) == ("m1", "m1#2")
    assert first.order_id == second.order_id == "7"
    assert first.properties["revenue"] == 1057.07
    assert "revenue" not in second.properties
    assert second.properties["lines"] == 2


def test_an_order_without_products_is_one_line_of_its_revenue() -> None:
    assert tracked("Order Completed", order_id="o", revenue=30, total=35).amount_minor == 3000
    assert tracked("Order Completed", order_id="o", total="27.50").amount_minor == 2750
    assert tracked("Order Completed", order_id="o").amount_minor is None


def test_what_unpriced_lines_cost_is_what_is_left_of_the_order() -> None:
    products = [{"product_id": "a"}, {"product_id": "b", "price": 10}, {"product_id": "c"}]
    lines = events_of(a_message(event="Order Completed", properties={"revenue": 25.5, "products": products}))
    assert [line.amount_minor for line in lines] == [1550, 1000, None]


def test_a_refund_of_a_stated_amount_is_one_event() -> None:
    products = [{"product_id": "a", "price": 10, "quantity": 2}]
    part = tracked("Order Refunded", order_id="o", total=5, products=products)
    assert (part.kind, part.item_id, part.amount_minor) == ("refund", "a", 500)
    assert tracked("Order Refunded", order_id="o", products=products).amount_minor == 2000


@pytest.mark.parametrize(("currency", "minor"), [("JPY", 1900), ("usd", 190_000), ("KWD", 1_900_000)])
def test_amounts_are_in_the_minor_units_of_their_currency(currency: str, minor: int) -> None:
    event = tracked("Order Completed", revenue=1900, currency=currency)
    assert (event.amount_minor, event.currency) == (minor, currency.upper())


@pytest.mark.parametrize(
    ("properties", "reason"),
    [
        ({"revenue": "a lot"}, "not a number"),
        ({"revenue": True}, "not a number"),
        ({"revenue": [1]}, "not a number"),
        ({"revenue": -1}, "negative amount"),
        ({"revenue": "1e999999999"}, "amount out of range"),
        ({"revenue": 1, "currency": "RMBX"}, "wrong currency"),
        ({"revenue": 1, "currency": 156}, "wrong currency"),
        ({"products": {"a": 1}}, "wrong field: products"),
        ({"products": [1]}, "wrong field: products"),
        ({"products": [{}] * (MAX_PRODUCTS + 1)}, "too many products"),
        ({"products": [{"price": 1, "quantity": "two"}]}, "not a number"),
        ([], "wrong field: properties"),
    ],
)
def test_an_order_that_cannot_be_read_is_refused_whole(properties: Any, reason: str) -> None:
    assert fault_of(event="Order Completed", properties=properties).startswith(reason)


def test_a_view_in_another_currency_is_still_a_view() -> None:
    event = tracked("Product Viewed", product_id="p", price="call us", currency="USD")
    assert (event.kind, event.item_id, event.amount_minor) == ("view", "p", None)
    assert event.properties == {"product_id": "p", "price": "call us", "currency": "USD", "event": "Product Viewed"}


def test_names_of_a_person_are_found_wherever_sdks_put_them() -> None:
    context = {
        "traits": {"email": "a@b.cn", "phone": "13912345678"},
        "device": {"id": "d1", "advertisingId": "ad1"},
        "externalId": [{"type": "openid", "id": "wx1"}, {"type": "unionId", "id": "un"}, {"type": "?", "id": "x"}, 3],
    }
    (event,) = events_of(a_message(event="x", anonymousId="a1", context=context))
    assert event.identifiers == {
        "user_id": "u1", "anonymous": "a1", "email": "a@b.cn", "phone": "13912345678", "device": "d1",
        "openid": "wx1", "unionid": "un",
    }  # fmt: skip
    assert "13912345678" not in json.dumps(event.properties)


def test_contacts_of_the_person_are_names_and_those_of_an_address_are_not() -> None:
    traits = {
        "shippingPhone": "13912345670",
        "mobileNumber": "13912345671",
        "Phone": "13912345672",
        "workEmail": "b@b.cn",
    }
    (event,) = events_of(a_message("identify", traits={**traits, "phone": "13912345678"}))
    assert event.identifiers == {"user_id": "u1", "phone": "13912345678"}
    assert event.properties["traits"] == {"shippingPhone": "13912345670", "workEmail": "b@b.cn"}
    assert "1391" not in str(sealed_properties(event.properties))
    (event,) = events_of(a_message("identify", traits=traits))
    assert event.identifiers["phone"] == "13912345671"


def test_a_group_names_nobody() -> None:
    message = a_message("group", groupId="g1", traits={"email": "info@firm.cn", "phone": "4001234567", "plan": "pro"})
    (event,) = events_of(message)
    assert event.identifiers == {"user_id": "u1"}
    assert event.properties == {"group_id": "g1", "traits": {"plan": "pro"}}


def test_an_alias_says_what_the_person_was_called_before() -> None:
    (event,) = events_of(a_message("alias", previousId="anon-9"))
    assert (event.kind, event.identifiers) == ("alias", {"user_id": "u1", "alias": "anon-9"})
    assert fault_of(type="alias").startswith("empty field: previousId")


def test_identify_keeps_traits_with_place_and_device() -> None:
    traits = {"gender": "f", "age": 31, "address": {"city": "杭州", "country": "CN"}, "phone": "139", "email": "a@b.cn"}
    context = {
        "device": {"type": "ios", "model": "iPhone15,2"},
        "os": {"name": "iOS"},
        "locale": "zh-CN",
        "ip": "1.2.3.4",
    }
    (event,) = events_of(a_message("identify", traits=traits, context=context))
    assert event.properties["traits"] == {
        "gender": "f", "age": 31, "address": {"city": "杭州", "country": "CN"}, "city": "杭州", "country": "CN",
        "device_type": "ios", "device_model": "iPhone15,2", "os": "iOS", "locale": "zh-CN",
    }  # fmt: skip
    assert "ip" not in event.properties["context"]


def test_rudderstack_puts_traits_into_the_context() -> None:
    (event,) = events_of(a_message("identify", context={"traits": {"age": 40, "email": "c@d.cn"}}))
    assert event.identifiers["email"] == "c@d.cn"
    assert event.properties["traits"] == {"age": 40}


def test_what_people_write_is_text_and_not_a_property() -> None:
    for name, field in (
        ("Products Searched", "query"),
        ("Product Reviewed", "review_body"),
        ("support_message", "message"),
    ):
        event = tracked(name, **{field: "奶粉结块了"})
        assert event.text == "奶粉结块了"
        assert field not in event.properties


def test_pages_screens_and_sessions() -> None:
    page, screen = events_of(
        a_message(
            "page", name="Home", properties={"url": "https://shop.example/"}, context={"sessionId": 1_700_000_000}
        ),
        a_message("screen", name="Cart"),
    )
    assert (page.kind, page.properties["name"], page.session_id) == ("page", "Home", "1700000000")
    assert screen.kind == "screen"


def test_fields_that_we_do_not_know_stay() -> None:
    (event,) = events_of(a_message(event="x", plan="gold", writeKey="secret", _metadata={"retry": 1}))
    assert event.properties == {"plan": "gold"}


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"event": ""}, "empty field: event"),
        ({"event": 7}, "empty field: event"),
        ({"event": None}, "empty field: event"),
        ({"type": "merge"}, "wrong field: type"),
        ({"type": None}, "wrong field: type"),
        ({"userId": {"a": 1}}, "wrong field: userId"),
        ({"userId": True}, "wrong field: userId"),
        ({"context": "iPhone"}, "wrong field: context"),
        ({"traits": [1]}, "wrong field: traits"),
        ({"timestamp": []}, "not a time"),
        ({"timestamp": True}, "not a time"),
        ({"timestamp": "yesterday"}, "not a time"),
        ({"timestamp": "0000-01-01T00:00:00Z"}, "not a time"),
        ({"timestamp": 1e30}, "time out of range"),
    ],
)
def test_a_message_that_cannot_be_read_says_why(fields: dict[str, Any], reason: str) -> None:
    assert fault_of(**{"event": "x"} | fields).startswith(reason)


# --- time -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("skew", [timedelta(hours=-3), timedelta(days=40), timedelta(seconds=-90)])
def test_a_wrong_clock_is_corrected_by_when_the_message_was_sent(skew: timedelta) -> None:
    happened, sent = RECEIVED + skew - timedelta(minutes=5), RECEIVED + skew
    message = a_message(event="x", timestamp=happened.isoformat())
    (event,) = events_of(message, sent_at=sent.isoformat())
    assert event.occurred_at == happened
    assert event.clock_correction_ms == -skew / timedelta(milliseconds=1)


@pytest.mark.parametrize("field", ["timestamp", "originalTimestamp"])
def test_both_names_of_the_time_are_read_and_the_messages_own_sent_at_counts_first(field: str) -> None:
    message = {
        "type": "track",
        "event": "x",
        "userId": "u",
        field: "2026-05-01T01:00:00Z",
        "sentAt": "2026-05-01T03:00:00Z",
    }
    (event,) = events_of(message, sent_at="2026-05-01T04:00:00Z")
    assert event.clock_correction_ms == 3_600_000


@pytest.mark.parametrize(
    "sent_at",
    [None, "soon", True, [], {}, "2026-04-30T00:00:00Z", 0, 1e30, "2026-05-01T04:00:00.400Z", "9999-12-31T23:59:59Z"],
)
def test_a_sent_at_that_is_absurd_or_agrees_corrects_nothing(sent_at: Any) -> None:
    (event,) = events_of(a_message(event="x"), sent_at=sent_at)
    assert event.clock_correction_ms == 0
    assert event.occurred_at == datetime(2026, 5, 1, 3, 59, tzinfo=UTC)


def test_what_another_server_received_is_not_corrected_again() -> None:
    message = a_message(
        event="x",
        originalTimestamp="2026-01-01T00:00:00Z",
        receivedAt="2026-02-01T00:00:00Z",
        sentAt="2026-01-01T00:01:00Z",
    )
    (event,) = events_of(message)
    assert (event.clock_correction_ms, event.occurred_at) == (0, datetime(2026, 5, 1, 3, 59, tzinfo=UTC))


def test_a_message_without_a_time_happened_when_it_arrived() -> None:
    (event,) = events_of(a_message(event="x", timestamp=None), sent_at="2020-01-01T00:00:00Z")
    assert (event.occurred_at, event.clock_correction_ms) == (None, 0)


# --- ids ------------------------------------------------------------------------------------------------------


def test_a_message_without_an_id_is_named_by_its_content_and_its_sender_is_told() -> None:
    message = a_message(event="x", messageId=None)
    first, again, other = read(message, message, a_message(event="y", messageId=None))
    assert "no messageId" in (first.note or "")
    ids = [one.records[0].incoming.message_id for one in (first, again, other) if one.records[0].incoming]
    assert len(set(ids)) == 3
    assert ids == [
        one.records[0].incoming.message_id
        for one in read(message, message, a_message(event="y", messageId=None), sent_at="2026-05-01T03:59:59Z")
        if one.records[0].incoming
    ]


# --- consent --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "properties", "granted"),
    [
        ("Consent Given", {"purpose": "marketing", "channel": "sms"}, True),
        ("Consent Withdrawn", {"purpose": "marketing"}, False),
        ("Consent Updated", {"granted": True}, True),
        ("Unsubscribed", {}, False),
        ("consent", {"granted": "no"}, "no"),
        ("Consent Updated", {}, None),
    ],
)
def test_consent_events(name: str, properties: dict[str, Any], granted: Any) -> None:
    event = tracked(name, **properties)
    assert (event.kind, event.properties["granted"]) == ("consent", granted)
    assert properties.items() <= event.properties.items()


def test_a_banner_speaks_for_its_site_and_is_written_down_once_in_a_batch() -> None:
    context = {"consent": {"categoryPreferences": {"Advertising": False, "Functional": True, "odd": "yes"}}}
    events = events_of(
        a_message(event="x", context=context),
        a_message(event="y", messageId="m2", context=context),
        a_message(event="Segment Consent Preference Updated", messageId="m3", context=context),
    )
    assert [(e.kind, e.message_id) for e in events] == [
        ("x", "m1"), ("consent", "m1#consent:advertising"), ("consent", "m1#consent:functional"), ("y", "m2"),
        ("consent", "m3"), ("consent", "m3#consent:functional"),
    ]  # fmt: skip
    assert events[1].properties == {"purpose": "advertising", "channel": "onsite", "granted": False}


# --- laws -----------------------------------------------------------------------------------------------------

_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
_FIELDS = (
    "type", "event", "properties", "traits", "context", "userId", "anonymousId", "previousId", "groupId", "messageId",
    "timestamp", "originalTimestamp", "sentAt", "receivedAt", "name",
)  # fmt: skip


@given(
    st.dictionaries(st.sampled_from(_FIELDS), _json, max_size=8), _json, st.sampled_from((None, "track", "identify"))
)
def test_any_message_becomes_events_or_one_fault(message: dict[str, Any], sent_at: Any, call: str | None) -> None:
    reader = SegmentReader(Arrival(RECEIVED, "CNY", ZoneInfo("UTC"), sent_at))
    records = reader.read(0, {"event": "Order Completed", **message}, call=call).records
    assert records
    assert all((record.incoming is None) == (record.fault is not None) for record in records)
    assert (
        len({record.incoming.message_id for record in records if record.incoming}) == len(records) or len(records) == 1
    )
