"""A saved model says the same after a round trip through its files, and refuses what it cannot speak of."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from app.errors import InvalidInput
from app.predict.fitted import VERSION
from app.predict.inputs.purchases import PurchaseDays
from app.predict.kept.artefacts import Shelf, read, write
from app.predict.kept.cards import DataSeen
from app.predict.kept.saved import MODEL, Known, Saved, check, fingerprint_of, kept, make, pack, predict, unpack
from app.predict.value.season import FLAT

NOW = datetime(2026, 1, 1, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY = 240


@pytest.fixture(scope="module", name="shop")
def small_shop(shop: PurchaseDays) -> PurchaseDays:
    """The first 700 customers: enough for a fit, and quicker."""
    few = shop.customer < 700
    return PurchaseDays(shop.customer_ids[:700], shop.customer[few], shop.day[few], shop.amount[few])


def known_at(shop: PurchaseDays, day: int, *, currency: str = "CNY") -> Known:
    data = DataSeen(
        kind="table", name="orders.csv", timezone="UTC", currency=currency, minor_units=100, basis="gross",
        purchase_days=shop.day.size, first_day=date(2022, 1, 8), last_day=date(2022, 11, 3), paid_minor=1,
    )  # fmt: skip
    return Known(shop.until(day), day, EPOCH + timedelta(days=day), data, FLAT)


@pytest.fixture(scope="module")
def model(shop: PurchaseDays, first_day: int) -> Saved:
    return make(known_at(shop, first_day + DAY), horizon_days=45, now=NOW)


def test_a_round_trip_changes_nothing(model: Saved, tmp_path: Path) -> None:
    write(tmp_path / "model", pack(model))
    back = unpack(read(tmp_path / "model", model_version=VERSION))
    assert back == model
    assert pack(back) == pack(model)


def test_the_model_that_came_back_says_the_same(
    model: Saved, shop: PurchaseDays, first_day: int, tmp_path: Path
) -> None:
    write(tmp_path / "model", pack(model))
    back = unpack(read(tmp_path / "model", model_version=VERSION))
    later = known_at(shop, first_day + DAY + 20)
    assert predict(back, later).equals(predict(model, later))
    assert check(back, later) == check(model, later)


def test_a_model_is_found_by_what_it_was_fitted_on(
    model: Saved, shop: PurchaseDays, first_day: int, tmp_path: Path
) -> None:
    shelf = Shelf(tmp_path, model_version=VERSION)
    shelf.save(pack(model))
    assert kept(shelf, fingerprint_of(known_at(shop, first_day + DAY), 45)) == model.fitted
    assert kept(shelf, fingerprint_of(known_at(shop, first_day + DAY), 46)) is None
    assert kept(shelf, fingerprint_of(known_at(shop, first_day + DAY - 1), 45)) is None


def test_the_past_and_other_money_are_refused(model: Saved, shop: PurchaseDays, first_day: int) -> None:
    with pytest.raises(InvalidInput, match="cannot speak as of"):
        predict(model, known_at(shop, first_day + DAY - 1))
    with pytest.raises(InvalidInput, match="knows amounts in CNY, gross; these are in EUR"):
        check(model, known_at(shop, first_day + DAY, currency="EUR"))


def test_forecasts_are_judged_once_enough_days_have_passed(model: Saved, shop: PurchaseDays, first_day: int) -> None:
    assert check(model, known_at(shop, first_day + DAY + 13)).since is None
    found = check(model, known_at(shop, first_day + DAY + 30)).since
    assert found is not None
    assert (found.days, found.customers) == (30, model.card.card.customers)
    assert found.buyers.verdict == "stable"


def test_too_little_data_is_a_model_that_says_so(shop: PurchaseDays, first_day: int) -> None:
    early = make(known_at(shop, first_day + 20), horizon_days=45, now=NOW)
    assert "history_days>=60" in early.fitted.missing
    assert early.card.measured is None
    table = predict(early, known_at(shop, first_day + 21))
    assert set(table["status"]) == {"not_enough_data"}
    assert table["value"].is_null().all()
    assert "history_days>=60" in table["missing"][0]
    assert unpack(pack(early)) == early


def test_parts_of_another_shape_are_refused_in_one_line(model: Saved) -> None:
    artefact = pack(model)
    for broken in (b"{}", b"[1]", msgspec.json.encode({"day": "tomorrow"})):
        with pytest.raises(InvalidInput, match="not readable by this version") as refused:
            unpack(artefact._replace(parts=artefact.parts | {MODEL: broken}))
        assert "\n" not in str(refused.value)
