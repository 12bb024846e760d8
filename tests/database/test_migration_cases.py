"""Migration 0005 makes each past campaign its own first version, and keeps what is retrieved on the way down."""

from datetime import UTC, datetime

from sqlalchemy import text

import app.bootstrap  # noqa: F401  (declares every stage's tables)
from app.database.engine import Database
from app.database.migrate import downgrade, upgrade
from app.retrieval.knowledge.schemas import WantedRuling
from app.retrieval.store import KnowledgeBase
from tests.factories_campaigns import AS_OF, case_of

_OLD = text(
    "INSERT INTO cases (workspace_id, campaign_id, content_hash, body, approved_by, imported_at) "
    "VALUES (:shop, :name, 'h', :body, :approver, 1774929600000000)"
)
IMPORTED = datetime(2026, 3, 31, 4, tzinfo=UTC)


def test_old_cases_are_first_versions_with_their_approvals(database: Database) -> None:
    downgrade(database, "0004")
    old = [("one", "a", "li"), ("one", "b", None), ("two", "c", "wang")]
    with database.write() as connection:
        for shop, name, approver in old:
            body = case_of(name, n=40).model_dump_json()
            connection.execute(_OLD, {"shop": shop, "name": name, "body": body, "approver": approver})
    upgrade(database)
    kb = KnowledgeBase(database)
    assert [(c.campaign.campaign_id, c.campaign.approved_by) for c in kb.cases("one")] == [("a", "li")]
    assert [c.campaign.campaign_id for c in kb.cases("two")] == ["c"]
    (version,) = kb.history("one", "a")
    assert (version.version, version.imported_by, version.imported_at, version.state) == (1, "li", IMPORTED, "approved")
    assert kb.history("one", "b")[0].state == "pending"
    assert kb.import_cases("one", [case_of("a", n=40)], approved_by=None, now=AS_OF).unchanged == 1


def test_the_retrieved_version_survives_the_way_down(database: Database) -> None:
    kb = KnowledgeBase(database)
    kb.import_cases("one", [case_of("a", n=40), case_of("b", n=40)], approved_by="li", now=AS_OF)
    kb.import_cases("one", [case_of("a", n=41), case_of("c", n=42)], approved_by=None, now=AS_OF)
    kb.rule("one", [WantedRuling(campaign_id="b")], "rejected", by="wang", now=AS_OF)
    downgrade(database, "0004")
    with database.read() as connection:
        rows = connection.execute(text("SELECT campaign_id, approved_by FROM cases ORDER BY campaign_id")).all()
    assert [tuple(row) for row in rows] == [("a", "li"), ("b", None), ("c", None)]
    upgrade(database)
    assert [case.outcomes[0].treated_n for case in KnowledgeBase(database).cases("one")] == [40]
