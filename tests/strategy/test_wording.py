"""The two wording files say the same things; amounts and copy read as people write."""

import string
from collections.abc import Iterator

import pytest

from app.retrieval.schemas import Channel, Offer, OfferType
from app.schema import Lang
from app.strategy.gate.schemas import Rule
from app.strategy.themes import Idea
from app.strategy.timing import Habit
from app.strategy.wording import Wording, money, percent, say_offer, wording
from tests.factories_campaigns import real_taxonomy


def placeholders(text: str) -> frozenset[str]:
    return frozenset(name for _, name, _, _ in string.Formatter().parse(text) if name)


def leaves(words: Wording) -> Iterator[tuple[str, frozenset[str]]]:
    """Every template with its placeholders; the variants of an idea may each use others."""
    for section, value in words.model_dump().items():
        if section == "ideas":
            yield from ((f"ideas.{name}", frozenset()) for name in value)
        elif isinstance(value, dict):
            yield from ((f"{section}.{key}", placeholders(text)) for key, text in value.items())


def test_both_languages_have_the_same_keys_and_placeholders() -> None:
    assert sorted(leaves(wording("zh"))) == sorted(leaves(wording("en")))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_word_that_code_asks_for_is_there(lang: Lang) -> None:
    words = wording(lang)
    assert set(words.ideas) == set(Idea)
    assert set(words.rules) == set(Rule)
    assert set(words.timing) == set(Habit)
    assert set(words.frames) == set(words.channels) == set(Channel)
    assert set(words.offers) == set(OfferType)
    assert len(words.weekdays) == 7


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_ideas_come_in_three_variants_and_touch_nothing_sensitive(lang: Lang) -> None:
    for name, idea in wording(lang).ideas.items():
        for drafts in filter(None, (idea.drafts, idea.plain)):
            assert len(drafts) == len(set(drafts)) == 3, name
        for text in (*idea.titles, *idea.drafts, *idea.plain_titles, *idea.plain):
            assert not real_taxonomy().forbidden_in(text), text
            assert placeholders(text) <= {"theme", "topic", "other"}


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_plain_copy_names_no_topic_and_exists_wherever_a_topic_may_be_missing(lang: Lang) -> None:
    for name, idea in wording(lang).ideas.items():
        titles, drafts = idea.ways(with_topic=False)
        if drafts:
            assert not any("topic" in placeholders(text) for text in (*titles, *drafts)), name
        else:
            assert name in (Idea.RISING, Idea.FAVOURITE, Idea.PAIR)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_drafts_promise_no_list_that_nobody_made(lang: Lang) -> None:
    promises = ("清单", "分好了类", "好物", "picked", "short list", "sorted")
    for idea in wording(lang).ideas.values():
        for text in (*idea.titles, *idea.drafts, *idea.plain):
            assert not any(word in text.lower() for word in promises)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_rising_interest_is_not_taken_for_a_first_one(lang: Lang) -> None:
    """Somebody who looks at more of a topic may have bought of it for years."""
    rising = wording(lang).ideas[Idea.RISING]
    assert not any(w in t.lower() for t in (*rising.titles, *rising.drafts) for w in ("刚开始", "new to", "just start"))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_drafts_name_topics_as_ranges_or_as_likes(lang: Lang) -> None:
    """So that a topic is never spoken of as if it were one thing to buy."""
    words = ("{topic}专区", "喜欢{topic}", "{topic} range", "ranges to see together")
    drafts = [draft for idea in wording(lang).ideas.values() for draft in idea.drafts if "{topic}" in draft]
    assert all(any(word in draft.lower() for word in words) for draft in drafts)


@pytest.mark.parametrize(
    ("amount", "currency", "lang", "said"),
    [
        (20_000, "CNY", "zh", "¥200"),
        (1999, "CNY", "zh", "¥19.99"),
        (1999, "GBP", "en", "£19.99"),
        (123_456_700, "GBP", "en", "£1,234,567"),
        (-250, "GBP", "en", "-£2.50"),
        (500, "JPY", "en", "JP¥500"),
        (0, "CNY", "zh", "¥0"),
    ],
)
def test_amounts_read_as_people_write_them(amount: int, currency: str, lang: Lang, said: str) -> None:
    assert money(amount, currency, lang) == said


@pytest.mark.parametrize(("share", "said"), [(0.3, "30%"), (0.125, "12.5%"), (0.9999, "100%")])
def test_shares_read_as_people_write_them(share: float, said: str) -> None:
    assert percent(share) == said


def test_offers_are_named_with_their_terms() -> None:
    offer = Offer(type=OfferType.COUPON, amount_minor=2000, threshold_minor=19_900, expires_in=5)
    assert say_offer(offer, "CNY", "zh") == "满¥199减¥20，5天内有效。"
    assert say_offer(offer, "GBP", "en") == " £20 off orders from £199, valid for 5 days."
    short = offer.model_copy(update={"expires_in": 1})
    assert say_offer(short, "GBP", "en") == " £20 off orders from £199, valid for 1 day."
    assert say_offer(None, "CNY", "zh") == ""


def test_points_are_named_with_their_worth_and_an_offer_without_a_threshold_is_for_any_order() -> None:
    points = Offer(type=OfferType.POINTS, amount_minor=1000, expires_in=14)
    assert say_offer(points, "CNY", "zh") == "下单送价值¥10的积分，14天内有效。"
    assert say_offer(points, "GBP", "en") == " Bonus points worth £10 with any order, valid for 14 days."
