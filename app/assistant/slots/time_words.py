"""How questions name times, Chinese and English: fixed names, and shapes with a number or a date in them."""

import re
from collections.abc import Iterable
from functools import cache

from app.assistant.slots.numerals import HAN, number_pattern
from app.insights.lexicon import lexicon

PERIOD, HORIZON, WITHIN = "period", "horizon_days", "within"
UNIT_DAYS = {"day": 1, "天": 1, "日": 1, "week": 7, "周": 7, "星期": 7, "礼拜": 7, "fortnight": 14, "month": 30,
              "月": 30, "quarter": 90, "季度": 90, "季": 90, "year": 365, "年": 365}  # fmt: skip
_NAMES: dict[str, str] = {
    "today": "today|今天|今日|当天",
    "yesterday": "yesterday|昨天|昨日",
    "this_week": "this week|week to date|so far this week|the current week|这一周|这周|本周|这个?星期|这个?礼拜|这两天",
    "last_week": "last week|previous week|the week before|上个?星期|上一?周|上个?礼拜",
    "this_month": "this month|month to date|mtd|the current month|这个?月|本月|当月",
    "last_month": "last month|previous month|the month before|上一?个?月",
    "this_quarter": "this quarter|quarter to date|qtd|the current quarter|这个?季度|本季度?|这一季度?",
    "last_quarter": "last quarter|previous quarter|上一?个?季度",
    "this_year": "this year|year to date|ytd|so far this year|今年|本年度?|年初至今|今年以来",
    "last_year": "last year|previous year|去年|上一?年度?",
    "last_2_days": "the last couple of days|past couple of days",
    "last_180_days": "(?:last|past) (?:half[ -]year|half a year|half year)|(?:最近|近|过去|这)半年|半年来",
    "last_365_days": "past year|over the year|(?:最近|近|过去)(?:一年|12个月)|一年来",
    "last_90_days": "past quarter|(?:最近|近|过去)一?个?季度",
    "last_30_days": "past month|(?:最近|近|过去)一?个?月",
    "last_7_days": "past week|(?:最近|近|过去)一?(?:周|个?星期|个?礼拜)",
}
_AHEAD: dict[int, str] = {
    1: "tomorrow|明天|明日",
    2: "the day after tomorrow|后天",
    7: "next week|the coming week|the week ahead|coming week|下一?周|下个?星期|下个?礼拜|未来一?周|接下来一?周",
    14: "next fortnight|the coming fortnight|下两周|半个月内",
    30: "next month|the coming month|the month ahead|coming month|下一?个?月|未来一?个?月|接下来一?个?月",
    90: "next quarter|the coming quarter|coming quarter|下一?个?季度|未来一?个?季度",
    180: "next half[ -]year|the next half a year|下半年|未来半年|接下来半年",
    365: "next year|the coming year|the year ahead|明年|未来一?年|接下来一?年",
}  # fmt: skip


@cache
def named() -> tuple[tuple[str, str | int, re.Pattern[str]], ...]:
    """Slot, value and pattern of every fixed name."""
    past = [(PERIOD, name, _whole(words)) for name, words in _NAMES.items()]
    return (*past, *((HORIZON, days, _whole(words)) for days, words in _AHEAD.items()))


@cache
def shapes() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """What a shape says, and its pattern: n and u are number and unit; y, m, d parts of a date; q a quarter."""
    return tuple(
        (kind, re.compile(source)) for kind, source in (*_spans(), *_han_dates(), *_english_dates(), *_years())
    )


def _whole(words: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![a-z])(?:{words})(?![a-z])")


def _spans() -> tuple[tuple[str, str], ...]:
    """So many days, weeks, months."""
    n = rf"(?P<n>{number_pattern()})"
    han = rf"{n}\s?(?:个|多)?(?P<u>天|日(?!期)|周|星期|礼拜|月|季度|年)(?:半)?"
    latin = rf"{n}[ -](?P<u>day|week|fortnight|month|quarter|year)s?(?![a-z])"
    into = r"(?:(?<![a-z])(?:in|over|during|for|within) )?(?<![a-z])(?:(?:the|these) )?"
    return (
        (PERIOD, rf"{into}(?:last|past|previous|trailing) {latin}"),
        (PERIOD, rf"(?:最近|近|过去|前|这|连续)\s?{han}(?:以来|之内|内|里|来)?"),
        (HORIZON, rf"{into}(?:next|coming|following|upcoming) {latin}"),
        (HORIZON, rf"(?:未来|接下来|今后|往后|以后|之后|后面|下)\s?的?{han}(?:之内|内|里)?"),
        (WITHIN, rf"(?<![a-z])(?:(?:within|in|for|over|inside) )?{latin}"),
        (WITHIN, rf"{han}(?:以内|之内|内|里|以上|没|未|都没|之后|后)"),
    )


def _han_dates() -> tuple[tuple[str, str], ...]:
    day = _han("")
    return (
        ("range", rf"{_han('_a')}\s?(?:到|至|-|~|—)\s?{_han('_b')}"),
        ("since", rf"(?:从|自)?{day}(?:以来|至今|到现在|开始到现在)"),
        ("day", day),
    )


def _han(side: str) -> str:
    year = rf"(?:(?P<y{side}>\d{{4}}|\d{{2}}|去|今)年的?\s?)?"
    month = rf"(?<!\d)(?P<m{side}>1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九])月份?(?!龄)"
    return rf"{year}{month}(?:\s?(?P<d{side}>\d{{1,2}}|[{HAN}]{{1,3}})[日号])?"


def _english_dates() -> tuple[tuple[str, str], ...]:
    months = lexicon().file.months
    any_, sure = _either(months), _either(set(months) - lexicon().file.ambiguous_months)
    year = r"(?:,? (?P<y>\d{4}|last year|this year))?"
    end = r"(?:st|nd|rd|th)?(?![\da-z])"
    return (
        ("range", rf"(?<![a-z])(?:from |between )?(?P<m_a>{any_}) (?:to|and|until|till|through|-) (?P<m_b>{any_})"
                  r"(?![a-z])(?: (?P<y_b>\d{4}))?"),
        ("since", rf"(?<![a-z])since (?P<m>{any_})(?![a-z])(?: (?P<d>\d{{1,2}}){end})?{year}"),
        ("day", rf"(?<![a-z])(?P<m>{any_})\.? (?P<d>\d{{1,2}}){end}{year}"),
        ("day", rf"(?<!\d)(?P<d>\d{{1,2}})(?:st|nd|rd|th)? (?:of )?(?P<m>{any_})(?![a-z]){year}"),
        ("day", rf"(?<![a-z])(?P<m>{sure})(?![a-z])\.?{year}"),
        ("day", rf"(?<![a-z])(?P<m>{any_})\.? (?P<y>\d{{4}}|last year|this year)"),
        ("day", rf"(?<![a-z])(?:in|during|of|last) (?P<m>{any_})(?![a-z])"),
    )  # fmt: skip


def _either(words: Iterable[str]) -> str:
    return "|".join(sorted(words, key=lambda word: (-len(word), word)))


def _years() -> tuple[tuple[str, str], ...]:
    """ISO dates, quarters, years."""
    return (
        ("day", r"(?<![\d\-])(?P<y>\d{4})[-/.](?P<m>\d{1,2})(?:[-/.](?P<d>\d{1,2}))?(?![\d\-a-z])"),
        ("quarter", r"(?:(?P<y>\d{4}|去|今)年?的?)?\s?(?:第?(?P<q>[一二三四1-4])季度)"),
        ("quarter", r"(?:(?P<y>\d{4}) ?)(?<![a-z])q(?P<q>[1-4])(?!\d)"),
        ("quarter", r"(?<![a-z])q(?P<q>[1-4])(?!\d)(?:,? (?:of )?(?P<y>\d{4}|last year|this year))?"),
        ("year", r"(?<![\d\-])(?P<y>20[0-4]\d)(?:年(?!\d)|(?![\d\-年a-z¥$£元块]|[.,]\d))"),
    )
