"""Four forecasts of one shop: taught out of time, each at the right level, and none beyond what was taught."""

from datetime import date

import msgspec
import numpy as np
import pytest

from app.predict.inputs.purchases import PurchaseDays, spend_between
from app.predict.value.ensemble import BORROWING, LEAST_OUTCOMES, MEMBERS, Ensemble, Means, fit, forecast
from app.predict.value.features import unit_of
from app.predict.value.season import FLAT, Calendar
from tests.factories_shops import FIRST_DAY, bought, some_of, with_later_rows

DAY = FIRST_DAY + 209


def fitted(purchases: PurchaseDays, day: int = DAY, horizon: int = 90, calendar: Calendar = FLAT) -> Ensemble:
    unit = unit_of(purchases.until(day))
    return fit(purchases, day, horizon_days=horizon, unit=unit, calendar=calendar, beside=None)


def asked(ensemble: Ensemble, purchases: PurchaseDays, day: int = DAY, horizon: int = 90) -> Means:
    return forecast(ensemble, purchases, day, horizon_days=horizon, beside=None)


@pytest.fixture(scope="module")
def ensemble(small: PurchaseDays) -> Ensemble:
    return fitted(small)


@pytest.fixture(scope="module")
def means(ensemble: Ensemble, small: PurchaseDays) -> Means:
    return asked(ensemble, small)


@pytest.mark.parametrize("member", MEMBERS)
def test_every_member_comes_near_what_followed(
    ensemble: Ensemble, means: Means, small: PurchaseDays, member: str
) -> None:
    spend, _ = spend_between(small, means.table.customer, DAY, DAY + 90)
    told = means.spend[member]
    if member not in BORROWING:
        assert told.sum() * ensemble.unit == pytest.approx(spend.sum(), rel=0.25)
    assert np.corrcoef(np.argsort(np.argsort(told)), np.argsort(np.argsort(spend)))[0, 1] > 0.3


def test_the_chance_of_no_purchase_comes_true(means: Means, small: PurchaseDays) -> None:
    _, orders = spend_between(small, means.table.customer, DAY, DAY + 90)
    assert means.p_zero.mean() == pytest.approx((orders == 0).mean(), abs=0.05)
    assert means.p_zero[orders > 0].mean() < means.p_zero[orders == 0].mean() - 0.1


def test_forecasts_are_never_negative_and_chances_are_chances(means: Means) -> None:
    for column in means.spend.values():
        assert np.isfinite(column).all()
        assert (column >= 0).all()
    assert ((means.p_zero > 0) & (means.p_zero < 1)).all()


def test_nothing_after_the_day_is_read(ensemble: Ensemble, means: Means, small: PurchaseDays) -> None:
    poisoned = with_later_rows(small, DAY)
    assert fitted(small.until(DAY)) == ensemble == fitted(poisoned)
    np.testing.assert_array_equal(asked(ensemble, poisoned).spend["trees"], means.spend["trees"])
    np.testing.assert_array_equal(asked(ensemble, poisoned).p_zero, means.p_zero)


def test_who_else_is_asked_for_changes_nothing(ensemble: Ensemble, means: Means, small: PurchaseDays) -> None:
    kept = list(range(5, 500, 13))
    part = asked(ensemble, some_of(small, kept))
    rows = np.isin(means.table.customer, kept)
    for name in MEMBERS:
        np.testing.assert_allclose(part.spend[name], means.spend[name][rows], rtol=1e-9)
    np.testing.assert_allclose(part.p_zero, means.p_zero[rows], rtol=1e-9)


def test_it_survives_being_kept(ensemble: Ensemble, means: Means, small: PurchaseDays) -> None:
    kept = msgspec.json.encode(ensemble)
    again = msgspec.json.decode(kept, type=Ensemble)
    assert again == ensemble
    assert msgspec.json.encode(again) == kept
    np.testing.assert_array_equal(asked(again, small).spend["around"], means.spend["around"])


def test_a_longer_horizon_than_was_taught_is_carried_on_by_the_rhythm_of_purchases(small: PurchaseDays) -> None:
    far = fitted(small, FIRST_DAY + 299, horizon=365)
    assert far.learned is not None
    assert far.learned.horizon_days == 149
    short, long = (asked(far, small, FIRST_DAY + 299, horizon) for horizon in (149, 365))
    for name in MEMBERS:
        np.testing.assert_allclose(
            long.spend[name] / short.spend[name], long.spend["bg_nbd"] / short.spend["bg_nbd"], rtol=1e-9
        )
        assert (long.spend[name] > short.spend[name]).all()
    assert (long.p_zero <= short.p_zero).all()
    assert (long.p_zero < short.p_zero).mean() > 0.9


def test_too_short_or_too_thin_a_past_leaves_the_model_of_the_papers_alone(small: PurchaseDays) -> None:
    early = fitted(small, FIRST_DAY + 50)
    assert early.learned is None
    means = asked(early, small, FIRST_DAY + 50)
    assert tuple(means.spend) == ("bg_nbd",)
    np.testing.assert_array_equal(means.p_zero, 1 - means.features.p_purchase)


def test_a_past_in_which_everybody_came_back_teaches_no_chances() -> None:
    always = bought([(f"c{i:03}", day, 1000) for i in range(150) for day in range(i % 10, 300, 10)])
    assert fitted(always, 299).learned is None
    leavers = LEAST_OUTCOMES // 2
    some = bought(
        [(f"c{i:03}", day, 1000) for i in range(150) for day in range(i % 10, 80 if i < leavers else 300, 10)]
    )
    assert fitted(some, 299).learned is not None


def test_two_parts_never_tell_more_than_anyone_spent_before_their_level(ensemble: Ensemble) -> None:
    assert ensemble.learned is not None
    found = ensemble.learned.two_part
    beyond = found.of(np.full((1, len(found.chance.centre)), 1e3)) / found.level
    assert 0 <= beyond[0] <= found.most
    assert found.level > 0


def test_lessons_know_the_season_that_they_fell_in(small: PurchaseDays) -> None:
    month = date.fromordinal(date(1970, 1, 1).toordinal() + DAY - 45).month
    calendar = Calendar(months=tuple(3.0 if m == month else 1.0 for m in range(1, 13)))
    plain, seasonal = fitted(small).learned, fitted(small, calendar=calendar).learned
    assert plain is not None
    assert seasonal is not None
    assert plain.index == 1
    assert 1 < seasonal.index < 3
    assert (seasonal.trees, seasonal.line) == (plain.trees, plain.line)
    assert plain.usual_level == pytest.approx(1, abs=0.2)
