"""Readers of slots: customers, times, sums, words and names, in both languages."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.assistant.filling import fill
from app.assistant.schemas import Intent
from app.assistant.slots.found import plain
from app.assistant.slots.numerals import number
from app.assistant.slots.reader import Asked, read
from app.assistant.slots.times import Times
from app.assistant.slots.words import SlotWords, load_words
from app.config import ROOT
from app.text.taxonomy import load_taxonomy

KNOWLEDGE = ROOT / "knowledge_base"
NOW = datetime(2026, 11, 22, 4, tzinfo=UTC)
SHANGHAI = ZoneInfo("Asia/Shanghai")
WORDS: SlotWords = load_words(KNOWLEDGE / "router" / "words.yaml", load_taxonomy(KNOWLEDGE / "taxonomy.yaml"))


def slots(intent: Intent, text: str, **more: object) -> dict[str, object]:
    asked = Asked(NOW, SHANGHAI, segments=("周末党",), campaigns=("开工第一杯：提神小补给",))
    return fill(intent, read(text, WORDS, asked).found).model_dump(mode="json", exclude_none=True) | more


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("近30天销售额", "last_30_days"),
        ("过去三个月", "last_90_days"),
        ("in the last 90 days", "last_90_days"),
        ("over the past six weeks", "last_42_days"),
        ("last quarter", "last_quarter"),
        ("上个月", "last_month"),
        ("最近半年", "last_180_days"),
        ("in October", "2026-10"),
        ("去年12月", "2025-12"),
        ("十二月", "2025-12"),
        ("2026年9月", "2026-09"),
        ("3 May 2026", "2026-05-03"),
        ("9月15日", "2026-09-15"),
        ("from March to May", "2026-03-01..2026-05-31"),
        ("since September", "2026-09-01..2026-11-22"),
        ("去年第四季度", "2025-10-01..2025-12-31"),
        ("2025年", "2025"),
    ],
)
def test_past_times_have_one_name(text: str, value: str) -> None:
    assert [(f.slot, f.value) for f in Times(NOW, SHANGHAI).read(plain(text))] == [("period", value)]


@pytest.mark.parametrize(
    ("text", "days"), [("未来两周", 14), ("next 30 days", 30), ("下周", 7), ("over the next three months", 90)]
)
def test_times_ahead_are_days(text: str, days: int) -> None:
    assert [(f.slot, f.value) for f in Times(NOW, SHANGHAI).read(plain(text))] == [("horizon_days", days)]


def test_within_looks_ahead_in_a_forecast_and_back_elsewhere() -> None:
    assert slots(Intent.NEXT_PURCHASE, "谁30天内会买")["horizon_days"] == 30
    assert slots(Intent.FIND_CUSTOMERS, "30天内买过的人")["period"] == "last_30_days"


@pytest.mark.parametrize("text", ["may I see it", "2026-05-weaning", "February 30", "9月45日"])
def test_what_is_no_time_is_not_read_as_one(text: str) -> None:
    assert [f.value for f in Times(NOW, SHANGHAI).read(plain(text)) if "30" in str(f.value)] == []


@pytest.mark.parametrize(
    ("text", "customer"),
    [
        ("c00042怎么样", "c00042"),
        ("who is c_3fa9b1c27d0e4a55", "c_3fa9b1c27d0e4a55"),
        ("介绍一下17850", "17850"),
        ("about lin.wei@example.com", "lin.wei@example.com"),
        ("13800138000是谁", "13800138000"),
        ("customer 4821 please", "4821"),
        ("can we text u3?", "u3"),
        ("讲讲这位顾客", "this"),
        ("tell me about this shopper", "this"),
        ("王女士最近怎么样", "王女士"),
        ("what is she into, C-20931?", "C-20931"),
        ("１３８００１３８０００", "13800138000"),
        ("给user_id:u100077出个挽回方案", "user_id:u100077"),
        ("看看u100077的LTV", "u100077"),
        ("c_326a0578c191c77a为什么流失", "c_326a0578c191c77a"),
        ("查一下phone:13800138000。", "phone:13800138000"),
    ],
)
def test_customers_are_read_as_written(text: str, customer: str) -> None:
    assert slots(Intent.READ_CUSTOMER, text)["customer"] == customer


@pytest.mark.parametrize(
    ("text", "minor"),
    [("5000元", 500_000), ("¥2万", 2_000_000), ("£300", 30_000), ("5k", 500_000), ("一万五的预算", 1_500_000),
     ("预算3000怎么花", 300_000), ("two thousand pounds", 200_000), ("8,000 to spend", 800_000), ("only 500", 50_000)],
)  # fmt: skip
def test_budgets_are_minor_units(text: str, minor: int) -> None:
    assert slots(Intent.BUDGET_ALLOCATION, text)["budget_minor"] == minor


@pytest.mark.parametrize(
    ("text", "limit"),
    [("top 10 VIPs", 10), ("前20个顾客", 20), ("三位顾客", 3), ("list ten customers", 10), ("前十名", 10)],
)
def test_limits_in_digits_and_words(text: str, limit: int) -> None:
    assert slots(Intent.FIND_CUSTOMERS, text)["limit"] == limit


@pytest.mark.parametrize("text", ["两个月没来的人", "一半人", "这两个账号", "近3个月的顾客", "第三位"])
def test_other_counts_are_no_limits(text: str) -> None:
    assert "limit" not in slots(Intent.FIND_CUSTOMERS, text)


@pytest.mark.parametrize(
    ("intent", "text", "expected"),
    [
        (Intent.FIND_CUSTOMERS, "快要流失的高价值顾客", {"value": "high", "state": "leaving"}),
        (Intent.FIND_CUSTOMERS, "dormant VIPs who like pets", {"value": "high", "state": "away", "topic": "pets"}),
        (Intent.FIND_CUSTOMERS, "new skincare buyers", {"state": "new", "topic": "skincare"}),
        (Intent.COMPARE_SEGMENTS, "重要保持 vs 一般价值",
         {"segment": "important_keep", "other_segment": "general_value"}),
        (Intent.INTEREST_SHIFT_REPORT, "from baby care to toys", {"topic": "baby_care", "to_topic": "toys"}),
        (Intent.APPROVE_OR_CHANGE_STRATEGY, "批准P-12", {"campaign": "P-12", "decision": "approve"}),
        (Intent.APPROVE_OR_CHANGE_STRATEGY, "don't approve P-12", {"campaign": "P-12", "decision": "reject"}),
        (Intent.CAMPAIGN_RESULTS, "开工第一杯效果怎么样", {"campaign": "开工第一杯：提神小补给"}),
        (Intent.CAMPAIGN_RESULTS, "how did the welcome campaign do", {"campaign": "welcome campaign"}),
        (Intent.CAMPAIGN_RESULTS, "how did our campaigns do last month", {"period": "last_month"}),
        (Intent.SEGMENT_STATS, "周末党有多少人", {"segment": "周末党"}),
        (Intent.EXPLAIN_NUMBER, "why is c00042 in important keep",
         {"customer": "c00042", "segment": "important_keep", "number": "rfm_class"}),
        (Intent.SEARCH_CAMPAIGNS, "past campaigns with no discount", {}),
        (Intent.CONSENT_OR_PRIVACY, "c00042 has no dog, correct it", {"customer": "c00042"}),
        (Intent.BEST_TIME_OR_CHANNEL, "sms or email for new customers", {"state": "new"}),
    ],
)  # fmt: skip
def test_words_fill_the_slots_of_their_intent(intent: Intent, text: str, expected: dict[str, str]) -> None:
    assert slots(intent, text) == expected


def test_groups_that_are_no_classes_are_compared_by_slot_and_value() -> None:
    found = slots(Intent.COMPARE_SEGMENTS, "新客和沉睡顾客的区别")
    assert (found["segment"], found["other_segment"]) == ("state:new", "state:away")


def test_every_word_of_the_lists_is_in_lower_case_and_fills_a_slot_that_there_is() -> None:
    found = read("vip, sms, 包邮, ltv", WORDS, Asked(NOW, SHANGHAI)).found
    assert [f.slot for f in found] == ["value", "channel", "offer", "number"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("三百二十", 320),
        ("两", 2),
        ("一万五", 15_000),
        ("1,200", 1200),
        ("1.5k", 1500),
        ("twenty-five", 25),
        ("a dozen", 12),
    ],
)
def test_numbers_in_words(text: str, value: float) -> None:
    assert number(text) == value


@given(st.text(max_size=80))
def test_what_is_found_lies_in_the_text_and_does_not_overlap(text: str) -> None:
    found = read(text, WORDS, Asked(NOW, SHANGHAI))
    ends = [0]
    for one in found.found:
        assert ends[-1] <= one.start < one.end <= len(found.text.low)
        ends.append(one.end)


@given(
    st.text(alphabet="近前后第0123456789一二十百千万半个位名天周月年季度日号元kw$¥.,-/ q", max_size=20),
    st.sampled_from(Intent),
)
def test_no_text_breaks_the_filling(text: str, intent: Intent) -> None:
    assert fill(intent, read(text, WORDS, Asked(NOW, SHANGHAI)).found) is not None


def test_an_id_beats_the_name_beside_it() -> None:
    said = "what does Ms Kaur (h.kaur@example.co.in) like"
    assert slots(Intent.READ_CUSTOMER, said)["customer"] == "h.kaur@example.co.in"


def test_why_somebody_is_said_to_be_leaving_asks_for_the_risk() -> None:
    assert slots(Intent.EXPLAIN_NUMBER, "why is c00042 flagged as likely to churn")["number"] == "churn_risk"


def test_do_not_send_it_stop_it_is_a_stop() -> None:
    assert slots(Intent.APPROVE_OR_CHANGE_STRATEGY, "P-108先别发了!赶紧停掉")["decision"] == "stop"


def test_side_by_side_is_no_sum_of_money() -> None:
    assert "budget_minor" not in slots(Intent.BUDGET_ALLOCATION, "宝妈和咖啡控摆一块儿比比")


def test_a_segment_may_be_named_as_programs_write_it() -> None:
    assert slots(Intent.AUDIENCE_EXPORT, "at_risk那批人 export 一份")["segment"] == "at_risk"
