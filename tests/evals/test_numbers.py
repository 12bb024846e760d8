"""Numbers in sentences: each must be a value of a cited claim, as that kind of value is written."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from app.narrative.schemas import Claim, ClaimKind, Period, Predicate, Unit
from evals.scorers.numbers import count, unsupported

ZONE = ZoneInfo("Asia/Shanghai")
AS_OF = datetime(2026, 3, 31, 16, tzinfo=UTC)


def a_claim(unit: Unit, value: float | None, **changes: object) -> Claim:
    base = {
        "claim_id": "k",
        "kind": ClaimKind.AGGREGATE,
        "predicate": Predicate.ORDER_COUNT,
        "subject": "c",
        "value": value,
        "unit": unit,
        "as_of": AS_OF,
    }
    return Claim.model_validate(base | changes)


MONEY = a_claim(Unit.MONEY_MINOR, 123456, currency="GBP", at=datetime(2026, 3, 9, 17, tzinfo=UTC))
YEN = a_claim(Unit.MONEY_MINOR, 1200, currency="JPY")
COUNT = a_claim(Unit.COUNT, 1200, compared_to=3)
SHARE = a_claim(Unit.SHARE, 0.4349)
GAP = a_claim(Unit.DAYS, 10.5)
RATING = a_claim(Unit.RATING, 4)
WINDOW = a_claim(
    Unit.COUNT,
    7,
    period=Period(start=datetime(2025, 12, 31, tzinfo=UTC), end=datetime(2026, 3, 31, tzinfo=UTC)),
)
SIGN = a_claim(Unit.SECONDS, 12.4, compared_to=40.2, out_of=9, compared_out_of=31, size=1.84)
HOUR = a_claim(Unit.HOUR, 20, out_of=17)
PLACE = a_claim(Unit.NONE, None, scores=(5, 1, 3))
LTV = a_claim(Unit.MONEY_MINOR, 9900, low=0, high=20000, currency="CNY", predicate=Predicate.LTV, horizon_days=90)


@pytest.mark.parametrize(
    ("sentence", "claim"),
    [
        ("Bought once, for £1,234.56, on 10 March 2026.", MONEY),
        ("2026年3月10日买过一次，金额£1,234.56。", MONEY),
        ("JP¥1,200 so far", YEN),
        ("1,200 orders, 3 before", COUNT),
        ("共1,200笔订单", COUNT),
        ("takes 43% of the spend", SHARE),
        ("每隔10.5天", GAP),
        ("4 out of 5", RATING),
        ("7 in 90 days", WINDOW),
        ("12 seconds on 9 pages, from 40 on 31 (1.8 standard errors)", SIGN),
        ("around 20:00, 17 visits", HOUR),
        ("recency 5, frequency 1, spend 3 of 5", PLACE),
        ("未来90天预计消费¥99.00（80%区间¥0.00至¥200.00）", LTV),
    ],
)
def test_a_number_written_as_its_claim_has_it_is_supported(sentence: str, claim: Claim) -> None:
    assert count(sentence, foreign=[]) > 0
    assert unsupported(sentence, [claim], foreign=[], zone=ZONE) == []


@pytest.mark.parametrize(
    ("sentence", "claim", "loose"),
    [
        ("for £1,234.57", MONEY, ["1,234.57"]),
        ("on 9 March 2026", MONEY, ["9 March 2026"]),
        ("£1,200.00", COUNT, ["1,200.00"]),
        ("1,200%", COUNT, ["1,200%"]),
        ("takes 44% of the spend", SHARE, ["44%"]),
        ("43 of the spend", SHARE, ["43"]),
        ("每隔10天", GAP, ["10"]),
        ("takes 80% of it", SHARE, ["80%"]),
        ("<1% of it", SHARE, ["<1%"]),
        ("13 seconds on 10 pages", SIGN, ["13", "10"]),
        ("around 19:00", HOUR, ["19"]),
        ("recency 4", PLACE, ["4"]),
    ],
)
def test_any_other_number_is_not(sentence: str, claim: Claim, loose: list[str]) -> None:
    assert unsupported(sentence, [claim], foreign=[], zone=ZONE) == loose


def test_small_and_large_shares_may_be_written_as_bounds() -> None:
    assert unsupported("<1%", [a_claim(Unit.SHARE, 0.003)], foreign=[], zone=ZONE) == []
    assert unsupported(">99%", [a_claim(Unit.SHARE, 0.998)], foreign=[], zone=ZONE) == []
    assert unsupported(">99%", [a_claim(Unit.SHARE, 0.98)], foreign=[], zone=ZONE) == [">99%"]


def test_numbers_in_other_peoples_words_are_set_aside() -> None:
    sentence = "“Set of 6 mugs” keeps coming back: it is in 1,200 orders."
    assert unsupported(sentence, [COUNT], foreign=["SET OF  6 MUGS"], zone=ZONE) == []
    assert unsupported(sentence, [COUNT], foreign=[], zone=ZONE) == ["6"]


def test_a_sentence_without_claims_supports_no_number() -> None:
    assert unsupported("12 orders", [], foreign=[], zone=ZONE) == ["12"]
