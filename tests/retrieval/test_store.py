"""The knowledge base: idempotent import, approval, workspaces apart, no fiction outside the demo."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from app.database.engine import Database
from app.errors import InvalidInput
from app.retrieval.store import KnowledgeBase
from app.retrieval.store import cases as table
from tests.factories_campaigns import AS_OF, case_of

A, B = case_of("a", n=40), case_of("b", n=40, seed=5)


@pytest.fixture
def kb(tmp_path: Path) -> Iterator[KnowledgeBase]:
    database = Database(f"sqlite:///{tmp_path / 'kb.db'}")
    with database.write() as connection:
        table.create(connection)
    yield KnowledgeBase(database)
    database.close()


def ids(kb: KnowledgeBase, workspace: str = "shop") -> list[str]:
    return [case.campaign.campaign_id for case in kb.cases(workspace)]


def test_imported_cases_come_back_sorted_and_owned(kb: KnowledgeBase) -> None:
    report = kb.import_cases("shop", [B, A], approved_by="li", now=AS_OF)
    assert (report.imported, report.replaced, report.unchanged, report.outcomes) == (2, 0, 0, 2)
    first, second = kb.cases("shop")
    assert (first.campaign.campaign_id, second.campaign.campaign_id) == ("a", "b")
    assert (first.campaign.workspace_id, first.campaign.approved_by) == ("shop", "li")
    assert first.outcomes == A.outcomes


def test_importing_again_changes_nothing(kb: KnowledgeBase) -> None:
    kb.import_cases("shop", [A, B], approved_by="li", now=AS_OF)
    before = kb.cases("shop")
    report = kb.import_cases("shop", [A, B], approved_by="wang", now=AS_OF + timedelta(days=1))
    assert (report.imported, report.replaced, report.unchanged) == (0, 0, 2)
    assert kb.cases("shop") == before


def test_a_case_with_other_content_is_replaced(kb: KnowledgeBase) -> None:
    kb.import_cases("shop", [A], approved_by="li", now=AS_OF)
    report = kb.import_cases("shop", [case_of("a", n=41)], approved_by="li", now=AS_OF)
    assert (report.imported, report.replaced, report.unchanged) == (0, 1, 0)
    assert kb.cases("shop")[0].outcomes[0].treated_n == 41


def test_a_case_without_approval_is_kept_but_not_retrieved(kb: KnowledgeBase) -> None:
    kb.import_cases("shop", [A], approved_by=None, now=AS_OF)
    assert ids(kb) == []
    assert kb.import_cases("shop", [A], approved_by="li", now=AS_OF).replaced == 1
    assert ids(kb) == ["a"]
    assert kb.import_cases("shop", [A], approved_by=None, now=AS_OF).unchanged == 1
    assert ids(kb) == ["a"]


def test_workspaces_do_not_see_each_other(kb: KnowledgeBase) -> None:
    kb.import_cases("one", [A], approved_by="li", now=AS_OF)
    kb.import_cases("two", [B], approved_by="li", now=AS_OF)
    assert (ids(kb, "one"), ids(kb, "two"), ids(kb, "three")) == (["a"], ["b"], [])


def test_simulated_cases_are_refused_outside_the_demo(kb: KnowledgeBase) -> None:
    fiction = case_of("z", n=40, evidence_kind="simulated")
    with pytest.raises(InvalidInput, match=r"'z' is simulated .* not 'shop'"):
        kb.import_cases("shop", [A, fiction], approved_by="li", now=AS_OF)
    assert ids(kb) == []
    kb.import_cases("demo", [A, fiction], approved_by="li", now=AS_OF)
    assert ids(kb, "demo") == ["a", "z"]


def test_what_a_case_says_of_workspace_and_approval_is_ignored(kb: KnowledgeBase) -> None:
    claimed = A.campaign.model_copy(update={"workspace_id": "demo", "approved_by": "nobody"})
    kb.import_cases("shop", [A.model_copy(update={"campaign": claimed})], approved_by=None, now=AS_OF)
    assert (ids(kb), ids(kb, "demo")) == ([], [])


def test_one_bad_case_keeps_all_out(kb: KnowledgeBase) -> None:
    wrong = B.outcomes[0].model_copy(update={"control_conversions": 99})
    with pytest.raises(InvalidInput, match=r"'b', field outcomes.0.control_conversions"):
        kb.import_cases("shop", [A, B.model_copy(update={"outcomes": (wrong,)})], approved_by="li", now=AS_OF)
    with pytest.raises(InvalidInput, match="same campaign_id"):
        kb.import_cases("shop", [A, A], approved_by="li", now=AS_OF)
    assert ids(kb) == []
