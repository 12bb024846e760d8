"""Whether a customer is drifting away, over HTTP."""

import pytest

from app.access.schemas import Role
from app.bootstrap import App
from app.insights.churn.schemas import ChurnRead
from tests.factories_api import Served, an_order_body


@pytest.fixture(scope="module")
def reader(demo: App) -> Served:
    found = Served(demo)
    found.keys = {role: found.issue("demo", role) for role in found.keys}
    return found


def riskiest(reader: Served) -> str:
    rows = reader.get("/v1/customers?limit=1&order_by=churn_risk").json()["data"]["rows"]
    ref: str = rows[0]["customer_id"]
    return ref


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_read_has_the_profiles_number_and_its_signs_in_order(reader: Served, lang: str) -> None:
    ref = riskiest(reader)
    answer = reader.get(f"/v1/customers/{ref}/churn?lang={lang}", role=Role.VIEWER).json()
    found, profile = answer["data"], reader.get(f"/v1/customers/{ref}/profile?lang={lang}").json()["data"]
    assert found["churn_risk"] == profile["churn"]["churn_risk"]
    assert ChurnRead.model_validate(found).verdict
    moments = [sign["since"] for sign in found["signs"]]
    assert moments == sorted(moments)
    cited = {claim_id for one in found["sentences"] for claim_id in one["claim_ids"]}
    assert cited <= set(found["spoken"]) == {claim["claim_id"] for claim in found["claims"]}
    assert answer["provenance"]["rung"] == "composer"


def test_reading_decides_nothing(reader: Served) -> None:
    before = reader.app.pipeline.log.count("demo")
    reader.get(f"/v1/customers/{riskiest(reader)}/churn")
    assert reader.app.pipeline.log.count("demo") == before


def test_a_customer_whom_nobody_knows_is_not_found(reader: Served) -> None:
    answer = reader.get("/v1/customers/nobody/churn")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_shop_that_is_too_small_is_told_so(served: Served) -> None:
    served.send(an_order_body(1))
    answer = served.get("/v1/customers/u1/churn").json()
    assert answer["data"]["verdict"] == "not_enough_data"
    assert answer["warnings"][0].startswith("not enough data: customers>=")
