"""The estimate against real tokenizers where their vocabulary is on the machine, and its laws everywhere."""

import pytest
import tiktoken
from hypothesis import given
from hypothesis import strategies as st

from app.llm.tokens import tokens

SAMPLES = [
    "上周二晚上搜索「空气炸锅 小户型」，在「灶上 空气炸锅 5L」的页面停留了57秒，放大图片看了4次，加入了收藏[e12]。",
    "自2026年2月10日首次下单以来，共有12笔订单，合计¥3,204.50，平均每单¥267.04[e1]。",
    "Last Tuesday evening they searched for “white metal lantern”, spent 57 seconds on “Regency cakestand 3 tier 20CM” "
    "and zoomed into its pictures three times [e12].",
    "A customer since 10 February 2026, with 12 orders worth £3,204.50 and a basket of £267.04 on average [e1][e2].",
    "In late March they gave “禾小满 东北大米 10kg” 5 out of 5 and wrote “东北大米比实体店便宜还好！” [e3].",
    "Among the shop's buyers this is important, of high value: recency 4, frequency 5 and spend 3 out of 5.",
]


@pytest.mark.parametrize("name", ["cl100k_base", "o200k_base"])
@pytest.mark.parametrize("sample", SAMPLES)
def test_the_estimate_is_not_below_a_real_tokenizer(name: str, sample: str) -> None:
    try:
        encoding = tiktoken.get_encoding(name)
    except (OSError, RuntimeError):
        pytest.skip(f"the vocabulary of {name} is not on this machine, and tests use no network")
    assert tokens(sample) >= len(encoding.encode(sample))


@pytest.mark.parametrize("sample", SAMPLES)
def test_the_estimate_is_no_more_than_a_token_per_byte_and_grows_with_the_text(sample: str) -> None:
    assert tokens(sample) <= len(sample.encode()) + 1
    assert tokens(sample) < tokens(sample + sample) <= 2 * tokens(sample) + 1


def test_every_digit_and_every_sign_counts_and_chinese_counts_for_more_than_its_characters() -> None:
    assert tokens("12345678") >= 8
    assert tokens("[e1][e2]") >= 6
    assert tokens("还在犹豫这件商品") >= 8


@given(st.text(max_size=60), st.text(max_size=60))
def test_more_text_is_never_fewer_tokens(one: str, other: str) -> None:
    assert tokens(one + other) >= max(tokens(one), tokens(other)) - 1
