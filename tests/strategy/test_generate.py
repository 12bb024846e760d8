"""Proposals: they stand on outcomes, pass the gate, and stand still when there is nothing to stand on."""

from datetime import timedelta
from typing import get_args

import pytest

from app.narrative.schemas import Predicate
from app.profile.schemas import Profile, RfmClass
from app.retrieval.schemas import Case, Channel, EvidenceKind, Offer, OfferType
from app.schema import Lang
from app.strategy.gate.contact import Contacts
from app.strategy.generate import Proposal, propose
from app.strategy.schemas import Candidate
from app.strategy.wording import wording
from tests.factories_campaigns import case_of, real_taxonomy
from tests.factories_profiles import profile_of
from tests.factories_strategy import NO_CHURN, NO_LTV, activity_at, claim_of, offering, real_policy, request_of

COUPON = Offer(type=OfferType.COUPON, amount_minor=2000, threshold_minor=5000)
GOOD = case_of("good", lift=2500, n=3000)
MAIL = case_of("mail", lift=1000, n=3000, channel=Channel.EMAIL, seed=4)
WINNERS = (GOOD, MAIL)
GARDEN = case_of(
    title="Garden", objective="welcome", topics=("garden",), rfm_classes=(RfmClass.GENERAL_VALUE,), themes=()
)


def rules(proposal: Proposal) -> list[str]:
    return [fired.rule for fired in proposal.strategy.rules_fired]


def with_consents(**consents: bool) -> Proposal:
    return propose(request_of(WINNERS, profile=profile_of(consents=consents)))


def test_the_best_lower_bound_is_proposed_with_its_evidence() -> None:
    strategy, decision = propose(request_of(WINNERS))
    assert (strategy.status, strategy.channel, strategy.campaigns) == ("proposed", Channel.SMS, ("good",))
    assert decision.chosen == "good/a"
    assert [c.action for c in decision.candidates] == ["no_contact", "good/a", "mail/a"]
    assert decision.propensity == 1.0
    assert decision.campaigns == ("good", "mail")
    assert strategy.holdout_share == real_policy().holdout_share
    assert strategy.status_reason is not None
    assert "3000" in strategy.status_reason


def test_a_candidate_is_margin_on_the_expected_lift_minus_cost() -> None:
    request = offering(request_of([case_of("a", lift=2000, n=3000, offer=COUPON)]))
    (match,) = request.retrieval.matches
    candidate = propose(request).decision.candidates[1]
    cost = real_policy().contact_cost_minor[Channel.SMS] + 2000 * (match.conversion or 0)
    lift = match.reworded or match.expected
    assert candidate.expected == pytest.approx(0.30 * lift.mean - cost)
    assert candidate.low == pytest.approx(0.30 * lift.low - cost)


def test_a_recorded_cost_replaces_the_assumed_one() -> None:
    case = case_of("a", lift=2000, n=3000, offer=COUPON)
    known = case.outcomes[0].model_copy(update={"cost_minor": 3000 * 70})
    request = offering(request_of([case.model_copy(update={"outcomes": (known,)})]))
    (match,) = request.retrieval.matches
    lift = match.reworded or match.expected
    assert propose(request).decision.candidates[1].expected == pytest.approx(0.30 * lift.mean - 70)


def test_without_past_outcomes_a_first_test_with_a_holdout_is_proposed() -> None:
    strategy, decision = propose(request_of([]))
    assert (strategy.status, decision.chosen, strategy.holdout_share) == ("proposed", "first_test", 0.5)
    assert strategy.campaigns == ()
    assert len(strategy.themes) == 3
    assert strategy.metric is not None
    assert strategy.metric.baseline == pytest.approx(0.3)
    assert strategy.metric.sample_size == 963
    assert "还没有过往活动" in (strategy.status_reason or "")
    assert "no past outcomes yet" in (propose(request_of([], lang="en")).strategy.status_reason or "")


def test_a_first_test_makes_no_offer_and_promises_no_gain() -> None:
    strategy, decision = propose(request_of([]))
    test = decision.candidates[1]
    assert strategy.offer is None
    assert test.expected == test.low == -real_policy().contact_cost_minor[Channel.SMS]
    assert test.high > 0


def test_too_far_means_no_action_and_says_why() -> None:
    strategy, decision = propose(request_of([GARDEN]))
    assert (strategy.status, strategy.channel, strategy.offer) == ("abstained", None, None)
    assert decision.candidates == (Candidate(action="no_contact", expected=0, low=0, high=0),)
    assert "太远" in (strategy.status_reason or "")


def test_when_nothing_surely_pays_the_customer_is_left_in_peace() -> None:
    strategy, decision = propose(request_of([case_of("bad", lift=-300)]))
    assert (strategy.status, decision.chosen, strategy.channel) == ("abstained", "no_contact", None)
    assert strategy.campaigns == ("bad",)
    assert "下限" in (strategy.status_reason or "")


def test_a_small_lucky_case_is_not_enough() -> None:
    strategy, decision = propose(request_of([case_of("lucky", lift=9000, n=20, seed=3)]))
    assert decision.candidates[1].low > 0
    assert (strategy.status, decision.chosen) == ("abstained", "no_contact")
    assert "样本太小" in (strategy.status_reason or "")


@pytest.mark.parametrize(
    ("consents", "channel", "chosen"),
    [
        ({"sms": True, "email": True}, Channel.SMS, "good/a"),
        ({"sms": False, "email": True}, Channel.EMAIL, "mail/a"),
        ({"email": True}, Channel.EMAIL, "mail/a"),
        ({}, Channel.ONSITE, "good/a"),
        ({"all": False}, None, "no_contact"),
        ({"onsite": False}, None, "no_contact"),
    ],
)
def test_consent_decides_the_channel(consents: dict[str, bool], channel: Channel | None, chosen: str) -> None:
    proposal = with_consents(**consents)
    assert (proposal.strategy.channel, proposal.decision.chosen) == (channel, chosen)
    assert ("consent" in rules(proposal)) == (chosen != "good/a" or channel is Channel.ONSITE)
    assert proposal.strategy.status == ("proposed" if channel else "abstained")


def test_a_moved_channel_lowers_the_confidence_and_names_the_risk() -> None:
    moved = with_consents().strategy
    assert moved.confidence == "low"
    assert "站内" in moved.risk


def test_a_first_test_needs_an_open_channel_too() -> None:
    strategy = propose(request_of([], profile=profile_of(consents={"all": False}))).strategy
    assert (strategy.status, strategy.channel) == ("abstained", None)
    assert propose(request_of([], profile=profile_of(consents={}))).strategy.channel is Channel.ONSITE


def test_often_contacted_customers_are_only_met_on_site() -> None:
    proposal = propose(request_of(WINNERS, profile=profile_of(consents={"all": True}), contacts=Contacts(3)))
    assert proposal.strategy.channel is Channel.ONSITE
    assert rules(proposal) == ["frequency"]


@pytest.mark.parametrize("channel", [Channel.SMS, Channel.PUSH, Channel.WECHAT, Channel.EMAIL])
@pytest.mark.parametrize("hour", [0, 7, 8, 12, 20, 21, 23])
def test_no_message_goes_out_in_quiet_hours(channel: Channel, hour: int) -> None:
    profile = profile_of(consents={channel.value: True})
    case = case_of("c", lift=2500, n=3000, channel=channel)
    timing = propose(request_of([case], profile=profile, activity=activity_at(hour, times=9))).strategy.timing
    assert timing is not None
    local = timing.at.astimezone(request_of().workspace.zone).hour
    assert 8 <= local < 21


def test_an_offer_is_capped_and_told_with_its_new_terms() -> None:
    proposal = propose(offering(request_of([case_of("c", lift=4000, n=3000, offer=COUPON)])))
    assert proposal.strategy.offer is not None
    assert proposal.strategy.offer.threshold_minor == 10_000
    assert rules(proposal) == ["offer_cap"]
    assert all("满¥100减¥20" in theme.draft for theme in proposal.strategy.themes)


@pytest.mark.parametrize(
    "traits",
    [
        {"device": "iPhone 17 Pro", "city": "上海"},
        {"device": "old phone", "city": "a small town"},
        {"member_since": "2012", "income": "high"},
    ],
)
def test_device_place_loyalty_and_means_change_nothing(traits: dict[str, str]) -> None:
    cases = [case_of("c", lift=4000, n=3000, offer=COUPON)]
    plain = propose(request_of(cases, profile=profile_of()))
    assert propose(request_of(cases, profile=profile_of(traits=traits))) == plain


def test_spending_power_and_length_of_stay_do_not_change_the_offer() -> None:
    cases = [case_of("c", lift=4000, n=3000, offer=COUPON)]
    profile = profile_of()
    assert profile.rfm is not None
    rich = profile.rfm.model_copy(update={"total": 9_000_000, "monetary_value": 900_000.0, "T": 3000.0})
    flipped = profile.model_copy(update={"rfm": rich, "first_seen_at": None})
    before, after = (propose(request_of(cases, profile=p)).strategy for p in (profile, flipped))
    assert before == after


def test_a_sensitive_theme_never_reaches_the_copy() -> None:
    case = case_of("c", lift=2500, n=3000, themes=("孕期关怀", "换季护肤"))
    proposal = propose(request_of([case]))
    assert "sensitivity" in rules(proposal)
    assert len(proposal.strategy.themes) == 3
    for theme in proposal.strategy.themes:
        assert not real_taxonomy().forbidden_in(theme.title + theme.draft)


def test_themes_about_other_topics_are_not_carried_over() -> None:
    camping = case_of("c", lift=2500, n=3000, topics=("outdoor", "travel"), themes=("新手露营清单",))
    strategy = propose(request_of([camping])).strategy
    assert strategy.status == "proposed"
    assert "露营" not in "".join(theme.title + theme.draft for theme in strategy.themes)


def test_thanks_and_help_carry_no_offer() -> None:
    case = case_of("c", lift=4000, n=3000, offer=COUPON, themes=("换季护肤",))
    claims = (claim_of("k1", Predicate.ORDER_COUNT, value=5),)
    strategy = propose(offering(request_of([case], claims=claims))).strategy
    said = ["满¥100减¥20" in theme.draft for theme in strategy.themes]
    thanked = [theme.title in wording("zh").ideas["thanks"].titles for theme in strategy.themes]
    assert said == [not thanks for thanks in thanked]
    assert any(thanked)


def test_a_cart_is_reminded_of_by_its_own_topic_and_within_two_days() -> None:
    claims = (claim_of("k1", Predicate.CARTED_NOT_BOUGHT, item_id="i1"),)
    activity = activity_at(10, weekday=5, times=30)
    for item_topics in ({"i1": "pets"}, {}):
        strategy = propose(request_of([], claims=claims, item_topics=item_topics, activity=activity)).strategy
        cart = strategy.themes[0].draft
        assert ("宠物专区" in cart) == bool(item_topics)
        assert "护肤" not in cart
        assert strategy.timing is not None
        assert strategy.timing.at - strategy.as_of <= timedelta(hours=48)


def test_the_rationale_cites_only_claims_that_exist_and_may_be_used() -> None:
    claims = (
        claim_of("k1", Predicate.CARTED_NOT_BOUGHT, topic="skincare"),
        claim_of("k2", Predicate.USUAL_GAP, sensitivity="diagnosis"),
        claim_of("k3", Predicate.NO_PURCHASE),
    )
    request = request_of(WINNERS, claims=claims)
    churn = request.churn.model_copy(update={"signals": ("k3", "gone")})
    strategy, decision = propose(request_of(WINNERS, claims=claims, churn=churn))
    assert strategy.rationale == decision.evidence == ("k1", "k3")


@pytest.mark.parametrize("cases", [(), WINNERS, (GARDEN,), (case_of("bad", lift=-300),)])
@pytest.mark.parametrize("profile", [profile_of(), profile_of(topics=(), rfm_class=None, consents={})])
def test_both_languages_decide_the_same(cases: tuple[Case, ...], profile: Profile) -> None:
    claims = (claim_of("k1", Predicate.CARTED_NOT_BOUGHT, topic="skincare"),)
    proposals = {lang: propose(request_of(cases, profile=profile, lang=lang, claims=claims)) for lang in get_args(Lang)}
    assert proposals["zh"].decision == proposals["en"].decision
    for field in ("channel", "offer", "status", "confidence", "holdout_share", "rationale", "campaigns"):
        assert getattr(proposals["zh"].strategy, field) == getattr(proposals["en"].strategy, field)
    zh, en = proposals["zh"].strategy.status_reason or "", proposals["en"].strategy.status_reason or ""
    assert zh != en


@pytest.mark.parametrize("cases", [(), WINNERS])
def test_missing_numbers_do_not_stop_it(cases: tuple[Case, ...]) -> None:
    newcomer = profile_of(rfm_class=None, topics=())
    strategy, _ = propose(request_of(cases, profile=newcomer, ltv=NO_LTV, churn=NO_CHURN))
    assert strategy.status in ("proposed", "abstained")
    first = propose(request_of((), ltv=NO_LTV, churn=NO_CHURN, purchase_rate=None)).strategy
    assert "10%" in first.risk
    assert first.metric is not None
    assert first.metric.baseline == real_policy().first_test.default_baseline


@pytest.mark.parametrize(
    ("kind", "confidence"), [("randomised", "high"), ("observational", "low"), ("reported", "low")]
)
def test_evidence_without_randomisation_lowers_the_confidence(kind: EvidenceKind, confidence: str) -> None:
    strategy = propose(request_of([case_of("c", lift=2500, n=3000, evidence_kind=kind)])).strategy
    assert strategy.confidence == confidence
    assert ("随机" in strategy.risk) == (confidence == "low")


def test_the_answer_to_why_am_i_getting_this_is_true() -> None:
    visitor = profile_of(topics=(), rfm_class=None, consents={})
    strategy = propose(request_of((), profile=visitor, lang="en")).strategy
    assert strategy.why_for_customer.startswith("Because you visited our shop.")
    quiet = propose(request_of([GARDEN], lang="en")).strategy
    assert quiet.why_for_customer == "We are not sending you anything at the moment."


def test_the_decision_names_the_policy_it_was_made_under() -> None:
    decision = propose(request_of(WINNERS)).decision
    assert decision.policy_version.startswith(real_policy().policy_version)
    assert decision.policy_version.endswith(real_taxonomy().fingerprint)


def test_the_same_request_gives_the_same_proposal() -> None:
    assert propose(request_of(WINNERS)) == propose(request_of(WINNERS))
