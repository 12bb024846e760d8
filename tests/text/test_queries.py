"""Broad queries are told from narrow ones by trained weights that are shipped, small and the same for everybody."""

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.config import ROOT
from app.errors import InvalidInput
from app.text.queries import QueryReader, dump, grams, load_queries
from evals.train.queries import fit, made

KNOWLEDGE = ROOT / "knowledge_base"
LISTS, VOCABULARY = ((KNOWLEDGE / name).read_text("utf-8") for name in ("queries.yaml", "vocabulary.yaml"))
QUERIES = load_queries(KNOWLEDGE / "query_weights.json")


@pytest.mark.parametrize(
    "query",
    [
        "推荐",
        "好物",
        "送妈妈",
        "有什么好用的",
        "适合夏天的",
        "居家好物",
        "送岳母什么好",
        "宿舍神器",
        "颜值高的",
        "冬天暖和的",
        "玩具",
        "gift ideas",
        "something nice for the kitchen",
        "presents for uncle",
        "things for a new flat",
        "summer outfit ideas",
        "kids birthday ideas",
    ],
)
def test_a_wish_an_occasion_or_a_department_is_broad(query: str) -> None:
    assert QUERIES.broad(query)


@pytest.mark.parametrize(
    "query",
    [
        "手机壳 防摔 磁吸",
        "女士羽绒服 长款",
        "送妈妈的羊绒围巾",
        "推荐一款降噪耳机",
        "圣诞树 1.5米",
        "蓝牙音箱",
        "hiking shoes women",
        "running shoes size 9",
        "led desk lamp",
        "garden hose 20m",
        "baby monitor with camera",
        "zqxj brdfw",
    ],
)
def test_a_named_thing_is_narrow(query: str) -> None:
    assert not QUERIES.broad(query)


@pytest.mark.parametrize("query", ["", "  ", "!?", "礼物" * 9, "gift " * 12])
def test_nothing_and_what_is_too_long_are_no_broad_queries(query: str) -> None:
    assert not QUERIES.broad(query)


@given(st.text(max_size=80))
def test_any_text_has_an_answer_and_the_same_one_twice(text: str) -> None:
    assert QUERIES.broad(text) is QUERIES.broad(text)


def test_the_order_of_the_words_of_english_does_not_matter() -> None:
    assert grams("gift for mum") == grams("mum gift for")


def test_the_shipped_weights_were_trained_on_the_shipped_words() -> None:
    trained = hashlib.sha256((LISTS + VOCABULARY).encode()).hexdigest()[:12]
    assert f'"words": "{trained}"' in (KNOWLEDGE / "query_weights.json").read_text("utf-8")


def test_queries_are_put_together_alike_from_the_same_seed() -> None:
    queries = made(LISTS, VOCABULARY, 50, seed=3)
    assert queries == made(LISTS, VOCABULARY, 50, seed=3)
    assert queries != made(LISTS, VOCABULARY, 50, seed=4)
    assert sum(query.broad for query in queries) * 2 == len(queries) == 200


def test_training_tells_queries_that_it_has_not_seen() -> None:
    weights = fit(made(LISTS, VOCABULARY, 1500, seed=3), ridge=2e-5, steps=60, seed=3)
    reader = QueryReader(dump(weights, {}))
    fresh = made(LISTS, VOCABULARY, 300, seed=4)
    assert sum(reader.broad(query.text) is query.broad for query in fresh) > 0.8 * len(fresh)


def test_other_weights_have_another_fingerprint() -> None:
    first, second = QueryReader(dump({"#": 1}, {})), QueryReader(dump({"#": 2}, {}))
    assert first.fingerprint != second.fingerprint


@pytest.mark.parametrize("text", ["{", "[]", '{"version": 1}', '{"version": 1, "trained": {}, "weights": {"a": 1e9}}'])
def test_broken_weights_are_refused_in_one_line(text: str) -> None:
    with pytest.raises(InvalidInput, match=r"^query weights: [^\n]+$"):
        QueryReader(text)


def test_missing_weights_are_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"weights\.json: .*restore the file or train it again$"):
        load_queries(tmp_path / "weights.json")
