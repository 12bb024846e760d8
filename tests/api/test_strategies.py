from pathlib import Path

from app.bootstrap import build
from app.config import Settings
from app.events.schemas import EventKind
from tests.factories_api import Served, an_order_body
from tests.factories_campaigns import AS_OF, case_of


def test_without_past_outcomes_a_first_test_with_a_holdout_is_proposed_and_logged(served: Served) -> None:
    served.send(*(an_order_body(n) for n in range(3)))
    answer = served.ask("POST", "/v1/customers/u1/strategy?lang=en").json()
    strategy, decision = answer["data"]["strategy"], answer["data"]["decision"]
    assert strategy["campaigns"] == []
    assert "first test" in strategy["status_reason"]
    assert decision["chosen"] == "first_test"
    assert strategy["holdout_share"] > 0
    pipeline = served.app.pipeline
    logged = [e for _, e in pipeline.log.since("shop", 0, limit=99) if e.kind == EventKind.DECISION]
    assert [e.decision_id for e in logged] == [decision["decision_id"]]


def test_with_a_silent_embedder_past_campaigns_are_found_by_words_and_audience_and_it_is_said(tmp_path: Path) -> None:
    app = build(Settings(data_dir=tmp_path, llm_url="", embedder="http://127.0.0.1:9/v1"))
    served = Served(app)
    search = {"message_id": "s", "kind": "search", "identifiers": {"user_id": "u1"}, "text": "猫粮"}
    served.send(an_order_body(), search | {"occurred_at": "2026-03-03T10:00:00+08:00"})
    app.pipeline.knowledge_base.import_cases("shop", [case_of(topics=(), age_days=600)], approved_by="test", now=AS_OF)
    answer = served.ask("POST", "/v1/customers/u1/strategy?lang=en").json()
    app.database.close()
    assert answer["data"]["retrieval"]["without_meaning"]
    assert answer["warnings"] == ["embedder silent: past campaigns were found by words and audience alone"]
