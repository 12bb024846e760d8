"""Baselines that learn: only from the past, and something."""

import numpy as np
import pytest
from scipy.special import expit

from app.predict import scores as numeric
from app.predict.inputs.purchases import Floats, PurchaseDays, rfm
from evals.baselines import forecasters
from evals.baselines.lessons import Lesson, Rfm, describe, lesson
from evals.baselines.logistic import no_purchase, spend

DAYS, CUT, HORIZON = 400, 300, 90


def a_shop(customers: int = 600, *, days: int = DAYS, seed: int = 3) -> PurchaseDays:
    """Buyers who differ in rate and basket, some of whom stop."""
    dice = np.random.default_rng(seed)
    names, bought, amounts = list[str](), list[int](), list[int]()
    for who in range(customers):
        gap, basket, end = dice.gamma(1.5, 40) + 1, dice.gamma(3, 1000), min(days, dice.exponential(500))
        day = dice.uniform(0, 150)
        while day < end or not names or names[-1] != f"c{who}":
            names.append(f"c{who}")
            bought.append(int(day))
            amounts.append(int(basket * dice.gamma(5, 0.2)))
            day += dice.exponential(gap)
    return PurchaseDays.from_rows(names, bought, amounts)


SHOP = a_shop()


def test_every_label_ends_by_the_cut() -> None:
    later = PurchaseDays.from_rows(
        [SHOP.customer_ids[who] for who in SHOP.customer],
        SHOP.day,
        np.where(SHOP.day > CUT, 999_999, SHOP.amount),
    )
    one, two = lesson(SHOP.until(CUT), cut=CUT, horizon=HORIZON), lesson(later.until(CUT), cut=CUT, horizon=HORIZON)
    assert one is not None
    assert two is not None
    assert one.days == HORIZON
    assert np.array_equal(one.spent, two.spent)
    # three lessons, each of whoever was there when it began
    ends = (CUT - HORIZON, CUT - HORIZON - 30, CUT - HORIZON - 60)
    assert one.spent.size == sum(rfm(SHOP, end).customer.size for end in ends)


def test_columns_do_not_know_what_follows_their_day() -> None:
    seen = rfm(SHOP, CUT)
    one, two = describe(SHOP, seen, CUT), describe(SHOP.until(CUT), seen, CUT)
    assert all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))


def test_a_short_history_teaches_half_of_it() -> None:
    found = lesson(SHOP.until(120), cut=120, horizon=HORIZON)
    assert found is not None
    assert found.days == (120 - int(SHOP.day.min())) // 2


def test_too_few_customers_teach_nothing() -> None:
    few = a_shop(30).until(CUT)
    assert lesson(few, cut=CUT, horizon=HORIZON) is None
    amounts = forecasters.spend(few, rfm(few, CUT), cut=CUT, horizon=HORIZON, seed=1)
    assert np.isnan(amounts["boosted_trees"]).all()
    assert np.isnan(amounts["logistic_rfm"]).all()


def a_lesson(slope: float, customers: int = 20_000) -> Lesson:
    """Silence alone says who does not buy; buyers spend 100 per past purchase."""
    dice = np.random.default_rng(1)
    logs = dice.normal(2, 1, (customers, 4))
    purchases, silence, age, amount = (np.expm1(np.abs(column)) for column in logs.T)
    bought = dice.random(customers) > expit(slope * (np.log1p(silence) - 2))
    spent = np.where(bought, 100 * (1 + purchases), 0)
    return Lesson(Rfm(purchases, silence, age, amount, np.zeros((customers, 4))), spent, bought, 90)


def test_logistic_regression_finds_the_chances_that_made_the_data() -> None:
    known = a_lesson(slope=1.5)
    found = no_purchase(known, known.columns, horizon=90)
    true = expit(1.5 * (np.log1p(known.columns.silence) - 2))
    assert np.abs(found - true).max() < 0.05


def test_the_second_part_finds_what_buyers_spend() -> None:
    known = a_lesson(slope=1.5)
    expected = (1 - no_purchase(known, known.columns, horizon=90)) * 100 * (1 + known.columns.purchases)
    usual = known.columns.purchases < 50
    assert spend(known, known.columns, horizon=90)[usual] == pytest.approx(expected[usual], rel=0.05)


def test_a_horizon_twice_the_lesson_doubles_amounts_and_squares_silence() -> None:
    known = a_lesson(slope=1.0, customers=2_000)
    assert spend(known, known.columns, horizon=180) == pytest.approx(2 * spend(known, known.columns, horizon=90))
    assert no_purchase(known, known.columns, horizon=180) == pytest.approx(
        no_purchase(known, known.columns, horizon=90) ** 2
    )


def order(found: Floats, silent: Floats) -> float:
    return numeric.auc(silent, numeric.levels(found), np.ones(silent.size))


def test_whoever_learns_ranks_better_than_chance_and_repeats_itself() -> None:
    known, seen = SHOP.until(CUT), rfm(SHOP, CUT)
    silent = 1.0 - np.isin(seen.customer, SHOP.customer[(SHOP.day > CUT) & (SHOP.day <= CUT + HORIZON)])
    found = forecasters.no_purchase(known, seen, cut=CUT, horizon=HORIZON, seed=1)
    again = forecasters.no_purchase(known, seen, cut=CUT, horizon=HORIZON, seed=1)
    for who in ("bg_nbd_gg", "boosted_trees", "logistic_rfm", "naive_rate"):
        assert order(found.probabilities[who], silent) > 0.65, who
        assert np.array_equal(found.probabilities[who], again.probabilities[who]), who
    assert found.rankings.keys() == {"raw_past_spend", "last_horizon_days", "half_last_horizon", "last_180_days"}
