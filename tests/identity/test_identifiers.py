import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import InvalidInput
from app.events.schemas import Named
from app.identity.identifiers import normalise_identifiers, normalise_type, normalise_value, normaliser
from app.identity.lookup import names
from app.identity.rules import shipped_rules
from app.privacy.sealing import Sealer, is_sealed

SEALER = Sealer("shop", b"k" * 32)


def read(**raw: str | int) -> Named:
    return normaliser(SEALER, shipped_rules())(raw)


@pytest.mark.parametrize(
    "raw",
    [
        "13912345678",
        "+86 139-1234-5678",
        "0086 13912345678",
        "１３９１２３４５６７８",
        "(139) 1234 5678",
        "86 13912345678",
    ],
)
def test_one_phone_has_one_form(raw: str) -> None:
    assert normalise_value("phone", raw) == "13912345678"


def test_other_forms_are_one_too() -> None:
    assert normalise_value("phone", "0044 20 7946 0958") == normalise_value("phone", "+44 20 7946 0958")
    assert normalise_value("email", " Ann@Shop.CN ") == "ann@shop.cn"
    assert normalise_value("id_number", "１１０１０５ 19491231 002x") == "11010519491231002X"
    assert [normalise_type(kind) for kind in ("Mobile", "open-id", "e-mail", "loyalty")] == [
        "phone",
        "openid",
        "email",
        "loyalty",
    ]


@pytest.mark.parametrize("kind", ["phone", "cellphone", "contact_phone", "mobilePhone", "member", "email", "whatsapp"])
def test_a_mobile_number_is_sealed_whatever_its_type_is_called(kind: str) -> None:
    for value in ("13912345678", "+86 139-1234-5678", "+1 415 555 0100"):
        assert read(**{kind: value}).identifiers == read(phone=value).identifiers


def test_what_a_login_or_an_app_says_is_no_number_and_a_card_with_many_digits_neither() -> None:
    for kind in ("user_id", "unionid", "openid", "device", "anonymous", "alias"):
        assert [i.key for i in read(**{kind: "13912345678"}).identifiers] == [f"{kind}:13912345678"]
    for card in ("0013912345678901", "415555010099", "12912345678"):
        assert [i.key for i in read(member=card).identifiers] == [f"member:{card}"]


def test_a_number_is_found_under_the_name_it_came_with() -> None:
    (member,) = read(member="13912345678").identifiers
    assert set(names("member:13912345678", SEALER, shipped_rules())) == {member.key}


def test_an_openid_belongs_to_its_app() -> None:
    mall, club = (normalise_identifiers({"openid": "o6_Ab", "appid": app}) for app in ("wxMall", "wxclub"))
    assert [i.key for i in (*mall, *club)] == ["openid:wxmall:o6_Ab", "openid:wxclub:o6_Ab"]
    assert normalise_identifiers({"openid": "wxMALL:o6_Ab"}) == mall
    assert normalise_identifiers({"openid": "wxmall:o6_Ab", "appid": "wxmall"}) == mall


@pytest.mark.parametrize(
    "raw", ["", "0000", "null", "anonymous", "13800138000", "11111111111", "-1", "N/A", "+86 138 0013 8000"]
)
def test_junk_identifies_nobody(raw: str) -> None:
    assert normalise_value("phone", raw) is None


@pytest.mark.parametrize(
    ("kind", "raw"),
    [
        ("device", "00000000-0000-0000-0000-000000000000"), ("device", "000000000000000"), ("device", "Unknown"),
        ("user_id", "NULL"), ("user_id", "0"), ("anonymous", "undefined"), ("loyalty", "n/a"), ("email", "null@null"),
        ("openid", "none"), ("device", "ffffffff-ffff-ffff-ffff-ffffffffffff"),
    ],
)  # fmt: skip
def test_names_of_nobody_are_blocked_by_type(kind: str, raw: str) -> None:
    assert normalise_value(kind, raw) is None


def test_phone_and_id_numbers_become_hashes_and_their_raw_values_go_apart() -> None:
    named = read(user_id="u1", mobile="+86 139 1234 5678", id_number="11010519491231002x")
    kinds = {i.type: i.value for i in named.identifiers}
    assert kinds["user_id"] == "u1"
    assert is_sealed(kinds["phone"])
    assert is_sealed(kinds["id_number"])
    raw = {f"phone:{kinds['phone']}": "13912345678", f"id_number:{kinds['id_number']}": "11010519491231002X"}
    assert dict(named.raw) == raw
    again = read(**{i.type: i.value for i in named.identifiers})
    assert again == Named(named.identifiers, ())


def test_bad_types_and_endless_values_are_refused() -> None:
    with pytest.raises(InvalidInput, match="bad identifier type"):
        normalise_type("user id")
    with pytest.raises(InvalidInput, match="too long"):
        normalise_value("user_id", "x" * 201)


@given(st.dictionaries(st.sampled_from(["user_id", "phone", "device", "loyalty", "openid"]), st.text(max_size=30)))
def test_normalising_is_idempotent_and_strongest_first(raw: dict[str, str]) -> None:
    once = normalise_identifiers(raw)
    assert normalise_identifiers({i.type: i.value for i in once}) == once
    assert not any(i.type == "user_id" for i in once[1:])
