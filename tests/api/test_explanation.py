"""Why a number is what it is, over HTTP."""

import pytest

from app.access.schemas import Role
from app.bootstrap import App
from app.insights.ltv.schemas import LtvStory
from tests.factories_api import Served, an_order_body


@pytest.fixture(scope="module")
def reader(demo: App) -> Served:
    found = Served(demo)
    found.keys = {role: found.issue("demo", role) for role in found.keys}
    return found


def the_best(reader: Served) -> str:
    ref: str = reader.get("/v1/customers?limit=1").json()["data"]["rows"][0]["customer_id"]
    return ref


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_shares_add_up_to_the_value_of_the_profile_and_cite_its_claims(reader: Served, lang: str) -> None:
    ref = the_best(reader)
    answer = reader.get(f"/v1/customers/{ref}/explanation?lang={lang}", role=Role.VIEWER).json()
    found, profile = answer["data"], reader.get(f"/v1/customers/{ref}/profile?lang={lang}").json()["data"]
    numbers = found["numbers"]
    shares = sum(one["amount_minor"] for one in numbers["contributions"])
    assert numbers["typical_value_minor"] + shares == numbers["value_minor"] == profile["ltv"]["value"]
    assert [one["group"] for one in numbers["contributions"]] == [one["group"] for one in found["reasons"]]
    cited = {claim_id for one in (*found["reasons"], *found["risks"]) for claim_id in one["claim_ids"]}
    assert cited == set(found["spoken"]) == {claim["claim_id"] for claim in found["claims"]}
    assert cited <= set(profile["spoken"])
    assert {claim_id for risk in found["risks"] for claim_id in risk["claim_ids"]} == set(profile["ltv"]["risks"])
    assert answer["warnings"] == []
    assert LtvStory.model_validate(found)


def test_both_languages_have_the_same_figures(reader: Served) -> None:
    ref = the_best(reader)
    zh, en = (reader.get(f"/v1/customers/{ref}/explanation?lang={lang}").json()["data"] for lang in ("zh", "en"))
    assert zh["numbers"] == en["numbers"]
    assert [one["claim_ids"] for one in zh["risks"]] == [one["claim_ids"] for one in en["risks"]]
    assert not set(zh["said"]) & set(en["said"])


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_drivers_risks_and_advice_are_told_with_claims_that_are_given(reader: Served, lang: str) -> None:
    answer = reader.get(f"/v1/customers/{the_best(reader)}/explanation?lang={lang}", role=Role.VIEWER).json()
    found = answer["data"]
    assert 3 <= len(found["drivers"]) <= 5
    given = set(found["spoken"]) | set(found["told_spoken"])
    told = (*found["drivers"], *found["told_risks"], *found["advice"])
    assert {claim_id for one in told for claim_id in one["claim_ids"]} <= given
    assert answer["provenance"]["rung"] == "composer"


def test_no_model_leans_by_default(reader: Served) -> None:
    found = reader.get(f"/v1/customers/{the_best(reader)}/explanation?lang=en").json()["data"]
    assert found["ltv"]["leaned_value"] is None
    assert found["ltv"]["value"] == found["numbers"]["value_minor"]
    assert found["lean"]["reason"] == "A model's lean is off: no evaluation has shown that it helps."


def test_asking_why_decides_nothing(reader: Served) -> None:
    before = reader.app.pipeline.log.count("demo")
    reader.get(f"/v1/customers/{the_best(reader)}/explanation")
    assert reader.app.pipeline.log.count("demo") == before


def test_a_shop_that_is_too_small_is_told_so(served: Served) -> None:
    served.send(an_order_body(1))
    answer = served.get("/v1/customers/u1/explanation").json()
    assert answer["data"]["numbers"]["contributions"] == answer["data"]["reasons"] == []
    assert answer["data"]["numbers"]["status"] == "not_enough_data"
    assert answer["warnings"][0].startswith("not enough data: customers>=")


def test_an_unknown_customer_is_404_and_a_moment_that_makes_no_sense_422(shared: Served) -> None:
    assert shared.get("/v1/customers/nobody/explanation").status_code == 404
    assert shared.get("/v1/customers/nobody/explanation?as_of=yesterday").status_code == 422
