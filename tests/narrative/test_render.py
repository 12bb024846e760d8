import re
from datetime import datetime, timedelta
from string import Formatter
from typing import Any

import pytest

from app.insights.lexicon import lexicon
from app.narrative.book import Book
from app.narrative.making import made
from app.narrative.phrases import wording
from app.narrative.render import narrate, say
from app.narrative.schemas import Claim, ClaimKind, Period, Predicate, Unit
from app.narrative.speech import Speaker
from app.schema import Lang
from app.text.taxonomy import Taxonomy
from tests.factories import SHANGHAI, a_book, an_accepted, an_item, an_order
from tests.factories_claims import told

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
    claims = told(book)
    narrative = narrate(claims, book, lang)
    assert {c.claim_id for c in claims} == {i for s in narrative.sentences for i in s.claim_ids}
    assert "{" not in narrative.text


def test_both_languages_say_the_same_numbers(taxonomy: Taxonomy) -> None:
    book = a_book(taxonomy, *EVENTS)
    claims = told(book)
    amounts = [sorted(re.findall(r"[\d,]+\.\d\d", narrate(claims, book, lang).text)) for lang in LANGS]
    assert amounts[0] == amounts[1] != []


def test_an_inference_says_that_it_is_one(taxonomy: Taxonomy) -> None:
    book = a_book(taxonomy, *EVENTS)
    for lang, mark in (("zh", "推断"), ("en", "nference")):
        sentences = narrate(told(book), book, lang).sentences  # type: ignore[arg-type]
        assert all(mark in s.text for s in sentences if s.kind is ClaimKind.INFERENCE)
        assert any(s.kind is ClaimKind.INFERENCE for s in sentences)


@pytest.mark.parametrize("lang", LANGS)
def test_every_predicate_has_a_plain_sentence(lang: Lang) -> None:
    assert set(wording(lang).plain) == {predicate.value for predicate in Predicate}


def test_the_languages_have_the_same_plans_with_the_same_slots() -> None:
    zh, en = wording("zh"), wording("en")
    assert zh.sentences.keys() == en.sentences.keys()
    assert zh.clauses.keys() == en.clauses.keys()
    assert (zh.nouns.keys(), zh.when.keys()) == (en.nouns.keys(), en.when.keys())

    def slots(templates: tuple[str, ...]) -> set[str]:
        return {field.split(".")[0] for t in templates for _, field, _, _ in Formatter().parse(t) if field}

    for plan in zh.sentences:
        assert slots(zh.sentences[plan]) == slots(en.sentences[plan]), plan
    for name in set(zh.names) - {"refer"}:
        assert zh.names[name].keys() == en.names[name].keys(), name
    assert zh.names["refer"].keys() == en.names["refer"].keys()


@pytest.mark.parametrize("lang", LANGS)
def test_all_wordings_of_a_plan_say_the_same(lang: Lang) -> None:
    for plan, variants in wording(lang).sentences.items():
        said = [{field for _, field, _, _ in Formatter().parse(t) if field} for t in variants]
        claims = [{field.split(".")[0] for field in fields} for fields in said]
        assert all(names == claims[0] for names in claims), plan


def test_chinese_wording_has_no_half_width_punctuation() -> None:
    words = wording("zh")
    for template in (*words.plain.values(), *(t for variants in words.sentences.values() for t in variants)):
        literal = "".join(text for text, _, _, _ in Formatter().parse(template))
        assert not re.search(r"[,;:!?()]", literal), template


def test_english_counts_in_singular_and_plural_and_chinese_in_measure_words(taxonomy: Taxonomy) -> None:
    english, chinese = (Speaker(a_book(taxonomy), lang) for lang in ("en", "zh"))
    assert [english.count(n, "order") for n in (1, 2, 1200)] == ["1 order", "2 orders", "1,200 orders"]
    assert chinese.count(3, "order") == "3笔订单"
    assert (english.money(123450, "GBP"), chinese.money(123450, "CNY"), english.money(500, "JPY")) == (
        "£1,234.50",
        "¥1,234.50",
        "JP¥500",
    )
    assert (english.share(0.001), english.share(0.999), english.share(0.5)) == ("<1%", ">99%", "50%")


def test_what_customers_write_is_never_read_as_a_template(taxonomy: Taxonomy) -> None:
    book = a_book(taxonomy, an_accepted("search", 190, text="{searched.__class__} %s {0}"))
    assert "{searched.__class__}" in narrate(told(book), book, "en").text
    assert "{0}" in say(told(book)[-1], book, "zh")


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


@pytest.mark.parametrize("lang", LANGS)
def test_what_words_are_read_as_is_told_as_a_reading(taxonomy: Taxonomy, lang: Lang) -> None:
    book = a_book(taxonomy, *EVENTS)
    claim = made(
        kind=ClaimKind.FACT, predicate=Predicate.SIGNAL, subject=book.customer_id, value=1.0, unit=Unit.COUNT,
        as_of=book.as_of, name="dissatisfaction", detail="price", evidence=(book.history.events[0].event_id,),
    )  # fmt: skip
    plan = wording(lang).sentences["signal_dissatisfaction"]
    for text in (say(claim, book, lang), narrate([claim], book, lang).text, *plan):
        assert lexicon().hedges.search(text.lower()), text
    assert wording(lang).names["complaints"]["price"] in say(claim, book, lang)


def a_claim(book: Book, predicate: Predicate, kind: ClaimKind = ClaimKind.CHANGE, **said: Any) -> Claim:
    fields: dict[str, Any] = {"value": 6, "unit": Unit.COUNT, "evidence": (book.history.events[0].event_id,)} | said
    return made(kind=kind, predicate=predicate, subject=book.customer_id, as_of=book.as_of, **fields)


@pytest.mark.parametrize(("days", "new"), [(10, True), (61, False)])
def test_an_interest_is_new_for_sixty_days_and_counted_over_its_first_visits(
    taxonomy: Taxonomy, days: int, new: bool
) -> None:
    book = a_book(taxonomy, *EVENTS)
    claim = a_claim(
        book, Predicate.INTEREST_SHIFT, to_topic="skincare", name="emerging", at=book.as_of - timedelta(days=days),
        compared_to=0, out_of=8, compared_out_of=9,
    )  # fmt: skip
    chinese, english = (narrate([claim], book, lang).text for lang in LANGS)
    assert "最初8次有主题的来访" in chinese
    assert "of the first 8 visits with a topic" in english
    assert bool(re.search("新近|新兴趣", chinese)) == new
    assert "→" not in say(claim, book, "zh")


def test_attributes_stand_apart_from_their_values(taxonomy: Taxonomy) -> None:
    book = a_book(taxonomy, *EVENTS)
    facts = [
        a_claim(book, Predicate.ATTRIBUTE, ClaimKind.FACT, name=name, detail=detail, authority="verified")
        for name, detail in (("vip_level", "gold [e2]"), ("follows_shop", "true"))
    ]
    chinese, english = (narrate(facts, book, lang).text for lang in LANGS)
    assert "「vip level」：「gold (e2)」" in chinese
    assert "关注店铺：是" in chinese
    assert "follows the shop: yes" in english


@pytest.mark.parametrize(
    ("sign", "unit", "direction", "chinese", "english"),
    [
        ("rarer_visits", Unit.DAYS, "up", "比平时长|延长到", "longer|went up"),
        ("shallower_visits", Unit.PAGES, "down", "比平时少|减少到", "smaller|went down"),
        ("shorter_reviews", Unit.CHARACTERS, "down", "比平时短|缩短到", "shorter|went down"),
    ],
)
def test_lengths_are_long_or_short_and_counts_many_or_few(
    taxonomy: Taxonomy, sign: str, unit: Unit, direction: str, chinese: str, english: str
) -> None:
    book = a_book(taxonomy, *EVENTS)
    claim = a_claim(
        book, Predicate.SIGNAL, name=sign, unit=unit, direction=direction, compared_to=7, size=2.0, detail=None
    )
    for lang, said in (("zh", chinese), ("en", english)):
        speaker = Speaker(book, lang)  # type: ignore[arg-type]
        for template in speaker.phrases.sentences[f"signal_{direction}"]:
            assert re.search(said, speaker.fill(template, {"signal": claim}).lower())


@pytest.mark.parametrize(("lang", "said"), [("zh", "2026年3月2日"), ("en", "on 2 March 2026")])
def test_a_period_of_one_day_is_that_day(taxonomy: Taxonomy, lang: Lang, said: str) -> None:
    book = a_book(taxonomy, *EVENTS)
    day = datetime(2026, 3, 2, 1, tzinfo=SHANGHAI)
    claim = a_claim(book, Predicate.VIEW_COUNT, period=Period(start=day, end=day + timedelta(hours=2)))
    text = say(claim, book, lang)
    assert text.count("2026") == 1
    assert said in text
