"""Contributions obey their laws on fitted models, read nothing later, and point where the data do."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from scipy.stats import spearmanr

from app.errors import InvalidInput
from app.predict.behaviour.columns import BehaviourColumns
from app.predict.behaviour.signs import OPEN, Signs, Stretches
from app.predict.explain.drivers import drivers, only
from app.predict.explain.explanation import explained
from app.predict.fitted import estimate
from app.predict.inputs.purchases import PurchaseDays
from app.predict.model import CustomerModel, fit
from app.predict.schemas import Explanation, WhatIfKind
from app.predict.value.season import Calendar
from tests.factories_behaviour import Shop, a_shop

UNTIL = datetime(2022, 10, 26, tzinfo=UTC)
AUTUMN = Calendar(months=(0.9, 0.8, 0.9, 1.0, 1.0, 1.1, 0.9, 0.9, 1.0, 1.1, 1.5, 1.2))
_GROUPS_OF_ORDERS = {"often", "recently", "tenure", "order", "lately", "rhythm", "season"}


@pytest.fixture(scope="module")
def visited() -> Shop:
    """A shop that sees visits and some signs of leaving too."""
    shop = a_shop(250)
    return shop._replace(behaviour=replace(shop.behaviour, signs=some_signs(shop)))


@pytest.fixture(scope="module")
def watching(visited: Shop) -> CustomerModel:
    """Fitted twenty days before the shop's last, with what visitors did."""
    return fitted(visited.purchases, visited.last_day - 20, behaviour=BehaviourColumns(visited.behaviour))


def some_signs(shop: Shop) -> Signs:
    """One sign, raised on every third customer on some day and standing since."""
    size = len(shop.purchases.customer_ids)
    who = np.arange(0, size, 3)
    raised = shop.last_day - 200 + 190 * who // size
    same = np.zeros(who.size)
    stretches = Stretches(who, same.astype(np.int64), raised, np.full(who.size, OPEN), same + 3, same, raised)
    return Signs(stretches, np.zeros(size, np.int64))


@pytest.fixture(scope="module")
def day(first_day: int) -> int:
    return first_day + 250


@pytest.fixture(scope="module")
def shop(shop: PurchaseDays) -> PurchaseDays:
    """The first 700 customers."""
    return only(shop, np.arange(700))


@pytest.fixture(scope="module")
def flat(shop: PurchaseDays, day: int) -> CustomerModel:
    """Without any season."""
    return fitted(shop.until(day), day, calendar=Calendar())


@pytest.fixture(scope="module")
def found(model: CustomerModel, shop: PurchaseDays, day: int) -> dict[str, Explanation]:
    """Explanations of 36 customers from the least to the most valuable."""
    return {customer_id: explained(model, shop, customer_id, day=day) for customer_id in some(model, 36)}


@pytest.fixture(scope="module")
def model(shop: PurchaseDays, day: int) -> CustomerModel:
    return fitted(shop.until(day), day)


def fitted(shop: PurchaseDays, day: int, **settings: object) -> CustomerModel:
    asked = {"horizon_days": 60, "calendar": AUTUMN} | settings
    return fit(shop, as_of_day=day, currency="CNY", fitted_until=UNTIL, **asked)  # type: ignore[arg-type]


def some(model: CustomerModel, count: int = 12) -> list[str]:
    """Customers from the least to the most valuable."""
    found = model.all()
    order = np.argsort(found.value, kind="stable")
    order = order[found.status[order] == "ok"]
    return [found.customer_ids[i] for i in order[np.linspace(0, order.size - 1, count).astype(int)]]


def assert_adds_up(found: Explanation, model: CustomerModel, customer_id: str) -> None:
    typical, value, shares = found.typical_value_minor, found.value_minor, found.contributions
    assert typical is not None
    assert value == model.ltv(customer_id).value
    assert typical + sum(one.amount_minor for one in shares) == value
    told = typical * np.prod([one.factor for one in shares])
    assert told == pytest.approx(value, abs=1 + value / max(typical, 1))
    chance, usual = model.churn(customer_id).p_no_purchase, found.typical_p_no_purchase
    assert chance is not None
    assert usual is not None
    assert usual + sum(one.no_purchase_points for one in shares) == pytest.approx(chance, abs=1e-6)
    odds = usual / (1 - usual) * np.prod([one.odds_factor for one in shares])
    assert odds / (1 + odds) == pytest.approx(chance, abs=1e-6)


def test_contributions_add_up_to_the_value_that_was_told(model: CustomerModel, found: dict[str, Explanation]) -> None:
    for customer_id, one in found.items():
        assert_adds_up(one, model, customer_id)
        assert {share.group for share in one.contributions} <= _GROUPS_OF_ORDERS


def test_a_horizon_longer_than_the_lessons_adds_up_too(shop: PurchaseDays, day: int) -> None:
    model = fitted(shop.until(day), day, horizon_days=180)
    assert model.fitted.ensemble is not None
    assert model.fitted.ensemble.learned is not None
    assert model.fitted.ensemble.learned.horizon_days < 180
    for customer_id in some(model, 5):
        assert_adds_up(explained(model, shop, customer_id, day=day), model, customer_id)


def test_a_past_too_thin_to_teach_adds_up_too(shop: PurchaseDays, first_day: int) -> None:
    day, few = first_day + 100, only(shop, np.arange(140))
    model = fitted(few.until(day), day)
    assert model.fitted.look_back is None
    for customer_id in some(model, 5):
        assert_adds_up(explained(model, few, customer_id, day=day), model, customer_id)


def test_what_is_known_beside_purchases_has_shares_of_its_own(visited: Shop, watching: CustomerModel) -> None:
    beside, day, asked = BehaviourColumns(visited.behaviour), visited.last_day - 20, some(watching, 4)
    found = [explained(watching, visited.purchases, c, day=day, beside=beside) for c in asked]
    for one, customer_id in zip(found, asked, strict=True):
        assert_adds_up(one, watching, customer_id)
        assert [what_if.kind for what_if in one.what_ifs] == ["one_order", "two_orders", "no_order", "no_visit"]
    groups = {share.group for one in found for share in one.contributions}
    assert groups == _GROUPS_OF_ORDERS | {"browsing", "signs"}


def test_no_act_of_a_later_day_is_read(visited: Shop, watching: CustomerModel) -> None:
    day = visited.last_day - 20
    whole, then = (BehaviourColumns(one) for one in (visited.behaviour, visited.behaviour.until(day)))
    for customer_id in some(watching, 4):
        one = explained(watching, visited.purchases, customer_id, day=day, beside=whole)
        assert one == explained(watching, visited.purchases.until(day), customer_id, day=day, beside=then)


def test_without_a_season_nobody_is_told_of_one(flat: CustomerModel, shop: PurchaseDays, day: int) -> None:
    found = explained(flat, shop, some(flat)[-1], day=day)
    assert "season" not in {one.group for one in found.contributions}


def test_nothing_later_is_read(model: CustomerModel, shop: PurchaseDays, day: int) -> None:
    assert shop.day.max() > day
    for customer_id in some(model, 4):
        assert explained(model, shop, customer_id, day=day) == explained(model, shop.until(day), customer_id, day=day)


@pytest.mark.parametrize(("group", "fact", "sign"), [("recently", 0, -1), ("order", 1, 1)])
def test_a_share_follows_the_fact_that_it_is_named_after(
    found: dict[str, Explanation], shop: PurchaseDays, day: int, group: str, fact: int, sign: int
) -> None:
    known, facts, shares = shop.until(day), [], []
    for customer_id, one in found.items():
        own = only(known, np.array([shop.customer_ids.index(customer_id)]))
        facts.append((day - own.day.max(), own.amount.mean())[fact])
        factors: dict[str, float] = {share.group: share.factor for share in one.contributions}
        shares.append(sign * factors.get(group, 1.0))
    assert spearmanr(facts, shares).statistic > 0.4


def test_the_best_customer_is_further_from_the_typical_one_than_the_middle_one(
    model: CustomerModel, shop: PurchaseDays, day: int
) -> None:
    value = model.all().value
    shares = [drivers(model, shop, shop.customer_ids.index(c), day=day) for c in some(model, 9)]
    typical = np.log(value[value > 0]).mean()
    assert all(np.log(one.typical_value) == pytest.approx(typical, abs=0.35) for one in shares)
    assert np.abs(shares[4].log_value).sum() < np.abs(shares[-1].log_value).sum()


@pytest.mark.parametrize(("more", "less"), [("one_order", "no_order"), ("two_orders", "one_order")])
def test_another_order_raises_the_number_and_silence_lowers_it(
    found: dict[str, Explanation], more: WhatIfKind, less: WhatIfKind
) -> None:
    raised, likelier = [], []
    for one in found.values():
        after = {what_if.kind: what_if for what_if in one.what_ifs}
        raised.append(after[more].value_minor > after[less].value_minor)
        likelier.append(after[more].p_no_purchase < after[less].p_no_purchase)
        assert all(what_if.value_minor >= 0 for what_if in after.values())
    assert np.mean(raised) >= 0.9
    assert np.mean(likelier) >= 0.9


def test_a_what_if_is_the_estimate_of_the_altered_history(flat: CustomerModel, shop: PurchaseDays, day: int) -> None:
    """With no order at all a later reading of the same customer is what `estimate` says then, but for the season."""
    later = estimate(flat.fitted, shop.until(day), as_of_day=day + 30)
    for customer_id in some(flat, 5):
        silent = next(one for one in explained(flat, shop, customer_id, day=day).what_ifs if one.kind == "no_order")
        row = shop.customer_ids.index(customer_id)
        assert silent.value_minor == later.value[row]
        assert silent.p_no_purchase == pytest.approx(later.p_no_purchase[row])


def test_who_has_no_estimate_has_no_explanation(model: CustomerModel, shop: PurchaseDays, day: int) -> None:
    found = explained(model, shop, "nobody", day=day)
    assert (found.status, found.missing) == ("not_enough_data", ("orders",))
    assert not found.contributions
    assert not found.what_ifs
    assert found.value_minor is None


def test_a_model_that_was_not_fitted_explains_nobody(shop: PurchaseDays, day: int) -> None:
    few = only(shop, np.arange(20))
    model = fitted(few, day)
    assert explained(model, few, few.customer_ids[0], day=day).missing == model.missing
    with pytest.raises(InvalidInput, match="missing: customers>=100"):
        drivers(model, few, 0, day=day)
