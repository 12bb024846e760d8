"""The sentences around a choice: the real ground, the date, and what is doubtful."""

import pytest

from app.narrative.schemas import Predicate
from app.retrieval.schemas import Offer, OfferType
from app.schema import Lang
from app.strategy.generate import propose
from app.strategy.power import plan_measurement
from tests.factories_campaigns import case_of
from tests.factories_profiles import profile_of
from tests.factories_strategy import activity_at, claim_of, offering, real_policy, request_of

GOOD = case_of("good", lift=2500, n=3000)
GROW = case_of("grow", lift=2500, n=3000, objective="grow")
COUPON = Offer(type=OfferType.COUPON, amount_minor=2000, threshold_minor=10_000)


def test_why_names_the_cart_the_absence_or_the_interest() -> None:
    cart = (claim_of("k1", Predicate.CARTED_NOT_BOUGHT),)
    assert "购物车" in propose(request_of([GROW], claims=cart)).strategy.why_for_customer
    assert "一阵子没有" in propose(request_of([GOOD])).strategy.why_for_customer
    assert "关注过护肤" in propose(request_of([GROW])).strategy.why_for_customer


def test_why_names_no_absence_of_somebody_who_ordered_within_their_rhythm() -> None:
    claims = (claim_of("k1", Predicate.DAYS_SINCE_LAST_ORDER, value=10),)
    assert "一阵子" not in propose(request_of([GOOD], claims=claims)).strategy.why_for_customer


def test_why_names_only_interests_that_the_message_speaks_of() -> None:
    strategy = propose(request_of([GROW], profile=profile_of(topics=("skincare", "travel", "pets", "garden")))).strategy
    copy = "".join(theme.draft + theme.title for theme in strategy.themes)
    told = strategy.why_for_customer.removeprefix("因为你在我们店里关注过").split("，")[0].split("、")
    assert told
    assert all(topic in copy for topic in told)


@pytest.mark.parametrize(("lang", "date"), [("zh", "6月5日（周五） 19:00"), ("en", "Friday 5 June 19:00")])
def test_a_moment_more_than_a_day_away_is_told_with_its_date(lang: Lang, date: str) -> None:
    far = propose(request_of([GOOD], lang=lang, activity=activity_at(19, weekday=4))).strategy
    near = propose(request_of([GOOD], lang=lang, activity=activity_at(19, weekday=0))).strategy
    assert far.timing is not None
    assert near.timing is not None
    assert date in far.timing.reason
    assert "6月" not in near.timing.reason
    assert "June" not in near.timing.reason


def test_an_offer_out_of_reach_is_a_risk_and_keeps_its_terms() -> None:
    case = case_of("c", lift=4000, n=3000, offer=COUPON)
    small = propose(offering(request_of([case], profile=profile_of(average_minor=4900), lang="en"))).strategy
    usual = propose(offering(request_of([case], profile=profile_of(average_minor=5000), lang="en"))).strategy
    assert small.offer == usual.offer == COUPON
    assert "average order" in small.risk
    assert "average order" not in usual.risk
    assert small.campaigns == usual.campaigns


def test_a_class_too_small_for_the_test_is_named_with_what_it_can_show() -> None:
    wanted = plan_measurement(0.3, real_policy()).sample_size
    strategy = propose(request_of([], audience_size=400, lang="en")).strategy
    assert strategy.metric is not None
    assert strategy.metric.sample_size == 200
    assert f"only 400 customers where {wanted} per group" in strategy.risk
    assert "200 per group" in (strategy.status_reason or "")
    assert "too few to measure" in propose(request_of([], audience_size=3, lang="en")).strategy.risk
    assert "per group" not in propose(request_of([], audience_size=2 * wanted, lang="en")).strategy.risk


@pytest.mark.parametrize(("lang", "said"), [("zh", "原活动带优惠，这次不带"), ("en", "made an offer, this makes none")])
def test_an_offer_that_was_left_out_is_a_risk_and_never_of_high_confidence(lang: Lang, said: str) -> None:
    gift = case_of("gift", lift=2500, n=9000, offer=Offer(type=OfferType.GIFT, amount_minor=3000))
    proposal = propose(request_of([gift], lang=lang))
    assert proposal.decision.chosen == "gift/a/no_offer"
    assert said in proposal.strategy.risk
    assert proposal.strategy.confidence != "high"
    assert said not in propose(request_of([GOOD], lang=lang)).strategy.risk
