"""A figure belongs to what it is said of: true figures in each other's places are seen."""

import pytest

from app.insights.bindings import Ground, fractions, misplaced
from app.insights.quantities import Quantity
from app.narrative.schemas import Predicate

SHARES = [Ground("23% of the spend is on travel.", Predicate.TOPIC_SHARE), Ground("16% of the spend is on pets.")]
CHANGE = [Ground("1 order in the last 90 days, 4 orders in the 90 days before.", Predicate.ORDER_COUNT_CHANGE)]
CHANGE_ZH = [Ground("近90天1笔订单,之前90天4笔订单。", Predicate.ORDER_COUNT_CHANGE)]
MONEY = [
    Ground("cn¥630.00 spent between 6 january 2026 and 20 july 2026.", Predicate.ORDER_VALUE),
    Ground("cn¥105.00 per order on average.", Predicate.AVERAGE_ORDER_VALUE),
]
LTV = [Ground("expected spend over 90 days: £20.00 (80% interval £5.00 to £60.00).", Predicate.LTV)]
CASE = [Ground("customers who got it spent £2.57 less, 90% interval -£17.36 to £12.22, with 80 against 90.")]
CASE_ZH = [Ground("人均减少¥2.57，90% 区间 -¥17.36 到 ¥12.22。")]
SHIFT = [
    Ground(
        "interest shift since 3 may 2026: travel to pets; 3 of the first 5 visits with a topic about the new topic, "
        "0 of 4 before.",
        Predicate.INTEREST_SHIFT,
    )
]

RIGHT = [
    ("23% goes to travel, 16% to pets", SHARES),
    ("pets (16%) and travel (23%)", SHARES),
    ("orders fell from 4 to 1", CHANGE),
    ("1 order lately, down from 4 in the 90 days before", CHANGE),
    ("近90天1笔,低于之前90天的4笔", CHANGE_ZH),
    ("订单从4笔变为1笔", CHANGE_ZH),
    ("cn¥630.00 in all, cn¥105.00 apiece", MONEY),
    ("expected: £20.00, between £5.00 and £60.00", LTV),
    ("£2.57 less, 90% interval -£17.36 to £12.22", CASE),
    ("£2.57 less, between −£17.36 and £12.22", CASE),
    ("人均减少¥2.57，90% 区间 -¥17.36 到 ¥12.22。", CASE_ZH),
    ("人均减少¥2.57，90% 区间-¥17.36-¥12.22", CASE_ZH),
    ("from travel to pets: 3 of the first 5 visits, against 0 of 4 before", SHIFT),
]
WRONG = [
    ("16% goes to travel, 23% to pets", SHARES),
    ("pets (23%) and travel (16%)", SHARES),
    ("orders fell from 1 to 4", CHANGE),
    ("4 orders lately, 1 in the 90 days before", CHANGE),
    ("近90天4笔,低于之前90天的1笔", CHANGE_ZH),
    ("订单从1笔变为4笔", CHANGE_ZH),
    ("cn¥105.00 in all, cn¥630.00 apiece", MONEY),
    ("an average of cn¥630.00", MONEY),
    ("expected: £60.00", LTV),
    ("between £60.00 and £5.00", LTV),
    ("90% interval £17.36 to £12.22", CASE),
    ("90% interval £12.22 to £17.36", CASE),
    ("90% interval -£12.22 to £17.36", CASE),
    ("90% interval £12.22 to -£17.36", CASE),
    ("90% 区间 ¥12.22 到 ¥17.36", CASE_ZH),
    ("from pets to travel: 3 of the first 5 visits", SHIFT),
    ("5 of the first 3 visits", SHIFT),
    ("0 of the first 5 visits, against 3 of 4 before", SHIFT),
    ("23% of orders are about travel", SHARES),
]


@pytest.mark.parametrize(("said", "grounds"), RIGHT)
def test_figures_where_the_claims_have_them_are_in_place(said: str, grounds: list[Ground]) -> None:
    assert misplaced(said, grounds) is None


@pytest.mark.parametrize(("said", "grounds"), WRONG)
def test_true_figures_in_the_place_of_others_are_not(said: str, grounds: list[Ground]) -> None:
    assert misplaced(said, grounds) is not None


def test_our_own_sentence_supports_an_order_of_words_that_the_plain_one_lacks() -> None:
    plain = [Ground("16% of present interest is in pets."), Ground("23% of present interest is in travel.")]
    said = "there is more of travel than of pets (23% against 16%)"
    assert misplaced(said, plain, [said]) is None
    assert misplaced("there is more of travel than of pets (16% against 23%)", plain, [said]) is not None


def test_parts_are_read_with_their_wholes_in_both_languages() -> None:
    for text in ("3 of the first 5 visits", "最初5次有主题的来访中有3次"):
        ((part, whole),) = fractions(text)
        assert isinstance(part, Quantity)
        assert isinstance(whole, Quantity)
        assert (part.value, whole.value) == (3, 5)
