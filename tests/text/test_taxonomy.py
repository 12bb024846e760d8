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
