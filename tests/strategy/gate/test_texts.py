"""What a message must carry and what none may say."""

import pytest

from app.retrieval.schemas import Channel, Offer, OfferType
from app.schema import Lang
from app.strategy.gate.schemas import Rule
from app.strategy.gate.texts import Frame, carrying, fits, hard_fault, keeping_promises, says_no_more
from app.strategy.wording import say_offer, wording
from tests.factories_campaigns import real_taxonomy
from tests.factories_strategy import real_policy

POLICY = real_policy()
LINK = POLICY.texts.unsubscribe_link
FORBIDDEN = real_taxonomy().forbidden_words()
COUPON = Offer(type=OfferType.COUPON, amount_minor=2000, threshold_minor=19_900)
POINTS = Offer(type=OfferType.POINTS, amount_minor=800)


def frame(channel: Channel, lang: Lang = "zh", shop: str = "shop") -> Frame:
    return Frame(shop, channel, lang, LINK)


@pytest.mark.parametrize(
    ("lang", "said"),
    [("zh", "【shop】有空来翻翻。拒收请回复R"), ("en", "【shop】Have a look. Reply STOP to unsubscribe")],
)
def test_an_sms_is_signed_and_says_how_to_stop_in_its_language(lang: Lang, said: str) -> None:
    draft = "有空来翻翻。" if lang == "zh" else "Have a look."
    assert frame(Channel.SMS, lang).around(draft) == said
    ruling = carrying(draft, frame(Channel.SMS, lang))
    assert ruling.value == said
    assert [firing.rule for firing in ruling.fired] == [Rule.SIGNATURE, Rule.UNSUBSCRIBE]
    assert carrying(said, frame(Channel.SMS, lang)) == (said, ())


def test_a_signature_in_the_wrong_place_is_moved_to_the_front() -> None:
    ruling = carrying("有空来翻翻。【shop】拒收请回复R", frame(Channel.SMS))
    assert ruling.value == "【shop】有空来翻翻。拒收请回复R"
    assert [firing.rule for firing in ruling.fired] == [Rule.SIGNATURE]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_an_email_ends_with_the_slot_for_the_customers_own_link(lang: Lang) -> None:
    email = frame(Channel.EMAIL, lang)
    assert email.around("x").endswith("{{unsubscribe_url}}")
    ruling = carrying("Hello", email)
    assert ruling.value.endswith("{{unsubscribe_url}}")
    assert [firing.rule for firing in ruling.fired] == [Rule.UNSUBSCRIBE]


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("channel", Channel)
def test_what_stands_in_a_frame_can_be_taken_out_again(channel: Channel, lang: Lang) -> None:
    draft = "有空来翻翻。" if lang == "zh" else "Have a look."
    assert frame(channel, lang).within(frame(channel, lang).around(draft)) == draft


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("channel", Channel)
def test_every_text_that_the_composer_can_write_fits_its_channel(channel: Channel, lang: Lang) -> None:
    """With the longest topic, the longest name of a shop that is usual, and an offer of six digits."""
    topics = [topic.zh if lang == "zh" else topic.en for topic in real_taxonomy().topics.values()]
    long = max(topics, key=len)
    offer = say_offer(Offer(type=OfferType.COUPON, amount_minor=999_900, threshold_minor=99_999_900), "GBP", lang)
    for idea in wording(lang).ideas.values():
        for text in (*idea.drafts, *idea.plain):
            draft = text.format(topic=long, other=long, theme="x" * 30)
            assert fits(frame(channel, lang, "a-shop-of-some-length").around(draft, offer), channel, POLICY), draft


@pytest.mark.parametrize(
    "text",
    [
        "护肤专区，详见 www.evil.com",
        "护肤专区 http://evil.example/x",
        "加我微信 13912345678",
        "write to me@evil.org",
        "护肤专区全场五折，再减50%",
        "满¥199减¥100",
        "Take £50 off",
        "怀孕也能用",
        "line\u202ebreak",
        "<b>bold</b>",
        "",
    ],
)
def test_links_numbers_amounts_and_sensitive_words_never_pass(text: str) -> None:
    known = "护肤专区，有空来翻翻。" + say_offer(COUPON, "CNY", "zh")
    assert hard_fault(text, known, FORBIDDEN)


def test_the_offers_own_amounts_may_be_said() -> None:
    known = say_offer(COUPON, "CNY", "zh")
    assert hard_fault("满¥199减¥20，护肤专区见", known, FORBIDDEN) is None
    assert hard_fault("护肤专区，三步就好", known, FORBIDDEN) is None


def test_a_model_may_not_add_a_statement_where_a_person_may() -> None:
    known = "护肤专区，有空来翻翻。"
    text = "护肤专区新到了一批海外直邮的香水和口红，店长亲自挑选。"
    assert hard_fault(text, known, FORBIDDEN) is None
    assert not says_no_more(text, known, FORBIDDEN)


@pytest.mark.parametrize(
    ("theme", "offer", "kept"),
    [
        ("换季护肤", None, True),
        ("新人专享券", None, False),
        ("新人专享券", COUPON, True),
        ("今天下单包邮", COUPON, False),
        ("双倍积分周", COUPON, False),
        ("积分月底清零", POINTS, False),
        ("Points expire at the end of the month", POINTS, False),
        ("双倍积分周", POINTS, True),
        ("免费上门退换", COUPON, False),
        ("加微信13912345678", COUPON, False),
        ("see www.evil.com", None, False),
        ("满¥99减¥50", COUPON, False),
        ("满¥199减¥20", COUPON, True),
        ("怀孕专区", COUPON, False),
        ("四周训练计划", None, True),
    ],
)
def test_a_tested_theme_is_said_only_when_its_promise_is_kept(theme: str, offer: Offer | None, kept: bool) -> None:
    ruling = keeping_promises([theme], offer, "CNY", FORBIDDEN, POLICY)
    assert ruling.value == ((theme,) if kept else ())
    assert [firing.rule for firing in ruling.fired] == ([] if kept else [Rule.PROMISE])
