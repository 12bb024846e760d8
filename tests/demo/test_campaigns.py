from collections import defaultdict
from datetime import datetime, timedelta
from math import sqrt
from typing import get_args

from app.config import ROOT
from app.demo.__main__ import CAMPAIGNS_FILE, case_lines
from app.demo.campaigns import campaign_specs
from app.demo.shop import DemoShop
from app.profile.schemas import RfmClass
from app.retrieval.outcomes import is_measured
from app.retrieval.schemas import Case, Channel, Objective, OfferType, Outcome
from app.text.taxonomy import Taxonomy
from tests.demo.logbook import Logbook


def lift(outcome: Outcome) -> float:
    """Yuan per treated customer."""
    return (outcome.treated_sum / outcome.treated_n - outcome.control_sum / outcome.control_n) / 100


def test_the_committed_file_is_what_the_default_shop_makes(cases: tuple[Case, ...]) -> None:
    assert CAMPAIGNS_FILE.read_text(encoding="utf-8").splitlines() == list(case_lines(cases))


def test_every_line_reads_back_as_a_simulated_case(cases: tuple[Case, ...]) -> None:
    assert tuple(map(Case.model_validate_json, case_lines(cases))) == cases
    assert {case.campaign.evidence_kind for case in cases} == {"simulated"}
    assert {case.campaign.approved_by for case in cases} == {"demo"}
    assert len({case.campaign.campaign_id for case in cases}) == len(cases) >= 120


def test_the_sums_of_an_outcome_are_possible(cases: tuple[Case, ...]) -> None:
    for outcome in (outcome for case in cases for outcome in case.outcomes):
        for n, bought, total, squares in (
            (outcome.treated_n, outcome.treated_conversions, outcome.treated_sum, outcome.treated_sumsq),
            (outcome.control_n, outcome.control_conversions, outcome.control_sum, outcome.control_sumsq),
        ):
            assert 0 <= bought <= n
            assert (total > 0) == (squares > 0) == (bought > 0)
            assert total**2 <= squares * max(1, bought)
            assert squares <= total**2
        assert outcome.sent >= outcome.treated_n


def test_a_campaigns_figures_agree_with_its_outcomes(cases: tuple[Case, ...]) -> None:
    for case in cases:
        campaign, outcomes = case.campaign, case.outcomes
        assert [o.arm_id for o in outcomes] == [arm.arm_id for arm in campaign.arms]
        assert campaign.eligible_n == sum(o.treated_n + o.control_n for o in outcomes)
        assert campaign.cost_minor == sum(o.cost_minor for o in outcomes)
        held_out = sum(o.control_n for o in outcomes) / campaign.eligible_n
        # Four standard deviations of a drawn share.
        assert abs(held_out - campaign.holdout_share) < 4 * sqrt(0.25 / campaign.eligible_n)


def test_every_campaign_was_settled_before_the_log_ends(cases: tuple[Case, ...], shop: DemoShop) -> None:
    for case in cases:
        campaign = case.campaign
        assert campaign.ends_at - campaign.starts_at == timedelta(days=campaign.window_days)
        assert all(campaign.ends_at <= outcome.computed_at < shop.ends_at for outcome in case.outcomes)


def test_there_are_successes_failures_and_small_samples(cases: tuple[Case, ...]) -> None:
    outcomes = [outcome for case in cases for outcome in case.outcomes]
    lifts = [lift(outcome) for outcome in outcomes]
    assert sum(value > 10 for value in lifts) >= 30
    assert sum(value <= 0 for value in lifts) >= 40
    assert sum(outcome.treated_n < 60 for outcome in outcomes) >= 4
    assert max(outcome.treated_n for outcome in outcomes) > 5000
    assert all(is_measured(outcome) for outcome in outcomes)


def test_the_year_was_tried_out_in_all_its_ways(cases: tuple[Case, ...], taxonomy: Taxonomy) -> None:
    campaigns = [case.campaign for case in cases]
    arms = [arm for campaign in campaigns for arm in campaign.arms]
    assert {arm.channel for arm in arms} == set(Channel)
    assert {arm.offer.type if arm.offer else None for arm in arms} == {*OfferType, None}
    assert {campaign.objective for campaign in campaigns} == set(get_args(Objective))
    assert {topic for campaign in campaigns for topic in campaign.audience.topics} == set(taxonomy.topics)
    assert {rfm for campaign in campaigns for rfm in campaign.audience.rfm_classes} == set(RfmClass)
    assert {len(campaign.arms) for campaign in campaigns} == {1, 2, 3, 4}
    assert {campaign.starts_at.month for campaign in campaigns} == set(range(2, 11))


def test_a_festival_season_is_among_them(cases: tuple[Case, ...]) -> None:
    titles = [case.campaign.title for case in cases]
    for festival, least in (("618", 6), ("双十一预售", 4), ("女神节", 2), ("520", 2), ("中秋", 2), ("国庆", 1)):
        assert sum(festival in title for title in titles) >= least


def test_no_two_campaigns_or_arms_are_called_alike_and_each_arm_has_something_to_say(cases: tuple[Case, ...]) -> None:
    assert len({case.campaign.title for case in cases}) == len(cases)
    for campaign in (case.campaign for case in cases):
        assert len({arm.arm_id for arm in campaign.arms}) == len(campaign.arms)
        assert all(arm.themes and arm.timing for arm in campaign.arms)
        assert 8 <= campaign.starts_at.hour < 21


def test_english_copy_finds_themes_to_quote(cases: tuple[Case, ...]) -> None:
    themes = [theme for case in cases for arm in case.campaign.arms for theme in arm.themes]
    assert sum(theme.isascii() for theme in themes) >= 25
    assert sum(not theme.isascii() for theme in themes) >= 250


def test_every_message_is_about_a_topic_of_the_catalogue(topic_of: dict[str, str]) -> None:
    abouts = {arm.about or spec.about for spec in campaign_specs() for arm in spec.arms}
    assert abouts <= set(topic_of.values())


def test_nobody_in_the_log_is_written_to_too_often(shop: DemoShop, log: Logbook) -> None:
    sent = [entry for entry in log.of_kind("campaign_sent") if entry.event.properties["channel"] != "onsite"]
    assert 1 < len(sent) / shop.customers < 12
    by_customer: dict[int, list[datetime]] = defaultdict(list)
    for entry in sent:
        by_customer[entry.customer].append(entry.at)
    cap, days = shop.parameters.campaign_cap, timedelta(days=shop.parameters.campaign_cap_days)
    for moments in by_customer.values():
        assert all(later - earlier >= days for earlier, later in zip(moments, moments[cap:], strict=False))


def test_another_seed_makes_other_outcomes(cases: tuple[Case, ...]) -> None:
    others = DemoShop(8).cases()
    assert [case.campaign.title for case in others] == [case.campaign.title for case in cases]
    assert all(other.outcomes != case.outcomes for other, case in zip(others, cases, strict=True))


def test_the_example_in_the_knowledge_bases_readme_is_a_case() -> None:
    readme = (ROOT / "knowledge_base" / "README.md").read_text(encoding="utf-8")
    example = readme.split("```json\n")[1].split("```")[0]
    case = Case.model_validate_json(example)
    assert case.outcomes[0].campaign_id == case.campaign.campaign_id
    assert case.outcomes[0].treated_sumsq >= case.outcomes[0].treated_sum ** 2 / case.outcomes[0].treated_conversions
