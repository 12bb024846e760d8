"""Consent by purpose and channel."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.privacy.consent import may_contact

START = datetime(2026, 1, 1, tzinfo=UTC)


class Word(NamedTuple):
    channel: str
    granted: bool
    day: int = 0
    purpose: str = "marketing"

    @property
    def at(self) -> datetime:
        return START + timedelta(days=self.day)


def allowed(*words: Word, channel: str = "sms") -> bool:
    return may_contact(words, purpose="marketing", channel=channel)


@pytest.mark.parametrize("channel", ["sms", "email", "push", "wechat"])
def test_silence_is_a_no_on_channels_that_go_out(channel: str) -> None:
    assert not allowed(channel=channel)


def test_silence_is_a_yes_on_site() -> None:
    assert allowed(channel="onsite")


@pytest.mark.parametrize("objected", ["onsite", "all"])
def test_an_objection_ends_onsite_contact(objected: str) -> None:
    assert not allowed(Word(objected, False), channel="onsite")


def test_refusing_one_channel_leaves_onsite_open() -> None:
    assert allowed(Word("sms", False), channel="onsite")


def test_the_latest_word_counts() -> None:
    assert allowed(Word("sms", False, 1), Word("sms", True, 2))
    assert not allowed(Word("sms", True, 1), Word("sms", False, 2))


def test_a_later_objection_to_all_outweighs_a_grant() -> None:
    assert not allowed(Word("sms", True, 1), Word("all", False, 2))
    assert allowed(Word("all", False, 1), Word("sms", True, 2))


def test_a_grant_for_another_purpose_does_not_count() -> None:
    assert not allowed(Word("sms", True, purpose="service"))


def test_of_two_words_at_one_moment_the_refusal_wins() -> None:
    assert not allowed(Word("sms", True, 1), Word("sms", False, 1))


WORDS = [Word("sms", True, 1), Word("all", False, 2), Word("sms", True, 3), Word("email", False, 4)]


@given(st.permutations(WORDS))
def test_the_order_in_which_words_are_listed_is_irrelevant(words: list[Word]) -> None:
    assert may_contact(words, purpose="marketing", channel="sms")
    assert not may_contact(words, purpose="marketing", channel="email")
