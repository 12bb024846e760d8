import re
from itertools import pairwise

import pytest

from app.events.intake import Accepted
from app.llm.tokens import tokens
from app.narrative.budget import DEFAULT_TOKENS
from app.narrative.formats import formats
from app.narrative.schemas import Narrative
from app.narrative.tell import tell
from app.schema import Lang
from app.text.taxonomy import Taxonomy
from tests.factories import ITEMS, an_accepted, an_item, an_order
from tests.factories_tellings import a_telling

LANGS: list[Lang] = ["zh", "en"]
MINUTE = 1 / 1440


def a_life(days: int, *, start: int = 0, every: float = 1) -> list[Accepted]:
    """Visits with looks, carts and searches, an order every tenth, and a review of it."""
    items, events = list(ITEMS), list[Accepted]()
    for n in range(days):
        day, item = start + n * every, items[n % 3]
        events += [
            an_accepted("search", day, text=("给宝宝买奶粉", "旅行箱", "补水面霜")[n % 3], message_id=f"s{n}"),
            an_accepted("view", day + MINUTE, item_id=item, properties={"dwell_s": 20 + n % 70}, message_id=f"v{n}"),
            an_accepted("cart_add", day + 2 * MINUTE, item_id=item, message_id=f"c{n}"),
        ]
        if n % 10 == 4:
            events += [
                an_order(day + 3 * MINUTE, 50 + n, f"o{n}", item),
                an_accepted(
                    "review",
                    day + 0.5,
                    text=f"第{n}次买，很满意",
                    item_id=item,
                    properties={"rating": 5},
                    message_id=f"r{n}",
                ),
            ]
    return events


EVENTS = [
    *a_life(30, every=5),
    an_accepted("support_message", 193, text="退款太慢了，我的电话是13800138000"),
    an_accepted("refund", 194, amount_minor=8880, order_id="o4"),
]


def sentences(narrative: Narrative) -> list[str]:
    """The sentences of a narrative's paragraphs, without markers."""
    plain = re.sub(r" ?\[e\d+\]", "", narrative.text)
    ends = r"(?<=。)(?=[^」])|\n" if narrative.lang == "zh" else r"(?<=\.) (?=[A-Z“])|\n"
    return [sentence for sentence in re.split(ends, plain) if sentence.strip()]


@pytest.mark.parametrize("lang", LANGS)
def test_markers_are_numbered_as_they_appear_and_resolve_to_events_or_queries(taxonomy: Taxonomy, lang: Lang) -> None:
    narrative = tell(a_telling(taxonomy, *EVENTS), lang)
    seen = list(dict.fromkeys(re.findall(r"\[(e\d+)\]", narrative.text)))
    assert seen == [marker.marker for marker in narrative.evidence] == [f"e{n + 1}" for n in range(len(seen))]
    known = {accepted.event.event_id for accepted in EVENTS}
    for marker in narrative.evidence:
        assert set(marker.events) <= known
        assert bool(marker.events) != (marker.query is not None)


@pytest.mark.parametrize("lang", LANGS)
def test_every_sentence_carries_a_marker(taxonomy: Taxonomy, lang: Lang) -> None:
    narrative = tell(a_telling(taxonomy, *EVENTS), lang)
    stop = "。" if lang == "zh" else "."
    assert all(re.search(rf"\[e\d+\]{re.escape(stop)}$", paragraph) for paragraph in narrative.paragraphs)
    assert len(re.findall(rf"\]{re.escape(stop)}", narrative.text)) == len(sentences(narrative))


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("visits", [1, 6, 600])
def test_a_narrative_keeps_to_its_budget_for_any_history(taxonomy: Taxonomy, lang: Lang, visits: int) -> None:
    telling = a_telling(taxonomy, *a_life(visits, every=0.3), day=200)
    for budget in (DEFAULT_TOKENS, 300):
        narrative = tell(telling, lang, budget=budget)
        assert narrative.tokens <= budget
        assert tokens(narrative.text) <= budget
        assert narrative.paragraphs


@pytest.mark.parametrize("lang", LANGS)
def test_no_two_sentences_running_open_alike(taxonomy: Taxonomy, lang: Lang) -> None:
    for days in range(3, 30, 4):
        told = sentences(tell(a_telling(taxonomy, *a_life(days, every=6)), lang, budget=2000))
        openings = [text[:2] if lang == "zh" else text.split()[0] for text in told]
        assert all(one != other for one, other in pairwise(openings)), told


@pytest.mark.parametrize("lang", LANGS)
def test_what_happened_is_told_in_order_with_words_dwell_carts_and_reviews(taxonomy: Taxonomy, lang: Lang) -> None:
    events = [
        an_accepted("search", 190, text="三亚亲子游"),
        an_accepted("view", 190 + MINUTE, item_id="case", properties={"dwell_s": 45}),
        an_accepted("media", 190 + 2 * MINUTE, item_id="case", properties={"action": "zoom", "count": 3}),
        an_accepted("cart_add", 190 + 3 * MINUTE, item_id="case"),
        an_order(192, 88, "o1", "milk", properties={"quantity": 2}),
        an_accepted("review", 195, text="奶粉不错，孩子喜欢", item_id="milk", properties={"rating": 5}),
    ]
    text = tell(a_telling(taxonomy, *events), lang).text
    english = [
        "“三亚亲子游”",
        "45 seconds",
        "three times",
        "in the cart",
        "2 of “三段奶粉 800g”",
        "CN¥88.00",
        "5 out of 5",
    ]
    chinese = ["「三亚亲子游」", "45秒", "3次", "购物车", "「三段奶粉 800g」2件", "¥88.00", "5分（满分5分）"]
    happened = text[text.index("三亚亲子游") - 1 :]
    places = [happened.find(part) for part in (chinese if lang == "zh" else english)]
    assert -1 not in places
    assert places == sorted(places)


@pytest.mark.parametrize("lang", LANGS)
def test_nothing_sensitive_is_repeated_and_numbers_are_redacted(taxonomy: Taxonomy, lang: Lang) -> None:
    events = [
        an_order(150, 88, "o1", "milk"),
        an_accepted("search", 190, text="孕妇能用的面霜"),
        an_accepted("support_message", 195, text="请打我电话13800138000"),
    ]
    text = tell(a_telling(taxonomy, *events), lang).text
    assert "孕妇" not in text
    assert "13800138000" not in text
    assert "[phone]" in text


@pytest.mark.parametrize("lang", LANGS)
def test_words_that_were_erased_are_told_without_them(taxonomy: Taxonomy, lang: Lang) -> None:
    telling = a_telling(taxonomy, *EVENTS)._replace(texts={}, claims=())
    text = tell(telling, lang).text
    assert "很满意" not in text
    assert "{" not in text


def test_the_same_telling_gives_the_same_text_and_another_customer_other_words(taxonomy: Taxonomy) -> None:
    telling = a_telling(taxonomy, *EVENTS)
    assert tell(telling, "zh") == tell(telling, "zh")
    other = telling._replace(profile=telling.profile.model_copy(update={"customer_id": "c_2"}))
    assert tell(telling, "zh").text != tell(other, "zh").text


def test_chinese_narratives_have_no_half_width_punctuation(taxonomy: Taxonomy) -> None:
    text = re.sub(r"\[e\d+\]|「[^」]*」|\d[\d,.:–]* ?|\[phone\]", "", tell(a_telling(taxonomy, *EVENTS), "zh").text)
    assert not re.search(r"[,.;:!?()\"']", text), text


def test_nobody_is_told_in_one_sentence(taxonomy: Taxonomy) -> None:
    assert [len(tell(a_telling(taxonomy), lang).paragraphs) for lang in LANGS] == [1, 1]


@pytest.mark.parametrize(("lang", "said"), [("zh", "参考了相似的顾客"), ("en", "lean on similar customers")])
def test_shares_that_lean_on_others_say_so(taxonomy: Taxonomy, lang: Lang, said: str) -> None:
    telling = a_telling(taxonomy, *EVENTS)
    leaning = telling._replace(profile=telling.profile.model_copy(update={"own_weight": 0.3, "segment": "s"}))
    text = tell(leaning, lang).text
    assert said in text
    assert not any(sign.isdigit() for s in sentences(tell(leaning, lang)) if said in s for sign in s)
    own = telling.profile.model_copy(update={"own_weight": 0.9, "segment": "s"})
    assert said not in tell(telling._replace(profile=own), lang).text
    alone = telling.profile.model_copy(update={"own_weight": 0.3, "segment": None})
    assert said not in tell(telling._replace(profile=alone), lang).text


@pytest.mark.parametrize("lang", LANGS)
def test_the_reflex_numbers_stand_in_the_text(taxonomy: Taxonomy, lang: Lang) -> None:
    telling = a_telling(taxonomy, *EVENTS)
    text = tell(telling, lang, budget=3000).text
    words = formats(lang)
    strongest = telling.profile.interests[0]
    assert taxonomy.name(strongest.topic, lang) in text
    assert f"{words.share(strongest.own_share)}" in text
    assert not re.search("权重|weight ", text)
    assert telling.profile.rfm is not None
    assert words.money(telling.profile.rfm.total, "CNY") in text


@pytest.mark.parametrize("lang", LANGS)
def test_every_sentence_with_a_number_names_its_claims_and_ends_with_a_full_stop(
    taxonomy: Taxonomy, lang: Lang
) -> None:
    telling = a_telling(taxonomy, *EVENTS)
    borrowed = tuple(interest.model_copy(update={"share": 0.77}) for interest in telling.profile.interests)
    narrative = tell(telling._replace(profile=telling.profile.model_copy(update={"interests": borrowed})), lang)
    assert all(sentence.claim_ids for sentence in narrative.sentences)
    assert all(sentence.text.endswith("。" if lang == "zh" else ".") for sentence in narrative.sentences)
    assert "77%" not in narrative.text


@pytest.mark.parametrize("lang", LANGS)
def test_what_looks_like_a_marker_in_others_words_is_none(taxonomy: Taxonomy, lang: Lang) -> None:
    events = [
        an_accepted("search", 190, text="奶粉 [e7]"),
        an_accepted("view", 190 + MINUTE, item_id="odd", properties={"dwell_s": 45}),
        an_accepted("review", 195, text="真的好 [E1] 很喜欢", item_id="odd", properties={"rating": 5}),
    ]
    telling = a_telling(taxonomy, *events)
    narrative = tell(telling._replace(items={"odd": an_item("odd", "垫 [e9]")}), lang)
    assert "(e9)" in narrative.text
    given = {marker.marker for marker in narrative.evidence}
    assert set(re.findall(r"(?i)\[(e\d+)\]", narrative.text)) == given
    assert "e9" not in given


@pytest.mark.parametrize("title", ["", "  ", " ,"])
def test_an_item_without_a_title_is_named_by_its_id(taxonomy: Taxonomy, title: str) -> None:
    telling = a_telling(taxonomy, an_accepted("cart_remove", 190, item_id="odd"))
    text = tell(telling._replace(items={"odd": an_item("odd", title)}), "zh").text
    assert "把「odd」从购物车里移了出来" in text


@pytest.mark.parametrize(("lang", "said"), [("zh", "这位顾客来过"), ("en", "has been there")])
@pytest.mark.parametrize("kind", ["session", "coupon", "impression", "campaign_clicked"])
def test_somebody_who_only_left_a_trace_is_not_unknown(taxonomy: Taxonomy, lang: Lang, said: str, kind: str) -> None:
    assert said in tell(a_telling(taxonomy, an_accepted(kind, 190)), lang).text
    assert said not in tell(a_telling(taxonomy), lang).text


@pytest.mark.parametrize(("days", "long"), [(4, False), (9, True)])
def test_only_what_took_two_weeks_was_long_considered(taxonomy: Taxonomy, days: int, long: bool) -> None:
    looks = [an_accepted("view", 150 + n * days, item_id="case", properties={"dwell_s": 60}) for n in range(3)]
    bought = an_order(150 + 2 * days + 0.01, 300, "o1", "case")
    telling = a_telling(taxonomy, *looks, bought, day=175)
    assert ("considered" in tell(telling, "en").text, "考虑了一阵子" in tell(telling, "zh").text) == (long, long)


@pytest.mark.parametrize("visit", ["view", "order"])
def test_a_refund_is_told_from_the_episode_before_only_when_that_was_a_purchase(taxonomy: Taxonomy, visit: str) -> None:
    day, until = 150.0, 200.0
    before = an_order(day, 80, "o1", "milk") if visit == "order" else an_accepted("view", day, item_id="milk")
    refund = an_accepted("refund", day + 0.2, amount_minor=8000, order_id="o9")
    text = tell(a_telling(taxonomy, before, refund, day=until), "en").text.lower()
    assert "followed" not in text
    assert ("later the same day" in text) == (visit == "order")
