"""The knowledge base: idempotent import, versions, approval, workspaces apart, no fiction outside the demo."""

from datetime import timedelta

import pytest

from app.database.engine import Database
from app.errors import Conflict, InvalidInput, NotFound
from app.retrieval.knowledge.schemas import CaseState, WantedRuling
from app.retrieval.schemas import Case
from app.retrieval.store import KnowledgeBase
from tests.factories_campaigns import AS_OF, case_of

A, B = case_of("a", n=40), case_of("b", n=40, seed=5)
CHANGED = case_of("a", n=41)
LATER = AS_OF + timedelta(days=1)


@pytest.fixture
def kb(database: Database) -> KnowledgeBase:
    return KnowledgeBase(database)


def ids(kb: KnowledgeBase, workspace: str = "shop") -> list[str]:
    return [case.campaign.campaign_id for case in kb.cases(workspace)]


def retrieved_n(kb: KnowledgeBase) -> list[int]:
    return [case.outcomes[0].treated_n for case in kb.cases("shop")]


def states(kb: KnowledgeBase, campaign_id: str = "a") -> list[str]:
    return [version.state for version in kb.history("shop", campaign_id)]


def approve(kb: KnowledgeBase, *campaign_ids: str) -> int:
    wanted = [WantedRuling(campaign_id=name) for name in campaign_ids]
    return kb.rule("shop", wanted, "approved", by="li", now=AS_OF)


def reject(kb: KnowledgeBase, *campaign_ids: str) -> int:
    wanted = [WantedRuling(campaign_id=name) for name in campaign_ids]
    return kb.rule("shop", wanted, "rejected", by="li", now=AS_OF)


def brought_in(kb: KnowledgeBase, *cases: Case) -> None:
    kb.import_cases("shop", cases, approved_by=None, now=AS_OF, by="zhao")


def test_imported_cases_come_back_sorted_and_owned(kb: KnowledgeBase) -> None:
    report = kb.import_cases("shop", [B, A], approved_by="li", now=AS_OF)
    assert (report.imported, report.replaced, report.unchanged, report.outcomes) == (2, 0, 0, 2)
    assert report.waiting == 0
    first, second = kb.cases("shop")
    assert (first.campaign.campaign_id, second.campaign.campaign_id) == ("a", "b")
    assert (first.campaign.workspace_id, first.campaign.approved_by) == ("shop", "li")
    assert first.outcomes == A.outcomes


def test_importing_again_changes_nothing(kb: KnowledgeBase) -> None:
    kb.import_cases("shop", [A, B], approved_by="li", now=AS_OF)
    before, history = kb.cases("shop"), kb.history("shop", "a")
    report = kb.import_cases("shop", [A, B], approved_by="wang", now=LATER)
    assert (report.imported, report.replaced, report.unchanged) == (0, 0, 2)
    assert kb.cases("shop") is before
    assert kb.history("shop", "a") == history


def test_a_case_waits_until_a_person_approves_it(kb: KnowledgeBase) -> None:
    report = kb.import_cases("shop", [A, B], approved_by=None, now=AS_OF)
    assert (report.imported, report.waiting, ids(kb)) == (2, 2, [])
    assert approve(kb, "a") == 1
    assert approve(kb, "a") == 0
    assert ids(kb) == ["a"]
    assert kb.cases("shop")[0].campaign.approved_by == "li"
    assert kb.import_cases("shop", [A, B], approved_by=None, now=AS_OF).waiting == 1


def test_an_import_with_an_approver_also_approves_what_was_there(kb: KnowledgeBase) -> None:
    brought_in(kb, A)
    report = kb.import_cases("shop", [A], approved_by="li", now=AS_OF)
    assert (report.unchanged, report.waiting, ids(kb)) == (1, 0, ["a"])


def test_a_changed_case_needs_approval_again_and_the_earlier_version_is_retrieved_until_then(
    kb: KnowledgeBase,
) -> None:
    kb.import_cases("shop", [A], approved_by="li", now=AS_OF)
    report = kb.import_cases("shop", [CHANGED], approved_by=None, now=LATER, by="zhao")
    assert (report.imported, report.replaced, report.unchanged, report.waiting) == (0, 1, 0, 1)
    assert (retrieved_n(kb), states(kb)) == ([40], ["approved", "pending"])
    assert approve(kb, "a") == 1
    assert (retrieved_n(kb), states(kb)) == ([41], ["replaced", "approved"])


def test_a_version_keeps_who_when_and_the_hash_of_its_content(kb: KnowledgeBase) -> None:
    kb.import_cases("shop", [A], approved_by="li", now=AS_OF)
    kb.import_cases("shop", [CHANGED], approved_by=None, now=LATER, by="zhao")
    kb.rule("shop", [WantedRuling(campaign_id="a")], "rejected", by="wang", now=LATER, note="counts twice")
    first, second = kb.history("shop", "a")
    assert (first.version, first.imported_by, first.imported_at) == (1, "li", AS_OF)
    assert (second.version, second.imported_by, second.imported_at) == (2, "zhao", LATER)
    assert first.content_hash != second.content_hash
    assert len(first.content_hash) == 64
    (said,) = second.rulings
    assert (said.ruling, said.by, said.at, said.note) == ("rejected", "wang", LATER, "counts twice")


def test_a_rejected_version_leaves_the_approved_one_where_it_is(kb: KnowledgeBase) -> None:
    kb.import_cases("shop", [A], approved_by="li", now=AS_OF)
    brought_in(kb, CHANGED)
    reject(kb, "a")
    assert (retrieved_n(kb), states(kb)) == ([40], ["approved", "rejected"])
    report = kb.import_cases("shop", [A], approved_by=None, now=LATER)
    assert (report.unchanged, report.waiting) == (1, 0)
    assert kb.import_cases("shop", [CHANGED], approved_by=None, now=LATER).unchanged == 1
    assert states(kb) == ["approved", "rejected"]


def test_an_approval_can_be_taken_back_and_given_again(kb: KnowledgeBase) -> None:
    kb.import_cases("shop", [A], approved_by="li", now=AS_OF)
    kb.import_cases("shop", [CHANGED], approved_by="li", now=AS_OF)
    assert reject(kb, "a") == 1
    assert (ids(kb), states(kb)) == ([], ["replaced", "rejected"])
    assert approve(kb, "a") == 1
    assert retrieved_n(kb) == [41]
    assert [said.ruling for said in kb.history("shop", "a")[1].rulings] == ["approved", "rejected", "approved"]


def test_nobody_approves_a_version_that_they_have_not_seen(kb: KnowledgeBase) -> None:
    brought_in(kb, A)
    brought_in(kb, CHANGED)
    with pytest.raises(Conflict, match="at version 2, and version 1 was looked at"):
        kb.rule("shop", [WantedRuling(campaign_id="a", version=1)], "approved", by="li", now=AS_OF)
    assert kb.rule("shop", [WantedRuling(campaign_id="a", version=2)], "approved", by="li", now=AS_OF) == 1


def test_decisions_are_made_on_all_named_cases_or_on_none(kb: KnowledgeBase) -> None:
    brought_in(kb, A)
    with pytest.raises(NotFound, match="no campaign 'z'"):
        approve(kb, "a", "z")
    assert ids(kb) == []


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 81])
def test_a_decision_needs_a_name(kb: KnowledgeBase, name: str) -> None:
    brought_in(kb, A)
    with pytest.raises(InvalidInput, match="say who decides"):
        kb.rule("shop", [WantedRuling(campaign_id="a")], "approved", by=name, now=AS_OF)


def test_what_a_decision_of_old_stood_on_can_be_read_again(kb: KnowledgeBase) -> None:
    kb.import_cases("shop", [A], approved_by="li", now=AS_OF)
    kb.import_cases("shop", [CHANGED, B], approved_by="li", now=LATER)
    assert kb.cases_at("shop", AS_OF - timedelta(seconds=1)) == ()
    (then,) = kb.cases_at("shop", AS_OF)
    assert then.outcomes == A.outcomes
    assert kb.cases_at("shop", LATER) == kb.cases("shop")
    old = kb.entry_of("shop", "a", 1)
    assert (old.case.outcomes, old.version.state) == (A.outcomes, CaseState.REPLACED)
    assert kb.entry_at("shop", "a", AS_OF) == old
    with pytest.raises(NotFound, match="was not approved at"):
        kb.entry_at("shop", "b", AS_OF)
    with pytest.raises(NotFound, match="no version 3"):
        kb.entry_of("shop", "a", 3)


def test_entries_show_the_newest_version_and_which_one_is_retrieved(kb: KnowledgeBase) -> None:
    kb.import_cases("shop", [A], approved_by="li", now=AS_OF)
    brought_in(kb, CHANGED, B)
    first, second = kb.entries("shop")
    assert (first.version.version, first.version.state, first.approved_version) == (2, CaseState.PENDING, 1)
    assert (first.case.outcomes[0].treated_n, first.case.campaign.approved_by) == (41, None)
    assert (second.version.version, second.approved_version) == (1, None)
    assert kb.entry("shop", "a") == first
    with pytest.raises(NotFound, match="no campaign 'z'"):
        kb.entry("shop", "z")


def test_workspaces_do_not_see_each_other(kb: KnowledgeBase) -> None:
    kb.import_cases("one", [A], approved_by="li", now=AS_OF)
    kb.import_cases("two", [B], approved_by="li", now=AS_OF)
    assert (ids(kb, "one"), ids(kb, "two"), ids(kb, "three")) == (["a"], ["b"], [])
    with pytest.raises(NotFound):
        kb.history("two", "a")


def test_simulated_cases_are_refused_outside_the_demo(kb: KnowledgeBase) -> None:
    fiction = case_of("z", n=40, evidence_kind="simulated")
    with pytest.raises(InvalidInput, match=r"'z' is simulated .* not 'shop'"):
        kb.import_cases("shop", [A, fiction], approved_by="li", now=AS_OF)
    assert ids(kb) == []
    kb.import_cases("demo", [A, fiction], approved_by="li", now=AS_OF)
    assert ids(kb, "demo") == ["a", "z"]


def test_what_the_demo_exported_is_refused_elsewhere_whatever_it_calls_itself(kb: KnowledgeBase) -> None:
    kb.import_cases("demo", [A], approved_by="li", now=AS_OF)
    (exported,) = kb.entries("demo")
    with pytest.raises(InvalidInput, match="was exported from the demo shop"):
        kb.import_cases("shop", [exported.case], approved_by=None, now=AS_OF)


def test_what_a_case_says_of_workspace_and_approval_is_ignored(kb: KnowledgeBase) -> None:
    claimed = A.campaign.model_copy(update={"workspace_id": "elsewhere", "approved_by": "nobody"})
    kb.import_cases("shop", [A.model_copy(update={"campaign": claimed})], approved_by=None, now=AS_OF)
    assert (ids(kb), ids(kb, "elsewhere")) == ([], [])
    assert kb.entry("shop", "a").case.campaign.approved_by is None


def test_one_bad_case_keeps_all_out(kb: KnowledgeBase) -> None:
    wrong = B.outcomes[0].model_copy(update={"control_conversions": 99})
    with pytest.raises(InvalidInput, match=r"'b', field outcomes.0.control_conversions"):
        kb.import_cases("shop", [A, B.model_copy(update={"outcomes": (wrong,)})], approved_by="li", now=AS_OF)
    with pytest.raises(InvalidInput, match="same campaign_id"):
        kb.import_cases("shop", [A, A], approved_by="li", now=AS_OF)
    assert kb.entries("shop") == ()
