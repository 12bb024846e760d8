import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.profile.segments.faults import ExpressionFault
from app.profile.segments.parse import MAX_DEPTH, parse
from app.profile.segments.render import render
from app.profile.segments.tokens import MAX_LENGTH
from app.profile.segments.tree import Ago, And, AnyOf, Comparison, Not, Number, Or, Ref, Tree, Word
from tests.factories_segments import TREES


@given(TREES)
def test_what_is_written_out_is_read_as_the_same_tree(tree: Tree) -> None:
    assert parse(render(tree)) == tree


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_at_a_place_in_it(text: str) -> None:
    at = 0
    try:
        parse(text)
    except ExpressionFault as fault:
        at = fault.at
    assert 0 <= at <= len(text)


def test_and_binds_closer_than_or_and_not_closest() -> None:
    a, b, c = (Comparison(Ref(name), "holds") for name in "abc")
    assert parse("a or not b and c") == Or((a, And((Not(b), c))))
    assert parse("not (a or b)") == Not(Or((a, b)))


def test_chinese_marks_and_key_words_mean_the_same() -> None:
    said = "rfm 属于（重要保持，重要挽留） 且 非 流失 ＞＝ 60％"
    assert parse(said.replace("＞＝", "≥")) == And(
        (
            Comparison(Ref("rfm"), "in", (Word("重要保持"), Word("重要挽留"))),
            Not(Comparison(Ref("流失"), ">=", (Number(0.6),))),
        )
    )


def test_times_before_now_are_read_in_both_languages() -> None:
    assert parse("x >= 30d ago") == parse("x >= 30 days ago") == parse("x >= 30天前")
    assert parse("x >= 3个月前") == Comparison(Ref("x"), ">=", (Ago(3, "mo"),))
    assert parse("x < 2026-03-31") == Comparison(Ref("x"), "<", (Word("2026-03-31"),))


def test_a_list_is_asked_with_any() -> None:
    assert parse("any shift(to = 母婴)") == AnyOf("shift", Comparison(Ref("to"), "=", (Word("母婴"),)))


def test_not_in_and_is_not_known_are_the_opposites() -> None:
    assert parse("x not in (1, 2)") == Not(parse("x in (1, 2)"))
    assert parse("x not between 1 and 2") == Not(parse("x between 1 and 2"))
    assert parse("x is not known") == parse("x is unknown")
    assert parse("x is not unknown") == parse("x is known")


@pytest.mark.parametrize(
    ("text", "at", "said"),
    [
        ("", 0, "empty"),
        ("orders >=", 9, "expected a value, found the end"),
        ("orders >= 2 churn", 12, "expected `and`, `or` or the end, found `churn`"),
        ("(orders >= 2", 12, "expected `)`"),
        ("orders >= 2)", 11, "expected `and`, `or` or the end"),
        ("orders ~ 2", 7, "`~` means nothing here"),
        ('city = "Hang', 7, "the quotation mark is not closed"),
        ("and orders", 0, "expected a condition"),
        ("x is old", 5, "expected `known` or `unknown`"),
        ("x between 1", 11, "expected `and`"),
        ("any (x)", 4, "expected the name of a list"),
        ("x = 1e999", 4, "too large"),
        ("f( = 2", 3, "expected a value"),
    ],
)
def test_a_fault_names_its_place_and_what_is_allowed_there(text: str, at: int, said: str) -> None:
    with pytest.raises(ExpressionFault, match=r"^character \d+: ") as refused:
        parse(text)
    assert (refused.value.at, said in str(refused.value)) == (at, True)


def test_a_fault_is_told_in_either_language() -> None:
    with pytest.raises(ExpressionFault) as refused:
        parse("orders >= 2 churn")
    assert str(refused.value.told("zh")) == "第 13 个字符：这里应是 and、or 或表达式的结尾，却是 `churn`"


@pytest.mark.parametrize("text", ["(" * 10_000, "not " * 900 + "x", "(" * MAX_DEPTH + "x" + ")" * MAX_DEPTH])
def test_no_nesting_exhausts_the_stack(text: str) -> None:
    with pytest.raises(ExpressionFault, match=r"too deep|too long"):
        parse(text)


def test_the_longest_expression_is_read() -> None:
    tests = " or ".join(["x = 1"] * (MAX_LENGTH // 10))
    assert isinstance(parse(tests), Or)
