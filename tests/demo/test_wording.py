from app.config import ROOT
from app.demo.catalogue import products
from app.demo.dice import Dice
from app.demo.wording import Writer, wording
from app.text.taxonomy import Taxonomy

REASONS = ("delivery", "usage", "quality", "exchange", "thanks", "complaint", "phone")


def a_writer(*, english: bool = False, typo: float = 0.0, seed: int = 1) -> Writer:
    return Writer(wording(), Dice(seed, 1), english=english, typo=typo, emoji=0.3)


def test_every_topic_of_the_catalogue_can_be_searched_for() -> None:
    topics = {product.topic for product in products(7)}
    assert topics == set(wording().searches)
    assert all(a_writer().search(topic, broad=broad) for topic in sorted(topics) for broad in (True, False))


def test_details_belong_to_products_or_topics_that_exist() -> None:
    known = {p.nickname for p in products(7)} | {p.topic for p in products(7)} | {"default"}
    reviews = wording().reviews
    assert {*reviews.details_good, *reviews.details_bad} <= known


def test_slots_are_filled_in_every_language() -> None:
    for english in (True, False):
        writer = a_writer(english=english)
        texts = [writer.chat(reason, "小东西", "D1-1", "13900001234") for reason in REASONS for _ in range(20)]
        texts += [writer.review("小东西", "pets", rating, long=True) for rating in (1, 2, 3, 4, 5) for _ in range(20)]
        assert not any("{" in text or "}" in text for text in texts)


def test_a_short_review_says_next_to_nothing() -> None:
    assert all(len(a_writer(seed=n).review("小东西", "pets", 5, long=False)) <= 4 for n in range(20))


def test_texts_vary_and_some_have_slips() -> None:
    clean = [a_writer(seed=n).review("猫粮", "pets", 5, long=True) for n in range(60)]
    slipped = [a_writer(seed=n, typo=1.0).review("猫粮", "pets", 5, long=True) for n in range(60)]
    assert len(set(clean)) > 50
    assert sum(a != b for a, b in zip(clean, slipped, strict=True)) > 30


def test_nothing_written_touches_a_forbidden_subject(taxonomy: Taxonomy) -> None:
    for name in ("wording.yaml", "catalogue.yaml", "past_campaigns.yaml"):
        text = (ROOT / "app" / "demo" / name).read_text(encoding="utf-8")
        assert [line for line in text.splitlines() if taxonomy.forbidden_in(line)] == []


def test_searches_are_not_the_products_own_word_list(taxonomy: Taxonomy) -> None:
    lexicon = {word for topic in taxonomy.topics.values() for word in topic.words}
    narrow = {query for words in wording().searches.values() for query in words.narrow}
    assert not narrow & lexicon
