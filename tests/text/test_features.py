"""Texts become a few closed features, in both languages alike, and nothing else of them reaches a number."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.config import ROOT
from app.errors import InvalidInput
from app.text.features import Complaint, Features
from app.text.queries import QueryReader, dump, load_queries
from app.text.reader import FeatureReader, load_reader
from app.text.taxonomy import Taxonomy

READER = load_reader(ROOT / "knowledge_base" / "feelings.yaml")
QUERIES = load_queries(ROOT / "knowledge_base" / "query_weights.json")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("最近推荐的都不感兴趣", Complaint.RECOMMENDATIONS),
        ("别再推荐这些了", Complaint.RECOMMENDATIONS),
        ("not interested in what you recommend", Complaint.RECOMMENDATIONS),
        ("stop sending me these emails", Complaint.RECOMMENDATIONS),
        ("客服太慢", Complaint.SERVICE),
        ("Nobody answers my messages", Complaint.SERVICE),
        ("质量差", Complaint.QUALITY),
        ("洗了一次就掉色", Complaint.QUALITY),
        ("做工粗糙", Complaint.QUALITY),
        ("It fell apart after a week", Complaint.QUALITY),
        ("太贵了", Complaint.PRICE),
        ("怎么又涨价", Complaint.PRICE),
        ("far too expensive", Complaint.PRICE),
        ("快递慢死了", Complaint.DELIVERY),
        ("物流太慢", Complaint.DELIVERY),
        ("The delivery was very slow", Complaint.DELIVERY),
        ("我要投诉", Complaint.OTHER),
        ("never again", Complaint.OTHER),
        ("零钱包让人很失望，一股胶水味", Complaint.QUALITY),
        ("图片和实物差别很大", Complaint.QUALITY),
        ("别再给我推了 老是推荐买过的", Complaint.RECOMMENDATIONS),
        ("stop texting me", Complaint.RECOMMENDATIONS),
        ("打了三次电话都没人接", Complaint.SERVICE),
        ("退款怎么还没到", Complaint.SERVICE),
        ("服务真的不行🤮", Complaint.SERVICE),
        ("别家便宜好多", Complaint.PRICE),
        ("刚买完就降价", Complaint.PRICE),
        ("三天了还没发货", Complaint.DELIVERY),
        ("以后去别家买", Complaint.OTHER),
        ("it has gone downhill", Complaint.OTHER),
        ("没人理我，太失望了", Complaint.SERVICE),
    ],
)
def test_said_dissatisfaction_is_known_with_its_subject(text: str, complaint: Complaint) -> None:
    found = READER.read(text)
    assert found.complaint is complaint
    assert found.sentiment < 0


@pytest.mark.parametrize(
    "text",
    [
        "质量不差",
        "一点都不贵",
        "推荐给大家",
        "怎么退款",
        "客服很耐心",
        "not bad at all",
        "no complaints",
        "the delivery was fast",
        "怎么处理哈",
        "什么时候发货",
        "我担心质量不好",
        "如果坏了可以退吗",
        "之前那个坏了，换的这个很结实",
        "很好看，唯一的缺点是发货慢",
        "孩子开心坏了",
        "不满300元要运费吗",
        "零钱包和拖把到了",
        "where is my order",
        "东西越来越好，品控不错",
        "服务越来越好了",
        "推荐的都是我喜欢的",
        "delivery took two days, great",
        "what if it is broken?",
        "my old one was broken, this one is great",
    ],
)
def test_what_is_no_complaint_is_none(text: str) -> None:
    assert READER.read(text).complaint is None


@pytest.mark.parametrize(
    ("text", "sentiment"),
    [
        ("非常满意，五星好评", 2),
        ("还不错", 1),
        ("今天下单", 0),
        ("不太好用", -1),
        ("太失望了，再也不买了", -2),
        ("Absolutely love it, great quality!", 2),
        ("it is nice", 1),
        ("ordered on Monday", 0),
        ("not good", -1),
        ("terrible, the worst shop ever", -2),
        ("😍", 2),
        ("😡", -2),
    ],
)
def test_feeling_has_five_steps(text: str, sentiment: int) -> None:
    assert READER.read(text).sentiment == sentiment


@pytest.mark.parametrize(
    ("plain", "turned"), [("好", "不好"), ("喜欢", "不喜欢"), ("good", "not good"), ("漏水", "不漏水")]
)
def test_a_negation_turns_a_feeling_round(plain: str, turned: str) -> None:
    assert READER.read(plain).sentiment * READER.read(turned).sentiment < 0


def test_a_negation_does_not_reach_into_the_next_clause_or_a_face() -> None:
    assert READER.read("不冲 很喜欢").sentiment > 0
    assert READER.read("不想多说🤮").sentiment < 0


@pytest.mark.parametrize("text", ["没有谢谢", "不用了谢谢", "辛苦了", "谢谢，再见", "我有问题要咨询"])
def test_politeness_and_questions_are_not_bad_feelings(text: str) -> None:
    assert READER.read(text).sentiment >= 0


def test_who_complains_does_not_search() -> None:
    assert not READER.read("最近推荐的都不感兴趣").broad


def test_what_follows_a_but_counts_more() -> None:
    assert READER.read("快，但是质量差").sentiment < 0 < READER.read("有点慢，但是非常喜欢").sentiment
    assert READER.read("cheap but broken").sentiment < 0


@pytest.mark.parametrize(
    "text", ["礼物", "圣诞礼物 女朋友", "买点什么好", "gift for mum", "something nice", "birthday ideas"]
)
def test_a_wish_or_an_occasion_is_a_broad_query(text: str) -> None:
    assert READER.read(text).broad


@pytest.mark.parametrize("text", ["儿童泳衣 连体", "手冲壶 细口", "gift for a dog groomer", "cast iron casserole"])
def test_a_named_product_is_no_broad_query(text: str) -> None:
    assert not READER.read(text).broad


@pytest.mark.parametrize(
    ("text", "bargain"), [("帐篷 便宜", True), ("tent under 50", True), ("帐篷", False), ("tent", False)]
)
def test_a_query_after_a_low_price_is_a_bargain(text: str, bargain: bool) -> None:
    assert READER.read(text).bargain is bargain


@given(st.text(max_size=900))
def test_features_are_bounded_for_any_text(text: str) -> None:
    found = READER.read(text)
    assert 0 <= found.length <= 500
    assert -2 <= found.sentiment <= 2


@given(
    st.lists(st.sampled_from(["差", "very", "不", "bad", "好", " ", "!", "但是", "客服"]), max_size=300).map("".join)
)
def test_no_heap_of_words_leaves_the_bounds(text: str) -> None:
    assert -2 <= READER.read(text).sentiment <= 2


def test_case_and_width_do_not_matter() -> None:
    assert READER.read("ＴＥＲＲＩＢＬＥ Service") == READER.read("terrible service")


def test_the_taxonomy_reads_features(taxonomy: Taxonomy) -> None:
    assert taxonomy.features("最近推荐的都不感兴趣") == Features(
        10, -2, Complaint.RECOMMENDATIONS, broad=False, bargain=False
    )


def test_other_weights_of_queries_have_another_fingerprint() -> None:
    text = (ROOT / "knowledge_base" / "feelings.yaml").read_text(encoding="utf-8")
    assert FeatureReader(text, QueryReader(dump({"#": 1}, {}))).fingerprint != FeatureReader(text, QUERIES).fingerprint


def test_another_lexicon_has_another_fingerprint() -> None:
    text = (ROOT / "knowledge_base" / "feelings.yaml").read_text(encoding="utf-8")
    assert FeatureReader(text + "\n# more", QUERIES).fingerprint != FeatureReader(text, QUERIES).fingerprint


@pytest.mark.parametrize("text", ["version: [", "version: 1", "[]"])
def test_a_broken_lexicon_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(InvalidInput, match=r"^feelings: [^\n]+$"):
        FeatureReader(text, QUERIES)
