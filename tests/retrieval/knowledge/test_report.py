"""Sending tools' reports: columns found by name in two languages, cells read exactly, faults by line."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from app.errors import InvalidInput
from app.retrieval.knowledge.faults import FaultyFile
from app.retrieval.knowledge.report import Report, read_report
from app.retrieval.knowledge.report_cells import amount, flag, group
from app.retrieval.knowledge.report_rows import Reading
from app.retrieval.knowledge.tally import Tally, tally_contacts, tally_totals
from app.retrieval.schemas import Campaign
from tests.factories_campaigns import AS_OF, case_of

SHANGHAI = ZoneInfo("Asia/Shanghai")
ONE_ARM = case_of("c1", n=50).campaign
TWO_ARMS = ONE_ARM.model_copy(
    update={"arms": tuple(ONE_ARM.arms[0].model_copy(update={"arm_id": name}) for name in ("plain", "coupon"))}
)
CHINESE = """会员ID,方案,分组,发送时间,是否送达,打开,点击,是否下单,支付金额
1001,coupon,实验组,2026-05-08 19:30,是,是,否,是,"¥1,234.50"
1002,coupon,实验组,2026-05-08 19:30,是,否,否,否,
1003,,对照组,,,,,是,88元
1004,,对照组,,,,,否,0
"""
ENGLISH = """External ID,Variation Name,Send Time,Delivered,Opens,Clicks,Placed Order,Revenue
u1,Coupon,2026-05-08T11:30:00Z,1,2,0,1,1234.50
u2,Coupon,2026-05-08T11:30:00Z,1,0,0,0,
u3,Control,,,,,1,88
u4,Control,,,,,0,0
"""
WIDE = """Variant,Recipients,Conversions,Revenue,Control N,Control Conversions,Control Revenue,Cost
plain,1000,50,5000,500,20,1900,30
coupon,1000,80,9000,500,20,1900,430
"""
LONG = """方案,组别,人数,转化人数,销售额
plain,实验组,1000,50,5000
coupon,实验组,1000,80,9000
,对照组,500,20,1900
"""


def read(tmp_path: Path, text: str, campaign: Campaign = TWO_ARMS, **how: object) -> Report:
    path = tmp_path / "report.csv"
    path.write_text(text, encoding="utf-8-sig")
    return read_report(path, Reading(campaign, "CNY", SHANGHAI)._replace(**how))


def tallied(report: Report, campaign: Campaign = TWO_ARMS) -> Tally:
    if report.totals:
        return tally_totals(report.totals, campaign, now=AS_OF)
    return tally_contacts("report.csv", report.contacts, campaign, customers={}, segments={}, now=AS_OF)


@pytest.mark.parametrize("text", [CHINESE, ENGLISH])
def test_usual_columns_are_found_in_both_languages(tmp_path: Path, text: str) -> None:
    found = tallied(read(tmp_path, text))
    (outcome,) = found.outcomes
    assert (outcome.arm_id, outcome.segment, outcome.sent) == ("coupon", "all", 2)
    assert (outcome.treated_n, outcome.treated_conversions) == (2, 1)
    assert (outcome.treated_sum, outcome.treated_sumsq) == (123_450, 123_450.0**2)
    assert (outcome.control_n, outcome.control_conversions, outcome.control_sum) == (2, 1, 8_800)
    (reached,) = found.reached
    assert (reached.sent, reached.delivered, reached.opened, reached.clicked) == (2, 2, 1, 0)


@pytest.mark.parametrize("text", [WIDE, LONG])
def test_totals_are_taken_whether_the_control_group_stands_beside_or_below(tmp_path: Path, text: str) -> None:
    found = tallied(read(tmp_path, text))
    plain, coupon = found.outcomes
    assert (plain.arm_id, plain.treated_n, plain.treated_sum, plain.sent) == ("plain", 1000, 500_000, 1000)
    assert (coupon.arm_id, coupon.treated_conversions, coupon.treated_sum) == ("coupon", 80, 900_000)
    assert {(o.control_n, o.control_conversions, o.control_sum) for o in found.outcomes} == {(500, 20, 190_000)}
    assert coupon.cost_minor == (43_000 if text == WIDE else 0)
    assert found.spread_assumed
    assert plain.treated_sumsq == 500_000**2 / 50 * 2


def test_totals_by_class_make_up_everybody(tmp_path: Path) -> None:
    rows = "important_keep,10,1,5,10,1,4\ngeneral_keep,20,2,7,10,1,1\n"
    text = "segment,n,conversions,revenue,control_n,control_conversions,control_revenue\n" + rows
    overall, *by_class = tallied(read(tmp_path, text, ONE_ARM), ONE_ARM).outcomes
    assert (overall.segment, overall.treated_n, overall.treated_sum, overall.control_n) == ("all", 30, 1_200, 20)
    assert [outcome.segment for outcome in by_class] == ["general_keep", "important_keep"]


def test_given_sums_of_squares_are_taken_as_they_are(tmp_path: Path) -> None:
    text = (
        "n,conversions,revenue,revenue_squares,control_n,control_conversions,control_revenue,control_revenue_squares\n"
    )
    found = tallied(read(tmp_path, text + "10,2,30,500.5,10,1,10,100\n", ONE_ARM), ONE_ARM)
    assert not found.spread_assumed
    assert found.outcomes[0].treated_sumsq == 5_005_000.0


def test_a_customer_on_several_rows_counts_once_with_what_they_spent_in_all(tmp_path: Path) -> None:
    rows = "u1,treatment,d1,10.10\nu1,treatment,d2,0.05\nu1,treatment,d2,0\nu2,control,,5\n"
    (outcome,) = tallied(
        read(tmp_path, "user_id,group,sent_at,revenue\n" + rows.replace("d", "2026-05-0"), ONE_ARM), ONE_ARM
    ).outcomes
    assert (outcome.treated_n, outcome.sent, outcome.treated_conversions) == (1, 2, 1)
    assert (outcome.treated_sum, outcome.treated_sumsq) == (1_015, 1_015.0**2)


def test_whoever_was_drawn_is_treated_even_when_nothing_was_delivered(tmp_path: Path) -> None:
    text = "user_id,group,delivered,revenue\nu1,treatment,no,0\nu2,treatment,yes,3\n"
    (outcome,) = tallied(read(tmp_path, text, ONE_ARM), ONE_ARM).outcomes
    assert (outcome.treated_n, outcome.control_n) == (2, 0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("user_id,arm,revenue\nu1,plain,12\nu2,loud,3\n", r"line 3, field arm: 'loud' is none of .*\(plain, coupon\)"),
        ("user_id,arm,revenue\nu1,plain,12 USD\n", "line 2, field revenue: not a number"),
        ("user_id,arm,revenue\nu1,plain,-3\n", "line 2, field revenue: negative amount"),
        ("user_id,arm,converted\nu1,plain,perhaps\n", "line 2, field converted: neither yes or no nor a time"),
        ("user_id,arm,converted,revenue\nu1,plain,no,5\n", "line 2, field revenue: says that money was spent"),
        ("user_id,arm,group\nu1,plain,blue\n", "line 2, field group: neither treated nor held out: 'blue'"),
        ("user_id,arm\n,plain\n", "line 2, field user_id: names no recipient"),
        ("user_id,arm\nu1,plain\nu1,coupon\n", "line 3, field arm: the customer of line 2 again"),
        ("user_id,arm,group\nu1,plain,test\nu1,plain,control\n", "line 3, field arm: the customer of line 2 again"),
        ("arm,n,revenue\nplain,10,5\n", "must say how many bought"),
        ("arm,n,conversions\nplain,10,11\n", "line 2, field conversions: counts 11 buyers among 10"),
        ("arm,n\nplain,1.5\n", "line 2, field n: not a count"),
        ("arm,n\nplain,\n", "line 2, field n: says not how many"),
    ],
)  # fmt: skip
def test_a_row_that_cannot_be_read_is_named_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(FaultyFile, match=said):
        tallied(read(tmp_path, text))


def test_a_fault_repeats_no_name_of_a_recipient(tmp_path: Path) -> None:
    with pytest.raises(FaultyFile) as caught:
        tallied(read(tmp_path, "phone,arm\n13912345678,plain\n13912345678,coupon\n"))
    assert "139" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("who,what\na,b\n", "names neither recipients nor how many"),
        ("user_id,arm\n", "holds no row"),
        ("user_id,campaign,arm\nu1,x,plain\nu2,y,plain\n", "campaigns are 'x', 'y': name the one"),
    ],
)
def test_a_report_that_says_too_little_is_refused_with_what_to_do(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        read(tmp_path, text)


def test_other_campaigns_in_the_report_are_passed_over(tmp_path: Path) -> None:
    text = "user_id,campaign,arm\nu1,Spring,plain\nu2,c1,plain\nu3,C1,coupon\n"
    found = read(tmp_path, text)
    assert ([contact.recipient for contact in found.contacts], found.passed_over) == (["u2", "u3"], 1)
    assert [contact.recipient for contact in read(tmp_path, text, named="spring").contacts] == ["u1"]


def test_columns_and_arms_with_names_of_their_own_are_mapped(tmp_path: Path) -> None:
    text = "Kunde,Gruppe,Umsatz\nu1,A,5\n"
    columns = {"Kunde": "recipient", "Gruppe": "arm", "Umsatz": "revenue"}
    (contact,) = read(tmp_path, text, columns=columns, arms={"A": "plain"}).contacts
    assert (contact.recipient, contact.arm_id, contact.revenue) == ("u1", "plain", 500)
    with pytest.raises(InvalidInput, match="no column 'Name'; it has: Kunde, Gruppe, Umsatz"):
        read(tmp_path, text, columns={"Name": "recipient"})
    with pytest.raises(InvalidInput, match="no field 'who' to map to; fields are: campaign, arm"):
        read(tmp_path, text, columns={"Kunde": "who"})


@pytest.mark.parametrize(
    ("written", "currency", "minor"),
    [("0.1", "CNY", 10), ("¥0.29", "CNY", 29), (4.35, "CNY", 435), ("1,000", "JPY", 1000), ("￥１", "CNY", 100),
     ("$19.99", "USD", 1999), ("US$19.99", "USD", 1999), ("88.8元", "CNY", 8880), ("CNY 7", "CNY", 700),
     ("", "CNY", None)],
)  # fmt: skip
def test_money_is_read_exactly_in_the_workspaces_currency(written: object, currency: str, minor: int | None) -> None:
    assert amount(written, "Revenue", currency, in_minor=False) == minor


@pytest.mark.parametrize(
    ("cell", "meant"),
    [("是", True), ("否", False), ("Yes", True), (0, False), ("3", True), (True, True), (" ", None), (None, None),
     ("2026-05-08 19:30:00", True), ("-", False), (float("nan"), None)],
)  # fmt: skip
def test_yes_and_no_are_read_in_every_usual_form(cell: object, meant: bool | None) -> None:
    assert flag(cell, "Opened", SHANGHAI) is meant


@pytest.mark.parametrize(
    ("cell", "column", "meant"),
    [("Hold-out", "group", "holdout"), ("空白组", "分组", "holdout"), ("Test", "group", "treated"), ("", "group", None),
     ("yes", "In holdout", "holdout"), ("0", "is_control", "treated"), ("否", "是否对照组", "treated")],
)  # fmt: skip
def test_groups_are_read_in_every_usual_form(cell: str, column: str, meant: str | None) -> None:
    assert group(cell, column) == meant
