from math import inf

import pytest

from app.profile.segments.faults import ExpressionFault
from app.profile.segments.plan import Contains, Exists, OneOf, Opposite, Wanted, Within
from tests.factories_segments import a_plan


def test_values_are_known_by_id_and_by_their_names_in_both_languages() -> None:
    wanted = OneOf(Wanted("rfm"), frozenset({"importantkeep"}))
    for name in ("important_keep", "重要保持", "重要保持客户", '"Important · keep"', "IMPORTANT-KEEP"):
        assert a_plan(f"rfm = {name}") == wanted
    for topic in ("baby_care", "母婴", "母婴用品", '"Baby care"'):
        assert a_plan(f"interest({topic}) > 0.2").column == Wanted("interest", ("baby_care",))  # type: ignore[union-attr]


def test_a_field_is_known_by_its_path_in_the_profile_too() -> None:
    assert a_plan("rfm.orders >= 2") == a_plan("orders >= 2")
    assert a_plan("prices.discount_share > 10%") == a_plan("Discount_Share > 0.1")


def test_amounts_are_written_in_whole_units() -> None:
    assert a_plan("spend >= 12.5") == Within(Wanted("spend"), 1250.0, inf)


def test_an_end_of_a_span_is_in_it_or_not_as_the_sign_says() -> None:
    today = a_plan("last_seen = today")
    assert isinstance(today, Within)
    assert a_plan("last_seen >= today") == Within(Wanted("last_seen"), today.low, inf)
    assert a_plan("last_seen > today") == Within(Wanted("last_seen"), today.high, inf, above=True)
    assert a_plan("last_seen < today") == Within(Wanted("last_seen"), -inf, today.low, below=True)
    assert a_plan("last_seen <= today") == Within(Wanted("last_seen"), -inf, today.high)


def test_entries_of_a_list_have_fields_of_their_own() -> None:
    found = a_plan("any shift(shift.to = 母婴 and kind = 转移)")
    assert isinstance(found, Exists)
    assert a_plan('attribute("City") contains "Hang"') == Contains(Wanted("attribute", ("city",)), "hang")
    assert a_plan("consent(短信, service)") == Within(Wanted("consent", ("sms", "service")), 1.0, 1.0)
    assert a_plan("customer != c_1") == Opposite(OneOf(Wanted("customer"), frozenset({"c1"})))


@pytest.mark.parametrize(
    ("text", "at", "said"),
    [
        ("churnrisk >= 0.6", 0, "unknown field `churnrisk`: did you mean `churn_risk`?"),
        ("orders > 1 and churnrisk >= 0.6", 15, "did you mean `churn_risk`?"),
        ("重要保持", 0, "did you mean `rfm = 重要保持`?"),
        ("rfm = important_kep", 6, "did you mean `important_keep`?"),
        ("rfm = gold", 6, "(one of important_value, important_develop"),
        ("interest(spaceships) > 0.2", 9, "`spaceships` is no value of `interest`"),
        ("churn_risk >= 60", 14, "lies between 0 and 1: write 0.6 or 60%"),
        ("orders >= many", 10, "compared with a number, not with `many`"),
        ("orders", 0, "must be compared with something, for example orders >= 2"),
        ("rfm > important_keep", 0, "cannot be compared with `>`; use =, !=, in"),
        ("signal(rarer_visits) = 2", 23, "yes or no"),
        ("interest > 0.2", 0, "`interest` needs an argument, for example interest(baby_care) > 0.2"),
        ("orders(x) > 2", 7, "`orders` takes no argument"),
        ("signal(rarer_visits, b)", 21, "at most 1"),
        ("last_seen >= soon", 13, "`soon` is no time: write 2026-03-31, 30d ago"),
        ("last_seen >= 5", 13, "is no time"),
        ("orders between 5 and 2", 15, "the wrong way round"),
        ("any shopping(x = 1)", 4, "there is no list `shopping`; there are shift, signal"),
        ("any shift(any signal(size > 1))", 14, "there is no list `signal`"),
        ("any shift(orders > 1)", 10, "unknown field `orders`"),
        ("rfm = 30d ago", 6, "compared with words"),
    ],
)
def test_a_fault_names_the_place_and_the_remedy(text: str, at: int, said: str) -> None:
    with pytest.raises(ExpressionFault) as refused:
        a_plan(text)
    assert refused.value.at == at
    assert said in str(refused.value)
    assert str(refused.value.told("zh")).startswith(f"第 {at + 1} 个字符：")


def test_values_are_offered_by_the_names_of_the_language() -> None:
    with pytest.raises(ExpressionFault) as refused:
        a_plan("rfm = 重要报持")
    assert "是不是 `重要保持`？（可用：重要价值、重要发展" in str(refused.value.told("zh"))
