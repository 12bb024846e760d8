from collections.abc import Iterator

from app.config import ROOT
from app.demo.catalogue import products
from app.demo.wording import Frame, Kind, Lines, Occasion, fitting, wording
from app.text.taxonomy import Taxonomy

TOPICS = {product.topic for product in products(7)}
NICKNAMES = {product.nickname for product in products(7)}
FILES = ("catalogue.yaml", "catalogue_later.yaml", "past_campaigns.yaml", "wording.yaml", "wording_b.yaml")
PIECES = ("wording_chats.yaml", "wording_occasions.yaml", "wording_reviews.yaml")


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
    assert words.fed_groups <= set(words.groups)
    assert words.worn_groups | words.device_groups <= set(words.groups) | TOPICS
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
        for reason in ("delivery", "quality"):
            said += words.chat_lines(reason, "booked", english=False)
        assert not [line for line in said if "包装" in line or "快递" in line or "拆开" in line]


def test_every_reason_to_write_has_words_in_both_languages() -> None:
    chats = wording().chats
    assert set(chats.english) == set(chats.goods)
    assert set(chats.booked) | set(chats.eaten) < set(chats.goods)


def test_nobody_asks_how_to_put_food_on() -> None:
    words = wording()
    for name in ("薯片", "明前龙井", "果泥"):
        said = words.chat_lines("usage", words.kind(name, "default"), english=False)
        assert said == words.chats.eaten["usage"]
    assert words.chat_lines("usage", "thing", english=False) == words.chats.goods["usage"]
    assert words.chat_lines("delivery", "eaten", english=False) == words.chats.goods["delivery"]


def test_nothing_written_touches_a_forbidden_subject(taxonomy: Taxonomy) -> None:
    for name in (*FILES, "past_campaigns_words.yaml", *PIECES):
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


KINDS: tuple[Kind, ...] = ("eaten", "fed", "worn", "device", "booked", "thing")
OCCASIONS = tuple(Occasion(m, sale=s, again=a) for m in range(1, 13) for s in (False, True) for a in (False, True))


def all_lines() -> Iterator[tuple[Kind, Lines]]:
    """(kind of product, lines of which one is picked for it)."""
    words = wording()
    general = [words.gift_searches, words.bargain_searches, words.english_gift_searches]
    general += [lines for s in words.searches.values() for lines in (s.narrow, s.things, s.broad)]
    general += [*words.english_searches.values(), *words.grievances.values(), *words.english_grievances.values()]
    yield from (("thing", lines) for lines in general)
    for kind in KINDS:
        booked = kind == "booked"
        frames = (words.booked, words.english_booked) if booked else (words.delivered, words.english)
        for frame in (frame for by_mood in frames for frame in by_mood.values()):
            yield from ((kind, lines) for lines in (*_parts(frame), words.refund_reasons[kind]))
        yield from ((kind, lines[kind]) for lines in words.stories.values())
    for product in products(7):
        kind = words.kind(product.nickname, product.topic)
        yield kind, words.social.posts[product.topic]
        yield from ((kind, words.details(mood, product.nickname, product.topic)) for mood in ("good", "bad"))


def _parts(frame: Frame) -> tuple[Lines, ...]:
    return frame.openers, frame.verdicts, frame.asides, frame.closers, frame.turns


def test_there_is_something_true_to_say_on_every_occasion() -> None:
    for kind, lines in set(all_lines()):
        assert all(fitting(lines, occasion, kind) for occasion in OCCASIONS), lines


def test_whoever_asks_twice_finds_other_words() -> None:
    for english in (False, True):
        for kind in KINDS:
            for reason in wording().chats.goods:
                lines = wording().chat_lines(reason, kind, english=english)
                assert all(len(fitting(lines, occasion, kind)) > 1 for occasion in OCCASIONS), (reason, kind)


def test_nobody_speaks_of_a_sale_or_an_earlier_order_that_never_was() -> None:
    openers = wording().delivered["good"].openers
    quiet = fitting(openers, Occasion(3, sale=False, again=False))
    assert not [line for line in quiet if "618" in line or "回购" in line or "老顾客" in line or "预售" in line]
    assert [line for line in fitting(openers, Occasion(6, sale=True, again=True)) if "618" in line]
    assert not [line for line in wording().searches["party_seasonal"].narrow if "年货" in line and _said_in(line, 8)]


def _said_in(line: str, month: int) -> bool:
    return bool(fitting((line,), Occasion(month, sale=False, again=False)))


def test_every_condition_is_about_a_line_that_exists() -> None:
    text = "".join((ROOT / "app" / "demo" / name).read_text(encoding="utf-8") for name in ("wording.yaml", *PIECES))
    assert [word for word in wording().only if text.count(word) < 2] == []


def test_what_is_eaten_is_neither_worn_out_nor_too_small() -> None:
    words = wording()
    for name, topic in (("酸奶", "food_snacks"), ("汤圆礼盒", "party_seasonal"), ("能量胶", "sports_fitness")):
        assert words.kind(name, topic) == "eaten"
    assert words.kind("狗粮", "pets") == words.kind("果泥", "baby_care") == "fed"
    assert not [line for line in fitting(words.chats.eaten["usage"], OCCASIONS[0], "fed") if "老人" in line]
    said = fitting(words.delivered["good"].closers + words.delivered["good"].asides, OCCASIONS[0], "eaten")
    assert not [line for line in said if "怎么用" in line or "能用久" in line]
    assert "尺码不合适" not in words.refund_reasons_for("东北大米", "food_snacks")
    assert "尺码不合适" not in words.refund_reasons_for("漱口水", "household")
    assert "尺码不合适" in words.refund_reasons_for("羊毛大衣", "womens_fashion")
