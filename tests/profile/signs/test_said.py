import msgspec
import pytest

from app.profile.schemas import Signal, SignalName
from app.profile.seen import Seen
from app.profile.signs.said import KEPT, STANDS, Said, note, view
from app.text.features import Complaint
from tests.factories_seen import a_seen, moment, saying


def told(*seen: Seen, day: float) -> dict[SignalName, Signal]:
    said = Said()
    for one in seen:
        note(said, one)
    return {signal.name: signal for signal in view(said, moment(day))}


def complaint(day: float, about: Complaint = Complaint.SERVICE, kind: str = "support_message") -> Seen:
    return a_seen(kind, day, text=saying(sentiment=-1, complaint=about))


def consent(day: float, granted: object, channel: str = "sms", purpose: str = "marketing") -> Seen:
    return a_seen("consent", day, granted=granted, channel=channel, purpose=purpose)


def test_a_complaint_stands_for_two_months_and_says_of_what() -> None:
    first = told(complaint(1), day=1)[SignalName.DISSATISFACTION]
    assert (first.detail, first.now, first.usual, first.direction) == ("service", 1.0, None, "up")
    assert first.evidence == ("support_message-1.0000",)
    assert SignalName.DISSATISFACTION in told(complaint(1), day=1 + STANDS.days)
    assert not told(complaint(1), day=1.01 + STANDS.days)


def test_who_complains_again_before_that_has_been_dissatisfied_since_the_first_time() -> None:
    found = told(complaint(1), complaint(50, Complaint.PRICE), day=80)[SignalName.DISSATISFACTION]
    assert (found.raised_at, found.since, found.n_now, found.detail) == (moment(1), moment(50), 1, "price")
    again = told(complaint(1), complaint(90), day=91)[SignalName.DISSATISFACTION]
    assert again.raised_at == moment(90)


def test_two_complaints_weigh_more_than_one() -> None:
    once, twice = (told(*words, day=9)[SignalName.DISSATISFACTION] for words in ([complaint(1)], [complaint(1)] * 2))
    assert twice.size > once.size
    assert twice.n_now == 2


def test_a_review_of_a_bad_product_is_no_complaint_about_the_shop() -> None:
    assert not told(complaint(1, Complaint.QUALITY, "review"), day=2)
    assert told(complaint(1, Complaint.RECOMMENDATIONS, "review"), day=2)
    assert told(complaint(1, Complaint.QUALITY, "support_message"), day=2)


def test_a_consent_taken_back_is_a_sign_until_it_is_given_again() -> None:
    taken = [consent(0, True), consent(10, False)]
    found = told(*taken, day=11)[SignalName.CONSENT_WITHDRAWN]
    assert (found.detail, found.raised_at) == ("sms", moment(10))
    assert not told(*taken, consent(12, True), day=13)


@pytest.mark.parametrize(
    "words",
    [
        [consent(0, False)],
        [consent(0, True), consent(1, False, channel="email")],
        [consent(0, True, purpose="analytics"), consent(1, False, purpose="analytics")],
        [consent(0, "yes"), consent(1, False)],
    ],
    ids=["refused from the start", "another channel", "another purpose", "never clearly granted"],
)
def test_a_refusal_of_what_was_never_allowed_is_no_sign(words: list[Seen]) -> None:
    assert not told(*words, day=2)


def test_a_refusal_of_every_channel_takes_back_whatever_was_allowed() -> None:
    assert told(consent(0, True), consent(1, False, channel="all"), day=2)
    assert not told(consent(0, False, channel="all"), day=2)


def test_only_the_newest_words_are_kept() -> None:
    said = Said()
    for day in range(1_000):
        note(said, complaint(day))
        note(said, consent(day, True, channel=f"c{day}"))
    assert len(said.complaints) == KEPT
    assert len(msgspec.msgpack.encode(said)) < 1_000
