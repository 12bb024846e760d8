"""The lexicon speaks first; where it is silent the embedder finds a topic, or none."""

import pytest

from app.config import ROOT
from app.text.static import StaticEmbedder
from app.text.taxonomy import Taxonomy, load_taxonomy

KNOWLEDGE = ROOT / "knowledge_base"
EMBEDDER = StaticEmbedder(KNOWLEDGE / "embedder")
FULL = load_taxonomy(KNOWLEDGE / "taxonomy.yaml", EMBEDDER)


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("手冲壶 细口", "tea_coffee"),
        ("雨鞋", "shoes_bags"),
        ("敏感肌用的霜", "skincare"),
        ("dog raincoat", "pets"),
        ("nonstick frying pans", "kitchen_dining"),
        ("猫爬架 小户型", "pets"),
        ("acrylic paints", "crafts"),
    ],
)
def test_a_text_without_a_known_word_finds_its_topic(text: str, topic: str) -> None:
    assert FULL.topics_in(text) == (topic,)


def test_without_an_embedder_only_known_words_speak(taxonomy: Taxonomy) -> None:
    assert FULL.topics_in("敏感肌用的霜") == ("skincare",)
    assert taxonomy.topics_in("敏感肌用的霜") == ()


@pytest.mark.parametrize(
    "text", ["0.5L steel thing xyz", "zqxj", "", "12345", "Manual", "请问什么时候发货", "客服太慢", "where is my order"]
)
def test_a_text_about_nothing_has_no_topic(text: str) -> None:
    assert FULL.topics_in(text) == ()


def test_what_the_lexicon_says_stands(taxonomy: Taxonomy) -> None:
    for text in ("宝宝辅食添加顺序", "三亚亲子游酒店", "JUMBO BAGS", "Set of 3 cake tins"):
        assert FULL.topics_in(text) == taxonomy.topics_in(text) != ()


def test_an_item_is_placed_by_its_title_when_its_categories_say_nothing() -> None:
    assert FULL.topics_of_item("手冲壶 细口", ("A12", "misc")) == ("tea_coffee",)
    assert FULL.topics_of_item("0.5L steel thing xyz", ()) == ()


def test_the_fingerprint_changes_with_the_embedder(taxonomy: Taxonomy) -> None:
    assert FULL.fingerprint != taxonomy.fingerprint
    assert FULL.fingerprint == load_taxonomy(KNOWLEDGE / "taxonomy.yaml", EMBEDDER).fingerprint


@pytest.mark.parametrize(
    ("topic", "month", "season"), [("swim_beach", 7, True), ("swim_beach", 12, False), ("party_seasonal", 12, True)]
)
def test_topics_have_their_months(topic: str, month: int, season: bool) -> None:
    assert FULL.in_season(topic, month) is season


def test_a_topic_without_a_season_is_never_in_season() -> None:
    assert not any(FULL.in_season(topic, month) for topic in ("electronics", "no_such_topic") for month in range(1, 13))
