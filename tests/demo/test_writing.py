import re
from collections import Counter
from itertools import pairwise
from statistics import median

import pytest

from app.demo.catalogue import Shelf, products
from app.demo.dice import Dice
from app.demo.parameters import parameters
from app.demo.synonyms import Vocabulary
from app.demo.wording import Occasion, wording
from app.demo.writing import Writer
from app.text.taxonomy import Taxonomy

REASONS = tuple(wording().chats.goods)
ARTEFACT = re.compile(r"[{}]|，，|，。|。。(?!。)|,,|, ,|  |^[，。, ]|[， ]$")


def a_writer(
    *, english: bool = False, typo: float = 0.0, seed: int = 1, emoji: float = 0.3, vocabulary: Vocabulary = "A"
) -> Writer:
    habits = parameters().writing.model_copy(update={"typo": typo, "emoji": emoji})
    return Writer(wording(), Dice(seed, 1), habits, english=english, vocabulary=vocabulary)


def some_reviews(count: int, *, emoji: float) -> list[str]:
    shelf, dice, found = Shelf(7), Dice(7, 55), list[str]()
    for number in range(count):
        product = shelf.draw(dice.pick(shelf.topics), dice.whole(0, 2), 6, dice)
        writer = a_writer(seed=number, english=dice.chance(0.07), typo=0.15, emoji=emoji)
        rating = dice.pick((5, 5, 5, 5, 4, 4, 4, 3, 2, 1))
        found.append(writer.review(product.nickname, product.topic, rating, long=True))
    return found


def test_two_thousand_long_reviews_are_hardly_ever_the_same() -> None:
    reviews = some_reviews(2000, emoji=0.3)
    assert len(set(reviews)) / len(reviews) > 0.95
    lengths = sorted(len(review) for review in reviews)
    assert lengths[len(lengths) // 20] < 22
    assert lengths[-len(lengths) // 20] > 55


def test_no_text_shows_how_it_was_put_together() -> None:
    texts = some_reviews(800, emoji=0.0)
    for number, product in enumerate(products(7)):
        writer = a_writer(seed=number, english=number % 9 == 0, emoji=0.0)
        for reason in REASONS:
            texts += writer.chat(reason, product.nickname, product.topic, "D1-1", "13900001234")
        texts += [writer.social_post(product.nickname, product.topic), writer.social_comment()]
    assert [text for text in texts if not text or ARTEFACT.search(text)] == []


def test_each_topic_is_searched_for_in_many_ways() -> None:
    for topic in wording().searches:
        queries = {a_writer(seed=n).search(topic, broad=n % 5 == 0) for n in range(250)}
        assert len(queries) >= 20
        assert all(query.strip() for query in queries)


def test_few_queries_are_a_word_of_the_products_own_list(taxonomy: Taxonomy) -> None:
    lexicon = {word for topic in taxonomy.topics.values() for word in topic.words}
    queries = [a_writer(seed=n).search(topic, broad=n % 4 == 0) for topic in wording().searches for n in range(80)]
    assert sum(query in lexicon for query in queries) / len(queries) < 0.1


def test_a_short_review_says_next_to_nothing() -> None:
    assert all(len(a_writer(seed=n).review("小东西", "pets", 5, long=False)) <= 4 for n in range(20))


def test_some_texts_have_slips() -> None:
    clean = [a_writer(seed=n).review("猫粮", "pets", 5, long=True) for n in range(60)]
    slipped = [a_writer(seed=n, typo=1.0).review("猫粮", "pets", 5, long=True) for n in range(60)]
    assert sum(a != b for a, b in zip(clean, slipped, strict=True)) > 30


def test_some_never_set_a_comma() -> None:
    reviews = [a_writer(seed=n).review("猫粮", "pets", 5, long=True) for n in range(200)]
    assert 15 < sum("，" not in review and " " in review for review in reviews) < 90


def test_nobody_says_the_same_twice_running() -> None:
    writer = a_writer(emoji=0.0)
    said = [writer.chat("thanks", "小东西", "pets", "D1-1", "13900001234") for _ in range(60)]
    assert all(one != other for one, other in pairwise(said))


@pytest.mark.parametrize("english", [False, True])
def test_as_many_dice_fall_in_either_vocabulary(*, english: bool) -> None:
    def left_over(seed: int, vocabulary: Vocabulary) -> float:
        dice = Dice(seed, 1)
        habits = parameters().writing.model_copy(update={"typo": 0.5})
        writer = Writer(wording(), dice, habits, english=english, vocabulary=vocabulary)
        for product in products(7)[seed::40]:
            writer.search(product.topic, broad=False)
            writer.review(product.nickname, product.topic, 1 + seed % 5, long=True)
            writer.chat("delivery", product.nickname, product.topic, "D1-1", "13900001234")
        return dice.random()

    assert [left_over(seed, "A") for seed in range(20)] == [left_over(seed, "B") for seed in range(20)]


def test_half_of_the_long_reviews_do_not_name_the_product() -> None:
    named = [a_writer(seed=n).review("猫粮", "pets", 5, long=True) for n in range(400)]
    assert 0.35 < sum("猫粮" in review for review in named) / len(named) < 0.65


def test_some_long_reviews_tell_how_it_went_and_some_are_of_two_minds() -> None:
    reviews = [review for review in some_reviews(1500, emoji=0.0) if not review.isascii()]
    assert 0.08 < sum(len(review) > 60 for review in reviews) / len(reviews) < 0.4
    assert sum("不过" in review or "但" in review for review in reviews) / len(reviews) > 0.15
    assert sum("！" in review for review in reviews) / len(reviews) > 0.15


def test_a_question_may_come_in_short_turns() -> None:
    told = [a_writer(seed=n).chat("delivery", "猫粮", "pets", "D1-1", "13900001234") for n in range(300)]
    bursts = [turns for turns in told if len(turns) > 1]
    assert 0.2 < len(bursts) / len(told) < 0.6
    assert all(len(turns) <= 4 for turns in told)
    assert median(len(turn) for turns in bursts for turn in turns) <= 12


def test_whoever_leaves_a_name_keeps_it_and_others_have_their_own() -> None:
    writers = [a_writer(seed=n) for n in range(40)]
    heard = [{text for _ in range(20) for text in one.chat("phone", "", "", "", "1")} for one in writers]
    named = [{name for name in wording().surnames for text in texts if f"1 {name}" in text} for texts in heard]
    assert all(len(names) <= 1 for names in named)
    assert len(set().union(*named)) > 3


def test_complaints_hint_at_their_cause_and_are_hardly_ever_the_same() -> None:
    said = Counter(a_writer(seed=n).complaint("service") for n in range(300))
    assert max(said.values()) < 16
    assert not set(said) & {a_writer(seed=n).complaint("price") for n in range(300)}


def test_a_sale_and_an_earlier_order_are_spoken_of_only_when_there_was_one() -> None:
    def reviews(month: int, *, sale: bool, again: bool) -> str:
        found = []
        for number in range(400):
            writer = a_writer(seed=number)
            writer.occasion = Occasion(month, sale=sale, again=again)
            found.append(writer.review("猫粮", "pets", 5, long=True))
        return "\n".join(found)

    quiet, busy = reviews(3, sale=False, again=False), reviews(6, sale=True, again=True)
    assert not [word for word in ("618", "大促", "老顾客", "第二次") if word in quiet]
    assert [word for word in ("618", "大促", "老顾客", "第二次") if word in busy] == ["618", "大促", "老顾客", "第二次"]
