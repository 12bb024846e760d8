from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.narrative.when import When
from app.schema import Lang
from tests.factories import SHANGHAI

LANGS: list[Lang] = ["en", "zh"]
NOW = datetime(2026, 3, 12, 12, tzinfo=SHANGHAI)  # a Thursday


@pytest.mark.parametrize(
    ("moment", "english", "chinese"),
    [
        ("2026-03-12 08:00", "early this morning", "今天清晨"),
        ("2026-03-11 20:30", "yesterday evening", "昨晚"),
        ("2026-03-11 23:30", "late last night", "昨天深夜"),
        ("2026-03-10 20:30", "on Tuesday evening", "本周二晚上"),
        ("2026-03-03 20:30", "last Tuesday evening", "上周二晚上"),
        ("2026-03-06 02:00", "last Friday in the small hours", "上周五凌晨"),
        ("2026-03-01 20:30", "about ten days ago", "十天前左右"),
        ("2026-02-19 20:30", "three weeks ago", "三周前"),
        ("2026-01-04 20:30", "in early January", "一月上旬"),
        ("2025-11-15 20:30", "in mid-November last year", "去年十一月中旬"),
        ("2024-03-31 20:30", "in late March 2024", "2024年三月下旬"),
    ],
)
def test_time_is_told_as_people_say_it(moment: str, english: str, chinese: str) -> None:
    local = datetime.fromisoformat(moment).replace(tzinfo=SHANGHAI)
    assert (When(NOW, "en").said(local), When(NOW, "zh").said(local)) == (english, chinese)


@pytest.mark.parametrize(
    ("past", "english", "chinese"), [(7, "last Monday", "上周一"), (8, "eight days ago", "八天前")]
)
def test_on_a_monday_the_day_before_last_week_is_counted(past: int, english: str, chinese: str) -> None:
    monday = NOW - timedelta(days=3)
    assert [When(monday, lang).day(monday - timedelta(days=past)) for lang in LANGS] == [english, chinese]


@given(hours=st.integers(0, 24 * 3000), lang=st.sampled_from(["zh", "en"]))
def test_every_moment_of_the_past_has_words(hours: int, lang: Lang) -> None:
    said = When(NOW, lang).said(NOW - timedelta(hours=hours))
    assert said
    assert "{" not in said
