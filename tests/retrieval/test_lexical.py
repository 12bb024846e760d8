"""Words that texts share with a question, in both languages."""

import numpy as np
import pytest

from app.retrieval.lexical import LexicalIndex, tokens

TEXTS = ("春日露营装备 帐篷", "宝宝辅食季", "Camping tents for spring", "Cat food 猫粮", "")


def best(query: str) -> int:
    return int(np.argmax(LexicalIndex(TEXTS).scores(query)))


@pytest.mark.parametrize(
    ("query", "found"), [("露营", 0), ("帐篷怎么选", 0), ("辅食", 1), ("camping tent", 2), ("CAT", 3), ("猫粮", 3)]
)
def test_the_text_that_shares_the_words_is_first(query: str, found: int) -> None:
    assert best(query) == found


def test_chinese_is_cut_into_words_and_pairs_without_repeating_a_pair() -> None:
    assert sorted(tokens("露营帐篷")) == sorted(["露营", "帐篷", "营帐"])


def test_a_plural_is_its_singular_and_short_words_stay() -> None:
    assert tokens("Tents, gas & bus2") == ["tent", "gas", "bus2"]


@pytest.mark.parametrize("query", ["", "!?", "unheardof", "闻所未闻"])
def test_what_nobody_wrote_shares_nothing(query: str) -> None:
    assert LexicalIndex(TEXTS).scores(query).tolist() == [0.0] * len(TEXTS)


@pytest.mark.parametrize("texts", [(), ("", "  "), ("?!",)])
def test_texts_without_words_are_allowed(texts: tuple[str, ...]) -> None:
    assert LexicalIndex(texts).scores("露营").tolist() == [0.0] * len(texts)


def test_a_rare_word_counts_more_than_a_common_one() -> None:
    index = LexicalIndex(("summer sale", "summer kites", "summer hats", "summer shoes"))
    assert int(np.argmax(index.scores("summer kites"))) == 1


def test_the_same_question_is_answered_from_memory() -> None:
    index = LexicalIndex(TEXTS)
    assert index.scores("露营") is index.scores("露营")
