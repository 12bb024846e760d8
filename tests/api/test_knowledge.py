"""Past campaigns over the API: read, import, approve, export; each workspace its own, no fiction outside the demo."""

import json
from pathlib import Path
from typing import Any

import pytest

from app.access.schemas import Role, Workspace
from app.retrieval.knowledge_base import CaseFormat, read_cases
from app.retrieval.schemas import Case, Titles
from tests.factories_api import Served
from tests.factories_campaigns import case_of

A, B = case_of("a", n=40), case_of("b/2026", n=40, seed=5, objective="retain", age_days=10)
BILINGUAL = Case(
    campaign=A.campaign.model_copy(update={"titles": Titles(zh="护肤召回", en="Skincare again")}), outcomes=A.outcomes
)


def posted(*cases: Case) -> dict[str, Any]:
    return {"cases": [json.loads(case.model_dump_json(exclude_none=True)) for case in cases]}


def bring_in(served: Served, *cases: Case, **more: Any) -> Any:
    return served.ask("POST", "/v1/campaigns/import", json=posted(*cases), **more)


def decide(served: Served, campaign_id: str, ruling: str = "approved", **more: Any) -> Any:
    body = {"ruling": ruling, "by": "Li Wei"} | more
    return served.ask("POST", f"/v1/campaigns/{campaign_id}/approval", json=body)


def test_an_empty_workspace_says_that_there_are_no_past_outcomes(served: Served) -> None:
    found = served.get("/v1/campaigns").json()["data"]
    assert found == {"total": 0, "campaigns": [], "status": "no_past_outcomes"}


def test_an_imported_campaign_waits_is_approved_and_is_then_retrieved(served: Served) -> None:
    answer = bring_in(served, A, B)
    assert (answer.status_code, answer.json()["data"]["imported"], answer.json()["data"]["waiting"]) == (200, 2, 2)
    known = served.app.pipeline.knowledge_base
    assert known.cases("shop") == ()
    approved = decide(served, "b/2026", version=1, note="checked").json()["data"]
    assert approved["state"] == "approved"
    (said,) = approved["rulings"]
    assert said["by"].startswith("Li Wei, key key_")
    assert said["note"] == "checked"
    assert [case.campaign.campaign_id for case in known.cases("shop")] == ["b/2026"]
    assert bring_in(served, A, B).json()["data"]["unchanged"] == 2


def test_a_campaign_is_told_with_lift_interval_and_versions(served: Served) -> None:
    bring_in(served, BILINGUAL)
    decide(served, "a")
    bring_in(served, case_of("a", n=41))
    found = served.get("/v1/campaigns/a").json()["data"]
    (outcome,) = found["detail"]["outcomes"]
    lift = outcome["lift"]
    assert lift["low"] < lift["mean"] < lift["high"]
    assert (outcome["outcome"]["segment"], lift["treated_n"]) == ("all", 41)
    assert [version["state"] for version in found["versions"]] == ["approved", "pending"]
    assert found["row"]["approved_version"] == 1
    old = served.get("/v1/campaigns/a?version=1").json()["data"]
    assert old["detail"]["outcomes"][0]["lift"]["treated_n"] == 40
    assert served.get("/v1/campaigns/a?version=3").status_code == 404


def test_the_list_is_filtered_paged_and_in_the_readers_language(served: Served) -> None:
    bring_in(served, BILINGUAL, B)
    decide(served, "a")

    def ids(query: str) -> list[str]:
        return [row["campaign_id"] for row in served.get(f"/v1/campaigns?{query}").json()["data"]["campaigns"]]

    assert ids("") == ["b/2026", "a"]
    assert ids("offset=1&limit=1") == ["a"]
    assert ids("state=pending") == ["b/2026"]
    assert ids("objective=retain") == ["b/2026"]
    assert ids("evidence_kind=reported") == []
    assert ids("search=护肤召回") == ["b/2026", "a"]
    assert ids("search=SKINCARE AGAIN") == ["a"]
    titles = {
        lang: served.get(f"/v1/campaigns?search=a&state=approved&lang={lang}").json()["data"]["campaigns"][0]["title"]
        for lang in ("zh", "en")
    }
    assert titles == {"zh": "护肤召回", "en": "Skincare again"}


@pytest.mark.parametrize("form", ["jsonl", "csv", "parquet"])
def test_an_export_holds_the_same_cases(served: Served, tmp_path: Path, form: CaseFormat) -> None:
    bring_in(served, A, B)
    answer = served.get(f"/v1/campaigns/export?format={form}")
    assert answer.headers["content-disposition"] == f'attachment; filename="campaigns-shop.{form}"'
    path = tmp_path / f"kb.{form}"
    path.write_bytes(answer.content)
    assert [case.outcomes for case in read_cases(path)] == [A.outcomes, B.outcomes]
    assert served.get(f"/v1/campaigns/export?format={form}&approved=true").status_code == 200


def test_every_fault_is_named_by_case_and_field_and_nothing_is_imported(served: Served) -> None:
    body = posted(A, B)
    body["cases"][0]["campaign"]["objective"] = "sell"
    body["cases"][1]["outcomes"][0]["treated_conversions"] = 41
    answer = served.ask("POST", "/v1/campaigns/import", json=body)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert [fault["location"] for fault in answer.json()["errors"]] == [
        "body.cases.0.campaign.objective",
        "body.cases.1.outcomes.0.treated_conversions",
    ]
    assert served.get("/v1/campaigns").json()["data"]["total"] == 0


@pytest.mark.parametrize("body", [{}, {"cases": []}, {"cases": {}}, [1], {"cases": [None]}, "x"])
def test_a_body_that_is_no_list_of_cases_is_refused(served: Served, body: Any) -> None:
    answer = served.ask("POST", "/v1/campaigns/import", json=body)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")


def test_simulated_cases_and_exports_of_the_demo_are_refused(served: Served) -> None:
    fiction = bring_in(served, case_of("z", n=40, evidence_kind="simulated"))
    assert (fiction.status_code, "is simulated" in fiction.json()["detail"]) == (422, True)
    served.app.pipeline.access.ensure(Workspace(workspace_id="demo"))
    key = served.issue("demo")
    assert bring_in(served, A, key=key).status_code == 200
    lines = served.get("/v1/campaigns/export", key=key).text.splitlines()
    copied = served.ask("POST", "/v1/campaigns/import", json={"cases": [json.loads(line) for line in lines]})
    assert (copied.status_code, "exported from the demo shop" in copied.json()["detail"]) == (422, True)


def test_a_decision_on_an_older_version_is_a_conflict(served: Served) -> None:
    bring_in(served, A)
    bring_in(served, case_of("a", n=41))
    assert decide(served, "a", version=1).status_code == 409
    assert decide(served, "z").status_code == 404
    assert decide(served, "a", ruling="maybe").status_code == 422
    assert decide(served, "a", by=" ").status_code == 422


def report(served: Served, text: str, campaign_id: str = "a", query: str = "", **more: Any) -> Any:
    headers = {"content-type": "text/csv"}
    path = f"/v1/campaigns/{campaign_id}/outcomes{query}"
    return served.ask("POST", path, content=text.encode(), headers=headers, **more)


def test_outcomes_come_from_a_report_that_is_sent_as_a_file(served: Served) -> None:
    bring_in(served, A)
    found = report(served, "wer,分组,支付金额\nu1,实验组,9.99\nu2,对照组,1\n", query="?map=wer%3Drecipient").json()
    (outcome,) = found["data"]["outcomes"]
    assert (outcome["treated_sum"], outcome["control_sum"]) == (999, 100)
    assert found["warnings"] == ["no_holdout: a"]
    assert [v["state"] for v in served.get("/v1/campaigns/a").json()["data"]["versions"]] == ["replaced", "pending"]


@pytest.mark.parametrize(
    ("text", "where", "status", "said"),
    [
        ("user_id,revenue\nu1,nine\n", {}, 422, "line 2, field revenue: not a number"),
        ("user_id\nu1\n", {"campaign_id": "z"}, 404, "no campaign 'z'"),
        ("user_id\nu1\n", {"query": "?map=x"}, 422, "not of the form map=COLUMN=FIELD"),
        ("user_id\nu1\n", {"role": Role.VIEWER}, 403, "this needs 'editor'"),
    ],
)
def test_a_report_that_cannot_be_used_says_why(
    served: Served, text: str, where: dict[str, Any], status: int, said: str
) -> None:
    bring_in(served, A)
    answer = report(served, text, **where)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert said in answer.json()["detail"]
    assert len(served.app.pipeline.knowledge_base.history("shop", "a")) == 1


@pytest.mark.parametrize("role", [Role.INGEST, Role.VIEWER])
def test_only_an_editor_imports_and_decides(served: Served, role: Role) -> None:
    assert bring_in(served, A, role=role).status_code == 403
    body = {"ruling": "approved", "by": "me"}
    assert served.ask("POST", "/v1/campaigns/a/approval", json=body, role=role).status_code == 403
    reads = 200 if role is Role.VIEWER else 403
    assert served.get("/v1/campaigns", role=role).status_code == reads
    assert served.get("/v1/campaigns/export", role=role).status_code == reads


def test_a_workspace_sees_only_its_own(served: Served) -> None:
    bring_in(served, A)
    other = served.issue("other")
    assert served.get("/v1/campaigns", key=other).json()["data"]["total"] == 0
    assert served.get("/v1/campaigns/a", key=other).status_code == 404
