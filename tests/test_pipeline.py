import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from app.access.schemas import Workspace
from app.bootstrap import App, build
from app.config import Settings
from app.errors import InvalidInput, NotFound
from app.events.schemas import EventKind, IncomingEvent, Member
from app.events.sources.mapping import Parsed
from app.narrative.schemas import ClaimKind
from app.profile.follow import Lag
from app.retrieval.knowledge_base import read_cases
from tests.factories import ITEMS, RECEIVED, START, a_workspace, an_incoming


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    app = build(Settings(data_dir=tmp_path, llm_url=""))
    yield app
    app.database.close()


def parsed(*incoming: IncomingEvent) -> list[Parsed]:
    return [Parsed(n, e, None, {"message_id": e.message_id}) for n, e in enumerate(incoming, start=1)]


def a_shop(app: App, *incoming: IncomingEvent) -> Workspace:
    shop = app.pipeline.access.ensure(a_workspace())
    app.pipeline.put_items(shop, list(ITEMS.values()))
    app.pipeline.ingest(shop, "web", parsed(*incoming), now=RECEIVED)
    return shop


def an_order(day: float, yuan: float, **changes: object) -> IncomingEvent:
    return an_incoming("order", day, item_id="milk", order_id=f"o{day}", amount_minor=round(yuan * 100), **changes)


def test_a_customer_is_read_from_raw_events_to_a_cited_story(app: App) -> None:
    shop = a_shop(app, *(an_order(day, 100) for day in (0, 20, 40)))
    reading = app.pipeline.read_customer(shop, "u1", as_of=START + timedelta(days=50), lang="zh")
    assert "3笔订单" in reading.story.text
    cited = {event_id for claim in reading.story.claims for event_id in claim.evidence}
    assert cited == set(reading.evidence)
    assert reading.story.provenance.rung == "composer"
    assert reading.ltv.status == "not_enough_data"
    assert "customers>=100" in reading.ltv.missing


def test_as_of_gives_yesterday_s_story_exactly(app: App) -> None:
    shop = a_shop(app, an_order(0, 100))
    as_of = START + timedelta(days=10)
    before = app.pipeline.read_customer(shop, "u1", as_of=as_of, lang="en")
    app.pipeline.ingest(shop, "web", parsed(an_order(30, 900)), now=RECEIVED + timedelta(days=1))
    assert app.pipeline.read_customer(shop, "u1", as_of=as_of, lang="en") == before


def test_bad_records_are_quarantined_and_counted_and_resends_are_not_doubled(app: App) -> None:
    shop = app.pipeline.access.ensure(a_workspace())
    batch = [
        *parsed(an_order(0, 1, message_id="m1"), an_order(0, 2, message_id="m1"), an_order(1, -1)),
        Parsed(9, None, "broken JSON: x", {"raw": "x"}),
    ]
    report = app.pipeline.ingest(shop, "web", batch, now=RECEIVED)
    assert (report.accepted, report.conflicts, report.quarantined, report.records) == (1, 1, 2, 4)
    assert app.pipeline.quarantine.count("shop") == 3
    again = app.pipeline.ingest(shop, "web", batch[:1], now=RECEIVED)
    assert (again.accepted, again.duplicates) == (0, 1)


def test_a_crash_in_the_middle_of_a_source_leaves_nothing_of_it(app: App) -> None:
    shop = app.pipeline.access.ensure(a_workspace())

    def dies() -> Iterator[Parsed]:
        yield from parsed(an_order(0, 1))
        raise RuntimeError("disk on fire")

    with pytest.raises(RuntimeError):
        app.pipeline.ingest(shop, "web", dies(), now=RECEIVED)
    assert app.pipeline.log.count("shop") == 0


def test_profiles_that_followed_the_log_equal_a_rebuild(app: App) -> None:
    shop = a_shop(app, an_order(10, 100), an_incoming("view", 11, identifiers={"anonymous": "a1"}, item_id="cream"))
    app.pipeline.catch_up(shop)
    late_and_linking = [an_order(5, 70), an_incoming("identify", 12, identifiers={"user_id": "u1", "anonymous": "a1"})]
    app.pipeline.ingest(shop, "web", parsed(*late_and_linking), now=RECEIVED)
    app.pipeline.catch_up(shop)
    assert app.pipeline.check(shop) == (0, 0)
    (state,) = app.pipeline.profiles.states("shop").values()
    assert state.events == 4


def test_merges_and_followers_that_race_leave_profiles_equal_to_the_log(app: App) -> None:
    shop = a_shop(app)

    def browse_then_log_in(customer: int) -> None:
        names = {"user_id": f"u{customer}", "anonymous": f"a{customer}"}
        views = [
            an_incoming("view", day, identifiers={k: v}, item_id="milk") for day in range(5) for k, v in names.items()
        ]
        app.pipeline.ingest(shop, "web", parsed(*views), now=RECEIVED)
        app.pipeline.catch_up(shop)
        app.pipeline.ingest(shop, "web", parsed(an_incoming("identify", 6, identifiers=names)), now=RECEIVED)
        app.pipeline.catch_up(shop)

    with ThreadPoolExecutor(24) as pool:
        list(pool.map(browse_then_log_in, range(24)))
    assert app.pipeline.check(shop) == (0, 0)
    assert [s.events for s in app.pipeline.profiles.states("shop").values()] == [11] * 24


def test_a_reading_from_the_followed_state_equals_one_folded_anew(app: App) -> None:
    shop = a_shop(app, an_order(0, 100), an_incoming("view", 11, item_id="cream"))
    as_of = START + timedelta(days=20)
    folded = app.pipeline.read_customer(shop, "u1", as_of=as_of, lang="zh")
    assert app.pipeline.lag(shop).events == 2
    app.pipeline.catch_up(shop)
    assert app.pipeline.lag(shop) == Lag(0, 0.0)
    assert app.pipeline.read_customer(shop, "u1", as_of=as_of, lang="zh") == folded


def test_a_new_catalogue_changes_the_topics_of_past_events(app: App) -> None:
    shop = app.pipeline.access.ensure(a_workspace())
    app.pipeline.ingest(shop, "web", parsed(an_order(0, 100)), now=RECEIVED)
    as_of = START + timedelta(days=1)
    assert app.pipeline.read_customer(shop, "u1", as_of=as_of, lang="zh").profile.interests == ()
    app.pipeline.put_items(shop, list(ITEMS.values()))
    (interest,) = app.pipeline.read_customer(shop, "u1", as_of=as_of, lang="zh").profile.interests
    assert interest.topic == "baby_care"


def test_a_workspace_without_past_campaigns_proposes_a_first_test_with_a_holdout(app: App) -> None:
    shop = a_shop(app, an_order(0, 100))
    found = app.pipeline.recommend(shop, "u1", as_of=START + timedelta(days=9), now=RECEIVED, lang="en")
    assert found.strategy.status == "proposed"
    assert found.strategy.holdout_share == 0.5
    assert found.strategy.campaigns == ()
    assert "no past outcomes" in (found.strategy.status_reason or "").lower()
    assert len(found.strategy.themes) == 3


def test_equal_order_numbers_of_two_sources_are_two_orders(app: App) -> None:
    shop = a_shop(app, an_order(0, 100))
    again = an_incoming("order", 14, item_id="milk", order_id="o0", amount_minor=1200)
    app.pipeline.ingest(shop, "pos", parsed(again), now=RECEIVED)
    as_of = START + timedelta(days=20)
    rfm = app.pipeline.read_customer(shop, "u1", as_of=as_of, lang="zh").profile.rfm
    (row,) = app.pipeline.customers(shop, as_of=as_of).rows
    assert rfm is not None
    assert rfm.orders == row.orders == 2


def test_a_strategy_at_a_past_moment_knows_no_later_habits_but_every_later_refusal(app: App) -> None:
    grant = {"channel": "sms", "purpose": "marketing", "granted": True}
    consent = an_incoming("consent", 0, properties=grant)
    sent = [
        an_incoming("campaign_sent", 8 + n / 10, properties={"channel": "sms"}, message_id=f"s{n}") for n in range(7)
    ]
    shop = a_shop(app, an_order(0, 100), consent, *sent)
    as_of = START + timedelta(days=9)
    crowded = app.pipeline.recommend(shop, "u1", as_of=as_of, now=RECEIVED, lang="en").strategy
    assert any(rule.rule == "frequency" for rule in crowded.rules_fired)
    late = [an_incoming("view", 40 + n, item_id="milk", message_id=f"v{n}") for n in range(9)]
    app.pipeline.ingest(shop, "web", parsed(*late), now=RECEIVED)
    after = app.pipeline.recommend(shop, "u1", as_of=as_of, now=RECEIVED, lang="en").strategy
    assert after.timing == crowded.timing
    with pytest.raises(NotFound, match="later moment"):
        app.pipeline.recommend(shop, "u1", as_of=START - timedelta(days=9), now=RECEIVED, lang="en")


def test_a_source_and_the_catalogue_beside_it_are_loaded_together_or_not_at_all(app: App) -> None:
    shop = app.pipeline.access.ensure(a_workspace())
    foreign = [msgspec.structs.replace(item, currency="GBP") for item in ITEMS.values()]
    with pytest.raises(InvalidInput, match="keeps CNY"):
        app.pipeline.ingest(shop, "web", parsed(an_order(0, 1)), now=RECEIVED, items=foreign)
    assert app.pipeline.log.count("shop") == 0
    app.pipeline.ingest(shop, "web", parsed(an_order(0, 1)), now=RECEIVED, items=list(ITEMS.values()))
    reading = app.pipeline.read_customer(shop, "u1", as_of=START, lang="zh")
    assert [i.topic for i in reading.profile.interests] == ["baby_care"]


def test_a_catalogue_in_another_currency_is_refused(app: App) -> None:
    shop = app.pipeline.access.ensure(a_workspace(currency="GBP"))
    with pytest.raises(InvalidInput, match="keeps GBP"):
        app.pipeline.put_items(shop, list(ITEMS.values()))


def test_a_decision_is_logged_and_can_be_joined(app: App) -> None:
    shop = a_shop(app, an_order(0, 100))
    found = app.pipeline.recommend(shop, "u1", as_of=START + timedelta(days=9), now=RECEIVED, lang="zh")
    history = app.pipeline.log.history("shop", [Member("user_id:u1")], until=RECEIVED)
    (decision,) = [e for e in history.events if e.kind == EventKind.DECISION]
    assert decision.decision_id == found.strategy.decision_id == found.decision.decision_id
    assert decision.properties["chosen"] == found.decision.chosen
    assert app.pipeline.clock(shop, now=RECEIVED) == START


def test_simulated_cases_stay_in_the_demo_workspace(app: App, demo: App) -> None:
    shop = a_shop(app, an_order(0, 100))
    cases = demo.pipeline.knowledge_base.cases("demo")
    with pytest.raises(InvalidInput, match="simulated"):
        app.pipeline.knowledge_base.import_cases(shop.workspace_id, cases, approved_by="me", now=RECEIVED)
    assert app.pipeline.knowledge_base.cases("shop") == ()


def test_demo_stories_hold_in_both_languages_and_say_the_same_claims(demo: App) -> None:
    shop = demo.pipeline.access.workspace("demo")
    as_of = demo.pipeline.clock(shop, now=datetime(2026, 11, 1, tzinfo=UTC))
    for row in demo.pipeline.customers(shop, as_of=as_of, limit=12).rows:
        zh, en = (demo.pipeline.read_customer(shop, row.customer_id, as_of=as_of, lang=lang) for lang in ("zh", "en"))  # type: ignore[arg-type]
        assert zh.story.claims == en.story.claims
        assert zh.story.dropped == en.story.dropped == ()
        assert all(s.claim_ids or s.kind is ClaimKind.LINK for s in zh.story.sentences)
        assert json.loads(zh.model_dump_json())["customer_id"] == row.customer_id


def test_customers_are_sorted_by_what_is_asked(demo: App) -> None:
    shop = demo.pipeline.access.workspace("demo")
    as_of = demo.pipeline.clock(shop, now=datetime(2026, 11, 1, tzinfo=UTC))
    by_value = demo.pipeline.customers(shop, as_of=as_of, order_by="ltv").rows
    assert [r.ltv.value for r in by_value] == sorted((r.ltv.value or 0 for r in by_value), reverse=True)
    by_risk = demo.pipeline.customers(shop, as_of=as_of, order_by="churn_risk").rows
    assert [r.churn.churn_risk for r in by_risk] == sorted((r.churn.churn_risk or 0 for r in by_risk), reverse=True)
    (one,) = demo.pipeline.customers(shop, as_of=as_of, search=by_value[0].customer_id).rows
    assert one.customer_id == by_value[0].customer_id


def test_the_list_at_a_past_moment_has_only_those_who_had_come_by_then(app: App) -> None:
    shop = a_shop(app, an_order(0, 1), an_incoming("view", 50, identifiers={"user_id": "u2"}))
    for day, total in ((-1, 0), (10, 1), (60, 2)):
        assert app.pipeline.customers(shop, as_of=START + timedelta(days=day)).total == total


def test_interest_curves_end_where_the_profile_stands(demo: App) -> None:
    shop = demo.pipeline.access.workspace("demo")
    as_of = demo.pipeline.clock(shop, now=datetime(2026, 11, 1, tzinfo=UTC))
    customer = demo.pipeline.customers(shop, as_of=as_of, limit=1).rows[0].customer_id
    weights = {
        i.topic: i.weight for i in demo.pipeline.read_customer(shop, customer, as_of=as_of, lang="zh").profile.interests
    }
    for curve in demo.pipeline.interest_curves(shop, customer, as_of=as_of, lang="zh"):
        assert curve.points[-1][1] == pytest.approx(weights.get(curve.topic, 0.0))


def test_cases_can_be_read_back_from_the_shipped_file(demo: App) -> None:
    shipped = read_cases(Path(__file__).parent.parent / "knowledge_base" / "campaigns.jsonl")
    assert {c.campaign.campaign_id for c in shipped} == {
        c.campaign.campaign_id for c in demo.pipeline.knowledge_base.cases("demo")
    }
