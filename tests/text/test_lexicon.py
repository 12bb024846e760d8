"""Known words are found longest first, without overlaps, English at word borders."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from app.text.lexicon import Lexicon

LEXICON = Lexicon({"不": 1, "不好": 2, "好": 3, "cake": 4, "cake case": 5, "can't": 6, ":)": 7, "t恤": 8, "no": 9})


def found(text: str) -> list[tuple[int, str]]:
    return [(meaning, text[start:end]) for meaning, start, end in LEXICON.hits(text)]


def test_the_longest_word_wins() -> None:
    assert found("不好，好") == [(2, "不好"), (3, "好")]
    assert found("cake case cake") == [(5, "cake case"), (4, "cake")]


def test_english_words_stand_alone() -> None:
    assert found("cakes pancake cake") == [(4, "cake")]
    assert found("know no nose") == [(9, "no")]
    assert found("i can't:)") == [(6, "can't"), (7, ":)")]


def test_a_word_may_mix_scripts() -> None:
    assert found("白t恤no") == [(8, "t恤"), (9, "no")]


def test_a_word_cut_off_by_the_end_of_the_text_is_not_found() -> None:
    assert found("cake cas") == [(4, "cake")]


@given(st.lists(st.sampled_from(["不", "好", "cake", " ", "case", "can", "'", "t", ":", ")", "no", "恤"]), max_size=40))
def test_hits_do_not_overlap_and_stand_in_order(parts: list[str]) -> None:
    hits = LEXICON.hits("".join(parts))
    assert all(first[2] <= second[1] for first, second in pairwise(hits))
    assert all(start < end for _, start, end in hits)
