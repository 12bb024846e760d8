"""Personal numbers go, everything else stays. All numbers here are made up."""

import random
import string

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.privacy.redaction import redact

PHONES = [
    "13812345678",
    "138 1234 5678",
    "138-1234-5678",
    "138.1234.5678",
    "1381 234 5678",
    "138\u200b1234\u200b5678",
    "１３８１２３４５６７８",
    "１３８－１２３４－５６７８",
    "①③⑧①②③④⑤⑥⑦⑧",
    "+8613812345678",
    "+86 138 1234 5678",
    "0086-13812345678",
    "8613812345678",
    "1 3 8 1 2 3 4 5 6 7 8",
    "一三八一二三四五六七八",
    "幺三八幺二三四五六七八",
    "138一二三四五六七八",
]
ID_CARDS = ["11010519491231002X", "11010519491231002x", "110105 19491231 002X", "１１０１０５１９４９１２３１００２Ｘ"]
CARDS = [
    "4539148803436467",
    "4539 1488 0343 6467",
    "4539-1488-0343-6467",
    "6222021234567890128",
    "５３００１２３４５６７８９０１１",
]
EMAILS = ["li.wei@example.com", "li_wei+shop@mail.example.com.cn", "ｌｉ＠example.com", "li\u200b@example.com"]
CASES = [
    *((text, "[phone]") for text in PHONES),
    *((text, "[id]") for text in ID_CARDS),
    *((text, "[card]") for text in CARDS),
    *((text, "[email]") for text in EMAILS),
]


@pytest.mark.parametrize(("number", "mark"), CASES)
def test_a_personal_number_is_marked_wherever_it_stands_and_the_text_around_it_stays(number: str, mark: str) -> None:
    for before, after in (("", ""), ("电话", "谢谢"), ("请联系 ", "，尽快！"), ("call me at ", "."), ("「", "」")):
        assert redact(f"{before}{number}{after}") == f"{before}{mark}{after}"


@pytest.mark.parametrize(
    "text",
    [
        "订单号13812345678",
        "订单编号：4539148803436467",
        "订单 4539148803436467 什么时候发货",
        "运单号: 6222021234567890128",
        "快递单号 4539 1488 0343 6467",
        "order no. 4539148803436467",
        "tracking number: 4539-1488-0343-6467",
        "JD13812345678",
        "SF1381234567890",
        "订单 202305121234567890",
        "2011-09-10 12:30:11",
        "尺寸 150 160 170 180",
        "sizes 150 160 170 18",
        "共 13,812,345,678 元",
        "0.13812345678",
        "12345678901",
        "138123456789",
        "1381234567",
        "4539148803436468",
        "110105194912310021",
        "110105194913310025",
        "价格 5 @ 3.50",
        "用户@某人",
        "ISBN 9787111213826",
        "一二三四五六七八九十",
    ],
)
def test_order_numbers_dates_sizes_and_prices_survive(text: str) -> None:
    assert redact(text) == text


def test_a_card_beside_an_order_number_is_still_a_card() -> None:
    text = "订单4539148803436467用这张卡付的：4539148803436467"
    assert redact(text) == "订单4539148803436467用这张卡付的：[card]"


def test_several_kinds_in_one_text_are_each_marked() -> None:
    text = "我是李伟，13812345678 或 li@example.com，身份证11010519491231002X"
    assert redact(text) == "我是李伟，[phone] 或 [email]，身份证[id]"


PARTS = st.one_of(
    st.sampled_from([*PHONES, *ID_CARDS, *CARDS, *EMAILS, "订单号", "卡号", "order no ", "[phone]", "@", "+86", " "]),
    st.text(alphabet="0123456789 -.:@[]xX一三订单卡号\u200b＠１", max_size=20),
    st.text(max_size=8),
)


@settings(max_examples=400)
@given(st.lists(PARTS, max_size=8).map("".join))
@example("订单号13812345678@example.com")
@example("order 4539148803436467 4539148803436467")
def test_redacting_twice_is_redacting_once(text: str) -> None:
    once = redact(text)
    assert redact(once) == once


@given(st.text(alphabet=st.characters(exclude_categories=["Nd", "No", "Nl"], exclude_characters="@＠﹫"), max_size=80))
def test_text_without_digits_and_at_signs_is_never_touched(text: str) -> None:
    plain = "".join(c for c in text if c not in "零〇一二三四五六七八九幺壹贰叁肆伍陆柒捌玖")
    assert redact(plain) == plain


def test_random_mobile_numbers_are_all_found_and_random_long_numbers_hardly_ever_are() -> None:
    dice = random.Random(7)

    def digits(n: int) -> str:
        return "".join(dice.choices(string.digits, k=n))

    phones = [f"1{dice.choice('3456789')}{digits(9)}" for _ in range(500)]
    assert all(redact(f"我的电话{phone}，谢谢") == "我的电话[phone]，谢谢" for phone in phones)
    others = [
        f"单据{dice.choice('123789')}{digits(n)}已收" for n in (12, 13, 14, 15, 17, 18, 19, 20) for _ in range(100)
    ]
    assert sum(redact(text) != text for text in others) <= len(others) // 100


@pytest.mark.parametrize("unit", ["4444 ", "13-", "a@", "1\u200b3", "一三", "110105 ", "a.", "(138)"])
def test_a_hundred_thousand_hostile_characters_end(unit: str) -> None:
    redact(unit * (100_000 // len(unit)))
