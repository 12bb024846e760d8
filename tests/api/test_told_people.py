"""Briefs, stories of segments, rationales and conclusions over HTTP."""

import pytest

from app.access.schemas import Role
from app.bootstrap import App
from app.insights.brief.schemas import Brief
from app.strategy.segment_story.schemas import SegmentStory
from tests.factories_api import Served


@pytest.fixture(scope="module")
def reader(demo: App) -> Served:
    found = Served(demo)
    found.keys = {role: found.issue("demo", role) for role in found.keys}
    return found


def anybody(reader: Served) -> str:
    ref: str = reader.get("/v1/customers?limit=1").json()["data"]["rows"][0]["customer_id"]
    return ref


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_brief_cites_events_and_names_no_amount(reader: Served, lang: str) -> None:
    answer = reader.get(f"/v1/customers/{anybody(reader)}/brief?lang={lang}", role=Role.VIEWER).json()
    found = Brief.model_validate(answer["data"])
    assert {claim_id for one in found.sentences for claim_id in one.claim_ids} == set(found.evidence)
    assert not any(mark in found.text for mark in ("¥", "CN¥", "rfm", "LTV"))
    assert answer["provenance"]["rung"] == "composer"
    assert reader.get("/v1/customers/nobody/brief").status_code == 404


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_segment_is_told_by_expression_by_class_and_not_at_all_when_it_is_small(reader: Served, lang: str) -> None:
    def told(expression: str) -> SegmentStory:
        body = {"expression": expression}
        answer = reader.ask("POST", f"/v1/segments/story?lang={lang}", json=body, role=Role.VIEWER)
        return SegmentStory.model_validate(answer.json()["data"])

    found = told("orders >= 1")
    assert {one for s in found.sentences for one in s.claim_ids} <= {claim.claim_id for claim in found.claims}
    assert all(claim.query_ref.count and claim.query_ref.count >= 10 for claim in found.claims)
    few = told("orders >= 1000")
    assert (few.customers, few.claims) == (None, ())
    named = reader.get(f"/v1/segments/general_win_back/story?lang={lang}").json()["data"]
    assert named["expression"] == "rfm = general_win_back"


def test_an_expression_that_cannot_be_read_and_a_segment_that_is_not_there_are_refused(reader: Served) -> None:
    answer = reader.ask("POST", "/v1/segments/story", json={"expression": "churnrisk > 1"}, role=Role.VIEWER)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert reader.get("/v1/segments/nothing/story").status_code == 404


def test_a_strategy_says_why_with_claims_and_campaigns_that_were_retrieved(reader: Served) -> None:
    found = reader.ask("POST", f"/v1/customers/{anybody(reader)}/strategy?lang=en").json()["data"]
    told, retrieval = found["strategy"]["rationale_told"], found["retrieval"]
    known = {match["campaign"]["campaign_id"] for match in (*retrieval["matches"], *retrieval["warnings"])}
    assert 1 <= len(told) <= 4
    assert {campaign for one in told for campaign in one["campaign_ids"]} <= known
    assert all(one["claim_ids"] or one["campaign_ids"] for one in told)
