import pytest

from app.privacy.personal_names import own_kind, personal_kind


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("phone", "phone mobilePhone shippingPhone phoneNo phone1 receiver_mobile cellphone contact_phone HOMEPHONE"),
        ("phone", "Phone-Number msisdn telNo phones 手机号 联系电话 收货人手机号码"),
        ("id_number", "IDCard id_no idNumber buyer_identity_number 身份证 客户身份证号码"),
        ("email", "email e-mail eMail workEmail useremail mailAddress Email_Address 邮箱 公司邮箱地址"),
    ],
)
def test_the_end_of_a_name_says_what_it_holds(kind: str, names: str) -> None:
    assert {name: personal_kind(name) for name in names.split()} == dict.fromkeys(names.split(), kind)
    assert personal_kind("x" * 100 + "Phone") == "phone"


def test_names_that_only_look_so_hold_none() -> None:
    names = (
        "hotel model mobileapp mobile_app phone_model iPhone headphones automobile user_id order_no email_hash 1 手机壳"
    )
    assert [name for name in ["", *names.split()] if personal_kind(name)] == []


def test_a_name_with_somebody_or_something_before_it_may_be_anothers() -> None:
    assert [own_kind(name) for name in ("mobilePhone", "shippingPhone", "手机号", "workEmail")] == [
        "phone",
        None,
        "phone",
        None,
    ]
