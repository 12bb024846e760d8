"""What a person approved is done once, by an editor; a reader's yes does nothing."""

from collections.abc import Iterator
from typing import Any

import pytest

from app.access.schemas import Role
from app.assistant.asking import Asking
from app.assistant.carrying_out import carry_out
from app.assistant.replies.answering import Replies
from app.assistant.schemas import Intent, Pending
from app.bootstrap import App, build
from app.config import Settings
from app.errors import Conflict, Forbidden, InvalidInput, NotFound
from app.events.sources.mapping import Parsed
from tests.factories_replies import understood
from tests.factories_running import NOW, a_shop_of, order


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, databases_where_asked: None) -> Iterator[App]:
    folder = tmp_path_factory.mktemp("carrying")
    app = build(Settings(_env_file=None, data_dir=folder, database_url="", llm_url=""))
    a_shop_of(app, 60)
    yield app
    app.database.close()


def asking(app: App, role: Role = Role.EDITOR) -> Asking:
    shop = app.pipeline.access.workspace("shop")
    return Asking(shop, app.pipeline.clock(shop, now=NOW), NOW, by="ops", role=role, ask_model=False)


def proposed(app: App, intent: Intent, **slots: Any) -> Pending:
    pending = Replies(app.pipeline).answer(asking(app), understood(intent, **slots)).pending
    assert pending is not None
    return pending


def test_from_a_plan_over_a_campaign_to_its_end(app: App) -> None:
    plan = proposed(app, Intent.BUDGET_ALLOCATION, budget_minor=100_000)
    assert app.pipeline.planning.newest(asking(app).workspace) == []
    drafted = carry_out(app.pipeline, plan, asking(app), "en")
    (kept,) = app.pipeline.planning.newest(asking(app).workspace)
    assert drafted.campaign_id == kept.plan_id
    assert kept.wish.budget_minor == 100_000

    yes = proposed(app, Intent.APPROVE_OR_CHANGE_STRATEGY, decision="approve")
    assert app.pipeline.campaigns.every(asking(app).workspace, now=NOW) == []
    begun = Replies(app.pipeline).carry_out(asking(app), understood(Intent.APPROVE_OR_CHANGE_STRATEGY), yes)
    (run,) = app.pipeline.campaigns.every(asking(app).workspace, now=NOW)
    assert run.run.campaign.campaign_id == kept.plan_id
    assert kept.plan_id in begun.text
    assert run.run.approved.by == "ops"

    stop = proposed(app, Intent.APPROVE_OR_CHANGE_STRATEGY, decision="stop", campaign=kept.plan_id)
    stopped = carry_out(app.pipeline, stop, asking(app), "zh")
    assert "已停止" in stopped.said
    with pytest.raises(Conflict):
        carry_out(app.pipeline, stop, asking(app), "en")


def test_a_strategy_is_logged_and_may_be_turned_down(app: App) -> None:
    proposal = proposed(app, Intent.DRAFT_STRATEGY, customer="u0003")
    done = carry_out(app.pipeline, proposal, asking(app), "en")
    assert done.links[0].path.startswith("/customer/c_")
    made = Pending(pending_id="p", action="reject_campaign", said="", arguments={"decision_id": "d", "reason": "no"})
    with pytest.raises(NotFound):
        carry_out(app.pipeline, made, asking(app), "en")


def test_a_list_is_kept_as_one_segment_and_its_link_gives_the_file(app: App) -> None:
    export = proposed(app, Intent.AUDIENCE_EXPORT, channel="sms")
    first = carry_out(app.pipeline, export, asking(app), "en")
    again = carry_out(app.pipeline, export, asking(app), "en")
    saved = app.pipeline.audiences.saved(asking(app).workspace, as_of=asking(app).as_of, lang="en")
    assert len(saved) == 1
    assert first.links == again.links
    assert first.links[0].path == f"/v1/segments/{saved[0].segment.segment_id}/export?format=csv&channel=sms"


@pytest.mark.parametrize("role", [Role.VIEWER, Role.INGEST])
def test_only_an_editor_carries_anything_out(app: App, role: Role) -> None:
    pending = Pending(pending_id="p", action="export_audience", said="", arguments={"segment": "orders >= 1"})
    with pytest.raises(Forbidden):
        carry_out(app.pipeline, pending, asking(app, role), "en")


def test_arguments_that_are_missing_are_said(app: App) -> None:
    for action in ("approve_campaign", "reject_campaign", "stop_campaign", "export_audience", "propose_campaign"):
        pending = Pending(pending_id="p", action=action, said="", arguments={})
        with pytest.raises(InvalidInput, match="ask again"):
            carry_out(app.pipeline, pending, asking(app), "en")


def test_an_empty_shop_says_that_there_is_nothing_yet(app: App) -> None:
    shop = app.pipeline.access.ensure(asking(app).workspace.model_copy(update={"workspace_id": "empty"}))
    nobody = asking(app)._replace(workspace=shop)
    for intent in set(Intent) - {Intent.OUT_OF_SCOPE, Intent.AMBIGUOUS}:
        reply = Replies(app.pipeline).answer(nobody, understood(intent, customer="u1"))
        assert reply.sentences
        assert reply.pending is None
        assert intent is Intent.DATA_QUALITY or "no events yet" in reply.text


def test_without_past_outcomes_nothing_is_cited(app: App) -> None:
    reply = Replies(app.pipeline).answer(asking(app), understood(Intent.SEARCH_CAMPAIGNS))
    assert "no past campaigns" in reply.text
    assert not any(sentence.claim_ids for sentence in reply.sentences)


def test_events_that_no_profile_shows_yet_are_said(app: App) -> None:
    shop = app.pipeline.access.ensure(asking(app).workspace.model_copy(update={"workspace_id": "unread"}))
    records = [Parsed(1, order(1, 15, 5_000), None, {"message_id": "m1"})]
    app.pipeline.ingest(shop, "web", records, now=NOW)
    reply = Replies(app.pipeline).answer(asking(app)._replace(workspace=shop), understood(Intent.FIND_CUSTOMERS))
    assert reply.abstained
    assert "not been read into profiles yet" in reply.text
    assert reply.warnings
