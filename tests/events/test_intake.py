import pytest

from app.errors import InvalidInput
from app.events.intake import accept, new_event_id
from tests.factories import RECEIVED, an_incoming, an_intake


def test_the_same_message_gets_the_same_uuid7() -> None:
    ids = {new_event_id(RECEIVED, "shop", "web", "m1") for _ in range(3)}
    assert len(ids) == 1
    assert ids.pop()[14] == "7"
    assert new_event_id(RECEIVED, "shop", "web", "m2") != new_event_id(RECEIVED, "shop", "web", "m1")


def test_a_resend_has_the_same_payload_hash_and_a_change_another() -> None:
    first = accept(an_incoming(message_id="m", properties={"a": 1, "b": 2}), an_intake())
    again = accept(an_incoming(message_id="m", properties={"b": 2, "a": 1}), an_intake())
    other = accept(an_incoming(message_id="m", properties={"a": 1, "b": 3}), an_intake())
    assert first.payload_hash == again.payload_hash != other.payload_hash


def test_unknown_kinds_and_properties_are_kept() -> None:
    event = accept(an_incoming("wishlist_shared", properties={"list": "spring"}), an_intake()).event
    assert (event.kind, event.properties) == ("wishlist_shared", {"list": "spring"})


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"message_id": ""}, "empty field"),
        ({"kind": ""}, "empty field"),
        ({"identifiers": {"user_id": "null"}}, "no usable identifier"),
        ({"identifiers": {}}, "no usable identifier"),
        ({"amount_minor": -1}, "amount out of range"),
        ({"amount_minor": 5, "currency": "USD"}, "wrong currency"),
        ({"kind": "decision"}, "reserved kind"),
        ({"kind": "consent", "properties": {"granted": "perhaps"}}, "consent neither"),
        ({"identifiers": {"user_id:evil": "x"}}, "bad identifier type"),
        ({"text": "a\x00b"}, "text holds NUL"),
        ({"item_id": "\ud800"}, "bad item_id"),
        ({"properties": {"x": float("nan")}}, "property is not a finite number"),
        ({"properties": {"x": ["\udc00"]}}, "properties cannot be kept"),
        ({"clock_correction_ms": 10**15}, "clock off by"),
        ({"occurred_at": "1970-01-20"}, "time before 1990"),
        ({"occurred_at": "2027-01-05"}, "time more than a day in the future"),
    ],
)
def test_an_unusable_event_is_refused_with_its_reason(changes: dict[str, object], reason: str) -> None:
    with pytest.raises(InvalidInput, match=reason):
        accept(an_incoming(**changes), an_intake())


@pytest.mark.parametrize(("said", "granted"), [(True, True), ("TRUE", True), (1, True), ("no", False), (0, False)])
def test_consent_is_read_in_the_words_that_sources_use(said: object, granted: bool) -> None:
    event = accept(an_incoming("consent", properties={"channel": "sms", "granted": said}), an_intake()).event
    assert event.properties["granted"] is granted


def test_a_wrong_clock_is_put_right_and_the_payload_hash_does_not_know_of_it() -> None:
    plain = accept(an_incoming(message_id="m"), an_intake())
    corrected = accept(an_incoming(message_id="m", clock_correction_ms=-90_500), an_intake())
    assert (plain.event.occurred_at - corrected.event.occurred_at).total_seconds() == 90.5
    assert corrected.event.clock_correction_ms == -90_500
    assert corrected.payload_hash == plain.payload_hash
