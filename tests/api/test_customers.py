import pytest

from app.bootstrap import App
from tests.factories_api import Served, an_order_body


@pytest.fixture(scope="module")
def reader(demo: App) -> Served:
    found = Served(demo)
    found.keys = {role: found.issue("demo", role) for role in found.keys}
    return found


def test_the_list_is_sorted_and_says_where_it_stands(reader: Served) -> None:
    answer = reader.get("/v1/customers?order_by=total&limit=5").json()
    totals = [row["total_minor"] for row in answer["data"]["rows"]]
    assert len(totals) == 5
    assert totals == sorted(totals, reverse=True)
    assert answer["as_of"] == answer["data"]["as_of"]
    assert answer["provenance"]["fold_version"] >= 1
    assert answer["data"]["model_card"]["calibration"]["n"] > 0


def test_search_finds_by_part_of_an_id(reader: Served) -> None:
    name = reader.get("/v1/customers?limit=1").json()["data"]["rows"][0]["name"].partition(":")[2]
    rows = reader.get("/v1/customers", params={"search": name}).json()["data"]["rows"]
    assert [row["name"].partition(":")[2] for row in rows] == [name]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_profile_cites_its_evidence(reader: Served, lang: str) -> None:
    ref = reader.get("/v1/customers?limit=1").json()["data"]["rows"][0]["customer_id"]
    answer = reader.get(f"/v1/customers/{ref}/profile?lang={lang}").json()
    reading = answer["data"]
    claims = {claim["claim_id"]: claim for claim in reading["story"]["claims"]}
    assert reading["story"]["lang"] == lang
    assert answer["provenance"]["rung"] == "composer"
    for sentence in reading["story"]["sentences"]:
        assert set(sentence["claim_ids"]) <= claims.keys()
    cited = {event_id for claim in claims.values() for event_id in claim["evidence"]}
    cited |= {event_id for marker in reading["narrative"]["evidence"] for event_id in marker["events"]}
    assert cited == reading["evidence"].keys()


def test_interests_are_curves_over_time(reader: Served) -> None:
    ref = reader.get("/v1/customers?limit=1").json()["data"]["rows"][0]["customer_id"]
    curves = reader.get(f"/v1/customers/{ref}/interests").json()["data"]
    assert curves
    assert all(len(curve["points"]) > 4 for curve in curves)


def test_an_as_of_date_means_the_end_of_that_day_in_the_workspace(served: Served) -> None:
    served.send(an_order_body(1, occurred_at="2026-03-10T23:59:59+08:00"), an_order_body(2))
    reading = served.get("/v1/customers/u1/profile?as_of=2026-03-10").json()
    assert reading["as_of"] == "2026-03-10T15:59:59.999999Z"
    assert reading["data"]["profile"]["rfm"]["orders"] == 2
    assert served.get("/v1/customers/u1/profile?as_of=2026-03-09").json()["data"]["profile"]["rfm"]["orders"] == 1
    exact = served.get("/v1/customers/u1/profile", params={"as_of": "2026-03-10T23:59:58+08:00"}).json()
    assert exact["data"]["profile"]["rfm"]["orders"] == 1


@pytest.mark.parametrize(
    "query",
    [
        "as_of=yesterday", "as_of=2026-02-30", "as_of=1989-12-31", "as_of=9999-12-31", "as_of=0001-01-01",
        "as_of=%00", "as_of=" + "9" * 50, "lang=fr", "limit=0", "limit=1001", "limit=ten", "order_by=name",
        "search=%00", "search=" + "x" * 201,
    ],
)  # fmt: skip
def test_a_query_that_makes_no_sense_is_422(shared: Served, query: str) -> None:
    answer = shared.get(f"/v1/customers?{query}")
    assert answer.status_code == 422
    assert answer.json()["type"] == "/problems/invalid-input"


@pytest.mark.parametrize(
    "ref", ["nobody", "user_id:nobody", "c_0000", "%F0%9F%98%80", "..%2f..", "%25", "_", "x" * 190]
)
def test_an_unknown_customer_is_404(shared: Served, ref: str) -> None:
    for method, path in (("GET", "profile"), ("GET", "interests"), ("POST", "strategy")):
        assert shared.ask(method, f"/v1/customers/{ref}/{path}").status_code == 404


@pytest.mark.parametrize("as_of", ["1990-01-02", "2026-03-01", "2099-12-31"])
def test_any_plausible_moment_has_an_answer(served: Served, as_of: str) -> None:
    served.send(*(an_order_body(n) for n in range(3)))
    for path in ("", "/u1/profile", "/u1/interests"):
        assert served.get(f"/v1/customers{path}?as_of={as_of}").status_code == 200
    known = as_of > "2000"
    assert served.ask("POST", f"/v1/customers/u1/strategy?as_of={as_of}").status_code == (200 if known else 404)


def test_a_shop_that_is_too_small_is_told_so(served: Served) -> None:
    served.send(an_order_body(1))
    answer = served.get("/v1/customers").json()
    assert answer["data"]["rows"][0]["ltv"]["status"] == "not_enough_data"
    assert answer["warnings"][0].startswith("not enough data: customers>=")


def test_an_empty_workspace_has_an_empty_list(served: Served) -> None:
    assert served.get("/v1/customers").json()["data"]["rows"] == []
