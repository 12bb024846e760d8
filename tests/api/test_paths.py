import pytest

from app.access.schemas import Role
from app.bootstrap import App
from app.predict.schemas import ValuePaths
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
def test_three_paths_end_where_the_profile_says_and_name_the_campaigns_behind_them(reader: Served, lang: str) -> None:
    ref = the_best(reader)
    answer = reader.get(f"/v1/customers/{ref}/paths?lang={lang}", role=Role.VIEWER).json()
    found, ltv = answer["data"], reader.get(f"/v1/customers/{ref}/profile").json()["data"]["ltv"]
    alone, light, strong = found["values"]["paths"]
    assert [path["action"] for path in (alone, light, strong)] == ["no_action", "light", "strong"]
    assert alone["points"][-1]["expected_minor"] == ltv["value"]
    assert alone["points"][-1]["day"] == ltv["horizon_days"]
    for path, ground in zip((light, strong), found["grounds"][1:], strict=True):
        campaigns = {source["campaign_id"] for source in ground["sources"]}
        assert campaigns == set(path["lift"]["campaigns"])
        assert all(source["measured"]["treated_n"] >= 30 for source in ground["sources"])
    assert answer["warnings"] == []
    assert ValuePaths.model_validate(found["values"])


def test_asking_what_would_be_decides_nothing(reader: Served) -> None:
    before = reader.app.pipeline.log.count("demo")
    reader.get(f"/v1/customers/{the_best(reader)}/paths")
    assert reader.app.pipeline.log.count("demo") == before


def test_before_the_first_campaign_had_ended_no_lift_is_known(reader: Served) -> None:
    early = "2026-03-03"
    ref = reader.get(f"/v1/customers?limit=1&as_of={early}").json()["data"]["rows"][0]["customer_id"]
    found = reader.get(f"/v1/customers/{ref}/paths?lang=en&as_of={early}").json()["data"]
    assert all("no lift is known" in ground["said"] or "no estimate" in ground["said"] for ground in found["grounds"])
    assert all(path["status"] == "no_lift_known" for path in found["values"]["paths"][1:])


def test_a_shop_that_is_too_small_is_told_so(served: Served) -> None:
    served.send(an_order_body(1))
    answer = served.get("/v1/customers/u1/paths").json()
    assert answer["data"]["values"]["paths"] == []
    assert answer["data"]["values"]["status"] == "not_enough_data"
    assert answer["warnings"][0].startswith("not enough data: customers>=")


def test_an_unknown_customer_is_404_and_a_moment_that_makes_no_sense_422(shared: Served) -> None:
    assert shared.get("/v1/customers/nobody/paths").status_code == 404
    assert shared.get("/v1/customers/nobody/paths?as_of=yesterday").status_code == 422
