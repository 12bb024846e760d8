"""The loop end to end, through real events: strategy, approval, campaign, outcomes, knowledge base, next retrieval."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from app.access.schemas import Workspace
from app.bootstrap import App, build
from app.config import Settings
from app.profile.schemas import RfmClass
from app.retrieval.schemas import CampaignMatch, Case, Retrieval
from app.retrieval.situation import situation_of
from app.strategy.running.planning import Terms
from app.strategy.running.schemas import Status
from tests.factories import START, an_incoming
from tests.factories_campaigns import case_of
from tests.factories_running import BEGIN, NOW, a_shop_of, handed_out, members_of, name_of, order, take

DAY = (BEGIN - START).days
LATER = BEGIN + timedelta(days=40)
CUSTOMERS = 120


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    app = build(Settings(data_dir=tmp_path, llm_url=""))
    yield app
    app.database.close()


def a_past_case(campaign_id: str, lift: float, seed: int) -> Case:
    """A campaign of before BEGIN, about what the shop's customers want."""
    case = case_of(campaign_id, lift=lift, topics=("baby_care",), rfm_classes=tuple(RfmClass), age_days=40, seed=seed)
    moved = {"starts_at": BEGIN - timedelta(days=60), "ends_at": BEGIN - timedelta(days=50)}
    return case.model_copy(update={"campaign": case.campaign.model_copy(update=moved)})


def a_learning_shop(app: App) -> Workspace:
    shop = a_shop_of(app, CUSTOMERS)
    cases = [a_past_case("past-a", 700.0, 1), a_past_case("past-b", 900.0, 2)]
    app.pipeline.knowledge_base.import_cases("shop", cases, approved_by="Ana", now=NOW)
    return shop


def retrieved(app: App, shop: Workspace) -> Retrieval:
    """What is found for one and the same customer at one and the same later moment, from what is known by now."""
    request = app.pipeline.recommender.request(shop, name_of(1), as_of=BEGIN, now=NOW, lang="en")
    situation = situation_of(request.profile, claims=request.claims, item_topics=request.item_topics)
    return app.pipeline.search.search(app.pipeline.knowledge_base.cases("shop"), situation, as_of=LATER)


def run_campaign(app: App, shop: Workspace, *, treated: int, held: int) -> str:
    """Approve a strategy, hand it out, and let everybody order for so much; returns the campaign's id."""
    strategy = app.pipeline.recommend(shop, name_of(1), as_of=BEGIN, now=NOW, lang="en").strategy
    assert strategy.status == "proposed", strategy.status_reason
    terms = Terms(audience="orders >= 1", holdout_share=0.5, starts_at=BEGIN)
    view = app.pipeline.campaigns.approve(shop, strategy.decision_id, by="Ana", now=NOW, terms=terms)
    campaign_id = view.run.campaign.campaign_id
    assert len(handed_out(app, shop, campaign_id).rows) == view.counts[0].assigned
    members = members_of(app, shop, campaign_id)
    amounts = {user: held if member.held else treated for user, member in members.items()}
    take(app, shop, [order(int(user[1:]), DAY + 2 + int(user[1:]) % 9, amount) for user, amount in amounts.items()])
    take(app, shop, [an_incoming("view", DAY + 30, identifiers={"user_id": name_of(0)}, item_id="milk")])
    return campaign_id


def match_of(found: Retrieval, campaign_id: str) -> CampaignMatch | None:
    return next((m for m in found.matches if m.campaign.campaign_id == campaign_id), None)


def place_of(found: Retrieval, campaign_id: str) -> int:
    return [match.campaign.campaign_id for match in found.matches].index(campaign_id)


def test_a_campaign_that_did_well_is_found_first_and_more_is_expected_of_it(app: App) -> None:
    shop = a_learning_shop(app)
    before = retrieved(app, shop)
    campaign_id = run_campaign(app, shop, treated=9_000, held=4_000)
    assert app.pipeline.campaigns.measuring.learn_due(shop, now=NOW) == [campaign_id]
    after = retrieved(app, shop)
    assert match_of(before, campaign_id) is None
    new = match_of(after, campaign_id)
    assert new
    assert place_of(after, campaign_id) == 0
    assert new.lift.mean == pytest.approx(5_000.0)
    assert new.expected.mean > max(match.expected.mean for match in before.matches)
    assert new.campaign.approved_by == "Ana"
    assert new.campaign.evidence_kind == "randomised"
    assert app.pipeline.campaigns.show(shop, campaign_id, now=NOW).known
    assert app.pipeline.campaigns.show(shop, campaign_id, now=NOW).status is Status.FINISHED
    again = app.pipeline.recommend(shop, name_of(1), as_of=LATER, now=NOW, lang="en").strategy
    assert again.campaigns == (campaign_id,)


def test_a_campaign_that_did_badly_is_kept_too_and_less_is_expected_of_all(app: App) -> None:
    shop = a_learning_shop(app)
    before = retrieved(app, shop)
    campaign_id = run_campaign(app, shop, treated=2_000, held=6_000)
    app.pipeline.campaigns.measuring.learn(shop, campaign_id, now=NOW)
    after = retrieved(app, shop)
    cases = {case.campaign.campaign_id: case for case in app.pipeline.knowledge_base.cases("shop")}
    assert campaign_id in cases
    everybody = next(o for o in cases[campaign_id].outcomes if o.segment == "all")
    assert everybody.treated_sum / everybody.treated_n < everybody.control_sum / everybody.control_n
    for name in ("past-a", "past-b"):
        old, now = match_of(before, name), match_of(after, name)
        assert old
        assert now is None or now.expected.mean < old.expected.mean
    if (new := match_of(after, campaign_id)) is not None:
        assert new.expected.mean < 0
        assert place_of(after, campaign_id) == len(after.matches) - 1
    again = app.pipeline.recommend(shop, name_of(1), as_of=LATER, now=NOW, lang="en").strategy
    assert campaign_id not in again.campaigns


def test_what_is_learned_is_corrected_by_what_arrives_late(app: App) -> None:
    shop = a_learning_shop(app)
    campaign_id = run_campaign(app, shop, treated=9_000, held=4_000)
    learn = app.pipeline.campaigns.measuring.learn
    assert learn(shop, campaign_id, now=NOW).imported == 1
    assert learn(shop, campaign_id, now=NOW).unchanged == 1
    user = next(user for user, member in members_of(app, shop, campaign_id).items() if not member.held)
    names = {"identifiers": {"user_id": user}, "amount_minor": 9_000}
    take(app, shop, [an_incoming("refund", DAY + 29, **names)], now=NOW + timedelta(days=1))
    assert learn(shop, campaign_id, now=NOW + timedelta(days=1)).replaced == 1
    new = match_of(retrieved(app, shop), campaign_id)
    assert new
    assert new.lift.mean < 5_000.0
