import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.privacy.properties import sealed_properties

PLAIN = {"city": "上海", "price": 12.5, "n": 3, "at": 1767225600000, "tags": ["a", "b"], "deep": {"x": [1, {"y": "z"}]}}


def test_properties_without_personal_numbers_are_the_same_object() -> None:
    assert sealed_properties(PLAIN) is PLAIN


@pytest.mark.parametrize(
    "given_as",
    [
        {"traits": {"phone": "13912345678"}},
        {"traits": {"Mobile": "+86 139 1234 5678"}},
        {"traits": {"phone_number": 13912345678}},
        {"context": {"traits": {"contact": "call 139-1234-5678 please"}}},
        {"list": [{"note": "１３９１２３４５６７８"}]},
        {"number": 13912345678},
        {"手机号": "13912345678"},
    ],
)
def test_a_phone_number_is_taken_out_wherever_it_stands(given_as: dict[str, object]) -> None:
    text = str(sealed_properties(given_as))
    assert "1234" not in text
    assert "１２３" not in text
    assert "[" in text


def test_mail_and_id_numbers_are_withheld_and_the_rest_stays() -> None:
    traits = {"email": "a@b.cn", "id_number": "11010519491231002X", "city": "上海", "phone": None}
    sealed = sealed_properties({"traits": traits})["traits"]
    assert sealed == {"email": "[email]", "id_number": "[id]", "city": "上海", "phone": None}


@pytest.mark.parametrize(
    "given_as",
    [
        {"contactPhone": "+14155550100"},
        {"mobilePhone": "+44 7700 900123"},
        {"shippingPhone": "010-65123456"},
        {"phoneNo": "415 555 0100"},
        {"workEmail": "a@b.com"},
        {"deep": [{"phone1": 4155550100}]},
        {"phones": ["+14155550100"]},
    ],
)
def test_names_are_read_word_by_word(given_as: dict[str, object]) -> None:
    text = str(sealed_properties(given_as))
    assert "[withheld]" in text or "[email]" in text
    assert "555" not in text
    assert "900" not in text
    assert "6512" not in text


def test_a_number_that_is_a_name_is_hidden_and_no_value_is_lost() -> None:
    contacts = {"13912345678": "mum", "city": "上海", "139 1234 5679": "dad", "[phone]": "shop"}
    sealed = sealed_properties({"contacts": contacts})["contacts"]
    assert sealed == {"[phone] 2": "mum", "city": "上海", "[phone] 3": "dad", "[phone]": "shop"}
    assert sealed_properties(sealed) is sealed


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner), max_leaves=8))
def test_sealing_twice_is_sealing_once(value: object) -> None:
    once = sealed_properties({"x": value, "phone": value})
    assert sealed_properties(once) == once
