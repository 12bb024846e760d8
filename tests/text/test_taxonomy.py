import pytest

from app.text.taxonomy import Taxonomy


def test_the_category_speaks_before_the_title(taxonomy: Taxonomy) -> None:
    assert taxonomy.topics_of_item("蜡烛造型夜灯", ("母婴", "安抚")) == ("baby_care",)
    assert taxonomy.topics_of_item("Set of 3 cake tins", ()) == ("kitchen_dining",)


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("宝宝辅食添加顺序", "baby_care"),
        ("三亚亲子游酒店", "travel"),
        ("JUMBO BAGS", "shoes_bags"),
        ("Candles", "candles_fragrance"),
    ],
)
def test_words_are_found_in_both_languages(taxonomy: Taxonomy, text: str, topic: str) -> None:
    assert topic in taxonomy.topics_in(text)


def test_english_words_match_whole_words_only(taxonomy: Taxonomy) -> None:
    assert "tea_coffee" not in taxonomy.topics_in("steam engine")
    assert taxonomy.topics_in("xyzzy") == ()


def test_readings_and_forbidden_subjects_are_recognised(taxonomy: Taxonomy) -> None:
    assert taxonomy.readings_in("想问问辅食添加") == ("infant_at_home",)
    assert taxonomy.forbidden_in("我怀孕了") == ("pregnancy",)
    assert taxonomy.forbidden_in("普通的评价") == ()


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        ("新手妈妈 怎么哄睡", "learning_to_parent"),
        ("宝宝辅食添加顺序", "infant_at_home"),
        ("冬天 泳衣", "warm_trip"),
        ("winter swimsuit", "warm_trip"),
        ("送妈妈 围巾", "choosing_a_gift"),
        ("gift for my boss", "choosing_a_gift"),
        ("lamps for a new flat", "settling_in"),
    ],
)
def test_phrases_allow_readings_in_both_languages(taxonomy: Taxonomy, text: str, reading: str) -> None:
    assert reading in taxonomy.readings_in(text)


def test_every_reading_is_hedged_bilingual_and_allowed(taxonomy: Taxonomy) -> None:
    for reading in taxonomy.readings.values():
        assert any(hedge in reading.zh for hedge in ("可能", "似乎"))
        assert any(hedge in reading.en.split() for hedge in ("may", "seems"))
        assert any(phrase.isascii() for phrase in reading.phrases)
        assert any(not phrase.isascii() for phrase in reading.phrases)
        assert [f for words in (reading.zh, reading.en, *reading.phrases) for f in taxonomy.forbidden_in(words)] == []
        assert reading.topic is None or reading.topic in taxonomy.topics


def test_longer_words_win_and_plurals_are_known(taxonomy: Taxonomy) -> None:
    assert taxonomy.topics_in("cake cases") == ("kitchen_dining",)
    assert set(taxonomy.topics_in("baby's dresses")) == {"baby_care", "womens_fashion"}
