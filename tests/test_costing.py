"""What offers may cost: margins from the catalogue as it stood, promises of approved campaigns; and who is left out."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from app.access.schemas import Workspace
from app.bootstrap import App, build
from app.config import Settings
from app.correcting import By
from app.costing import Costing
from app.errors import InvalidInput
from app.events.schemas import EventKind, Item
from app.events.sources.mapping import Parsed
from app.retrieval.schemas import Arm, Campaign, Channel, Offer, OfferType
from app.strategy.gate.offers import NOTHING_SPENT
from app.strategy.gate.policy import Budget
from app.strategy.running.schemas import Member, Run, Said
from app.strategy.running.store import RunStore
from tests.factories import RECEIVED, START, a_workspace, an_incoming

AS_OF = START + timedelta(days=60)
OFFER = Offer(type=OfferType.COUPON, amount_minor=1000, threshold_minor=9900)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    app = build(Settings(data_dir=tmp_path_factory.mktemp("costing"), llm_url=""))
    yield app
    app.database.close()


def costing(app: App, **budget: int | None) -> Costing:
    limits = Budget.model_validate({"take_up": 0.1, **budget})
    policy = app.pipeline.policy.model_copy(update={"budget": limits})
    return Costing(app.database, policy, app.pipeline.taxonomy)


def a_cream(cost: int | None, since: datetime) -> Item:
    return Item(
        item_id="cream",
        title="面霜",
        category_path=("护肤",),
        price=10_000,
        cost=cost,
        currency="CNY",
        valid_from=since,
    )


def test_margins_follow_the_catalogue_and_the_moment(app: App) -> None:
    shop = app.pipeline.access.ensure(a_workspace("margins"))
    app.pipeline.put_items(shop, [a_cream(4000, START)])
    at = costing(app)
    skincare, policy = ["skincare"], app.pipeline.policy
    assert at.margins(shop, as_of=AS_OF).of(skincare, policy).share == pytest.approx(0.6)
    app.pipeline.put_items(shop, [a_cream(7000, START + timedelta(days=30))])
    assert at.margins(shop, as_of=AS_OF).of(skincare, policy).share == pytest.approx(0.3)
    assert at.margins(shop, as_of=START + timedelta(days=1)).of(skincare, policy).share == pytest.approx(0.6)
    corrected = msgspec.structs.replace(a_cream(5000, START + timedelta(days=30)))
    app.pipeline.put_items(shop, [corrected])
    assert at.margins(shop, as_of=AS_OF).of(skincare, policy).share == pytest.approx(0.5)
    assert at.margins(shop, as_of=AS_OF).of(["pets"], policy).is_assumed


def a_run(campaign_id: str, starts_at: datetime, *, stopped: bool = False) -> Run:
    arm = Arm(arm_id="a", channel=Channel.SMS, offer=OFFER)
    campaign = Campaign(
        campaign_id=campaign_id,
        evidence_kind="randomised",
        title=campaign_id,
        objective="retain",
        eligible_n=40,
        arms=(arm, arm.model_copy(update={"arm_id": "b", "offer": None})),
        window_days=14,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(days=1),
    )
    said = Said(by="ann", at=starts_at)
    return Run(campaign=campaign, audience="", decision_id=None, approved=said, stopped=said if stopped else None)


def members(*, handed: int, waiting: int, held: int, plain: int = 0) -> list[Member]:
    kinds = [("a", False, True)] * handed + [("a", False, False)] * waiting + [("a", True, False)] * held
    kinds += [("b", False, True)] * plain
    return [
        Member(
            customer_id=f"c{n}",
            subject=f"user_id:{n}",
            decision_id=f"d{n}",
            arm_id=arm,
            held=is_held,
            propensity=0.5,
            segment=None,
            handed_at=AS_OF if is_handed else None,
        )
        for n, (arm, is_held, is_handed) in enumerate(kinds)
    ]


def test_promises_of_approved_campaigns_are_spent_by_month_and_by_campaign(app: App) -> None:
    shop = app.pipeline.access.ensure(a_workspace("promises"))
    store = RunStore(app.database)
    runs = (
        (a_run("now", AS_OF - timedelta(days=1)), members(handed=5, waiting=15, held=10, plain=7)),
        (a_run("stopped", AS_OF - timedelta(hours=9), stopped=True), members(handed=5, waiting=15, held=10)),
        (a_run("before", AS_OF - timedelta(days=40)), members(handed=100, waiting=0, held=0)),
        (a_run("later", AS_OF + timedelta(hours=1)), members(handed=100, waiting=0, held=0)),
    )
    with app.database.write() as connection:
        for run, drawn in runs:
            store.put(connection, shop.workspace_id, run, drawn)
    spent = costing(app, month_minor=10**6).spent(shop, as_of=AS_OF)
    assert spent.by_campaign == {"now": 2000.0, "stopped": 500.0, "before": 10_000.0}
    assert spent.month == 2500.0
    assert costing(app).spent(shop, as_of=AS_OF) == NOTHING_SPENT


def a_customer(app: App, name: str) -> Workspace:
    """A shop with one customer who agreed to everything and ordered."""
    shop = app.pipeline.access.ensure(a_workspace(name))
    said = an_incoming(EventKind.CONSENT, 1, properties={"purpose": "all", "channel": "all", "granted": True})
    bought = an_incoming(EventKind.ORDER, 2, item_id="milk", order_id="o1", amount_minor=5000)
    records = [Parsed(n, event, None, {"id": n}) for n, event in enumerate((said, bought), 1)]
    assert app.pipeline.ingest(shop, "web", records, now=RECEIVED).accepted == 2
    app.pipeline.catch_up(shop)
    return shop


def test_an_operator_puts_somebody_on_the_list_and_takes_them_off_again(app: App) -> None:
    shop = a_customer(app, "listed")
    now = RECEIVED + timedelta(days=1)

    def status(after: timedelta) -> tuple[str, list[str]]:
        found = app.pipeline.recommend(shop, "u1", as_of=AS_OF, now=now + after, lang="en").strategy
        return found.status, [fired.rule for fired in found.rules_fired]

    assert status(timedelta(0))[0] == "proposed"
    listed = {"by": By.OPERATOR, "reason": "asked by letter", "now": now}
    app.pipeline.correcting.correct(shop, "u1", "do_not_contact", "yes", **listed)
    assert status(timedelta(hours=1)) == ("abstained", ["suppression"])
    app.pipeline.correcting.withdraw(shop, "u1", "do_not_contact", **listed | {"now": now + timedelta(hours=2)})
    assert status(timedelta(hours=3))[0] == "proposed"


def test_what_is_known_of_costs_and_budget_reaches_the_proposal(app: App) -> None:
    shop = a_customer(app, "reached")
    app.pipeline.put_items(shop, [a_cream(4000, START)])
    recommender = app.pipeline.recommender
    request = recommender.request(shop, "u1", as_of=AS_OF, now=datetime(2027, 1, 3, tzinfo=UTC), lang="zh")
    assert request.margins.all.costed == 1
    poorer = replace(recommender, costing=costing(app, month_minor=1))
    assert poorer.request(shop, "u1", as_of=AS_OF, now=RECEIVED, lang="zh").spent == NOTHING_SPENT


def test_what_was_approved_by_now_is_spent_also_where_the_data_end_long_before(app: App) -> None:
    shop = a_customer(app, "behind")
    now = AS_OF + timedelta(days=300)
    with app.database.write() as connection:
        run = a_run("now", now - timedelta(hours=1))
        RunStore(app.database).put(connection, shop.workspace_id, run, members(handed=0, waiting=20, held=10))
    limited = replace(app.pipeline.recommender, costing=costing(app, month_minor=10**6))
    assert limited.request(shop, "u1", as_of=AS_OF, now=now, lang="zh").spent.month == 2000.0


def test_a_campaign_whose_offers_exceed_the_budget_is_refused_with_what_to_do(app: App) -> None:
    shop = app.pipeline.access.ensure(a_workspace("afford"))
    arm = Arm(arm_id="a", channel=Channel.SMS, offer=OFFER, propensity=0.5)
    campaign = a_run("big", AS_OF).campaign.model_copy(update={"arms": (arm,), "holdout_share": 0.5})
    # 100 members, half of them held out, a tenth takes 10 yuan: 50 yuan.
    costing(app, campaign_minor=5000, month_minor=5000).afford(shop, campaign, 100, now=AS_OF)
    costing(app).afford(shop, campaign, 10**6, now=AS_OF)
    for limit in ({"campaign_minor": 4999}, {"month_minor": 4999}):
        with pytest.raises(InvalidInput, match="smaller audience"):
            costing(app, **limit).afford(shop, campaign, 100, now=AS_OF)
