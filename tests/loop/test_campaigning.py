"""Strategies that become campaigns: who may, what is drawn and logged, and moves that are not allowed."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from app.access.schemas import Workspace
from app.bootstrap import App, build
from app.config import Settings
from app.errors import Conflict, InvalidInput, NotFound
from app.events.schemas import EventKind
from app.loop.enrolling import Planned
from app.strategy.running.planning import Terms
from app.strategy.running.schemas import Status
from app.strategy.running.store import campaign_members, campaign_runs
from tests.factories import START, an_incoming
from tests.factories_running import (
    BEGIN,
    NOW,
    a_shop_of,
    begin,
    campaign_of,
    customers_of,
    handed_out,
    members_of,
    name_of,
    order,
    take,
)

HALF = Terms(holdout_share=0.5)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    app = build(Settings(data_dir=tmp_path_factory.mktemp("shop"), llm_url=""))
    a_shop_of(app, 60)
    yield app
    app.database.close()


@pytest.fixture(scope="module")
def shop(app: App) -> Workspace:
    return app.pipeline.access.workspace("shop")


def proposal(app: App, shop: Workspace, number: int, *, minute: int = 0) -> str:
    """The id of a strategy for one customer, asked for at a minute of its own."""
    asked_at = NOW + timedelta(minutes=100 * number + minute)
    found = app.pipeline.recommend(shop, name_of(number), as_of=BEGIN, now=asked_at, lang="en")
    assert found.strategy.status == "proposed"
    return found.strategy.decision_id


def test_an_approved_strategy_becomes_a_campaign_with_arms_and_a_holdout(app: App, shop: Workspace) -> None:
    decision_id = proposal(app, shop, 1)
    assert app.pipeline.campaigns.proposed(shop, decision_id, now=NOW).status is Status.PROPOSED
    view = app.pipeline.campaigns.approve(shop, decision_id, by="Ana", now=NOW, terms=HALF, reason="worth a try")
    campaign = view.run.campaign
    assert view.status is Status.RUNNING
    assert (campaign.holdout_share, campaign.approved_by, campaign.evidence_kind) == (0.5, "Ana", "randomised")
    assert [count.arm_id for count in view.counts] == [campaign.arms[0].arm_id, "holdout"]
    assert sum(count.assigned for count in view.counts) == campaign.eligible_n > 20
    assert "consent(sms)" in view.run.audience
    known = app.pipeline.campaigns.proposed(shop, decision_id, now=NOW)
    assert (known.status, known.campaign_id) == (Status.RUNNING, campaign.campaign_id)
    assert known.said
    assert (known.said.by, known.said.reason) == ("Ana", "worth a try")


def test_every_draw_is_a_decision_in_the_log_with_its_propensity(app: App, shop: Workspace) -> None:
    view = app.pipeline.campaigns.approve(
        shop, proposal(app, shop, 2), by="Ana", now=NOW + timedelta(hours=1), terms=Terms(holdout_share=0.25)
    )
    campaign_id = view.run.campaign.campaign_id
    logged = [e for _, e in app.pipeline.log.since("shop", 0, limit=10_000) if e.campaign_id == campaign_id]
    draws = {e.decision_id: e for e in logged if e.kind == EventKind.DECISION}
    members = members_of(app, shop, campaign_id)
    assert draws.keys() == {member.decision_id for member in members.values()}
    for member in members.values():
        event = draws[member.decision_id]
        assert event.arm_id == ("holdout" if member.held else member.arm_id)
        assert event.properties["propensity"] == (0.25 if member.held else 0.75)
        assert (event.properties["chosen"] == "no_contact") == member.held
        assert event.subject == member.subject


def test_nobody_can_approve_or_reject_twice(app: App, shop: Workspace) -> None:
    approved, rejected = proposal(app, shop, 3), proposal(app, shop, 4)
    campaigns = app.pipeline.campaigns
    campaigns.approve(shop, approved, by="Ana", now=NOW + timedelta(hours=2), terms=HALF)
    assert campaigns.reject(shop, rejected, by="Bo", reason="not now", now=NOW).status is Status.REJECTED
    for decision_id, told in ((approved, "approved .campaign .* by Ana"), (rejected, "rejected by Bo")):
        with pytest.raises(Conflict, match=told):
            campaigns.approve(shop, decision_id, by="Cy", now=NOW, terms=HALF)
        with pytest.raises(Conflict, match=told):
            campaigns.reject(shop, decision_id, by="Cy", reason="no", now=NOW)


def test_a_strategy_that_proposes_nothing_cannot_be_approved(app: App, shop: Workspace) -> None:
    take(app, shop, [an_incoming("view", 50, identifiers={"user_id": "shy"}, item_id="milk")])
    refusal = {"granted": False, "purpose": "marketing", "channel": "all"}
    take(app, shop, [an_incoming("consent", 51, identifiers={"user_id": "shy"}, properties=refusal)])
    found = app.pipeline.recommend(shop, "shy", as_of=BEGIN, now=NOW, lang="en").strategy
    assert found.status == "abstained"
    with pytest.raises(Conflict, match="nothing to approve"):
        app.pipeline.campaigns.approve(shop, found.decision_id, by="Ana", now=NOW)


def test_what_cannot_be_a_campaign_leaves_no_trace(app: App, shop: Workspace) -> None:
    decision_id, campaigns = proposal(app, shop, 5), app.pipeline.campaigns
    before = app.pipeline.log.count("shop")
    with pytest.raises(InvalidInput, match="too few to write to some"):
        campaigns.approve(shop, decision_id, by="Ana", now=NOW, terms=Terms(audience="orders > 99"))
    with pytest.raises(InvalidInput):
        campaigns.approve(shop, decision_id, by="Ana", now=NOW, terms=Terms(audience="orders >"))
    with pytest.raises(InvalidInput, match="holdout_share"):
        campaigns.approve(shop, decision_id, by="Ana", now=NOW, terms=Terms(holdout_share=0.0))
    with pytest.raises(InvalidInput, match="who decides"):
        campaigns.approve(shop, decision_id, by=" ", now=NOW)
    with pytest.raises(InvalidInput, match="say why"):
        campaigns.reject(shop, decision_id, by="Ana", reason=" ", now=NOW)
    with pytest.raises(NotFound):
        campaigns.approve(shop, "d_nothing", by="Ana", now=NOW)
    assert app.pipeline.log.count("shop") == before
    assert campaigns.proposed(shop, decision_id, now=NOW).status is Status.PROPOSED


def test_only_those_who_may_be_written_to_are_drawn(app: App, shop: Workspace) -> None:
    refusal = {"granted": False, "purpose": "marketing", "channel": "sms"}
    take(app, shop, [an_incoming("consent", 60, identifiers={"user_id": name_of(9)}, properties=refusal)])
    view = app.pipeline.campaigns.approve(
        shop,
        proposal(app, shop, 6),
        by="Ana",
        now=NOW + timedelta(hours=3),
        terms=Terms(audience="orders >= 1", holdout_share=0.5),
    )
    assert name_of(9) not in members_of(app, shop, view.run.campaign.campaign_id)


def test_a_campaign_begins_by_the_clock_and_ends_when_the_data_reach_its_end(app: App, shop: Workspace) -> None:
    view = app.pipeline.campaigns.approve(
        shop,
        proposal(app, shop, 7),
        by="Ana",
        now=NOW + timedelta(hours=4),
        terms=Terms(holdout_share=0.5, window_days=7, starts_at=NOW + timedelta(days=3)),
    )
    run = view.run
    assert view.status is Status.APPROVED
    with pytest.raises(Conflict, match="begins at"):
        handed_out(app, shop, run.campaign.campaign_id)
    assert run.status(BEGIN, NOW + timedelta(days=3)) is Status.RUNNING
    assert run.closes_at >= NOW + timedelta(days=10)
    assert run.status(run.closes_at - timedelta(seconds=1), run.closes_at) is Status.RUNNING
    assert run.status(run.closes_at, NOW) is Status.FINISHED


def test_a_campaign_begins_now_where_the_data_are_old_and_orders_of_today_count(app: App, shop: Workspace) -> None:
    now, campaigns = NOW + timedelta(hours=5), app.pipeline.campaigns
    terms = Terms(audience="orders >= 1", holdout_share=0.5)
    view = campaigns.approve(shop, proposal(app, shop, 8), by="Ana", now=now, terms=terms)
    campaign_id = view.run.campaign.campaign_id
    assert (view.status, view.run.campaign.starts_at) == (Status.RUNNING, now)
    rows = campaigns.handing.hand_out(shop, campaign_id, lambda _: None, now=now).rows
    assert rows
    assert all(row.send_at and row.send_at >= now for row in rows)
    members = members_of(app, shop, campaign_id)
    buyer = next(user for user, member in members.items() if not member.held)
    day = (now - START) / timedelta(days=1) + 0.01
    take(app, shop, [order(int(buyer[1:]), day, 7_000)], now=now + timedelta(hours=1))
    as_of = campaigns.clock(shop, now=now)
    everybody = campaigns.measuring.roll_up(shop, campaign_id, as_of=as_of).results[0]
    assert (everybody.outcome.treated_conversions, everybody.outcome.treated_sum) == (1, 7_000)


def test_a_plan_starts_with_its_own_arms_and_once(app: App, shop: Workspace) -> None:
    everybody = customers_of(app, shop)
    arms = {user: ("one", "two")[n % 2] for n, user in enumerate(everybody)}
    members = begin(app, shop, campaign_of("plan", arms=("one", "two"), holdout=0.4), arms=arms)
    assert {user: member.arm_id for user, member in members.items()} == arms
    assert {member.propensity for member in members.values()} == {0.4, 0.6}
    with pytest.raises(Conflict, match="decided this at the same time"):
        begin(app, shop, campaign_of("plan", arms=("one", "two"), holdout=0.4), arms=arms)
    with pytest.raises(InvalidInput, match="which the campaign does not have"):
        begin(app, shop, campaign_of("plan2"), arms=dict.fromkeys(everybody, "three"))


def test_whoever_was_merged_after_the_plan_was_made_does_not_stop_it(app: App, shop: Workspace) -> None:
    planned = [Planned(customer_id) for customer_id in customers_of(app, shop).values()]
    kept, gone = name_of(50), name_of(51)
    app.pipeline.merging.merge(shop, kept, gone, by="Bo", reason="one person", now=NOW)
    app.pipeline.campaigns.start(shop, campaign=campaign_of("merged"), members=planned, by="Ana", now=NOW)
    members = members_of(app, shop, "merged")
    assert len(members) == len(planned) - 1
    assert kept in members
    with pytest.raises(InvalidInput, match="not customers of this workspace"):
        app.pipeline.campaigns.start(
            shop, campaign=campaign_of("strangers"), members=[*planned, Planned("cu_nobody")], by="Ana", now=NOW
        )


def test_the_log_alone_restores_everything(tmp_path: Path) -> None:
    app = build(Settings(data_dir=tmp_path, llm_url=""))
    shop = a_shop_of(app, 30)
    begin(app, shop, campaign_of("one"))
    begin(app, shop, campaign_of("two"))
    handed_out(app, shop, "one")
    app.pipeline.campaigns.stop(shop, "two", by="Bo", reason="typo", now=NOW)
    before = [app.pipeline.campaigns.show(shop, name, now=NOW) for name in ("one", "two")]
    assert app.pipeline.rebuilding.check_campaigns(shop) == 0
    with app.database.write() as connection:
        connection.execute(campaign_members.delete())
        connection.execute(campaign_runs.delete().where(campaign_runs.c.campaign_id == "two"))
    assert app.pipeline.rebuilding.check_campaigns(shop) == 2
    app.pipeline.rebuild(shop)
    assert [app.pipeline.campaigns.show(shop, name, now=NOW) for name in ("one", "two")] == before
    assert app.pipeline.rebuilding.check_campaigns(shop) == app.pipeline.check(shop).total == 0
    app.database.close()


def test_an_approval_stands_in_nobody_s_history(app: App, shop: Workspace) -> None:
    approvals = [e for _, e in app.pipeline.log.since("shop", 0, limit=50_000) if e.kind == EventKind.APPROVAL]
    assert approvals
    assert {event.subject for event in approvals} == {""}
