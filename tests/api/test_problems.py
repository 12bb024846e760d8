import pytest

from tests.factories_api import Served


@pytest.mark.parametrize(
    ("method", "path", "status", "name"),
    [
        ("GET", "/v1/nope", 404, "not-found"),
        ("GET", "/v1", 404, "not-found"),
        ("DELETE", "/v1/customers", 405, "method-not-allowed"),
        ("GET", "/v1/events", 405, "method-not-allowed"),
        ("GET", "/v1/customers/nobody/profile", 404, "not-found"),
        ("GET", "/v1/customers?limit=0", 422, "invalid-input"),
    ],
)
def test_every_error_is_a_problem_with_a_stable_type(
    shared: Served, method: str, path: str, status: int, name: str
) -> None:
    answer = shared.ask(method, path)
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, problem["status"], problem["type"]) == (status, status, f"/problems/{name}")
    assert problem["title"]
    assert problem["detail"]
    assert problem["request_id"] == answer.headers["x-request-id"]


def test_a_callers_request_id_comes_back_and_a_bad_one_does_not(shared: Served) -> None:
    assert shared.get("/healthz", headers={"X-Request-ID": "job-7.a_b"}).headers["x-request-id"] == "job-7.a_b"
    for bad in ("x" * 65, "a b", "<script>"):
        assert shared.get("/healthz", headers={"X-Request-ID": bad}).headers["x-request-id"] != bad


def test_answers_about_people_are_not_cached(shared: Served) -> None:
    assert shared.get("/v1/customers").headers["cache-control"] == "no-store"


def test_a_field_at_fault_is_named_and_not_repeated(shared: Served) -> None:
    problem = shared.get("/v1/customers?limit=13912345678&order_by=13912345678").json()
    assert {error["location"] for error in problem["errors"]} == {"query.limit", "query.order_by"}
    assert "13912345678" not in str(problem)


def test_the_openapi_document_shows_problems_and_the_body(shared: Served) -> None:
    paths = shared.client.get("/openapi.json").json()["paths"]
    post = paths["/v1/events"]["post"]
    assert "application/problem+json" in post["responses"]["422"]["content"]
    event = post["requestBody"]["content"]["application/json"]["schema"]["properties"]["events"]["items"]
    assert {"message_id", "kind", "occurred_at", "identifiers"} == set(event["required"])
    assert all(
        "application/problem+json" in op["responses"]["401"]["content"]
        for op in (paths["/v1/customers"]["get"], paths["/v1/customers/{customer_id}/strategy"]["post"])
    )


def test_a_fault_of_ours_is_500_without_its_details(served: Served) -> None:
    @served.client.app.get("/v1/broken")  # type: ignore[attr-defined, untyped-decorator]
    def broken() -> None:
        raise RuntimeError("secret path")

    answer = served.get("/v1/broken", headers={"X-Request-ID": "abc-1"})
    assert (answer.status_code, answer.json()["type"]) == (500, "/problems/internal")
    assert "secret" not in answer.text
    assert answer.headers["x-request-id"] == answer.json()["request_id"] == "abc-1"
