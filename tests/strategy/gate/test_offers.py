"""Offers keep a margin and a budget, and see nothing of the customer."""

import inspect
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.events.schemas import Item
from app.events.timestamps import EARLIEST
from app.retrieval.schemas import Offer, OfferType
from app.strategy.gate.margins import Margin, Margins, margins_of
from app.strategy.gate.offers import Spent, capped_offer, within_budget
from app.strategy.gate.policy import Budget, Policy
from app.strategy.gate.schemas import Rule
from app.strategy.generate import propose
from tests.factories_campaigns import case_of, real_taxonomy
from tests.factories_strategy import offering, real_policy, request_of

POLICY = real_policy()
DECLARED = Margin(POLICY.default_margin)
COUPON = Offer(type=OfferType.COUPON, amount_minor=2000, threshold_minor=5000)
CASE = case_of("c", lift=4000, n=3000, offer=COUPON)


def offer(amount: int, threshold: int) -> Offer:
    return Offer(type=OfferType.COUPON, amount_minor=amount, threshold_minor=threshold)


def an_item(item_id: str, price: int | None, cost: int | None, category: str = "护肤") -> Item:
    return Item(
        item_id=item_id,
        title=item_id,
        category_path=(category,),
        price=price,
        cost=cost,
        currency="CNY",
        valid_from=EARLIEST,
    )


def margins(costs: Mapping[str, int | None], price: int = 10_000) -> Margins:
    return margins_of([an_item(name, price, cost) for name, cost in costs.items()], real_taxonomy())


@pytest.mark.parametrize(
    ("amount", "threshold", "capped"), [(6000, 30_000, 30_000), (6000, 20_000, 30_000), (6010, 0, 30_100)]
)
def test_an_offer_keeps_the_margin_floor(amount: int, threshold: int, capped: int) -> None:
    ruling = capped_offer(offer(amount, threshold), DECLARED, POLICY)
    assert ruling.value is not None
    assert ruling.value.threshold_minor == capped
    assert ruling.value.amount_minor == amount
    assert bool(ruling.fired) == (threshold != capped)


@given(st.integers(0, 10**6), st.integers(0, 10**7), st.floats(0.11, 0.99))
def test_after_the_cap_every_basket_leaves_the_floor(amount: int, threshold: int, share: float) -> None:
    capped = capped_offer(offer(amount, threshold), Margin(share, 5), POLICY).value
    assert capped is not None
    left = share * capped.threshold_minor - capped.amount_minor
    assert left >= POLICY.offer.margin_floor * capped.threshold_minor - 1e-3


def test_goods_that_hardly_leave_a_margin_bear_no_offer() -> None:
    ruling = capped_offer(COUPON, Margin(0.08, 5), POLICY)
    assert (ruling.value, ruling.fired[0].rule) == (None, Rule.OFFER_WITHHELD)


def test_no_offer_stays_no_offer() -> None:
    assert capped_offer(None, DECLARED, POLICY) == (None, ())


def test_the_offer_rules_can_read_nothing_of_the_customer() -> None:
    assert list(inspect.signature(capped_offer).parameters) == ["offer", "margin", "policy"]
    read = list(inspect.signature(within_budget).parameters)
    assert read == ["offer", "redeemed", "campaign_id", "spent", "policy"]
    assert list(inspect.signature(Margins.of).parameters) == ["self", "topics", "policy"]


def test_the_margin_is_that_of_the_goods_the_offer_applies_to() -> None:
    found = margins({"a": 4000, "b": 6000})
    assert found.of(["skincare"], POLICY) == Margin(0.5, 2)
    assert found.of([], POLICY) == Margin(0.5, 2)
    assert found.of(["pets"], POLICY) == DECLARED
    assert DECLARED.is_assumed


def test_too_few_known_costs_leave_the_declared_margin() -> None:
    assert margins({"a": 4000, "b": None, "c": None}).of(["skincare"], POLICY) == DECLARED
    assert margins({"a": 4000, "b": None}).of(["skincare"], POLICY) == Margin(0.6, 1)
    assert margins_of([an_item("a", None, 10), an_item("b", 0, 10)], real_taxonomy()).of([], POLICY) == DECLARED


@pytest.mark.parametrize(("cost", "threshold", "said"), [(5000, 5000, "50%"), (8500, 40_000, "15%")])
def test_the_catalogue_decides_the_threshold_and_the_risk_says_where_the_margin_is_from(
    cost: int, threshold: int, said: str
) -> None:
    strategy = propose(offering(request_of([CASE], margins=margins({"a": cost, "b": cost}), lang="en"))).strategy
    assert strategy.offer is not None
    assert strategy.offer.threshold_minor == threshold
    assert f"the margin of {said} comes from 2 items" in strategy.risk
    assert "assumes a margin of 30%" in propose(request_of([CASE], lang="en")).strategy.risk


def test_an_offer_below_cost_is_left_out_and_not_spoken_of() -> None:
    strong = case_of("c", lift=12_000, n=3000, offer=COUPON)
    strategy = propose(offering(request_of([strong], margins=margins({"a": 9200}), lang="zh"))).strategy
    assert (strategy.offer, strategy.confidence) == (None, "low")
    assert "offer_withheld" in [fired.rule for fired in strategy.rules_fired]
    assert not any("减" in theme.draft for theme in strategy.themes)
    assert "原活动带优惠" in strategy.risk


def budgeted(**budget: int | None) -> Policy:
    return POLICY.model_copy(update={"budget": Budget.model_validate({"take_up": 0.1, **budget})})


@pytest.mark.parametrize(
    ("budget", "spent", "kept"),
    [
        ({}, Spent(10**9), True),
        ({"month_minor": 10_000}, Spent(9_600), True),
        ({"month_minor": 10_000}, Spent(9_601), False),
        ({"month_minor": 10_000}, Spent(20_000), False),
        ({"campaign_minor": 1_000}, Spent(0, {"c": 700}), False),
        ({"campaign_minor": 1_000}, Spent(0, {"other": 700}), True),
        ({"month_minor": 10_000, "campaign_minor": 300}, Spent(), False),
    ],
)
def test_an_offer_that_costs_more_than_is_left_is_dropped(budget: dict[str, int], spent: Spent, kept: bool) -> None:
    ruling = within_budget(COUPON, 0.2, "c", spent, budgeted(**budget))
    assert ruling.value == (COUPON if kept else None)
    assert [firing.rule for firing in ruling.fired] == ([] if kept else [Rule.BUDGET])


def test_a_proposal_without_budget_makes_no_offer_and_says_what_is_left() -> None:
    request = offering(request_of([CASE], policy=budgeted(month_minor=100), lang="en"))
    strategy = propose(request).strategy
    assert (strategy.status, strategy.offer, strategy.confidence) == ("proposed", None, "low")
    assert "¥1" in next(fired.effect for fired in strategy.rules_fired if fired.rule == "budget")
