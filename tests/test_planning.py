"""Plans over a real shop with past campaigns: drafted, confirmed, handed out; and a shop without any."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.bootstrap import App, build, load_demo
from app.config import Settings
from app.errors import Conflict, InvalidInput, NotFound
from app.events.schemas import EventKind
from app.retrieval.schemas import Channel
from app.strategy.batch.schemas import Plan, PlanPage, PlanWish
from app.strategy.batch.store import KEPT, PlanStore
from app.strategy.running.schemas import HandOut
from tests.factories_acting import NOW, a_quiet_shop

AT = datetime(2026, 11, 1, tzinfo=UTC)
SEGMENT = "orders >= 2"
CHARGED = ("sms", "wechat", "push")


@pytest.fixture(scope="module")
def shop(demo: App, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The demo shop in a folder of its own: confirming writes."""
    folder = tmp_path_factory.mktemp("planned")
    if demo.database.kind == "sqlite":
        shutil.copytree(demo.settings.data_dir, folder, dirs_exist_ok=True)
    app = build(Settings(_env_file=None, data_dir=folder, database_url="", demo_customers=135, llm_url=""))
    load_demo(app, now=AT)
    yield app
    app.database.close()


@pytest.fixture(scope="module")
def drafted(shop: App) -> PlanPage:
    return draft(shop)


def draft(app: App, workspace: str = "demo", segment: str = SEGMENT, budget: int = 100_000, **wish: Any) -> PlanPage:
    pipeline = app.pipeline
    wanted = PlanWish(segment=segment, budget_minor=budget, **wish)
    return pipeline.planning.draft(pipeline.access.workspace(workspace), wanted, now=AT, lang="en", rows=1000)


def together(plan: Plan) -> int:
    return plan.given + plan.held + sum(reason.customers for reason in plan.reasons)


def test_everybody_of_the_segment_is_planned_or_told_why_not(shop: App, drafted: PlanPage) -> None:
    plan = drafted.plan
    members = shop.pipeline.audiences.members(shop.pipeline.access.workspace("demo"), SEGMENT, as_of=plan.as_of)
    assert plan.customers == len(members) == together(plan)
    assert {row.customer_id for row in drafted.rows} <= set(members)
    assert drafted.total == len(drafted.rows) == plan.given + plan.held
    assert plan.given > plan.held > 0


def test_everybody_gets_what_would_be_recommended_to_them_alone(shop: App, drafted: PlanPage) -> None:
    recommender, workspace = shop.pipeline.recommender, shop.pipeline.access.workspace("demo")
    for row in drafted.rows[::30]:
        alone = recommender.propose(workspace, row.customer_id, as_of=drafted.plan.as_of, now=AT, lang="en").strategy
        assert (row.channel, row.offer, row.title, row.text) == (
            alone.channel,
            alone.offer,
            alone.themes[0].title,
            alone.themes[0].draft,
        )
        assert alone.timing is not None
        assert row.send_at == alone.timing.at


def test_a_budget_is_kept_and_spent_on_the_best(shop: App) -> None:
    whole = draft(shop, channels=CHARGED).plan
    small = draft(shop, budget=int(whole.cost_minor / 3), channels=CHARGED).plan
    assert small.cost_minor <= whole.cost_minor / 3
    assert small.given < whole.given
    assert {reason.reason for reason in small.reasons} >= {"budget"}
    assert small.profit.mean <= small.bound_minor + 1e-6
    assert small.profit.mean / small.cost_minor >= whole.profit.mean / whole.cost_minor


def test_the_interval_of_the_whole_is_wider_than_if_customers_were_independent(drafted: PlanPage) -> None:
    given = [row for row in drafted.rows if not row.held]
    apart = sum((row.profit.high - row.profit.low) ** 2 for row in given) ** 0.5
    whole = drafted.plan.profit
    assert whole.high - whole.low > 2 * apart
    assert whole.mean == pytest.approx(sum(row.profit.mean for row in given))


def test_channels_and_their_limits_are_kept(shop: App) -> None:
    found = draft(shop, channels=("email", "push"), limits={"push": 3})
    sent = [row.channel for row in found.rows if not row.held]
    assert set(sent) <= {Channel.EMAIL, Channel.PUSH}
    assert sent.count(Channel.PUSH) <= 3
    assert together(found.plan) == found.plan.customers


def test_no_arm_is_too_small_to_be_measured(shop: App, drafted: PlanPage) -> None:
    least = shop.pipeline.policy.least_arm
    assert len(drafted.plan.arms) == 1 or all(arm.given + arm.held >= least for arm in drafted.plan.arms)
    assert together(drafted.plan) == drafted.plan.customers


def test_of_a_small_plan_enough_are_held_out_to_compare_with(shop: App) -> None:
    plan = draft(shop, segment="orders >= 9").plan
    assert plan.held > 0
    assert plan.holdout_share == pytest.approx(min(0.5, max(0.1, 5 / (plan.given + plan.held))), abs=0.05)


def test_a_draft_leaves_no_trace_in_the_log(shop: App) -> None:
    before = shop.pipeline.log.count("demo")
    plan_id = draft(shop, segment="orders >= 9").plan.plan_id
    assert shop.pipeline.log.count("demo") == before
    workspace = shop.pipeline.access.workspace("demo")
    with pytest.raises(Conflict, match="is a draft"):
        shop.pipeline.planning.export(workspace, plan_id, lambda _: None, now=AT)
    assert plan_id in {plan.plan_id for plan in shop.pipeline.planning.newest(workspace)}


def test_a_confirmed_plan_is_a_campaign_whose_choices_are_logged_with_their_propensity(shop: App) -> None:
    planning, workspace = shop.pipeline.planning, shop.pipeline.access.workspace("demo")
    plan = draft(shop, segment="orders >= 5", holdout_share=0.3).plan
    view = planning.confirm(workspace, plan.plan_id, by="Li", now=AT)
    assert {count.arm_id: count.assigned for count in view.counts}["holdout"] == plan.held
    shop.pipeline.catch_up(workspace)
    page = planning.show(workspace, plan.plan_id, rows=1000)
    assert page.plan.status == "confirmed"
    listed = {one.plan_id: one.status for one in planning.newest(workspace)}
    assert listed[plan.plan_id] == "confirmed"
    assert "draft" in listed.values()
    for row in (next(r for r in page.rows if r.held), next(r for r in page.rows if not r.held)):
        members = shop.pipeline.identity.customer("demo", row.customer_id).members
        logged = [
            event
            for event in shop.pipeline.log.history("demo", members, until=AT).events
            if event.kind == EventKind.DECISION and event.campaign_id == plan.plan_id
        ]
        assert len(logged) == 1
        said = logged[0].properties
        assert said["propensity"] == pytest.approx(0.3 if row.held else 0.7)
        assert said["chosen"] == ("no_contact" if row.held else f"{plan.plan_id}/{row.arm_id}")
        assert len(said["candidates"]) > 1
    with pytest.raises(Conflict, match="confirmed already"):
        planning.confirm(workspace, plan.plan_id, by="Wang", now=AT)
    handed: list[HandOut] = []
    planning.export(workspace, plan.plan_id, handed.append, now=AT)
    given = {row.customer_id: row for row in page.rows if not row.held}
    assert len(handed[0].rows) + sum(handed[0].withheld.values()) == plan.given
    for message in handed[0].rows:
        row = given[message.customer_id]
        assert (message.text, message.arm_id) == (row.text, row.arm_id)
        assert message.send_at
        assert message.send_at >= AT
        assert message.offer_amount_minor == (row.offer.amount_minor if row.offer else None)


def test_the_plan_says_what_its_size_can_find(drafted: PlanPage) -> None:
    comparison = drafted.plan.comparison
    assert (comparison.given, comparison.held) == (drafted.plan.given, drafted.plan.held)
    assert 0 < comparison.baseline < 1
    assert comparison.detectable is None or comparison.detectable > comparison.effect


@pytest.mark.parametrize(
    ("wish", "fault"),
    [
        ({"segment": "orders >="}, InvalidInput),
        ({"segment": "orders >= 100000"}, InvalidInput),
        ({"budget": 0, "channels": ("sms",)}, None),
    ],
)
def test_what_cannot_be_planned_is_said(shop: App, wish: dict[str, Any], fault: type[Exception] | None) -> None:
    workspace = shop.pipeline.access.workspace("demo")
    if fault:
        with pytest.raises(fault):
            draft(shop, **wish)
        return
    nothing = draft(shop, **wish).plan
    assert (nothing.given, nothing.cost_minor) == (0, 0)
    with pytest.raises(InvalidInput, match="nobody would get anything"):
        shop.pipeline.planning.confirm(workspace, nothing.plan_id, by="Li", now=AT)


def test_a_plan_of_another_workspace_is_unknown(shop: App, drafted: PlanPage) -> None:
    shop.pipeline.access.ensure(shop.pipeline.access.workspace("demo").model_copy(update={"workspace_id": "other"}))
    other = shop.pipeline.access.workspace("other")
    with pytest.raises(NotFound):
        shop.pipeline.planning.show(other, drafted.plan.plan_id)


def test_a_shop_without_past_outcomes_plans_a_first_test(tmp_path_factory: pytest.TempPathFactory) -> None:
    app = a_quiet_shop(tmp_path_factory.mktemp("quiet"))
    wish = PlanWish(segment=SEGMENT, budget_minor=1_000)
    plan = app.pipeline.planning.draft(app.pipeline.access.workspace("shop"), wish, now=NOW, lang="zh").plan
    app.database.close()
    assert {arm.stands_on for arm in plan.arms} == {("first_test",)}
    assert plan.holdout_share == 0.5
    assert plan.held > 0 < plan.given


def test_newer_drafts_push_out_older_drafts_and_never_a_campaign(shop: App) -> None:
    planning, workspace, store = (
        shop.pipeline.planning,
        shop.pipeline.access.workspace("demo"),
        PlanStore(shop.database),
    )
    confirmed, older = draft(shop, segment="orders in (3, 4)").plan, draft(shop, segment="orders >= 3").plan
    planning.confirm(workspace, confirmed.plan_id, by="Li", now=AT + timedelta(minutes=1))
    for number in range(KEPT):
        later = {"plan_id": f"newer-{number}", "made_at": older.made_at + timedelta(minutes=number + 1)}
        store.put("demo", older.model_copy(update=later), ())
    assert planning.show(workspace, confirmed.plan_id).plan.status == "confirmed"
    with pytest.raises(NotFound):
        planning.show(workspace, older.plan_id)
