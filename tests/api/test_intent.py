from datetime import date, timedelta

import numpy as np
import pytest

from app.bootstrap import App
from tests.factories_api import Served, an_order_body


@pytest.fixture(scope="module")
def reader(demo: App) -> Served:
    found = Served(demo)
    found.keys = {role: found.issue("demo", role) for role in found.keys}
    return found


def orders_only(customers: int = 120, days: int = 240) -> list[dict[str, object]]:
    """Orders without items: who, when, how much."""
    rng = np.random.default_rng(5)
    start, found = date(2026, 1, 1), []
    for who in range(customers):
        day = int(rng.integers(0, 60))
        while day < days:
            at = f"{start + timedelta(days=day)}T12:00:00+08:00"
            body = an_order_body(len(found), identifiers={"user_id": f"u{who}"}, occurred_at=at)
            body.pop("item_id", None)
            found.append(body)
            day += 1 + int(rng.exponential(40))
    return found


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_next_purchase_is_told_with_probabilities_and_their_record(reader: Served, lang: str) -> None:
    ref = reader.get("/v1/customers?order_by=total&limit=1").json()["data"]["rows"][0]["customer_id"]
    answer = reader.get(f"/v1/customers/{ref}/intent?lang={lang}").json()
    intent = answer["data"]["intent"]
    assert answer["warnings"] == []
    assert [window["days"] for window in intent["windows"]] == [7, 14, 30, 90]
    shares = [category["share"] for category in intent["categories"]]
    assert sum(shares) + intent["other_share"] == pytest.approx(1)
    assert intent["calibration"]["n"] > 0
    assert {category["category"] for category in intent["categories"]} <= answer["data"]["names"].keys()


def test_a_shop_that_sends_orders_only_is_told_when_but_not_what(served: Served) -> None:
    bodies = orders_only()
    for start in range(0, len(bodies), 200):
        assert served.send(*bodies[start : start + 200]).status_code < 300
    answer = served.get("/v1/customers/u3/intent").json()
    intent = answer["data"]["intent"]
    assert intent["status"] == "ok"
    assert 0 < intent["windows"][0]["probability"] < intent["windows"][-1]["probability"] < 1
    assert (intent["categories"], intent["other_share"]) == ([], None)
    assert answer["warnings"] == ["no categories: item_categories"]


def test_before_there_is_enough_it_says_what_is_missing(served: Served) -> None:
    served.send(an_order_body(1))
    answer = served.get("/v1/customers/u1/intent").json()
    intent = answer["data"]["intent"]
    assert intent["status"] == "not_enough_data"
    assert (intent["windows"], intent["likely_window"]) == ([], None)
    assert "customers>=100" in intent["missing"]
    assert answer["warnings"] == [f"not enough data: {', '.join(intent['missing'])}"]


def test_an_unknown_customer_is_not_found(served: Served) -> None:
    assert served.get("/v1/customers/nobody/intent").status_code == 404
