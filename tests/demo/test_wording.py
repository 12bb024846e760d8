from app.config import ROOT
from app.demo.catalogue import products
from app.demo.wording import wording
from app.text.taxonomy import Taxonomy

TOPICS = {product.topic for product in products(7)}
NICKNAMES = {product.nickname for product in products(7)}
FILES = ("catalogue.yaml", "catalogue_later.yaml", "past_campaigns.yaml", "wording.yaml", "wording_b.yaml")
PIECES = ("wording_chats.yaml", "wording_reviews.yaml")


def test_every_topic_of_the_catalogue_can_be_searched_for_and_posted_about() -> None:
    assert set(wording().searches) == TOPICS
    assert set(wording().english_searches) == TOPICS | {"default"}
    assert set(wording().social.posts) == TOPICS


def test_details_belong_to_products_groups_or_topics_that_exist() -> None:
    words = wording()
    known = NICKNAMES | set(words.groups) | TOPICS | {"default"}
    assert {*words.details_good, *words.details_bad} <= known
    assert set(words.groups) | TOPICS <= set(words.details_good)
    assert set(words.groups) | TOPICS <= set(words.details_bad)


def test_groups_and_other_names_are_those_of_products() -> None:
    words = wording()
    assert words.booked_names | words.eaten_names <= NICKNAMES
    assert words.eaten_groups <= set(words.groups)
    assert set(words.called) <= NICKNAMES
    grouped = [name for members in words.groups.values() for name in members]
    assert set(grouped) <= NICKNAMES
    assert len(set(grouped)) == len(grouped)


def test_what_is_booked_is_never_unpacked() -> None:
    words = wording()
    for name in words.booked_names:
        pieces = words.details("good", name, "travel") + words.details("bad", name, "travel")
        frames = [words.frame(mood, name, english=False) for mood in ("good", "plain", "bad")]
        said = [*pieces, *(line for frame in frames for line in (*frame.openers, *frame.asides, *frame.closers))]
        said += [line for reason in ("delivery", "quality") for line in words.chat_lines(reason, name, english=False)]
        assert not [line for line in said if "包装" in line or "快递" in line or "拆开" in line]


def test_every_reason_to_write_has_words_in_both_languages() -> None:
    chats = wording().chats
    assert set(chats.english) == set(chats.goods)
    assert set(chats.booked) | set(chats.eaten) < set(chats.goods)


def test_nobody_asks_how_to_put_food_on() -> None:
    words = wording()
    for name in ("薯片", "明前龙井", "果泥"):
        said = words.chat_lines("usage", name, english=False)
        assert said == words.chats.eaten["usage"]
    assert words.chat_lines("usage", "瑜伽垫", english=False) == words.chats.goods["usage"]
    assert words.chat_lines("delivery", "薯片", english=False) == words.chats.goods["delivery"]


def test_nothing_written_touches_a_forbidden_subject(taxonomy: Taxonomy) -> None:
    for name in FILES + PIECES:
        text = (ROOT / "app" / "demo" / name).read_text(encoding="utf-8")
        assert [line for line in text.splitlines() if taxonomy.forbidden_in(line)] == []


def test_queries_are_not_the_products_own_word_list(taxonomy: Taxonomy) -> None:
    lexicon = {word for topic in taxonomy.topics.values() for word in topic.words}
    searches = wording().searches.values()
    assert not {query for words in searches for query in words.narrow} & lexicon
    broad = [query for words in searches for query in words.broad]
    assert sum(query in lexicon for query in broad) / len(broad) < 0.3


def test_reviews_and_chats_are_not_the_products_readings(taxonomy: Taxonomy) -> None:
    phrases = {phrase for reading in taxonomy.readings.values() for phrase in reading.phrases}
    chats = [line for lines in wording().chats.goods.values() for line in lines]
    assert not set(chats) & phrases
    assert sum(any(phrase in line for phrase in phrases) for line in chats) / len(chats) < 0.15
