"""Three themes with drafts, from what was tested and what the customer does."""

from collections.abc import Mapping, Sequence

import pytest

from app.narrative.schemas import Claim, Predicate
from app.retrieval.schemas import Channel
from app.schema import Lang
from app.strategy.drafts import Voice, dressed, write_themes
from app.strategy.schemas import Theme
from app.strategy.themes import (
    Ground,
    Idea,
    PastThemes,
    Standing,
    Subject,
    choose_subjects,
)
from tests.factories_campaigns import real_taxonomy
from tests.factories_strategy import claim_of, real_policy

TAXONOMY = real_taxonomy()
RULE = real_policy().themes
REGULAR = Standing(orders=5, since_order=90, usual_gap=30, unseen=40)


def voice(channel: Channel = Channel.SMS, lang: Lang = "zh", customer_id: str = "cu_1", offer: str = "") -> Voice:
    return Voice(shop="shop", channel=channel, offer=offer, lang=lang, customer_id=customer_id)


def written(subjects: Sequence[Subject], voice: Voice) -> tuple[Theme, ...]:
    return dressed(write_themes(subjects, voice, TAXONOMY), subjects, voice)


def chosen(
    claims: Sequence[Claim] = (),
    topics: Sequence[str] = (),
    tested: PastThemes = PastThemes(),
    standing: Standing = REGULAR,
    item_topics: Mapping[str, str] | None = None,
) -> tuple[Subject, ...]:
    return choose_subjects(Ground(claims, topics, standing, item_topics or {}), tested, TAXONOMY, RULE)


def ideas(subjects: tuple[Subject, ...]) -> list[Idea]:
    return [subject.idea for subject in subjects]


@pytest.mark.parametrize("topics", [(), ("skincare",), ("skincare", "travel"), ("skincare", "travel", "pets")])
@pytest.mark.parametrize("tested", [(), ("换季护肤",), ("a", "b", "c"), ("skincare", "pets")])
@pytest.mark.parametrize("standing", [REGULAR, Standing()])
def test_there_are_always_three_subjects(topics: tuple[str, ...], tested: tuple[str, ...], standing: Standing) -> None:
    assert len(chosen([], topics, PastThemes(tested), standing)) == 3


def test_at_most_two_tested_themes_leave_room_for_the_customer() -> None:
    claims = [claim_of("k1", Predicate.CARTED_NOT_BOUGHT, topic="travel")]
    subjects = chosen(claims, ("skincare", "travel"), PastThemes(("A", "B", "C"), ("skincare",), ("skincare",)))
    assert ideas(subjects) == [Idea.TESTED, Idea.TESTED, Idea.CART]
    assert subjects[2] == Subject(Idea.CART, topic="travel", claim_ids=("k1",))


def test_what_the_customer_does_decides_when_nothing_was_tested() -> None:
    claims = [
        claim_of("k1", Predicate.ORDER_COUNT, value=5),
        claim_of("k2", Predicate.DAYS_SINCE_LAST_ORDER, value=90),
        claim_of("k3", Predicate.TOPIC_CHANGE, topic="travel", direction="up"),
        claim_of("k4", Predicate.TOPIC_CHANGE, topic="skincare", direction="down"),
    ]
    subjects = chosen(claims, ("skincare", "travel"))
    assert ideas(subjects) == [Idea.COMEBACK, Idea.RISING, Idea.THANKS]
    assert [s.claim_ids for s in subjects] == [("k2",), ("k3",), ("k1",)]


@pytest.mark.parametrize(
    ("since", "gap", "unseen", "idea"),
    [
        (20, 30, 20, None),
        (21, 30, 20, Idea.RESTOCK),
        (45, 30, 20, Idea.RESTOCK),
        (46, 30, 20, Idea.COMEBACK),
        (46, 30, 14, None),
        (90, None, 20, Idea.COMEBACK),
        (59, None, 20, None),
    ],
)
def test_restocking_and_coming_back_follow_the_own_rhythm(
    since: int, gap: int | None, unseen: int, idea: Idea | None
) -> None:
    claims = [
        claim_of("k1", Predicate.USUAL_GAP, value=gap),
        claim_of("k2", Predicate.DAYS_SINCE_LAST_ORDER, value=since),
    ]
    told = ideas(chosen(claims, ("skincare",), standing=Standing(3, since, gap, unseen)))
    assert {Idea.RESTOCK, Idea.COMEBACK} & set(told) == ({idea} if idea else set())


def test_a_cart_is_told_by_the_topic_of_its_item_and_by_no_other() -> None:
    cart = [claim_of("k1", Predicate.CARTED_NOT_BOUGHT, item_id="i1")]
    assert chosen(cart, ("skincare",), item_topics={"i1": "pets"})[0].topic == "pets"
    assert chosen(cart, ("skincare",), item_topics={"i2": "pets"})[0].topic is None


def test_what_is_about_a_topic_is_left_out_without_one() -> None:
    claims = [claim_of("k1", Predicate.TOPIC_CHANGE, topic="garden", direction="up")]
    told = ideas(chosen(claims, ()))
    assert told == [Idea.DISCOVER, Idea.SERVICE, Idea.LOOK]
    assert Idea.RISING not in ideas(chosen(claims, ("skincare",)))


def test_only_newcomers_are_welcomed() -> None:
    assert Idea.WELCOME in ideas(chosen(standing=Standing()))
    assert Idea.WELCOME not in ideas(chosen(standing=REGULAR))


@pytest.mark.parametrize(
    ("theme", "about", "shared", "topic"),
    [
        ("换季", ("skincare",), ("skincare",), "skincare"),
        ("换季", ("skincare", "makeup"), ("makeup",), None),
        ("海边酒店", ("swim_beach", "travel"), ("swim_beach", "travel"), "travel"),
        ("换季", (), (), None),
    ],
)
def test_a_tested_theme_is_told_with_a_topic_that_it_surely_is_about(
    theme: str, about: tuple[str, ...], shared: tuple[str, ...], topic: str | None
) -> None:
    subjects = chosen([], ("garden", *shared), PastThemes((theme,), about, shared))
    subject = next(s for s in subjects if s.theme)
    assert (subject.idea, subject.theme, subject.topic) == (Idea.TESTED, theme, topic)


def test_a_tested_theme_about_another_topic_is_left_out() -> None:
    assert Idea.TESTED not in ideas(
        chosen([], ("makeup",), PastThemes(("面霜专场",), ("skincare", "makeup"), ("makeup",)))
    )
    assert Idea.TESTED_UNNAMED not in ideas(chosen([], ("makeup",), PastThemes(("pets",))))


@pytest.mark.parametrize(("orders", "told"), [(0, False), (1, False), (2, True)])
@pytest.mark.parametrize("theme", ["老客专享券", "会员日", "For our loyal customers"])
def test_only_regulars_are_spoken_to_as_regulars(theme: str, orders: int, told: bool) -> None:
    subjects = chosen([], (), PastThemes((theme,)), Standing(orders=orders))
    assert (Idea.TESTED in ideas(subjects)) == told


@pytest.mark.parametrize("customer", ["a", "b", "c", "d", "e"])
def test_no_two_titles_are_alike(customer: str) -> None:
    subjects = [
        Subject(Idea.TESTED, theme="好久不见"),
        Subject(Idea.COMEBACK),
        Subject(Idea.TESTED, theme="还在考虑吗"),
    ]
    themes = written([*subjects, Subject(Idea.CART)], voice(customer_id=customer))
    bare = {theme.title.strip("？") for theme in themes}
    assert len(bare) == 4
    past = PastThemes(("好久不见", "好久不见！", "换季"), ("skincare",), ("skincare",))
    assert [s.theme for s in chosen([], ("skincare",), past)][:2] == ["好久不见", "换季"]


def test_at_most_one_tested_theme_goes_without_a_topic() -> None:
    subjects = chosen([], ("skincare",), PastThemes(("回来看看", "春季新品", "面霜")))
    assert [s.theme for s in subjects] == ["", "回来看看", ""]
    past = PastThemes(("回来看看", "春季新品", "面霜"), ("skincare", "makeup"), ("skincare",))
    assert [s.theme for s in chosen([], ("skincare",), past)] == ["面霜", "回来看看", ""]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_idea_can_be_written_without_a_topic_where_it_may_lack_one(lang: Lang) -> None:
    for idea in set(Idea) - {Idea.RISING, Idea.FAVOURITE, Idea.PAIR}:
        for customer in "abc":
            (theme,) = written([Subject(idea, theme="换季")], voice(lang=lang, customer_id=customer))
            assert theme.title
            assert "专区" not in theme.draft
            assert "  " not in theme.draft


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("channel", list(Channel))
def test_themes_are_three_different_drafts(lang: Lang, channel: Channel) -> None:
    subjects = chosen([], ("skincare", "travel"), PastThemes(("换季护肤", "Fresh start"), ("skincare",), ("skincare",)))
    themes = written(subjects, voice(channel, lang))
    assert len({theme.draft for theme in themes}) == len({theme.title for theme in themes}) == 3
    assert not any("{" in theme.draft + theme.title for theme in themes)


def test_chinese_sms_carry_signature_and_way_out_and_stay_short() -> None:
    for idea in Idea:
        for customer in ("a", "b", "c", "d"):
            subject = Subject(idea, topic="candles_fragrance", other="books_stationery", theme="换季护肤焕新周")
            (theme,) = written([subject], voice(customer_id=customer, offer="满¥199减¥20，7天内有效。"))
            assert theme.draft.startswith("【shop】")
            assert theme.draft.endswith("拒收请回复R")
            assert len(theme.draft) <= 90


def test_english_sms_say_how_to_stop() -> None:
    (theme,) = written([Subject(Idea.SERVICE)], voice(lang="en"))
    assert theme.draft.endswith("Reply STOP to unsubscribe")


def test_a_theme_in_the_other_language_is_not_quoted() -> None:
    subject = Subject(Idea.TESTED, topic="skincare", theme="换季护肤")
    (zh,) = written([subject], voice())
    (en,) = written([subject], voice(lang="en"))
    assert zh.title == "换季护肤"
    assert "换季" not in en.title + en.draft
    assert "skincare" in (en.title + en.draft).lower()


def test_customers_get_varied_copy_and_each_always_the_same() -> None:
    subject = [Subject(Idea.FAVOURITE, topic="skincare")]
    drafts = [written(subject, voice(customer_id=f"c{i}"))[0].draft for i in range(30)]
    again = [written(subject, voice(customer_id=f"c{i}"))[0].draft for i in range(30)]
    assert len(set(drafts)) == 3
    assert drafts == again
