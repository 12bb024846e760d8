"""Three themes with drafts, from what was tested and what the customer does."""

import pytest

from app.narrative.schemas import Predicate
from app.retrieval.schemas import Channel
from app.schema import Lang
from app.strategy.themes import Idea, Subject, Voice, choose_subjects, write_themes
from tests.factories_campaigns import real_taxonomy
from tests.factories_strategy import claim_of

TAXONOMY = real_taxonomy()


def voice(channel: Channel = Channel.SMS, lang: Lang = "zh", customer_id: str = "cu_1", offer: str = "") -> Voice:
    return Voice(shop="shop", channel=channel, offer=offer, lang=lang, customer_id=customer_id)


def ideas(subjects: tuple[Subject, ...]) -> list[Idea]:
    return [subject.idea for subject in subjects]


@pytest.mark.parametrize("topics", [(), ("skincare",), ("skincare", "travel"), ("skincare", "travel", "pets")])
@pytest.mark.parametrize("tested", [(), ("换季护肤",), ("a", "b", "c"), ("skincare", "pets")])
def test_there_are_always_three_subjects(topics: tuple[str, ...], tested: tuple[str, ...]) -> None:
    assert len(choose_subjects([], topics, tested, TAXONOMY)) == 3


def test_at_most_two_tested_themes_leave_room_for_the_customer() -> None:
    claims = [claim_of("k1", Predicate.CARTED_NOT_BOUGHT, topic="travel")]
    subjects = choose_subjects(claims, ("skincare", "travel"), ("A", "B", "C"), TAXONOMY)
    assert ideas(subjects) == [Idea.TESTED, Idea.TESTED, Idea.CART]
    assert subjects[2] == Subject(Idea.CART, topic="travel", claim_ids=("k1",))


def test_what_the_customer_does_decides_when_nothing_was_tested() -> None:
    claims = [
        claim_of("k1", Predicate.ORDER_COUNT, value=5),
        claim_of("k2", Predicate.DAYS_SINCE_LAST_ORDER, value=90),
        claim_of("k3", Predicate.TOPIC_CHANGE, topic="travel", direction="up"),
        claim_of("k4", Predicate.TOPIC_CHANGE, topic="skincare", direction="down"),
    ]
    subjects = choose_subjects(claims, ("skincare", "travel"), (), TAXONOMY)
    assert ideas(subjects) == [Idea.RISING, Idea.COMEBACK, Idea.THANKS]
    assert [s.claim_ids for s in subjects] == [("k3",), ("k2",), ("k1",)]


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("channel", list(Channel))
def test_themes_are_three_different_drafts(lang: Lang, channel: Channel) -> None:
    subjects = choose_subjects([], ("skincare", "travel"), ("换季护肤", "Fresh start"), TAXONOMY)
    themes = write_themes(subjects, voice(channel, lang), TAXONOMY)
    assert len({theme.draft for theme in themes}) == len({theme.title for theme in themes}) == 3
    assert not any("{" in theme.draft + theme.title for theme in themes)


def test_chinese_sms_carry_signature_and_way_out_and_stay_short() -> None:
    for idea in Idea:
        for customer in ("a", "b", "c", "d"):
            subject = Subject(idea, topic="candles_fragrance", other="books_stationery", theme="换季护肤焕新周")
            (theme,) = write_themes([subject], voice(customer_id=customer, offer="满¥199减¥20，7天内有效。"), TAXONOMY)
            assert theme.draft.startswith("【shop】")
            assert theme.draft.endswith("拒收请回复R")
            assert len(theme.draft) <= 90


def test_english_sms_say_how_to_stop() -> None:
    (theme,) = write_themes([Subject(Idea.SERVICE)], voice(lang="en"), TAXONOMY)
    assert theme.draft.endswith("Reply STOP to opt out.")


def test_a_theme_in_the_other_language_is_not_quoted() -> None:
    subject = Subject(Idea.TESTED, topic="skincare", theme="换季护肤")
    (zh,) = write_themes([subject], voice(), TAXONOMY)
    (en,) = write_themes([subject], voice(lang="en"), TAXONOMY)
    assert zh.title == "换季护肤"
    assert "换季" not in en.title + en.draft
    assert "skincare" in (en.title + en.draft).lower()


def test_customers_get_varied_copy_and_each_always_the_same() -> None:
    subject = [Subject(Idea.FAVOURITE, topic="skincare")]
    drafts = [write_themes(subject, voice(customer_id=f"c{i}"), TAXONOMY)[0].draft for i in range(30)]
    again = [write_themes(subject, voice(customer_id=f"c{i}"), TAXONOMY)[0].draft for i in range(30)]
    assert len(set(drafts)) == 3
    assert drafts == again
