from app.events.schemas import EventKind
from tests.factories_api import Served, an_order_body


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
