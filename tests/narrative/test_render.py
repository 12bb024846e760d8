import re
from string import Formatter

import pytest

from app.narrative.claims import choose
from app.narrative.measures import SPECS
from app.narrative.render import narrate, say
from app.narrative.schemas import ClaimKind, Predicate
from app.narrative.speech import Speaker, wording
from app.schema import Lang
from app.text.taxonomy import Taxonomy
from tests.factories import a_book, an_accepted, an_item, an_order

EVENTS = [
    *(an_order(day, 88.8, f"o{day}", "milk") for day in (1, 30, 60, 80, 100, 195)),
    an_order(150, 300, "big", "cream"),
    an_accepted("search", 190, text="三亚亲子游"),
    an_accepted("cart_add", 191, item_id="case"),
    an_accepted("review", 192, text="奶粉不错", properties={"rating": 5}),
    an_accepted("support_message", 193, text="退款太慢了"),
    an_accepted("refund", 194, amount_minor=8880, order_id="o80"),
]
LANGS: list[Lang] = ["zh", "en"]


@pytest.mark.parametrize("lang", LANGS)
def test_all_claims_are_told_and_every_sentence_cites(taxonomy: Taxonomy, lang: Lang) -> None:
    book = a_book(taxonomy, *EVENTS)
    claims = choose(book)
    narrative = narrate(claims, book, lang)
    assert {c.claim_id for c in claims} == {i for s in narrative.sentences for i in s.claim_ids}
    assert "{" not in narrative.text


def test_both_languages_say_the_same_numbers(taxonomy: Taxonomy) -> None:
    book = a_book(taxonomy, *EVENTS)
    claims = choose(book)
    amounts = [sorted(re.findall(r"[\d,]+\.\d\d", narrate(claims, book, lang).text)) for lang in LANGS]
    assert amounts[0] == amounts[1] != []


def test_an_inference_says_that_it_is_one(taxonomy: Taxonomy) -> None:
    book = a_book(taxonomy, *EVENTS)
    for lang, mark in (("zh", "推断"), ("en", "Inference")):
        sentences = narrate(choose(book), book, lang).sentences  # type: ignore[arg-type]
        assert all(mark in s.text for s in sentences if s.kind is ClaimKind.INFERENCE)
        assert any(s.kind is ClaimKind.INFERENCE for s in sentences)


@pytest.mark.parametrize("lang", LANGS)
def test_every_predicate_has_a_plain_sentence(lang: Lang) -> None:
    assert set(wording(lang).plain) == {
        p.value for p in (*SPECS, Predicate.LTV, Predicate.NO_PURCHASE, Predicate.CHURN_RISK)
    }


def test_the_languages_have_the_same_plans_with_the_same_slots() -> None:
    zh, en = wording("zh"), wording("en")
    assert zh.sentences.keys() == en.sentences.keys()
    assert zh.nouns.keys() == en.nouns.keys()

    def slots(templates: tuple[str, ...]) -> set[str]:
        return {field.split(".")[0] for t in templates for _, field, _, _ in Formatter().parse(t) if field}

    for plan in zh.sentences:
        assert slots(zh.sentences[plan]) == slots(en.sentences[plan]), plan


def test_english_counts_in_singular_and_plural_and_chinese_in_measure_words(taxonomy: Taxonomy) -> None:
    english, chinese = (Speaker(a_book(taxonomy), lang) for lang in ("en", "zh"))  # type: ignore[arg-type]
    assert [english.count(n, "order") for n in (1, 2, 1200)] == ["1 order", "2 orders", "1,200 orders"]
    assert chinese.count(3, "order") == "3笔订单"
    assert (english.money(123450, "GBP"), chinese.money(123450, "CNY"), english.money(500, "JPY")) == (
        "£1,234.50",
        "¥1,234.50",
        "JP¥500",
    )
    assert (english.share(0.001), english.share(0.999), english.share(0.5)) == ("<1%", ">99%", "50%")


def test_what_customers_write_is_never_read_as_a_template(taxonomy: Taxonomy) -> None:
    book = a_book(taxonomy, an_accepted("search", 190, text="{searched.at.__class__} %s {0}"))
    assert "{searched.at.__class__}" in narrate(choose(book), book, "en").text
    assert "{0}" in say(choose(book)[-1], book, "zh")


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("WHITE HANGING HEART T-LIGHT HOLDER", "White hanging heart t-light holder"),
        ("REGENCY CAKESTAND 3 TIER 20CM", "Regency cakestand 3 tier 20CM"),
        ("清居 空气炸锅 5L", "清居 空气炸锅 5L"),
        ("纯棉T恤", "纯棉T恤"),
        ("iPad Pro 65W", "iPad Pro 65W"),
    ],
)
def test_only_shouted_titles_are_toned_down(taxonomy: Taxonomy, title: str, shown: str) -> None:
    book = a_book(taxonomy)
    book.history.items["x"] = an_item("x", title)
    assert book.title("x") == shown
