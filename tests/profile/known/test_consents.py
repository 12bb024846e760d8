from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.identity.schemas import NO_BONDS, Bonds, Hold
from app.privacy.consent import may_contact
from app.profile.known.consents import Word, Words, effective, note
from tests.factories import an_accepted

START = datetime(2026, 1, 1, tzinfo=UTC)


def day(n: float) -> datetime:
    return START + timedelta(days=n)


def words(*said: tuple[str, float, bool], scope: str = "marketing/sms") -> Words:
    """(who, when, granted) on one purpose and channel."""
    found: Words = {scope: {}}
    for who, at, granted in said:
        found[scope][who] = Word(granted, f"{who}@{at}", day(at))
    return found


def allowed(said: Words, bonds: Bonds = NO_BONDS, channel: str = "sms") -> bool:
    return may_contact(effective(said, bonds), purpose="marketing", channel=channel)


def joined(at: float) -> Bonds:
    return Bonds(((day(at), "a", "b"),))


@pytest.mark.parametrize(
    ("refused_at", "granted_at", "joined_at", "may"),
    [
        (1, 5, 0, True),  # one person all along: the later word counts
        (1, 5, 3, True),  # joined in between: the grant could know
        (1, 5, 9, False),  # joined later: the grant knew nothing of the refusal
        (5, 1, 9, False),
        (5, 5, 0, False),  # at one moment the refusal counts
    ],
)
def test_a_refusal_stands_until_a_grant_that_could_know_of_it(
    refused_at: float, granted_at: float, joined_at: float, may: bool
) -> None:
    assert allowed(words(("a", refused_at, False), ("b", granted_at, True)), joined(joined_at)) is may


def test_a_refusal_of_everything_is_not_forgotten_beside_a_grant_of_one_channel() -> None:
    said = words(("a", 1, False), scope="marketing/all") | words(("b", 5, True))
    assert not allowed(said, joined(9))
    assert allowed(said, joined(2))
    assert not allowed(said, joined(2), channel="email")


def test_what_one_identifier_says_later_counts() -> None:
    assert allowed(words(("a", 5, True)))
    assert not allowed(words(("a", 5, False)))


def test_a_hold_is_a_refusal_that_a_later_grant_of_that_person_lifts() -> None:
    hold = Hold("a", "marketing", "sms", "e1", day(10))
    assert not allowed(words(("a", 5, True)), Bonds((), (hold,)))
    assert allowed(words(("a", 11, True)), Bonds((), (hold,)))
    assert Bonds((), (hold,)).until(day(9)) == NO_BONDS


def test_joined_at_is_when_the_last_needed_link_came() -> None:
    bonds = Bonds(((day(1), "a", "b"), (day(7), "b", "c"), (day(4), "a", "x"), (day(5), "x", "c")))
    assert bonds.joined_at("a", "c") == day(5)
    assert bonds.joined_at("a", "a") == day(1)
    assert bonds.joined_at("a", "z") is None


def test_the_fold_keeps_each_identifiers_latest_word() -> None:
    said: Words = {}
    for at, who, granted in ((1, "u1", True), (2, "u2", False), (3, "u1", False), (3, "u1", True)):
        properties = {"granted": granted, "channel": " SMS "}
        note(said, an_accepted("consent", at, identifiers={"user_id": who}, properties=properties).event)
    assert {who: word.granted for who, word in said["marketing/sms"].items()} == {
        "user_id:u1": False,
        "user_id:u2": False,
    }


WORDS = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(0, 9), st.booleans()), max_size=3, unique_by=lambda w: w[0]
)


@given(WORDS, st.integers(10, 20))
def test_after_joining_people_nothing_is_allowed_that_one_of_them_refuses(
    said: list[tuple[str, int, bool]], at: int
) -> None:
    bonds = Bonds(((day(at), "a", "b"), (day(at), "b", "c")))
    refusing = any(not granted for _, _, granted in said)
    assert not (refusing and allowed(words(*said), bonds))
