"""The correction of the chance to buy: learned from the shop's own past, harmless where it has nothing to say."""

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.predict import bg_nbd
from app.predict.bg_nbd import BgNbd
from app.predict.churn import churn_risk
from app.predict.intervals import fit_spend, spend
from app.predict.model import CustomerModel, fit
from app.predict.purchases import Floats, Histories, PurchaseDays, rfm, spend_between
from app.predict.recalibration import LEAST_OUTCOMES, PARTS, Learned, Recalibration, brier, learn

AS_OF, HORIZON = 270, 90
NO_DROPOUT = BgNbd(0.7, 30.0, 1e-6, 4000.0)


def leaving_by_rhythm(customers: int, seed: int = 3) -> PurchaseDays:
    """Customers with regular gaps of their own who stop for good after some purchase: silence tells who left."""
    rng = np.random.default_rng(seed)
    rows: list[tuple[str, int, int]] = []
    for i in range(customers):
        gap, day = rng.uniform(8, 40), float(rng.integers(0, 120))
        while day < AS_OF + HORIZON:
            rows.append((f"c{i:04}", int(day), 1000))
            if rng.random() < 0.12:
                break
            day += max(gap * rng.gamma(8, 1 / 8), 1)
    ids, days, amounts = zip(*rows, strict=True)
    return PurchaseDays.from_rows(ids, days, amounts)


def fitted(purchases: PurchaseDays, **options: int) -> CustomerModel:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    return fit(purchases, as_of_day=AS_OF, currency="CNY", fitted_until=moment, **options)


@pytest.fixture(scope="module")
def shop() -> PurchaseDays:
    return leaving_by_rhythm(600)


@pytest.fixture(scope="module")
def model(shop: PurchaseDays) -> CustomerModel:
    return fitted(shop)


def made_up(n: int, *, sign: float = -1.0, seed: int = 0) -> tuple[Floats, Histories, np.ndarray, np.ndarray]:
    """A model's chances, histories, what followed (silence moves the log-odds by `sign`), and parts."""
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 9, n)
    recency = x * rng.integers(5, 20, n)
    histories = Histories(x, recency, recency + rng.integers(0, 150, n))
    p = bg_nbd.p_purchase(NO_DROPOUT, histories, HORIZON)
    truth = Recalibration(silence=sign, gap=12.0).apply(p, histories)
    return p, histories, rng.random(n) < truth, rng.integers(0, PARTS, n)


def test_in_a_shop_that_customers_leave_by_rhythm_the_corrected_chance_comes_nearer(shop, model):
    table = rfm(shop.until(AS_OF), AS_OF)
    _, days = spend_between(shop, table.customer, AS_OF, AS_OF + HORIZON)
    counts = BgNbd(*(model.card.parameters[name] for name in BgNbd._fields))
    raw = 1 - bg_nbd.p_purchase(counts, table.histories, HORIZON)
    corrected, stayed_away = model.all().p_no_purchase[table.customer], days == 0
    overdue = (table.T - table.recency) * table.frequency > 2 * table.recency
    assert brier(corrected, stayed_away) < 0.9 * brier(raw, stayed_away)
    assert brier(corrected[overdue], stayed_away[overdue]) < 0.9 * brier(raw[overdue], stayed_away[overdue])
    assert model.card.parameters["no_purchase_silence"] < 0


def test_the_estimate_carries_what_the_backtest_measured(shop, model):
    published = model.churn(shop.customer_ids[0]).calibration
    assert published is not None
    assert published == model.card.churn_calibration
    assert published.set.startswith("backtest, cut 1970-")
    assert published.n == rfm(shop, AS_OF - HORIZON).customer.size
    assert published.predicted == pytest.approx(published.observed, abs=0.03)
    assert 0 < published.brier < 0.25
    assert model.churn("nobody we know").calibration is None


def test_what_happens_after_the_day_of_the_view_teaches_nothing(shop, model):
    later = shop.day > AS_OF
    poisoned = PurchaseDays(shop.customer_ids, shop.customer, shop.day, np.where(later, 10**9, shop.amount))
    known = shop.until(AS_OF)
    for other in (fitted(poisoned), fitted(known)):
        assert other.card == model.card
        np.testing.assert_array_equal(other.all().p_no_purchase, model.all().p_no_purchase)
        np.testing.assert_array_equal(other.all().churn_risk, model.all().churn_risk)


def test_value_and_interval_follow_the_corrected_chance(shop):
    table = rfm(shop.until(AS_OF), AS_OF)
    fit_to = fit_spend(table)
    own, same = spend(fit_to, table, HORIZON), spend(fit_to, table, HORIZON, Recalibration())
    rarer = spend(fit_to, table, HORIZON, Recalibration(intercept=-4.0))
    assert all((one == other).all() for one, other in zip(own, same, strict=True))
    np.testing.assert_allclose(rarer.mean / own.mean, rarer.p_purchase / own.p_purchase)
    assert (rarer.q90 <= own.q90).all()
    assert (rarer.median[rarer.p_purchase < 0.5] == 0).all()


def test_a_horizon_far_beyond_the_measured_one_is_not_corrected(shop):
    far = fitted(shop, horizon_days=365)
    assert far.card.churn_calibration is not None
    assert far.card.churn_calibration.set.endswith("135 d")
    assert (far.card.parameters["no_purchase_slope"], far.card.parameters["no_purchase_silence"]) == (1, 0)


def test_the_truth_is_found_again_and_the_same_every_time():
    p, histories, bought, part = made_up(4000)
    found, again = (learn(p, histories, bought, part) for _ in range(2))
    assert found.recalibration == again.recalibration
    assert found.recalibration.silence == pytest.approx(-1, abs=0.2)
    assert found.recalibration.slope == pytest.approx(1, abs=0.2)
    assert brier(found.p_purchase, bought) < brier(p, bought)


def test_few_outcomes_leave_the_model_as_it_is():
    p, histories, bought, part = made_up(3000)
    few = np.flatnonzero(~bought)[: LEAST_OUTCOMES - 1]
    rows = np.union1d(few, np.flatnonzero(bought))
    some = Histories(*(column[rows] for column in histories))
    found = learn(p[rows], some, bought[rows], part[rows])
    assert found == Learned(Recalibration(), found.p_purchase)
    assert found.p_purchase.tolist() == p[rows].tolist()
    assert found.recalibration.apply(p, histories) is p


def test_a_model_that_cannot_be_bettered_is_left_alone():
    _, histories, bought, part = made_up(2000)
    assert learn(bought.astype(np.float64), histories, bought, part).recalibration == Recalibration()


def test_a_right_model_is_hardly_moved():
    p, histories, bought, part = made_up(3000, sign=0.0)
    found = learn(p, histories, bought, part).recalibration
    assert np.abs(found.apply(p, histories) - p).max() < 0.1


def test_a_past_in_which_silence_seemed_good_does_not_raise_the_chance():
    p, histories, bought, part = made_up(3000, sign=+1.0)
    assert learn(p, histories, bought, part).recalibration.silence == 0


@settings(deadline=None)
@given(
    st.builds(
        Recalibration,
        slope=st.floats(0, 3),
        intercept=st.floats(-5, 5),
        repeat=st.floats(-5, 5),
        frequency=st.floats(-3, 3),
        silence=st.floats(-5, 0),
        gap=st.floats(1, 400),
    ),
    st.sampled_from([NO_DROPOUT, BgNbd(0.25, 33.0, 0.72, 2.2)]),
    st.integers(1, 60),
    st.integers(1, 300),
)
def test_a_longer_silence_never_raises_the_chance_nor_lowers_the_risk(correction, counts, x, recency):
    silence = np.arange(0, 900, 30)
    last = recency + x
    histories = Histories(np.full(silence.size, x), np.full(silence.size, last), last + silence)
    chance = correction.apply(bg_nbd.p_purchase(counts, histories, HORIZON), histories)
    risk = churn_risk(counts, histories, HORIZON, correction)
    assert ((chance >= 0) & (chance <= 1) & (risk >= 0) & (risk <= 1)).all()
    assert (np.diff(chance) <= 1e-12).all()
    assert (np.diff(risk) >= -1e-9).all()
    assert risk[0] == 0


@given(st.lists(st.sampled_from([0.0, 1e-300, 0.5, 1 - 1e-16, 1.0]), min_size=1, max_size=20))
def test_certain_chances_stay_chances(chances):
    n = len(chances)
    histories = Histories(np.arange(n), np.arange(n) * 3, np.arange(n) * 3 + 10_000)
    corrected = Recalibration(2.0, -1.0, 1.0, 0.5, -4.0, 9.0).apply(np.array(chances), histories)
    assert ((corrected >= 0) & (corrected <= 1)).all()
