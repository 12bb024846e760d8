from datetime import timedelta
from statistics import mean

from app.config import ROOT
from app.demo.__main__ import CAMPAIGNS_FILE, case_lines
from app.demo.shop import DemoShop
from app.retrieval.schemas import Case, Channel, Outcome
from app.text.taxonomy import Taxonomy


def lift(outcome: Outcome) -> float:
    """Yuan per treated customer."""
    return (outcome.treated_sum / outcome.treated_n - outcome.control_sum / outcome.control_n) / 100


def test_the_committed_file_is_what_the_default_shop_makes(cases: tuple[Case, ...]) -> None:
    assert CAMPAIGNS_FILE.read_text(encoding="utf-8").splitlines() == list(case_lines(cases))


def test_every_line_reads_back_as_a_simulated_case(cases: tuple[Case, ...]) -> None:
    assert tuple(map(Case.model_validate_json, case_lines(cases))) == cases
    assert {case.campaign.evidence_kind for case in cases} == {"simulated"}
    assert {case.campaign.approved_by for case in cases} == {"demo"}
    assert len({case.campaign.campaign_id for case in cases}) == len(cases) >= 24


def test_the_sums_of_an_outcome_are_possible(cases: tuple[Case, ...]) -> None:
    for outcome in (outcome for case in cases for outcome in case.outcomes):
        for n, bought, total, squares in (
            (outcome.treated_n, outcome.treated_conversions, outcome.treated_sum, outcome.treated_sumsq),
            (outcome.control_n, outcome.control_conversions, outcome.control_sum, outcome.control_sumsq),
        ):
            assert 0 < bought <= n
            assert total > 0
            assert total**2 / bought <= squares <= total**2
        assert outcome.sent >= outcome.treated_n


def test_a_campaigns_figures_agree_with_its_outcomes(cases: tuple[Case, ...]) -> None:
    for case in cases:
        campaign, outcomes = case.campaign, case.outcomes
        assert [o.arm_id for o in outcomes] == [arm.arm_id for arm in campaign.arms]
        assert campaign.eligible_n == sum(o.treated_n + o.control_n for o in outcomes)
        assert campaign.cost_minor == sum(o.cost_minor for o in outcomes)
        held_out = sum(o.control_n for o in outcomes) / campaign.eligible_n
        assert abs(held_out - campaign.holdout_share) < 0.1


def test_every_campaign_was_settled_before_the_log_ends(cases: tuple[Case, ...], shop: DemoShop) -> None:
    for case in cases:
        campaign = case.campaign
        assert campaign.ends_at - campaign.starts_at == timedelta(days=campaign.window_days)
        assert all(campaign.ends_at <= outcome.computed_at < shop.ends_at for outcome in case.outcomes)


def test_there_are_successes_failures_and_small_samples(cases: tuple[Case, ...]) -> None:
    outcomes = [outcome for case in cases for outcome in case.outcomes]
    lifts = [lift(outcome) for outcome in outcomes]
    assert sum(value > 10 for value in lifts) >= 6
    assert sum(value < 0 for value in lifts) >= 3
    assert min(outcome.treated_n for outcome in outcomes) < 500 < 5000 < max(outcome.treated_n for outcome in outcomes)


def test_all_channels_and_objectives_were_tried(cases: tuple[Case, ...], taxonomy: Taxonomy) -> None:
    campaigns = [case.campaign for case in cases]
    assert {arm.channel for campaign in campaigns for arm in campaign.arms} == set(Channel)
    assert len({campaign.objective for campaign in campaigns}) == 6
    assert {arm.offer is None for campaign in campaigns for arm in campaign.arms} == {True, False}
    assert {topic for campaign in campaigns for topic in campaign.audience.topics} <= set(taxonomy.topics)


def test_a_fitting_message_beats_a_blanket_one(cases: tuple[Case, ...]) -> None:
    by_id = {case.campaign.campaign_id.split("-", 1)[1]: mean(map(lift, case.outcomes)) for case in cases}
    assert by_id["spring-weaning"] > 15 > 0 > by_id["blanket-sms"]


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
