from statistics import mean

import numpy as np
import pytest

from app.demo.dice import Dice
from app.demo.plans import Plan
from app.demo.response import Message, answer, odds
from app.demo.shop import DemoShop
from app.demo.uplift import TrueResponse, Uplift
from app.retrieval.outcomes import Z90, is_measured, measured_lift
from app.retrieval.schemas import Arm, Case, Channel, Offer, OfferType

EMAIL = Arm(arm_id="email", channel=Channel.EMAIL)
COUPON = Arm(arm_id="a", channel=Channel.WECHAT, offer=Offer(type=OfferType.COUPON, amount_minor=3000))
SMS = Arm(arm_id="sms", channel=Channel.SMS)


@pytest.fixture(scope="module")
def true_response(shop: DemoShop) -> TrueResponse:
    return TrueResponse(shop)


@pytest.fixture(scope="module")
def lifts(true_response: TrueResponse) -> dict[str, dict[str, Uplift]]:
    return {campaign_id: true_response.true_lifts(campaign_id) for campaign_id in true_response.runs}


@pytest.fixture(scope="module")
def plans(shop: DemoShop) -> list[Plan]:
    """Customers who are there on day 200."""
    drawn = map(shop.planner.plan, range(300))
    return [plan for plan in drawn if plan.customer.joined < 200 and not plan.has_left(200)]


def test_measured_lifts_scatter_round_the_true_ones_as_their_intervals_say(
    cases: tuple[Case, ...], lifts: dict[str, dict[str, Uplift]]
) -> None:
    off, deviations = [], []
    for outcome in (outcome for case in cases for outcome in case.outcomes if is_measured(outcome)):
        measured = measured_lift(outcome)
        off.append(measured.mean - lifts[outcome.campaign_id][outcome.arm_id].value)
        deviations.append((measured.high - measured.low) / 2 / Z90)
    assert len(off) > 200
    inside = [abs(error) < 1.96 * deviation for error, deviation in zip(off, deviations, strict=True)]
    assert 0.90 < mean(inside) < 0.99
    assert abs(sum(off)) < 3 * np.linalg.norm(deviations)


def test_some_arms_truly_help_some_do_nothing_and_some_harm(lifts: dict[str, dict[str, Uplift]]) -> None:
    yuan = [uplift.value / 100 for arms in lifts.values() for uplift in arms.values()]
    assert sum(value > 5 for value in yuan) >= 20
    assert sum(abs(value) < 1 for value in yuan) >= 15
    assert sum(value < -1 for value in yuan) >= 20


def test_a_fitting_message_beats_a_blanket_one(lifts: dict[str, dict[str, Uplift]]) -> None:
    by_id = {campaign_id.split("-", 1)[1]: [u.value for u in arms.values()] for campaign_id, arms in lifts.items()}
    assert min(by_id["spring-weaning"]) > 900
    assert max(by_id["blanket-sms"]) < 0


def test_a_series_brings_less_and_less(lifts: dict[str, dict[str, Uplift]]) -> None:
    orders = [arms["wechat-plain"].orders for campaign_id, arms in lifts.items() if campaign_id.endswith("-paws")]
    assert len(orders) >= 6
    assert mean(orders[-3:]) < 0.75 * orders[0]


def test_a_coupon_is_worth_less_to_the_same_customer_in_autumn(shop: DemoShop, plans: list[Plan]) -> None:
    settled = [plan for plan in plans if plan.customer.stage_at(60) == plan.customer.stage_at(250)]
    assert len(settled) > 20
    for plan in settled:
        topic, model = plan.customer.stage_at(60).top, shop.parameters.response
        spring, autumn = (odds(plan, Message(COUPON, topic, day), 1.0, model) for day in (60, 250))
        assert autumn.clicks < spring.clicks


def test_a_campaign_can_be_judged_as_if_sent_again(
    true_response: TrueResponse, lifts: dict[str, dict[str, Uplift]]
) -> None:
    for campaign_id, run in list(true_response.runs.items())[:10]:
        assert true_response.true_lifts(campaign_id, day=run.day) == lifts[campaign_id]
        assert true_response.true_lifts(campaign_id, day=250) != lifts[campaign_id]


def test_drawn_answers_follow_the_odds(shop: DemoShop, plans: list[Plan]) -> None:
    model = shop.parameters.response
    for plan in plans[:5]:
        message, dice = Message(COUPON, plan.customer.stage_at(200).top, 200, 0.8), Dice(1, plan.customer.index)
        answers = [answer(plan, message, model, dice) for _ in range(4000)]
        chances = odds(plan, message, 1.0, model)
        assert mean(a.orders for a in answers) == pytest.approx(chances.clicks * chances.buys, abs=0.03)
        assert mean(a.put_off for a in answers) == pytest.approx((1 - chances.clicks) * chances.put_off, abs=0.03)


def test_the_value_is_the_orders_times_the_mean_basket(
    shop: DemoShop, true_response: TrueResponse, plans: list[Plan]
) -> None:
    sigma = shop.parameters.customer.basket_sigma_within
    for plan in plans[:20]:
        uplift = true_response.uplift(plan, 200, EMAIL, plan.customer.stage_at(200).top)
        assert uplift.value == pytest.approx(uplift.orders * plan.customer.basket * np.exp(sigma**2 / 2))


def test_a_message_about_what_they_want_beats_one_that_misses(true_response: TrueResponse, plans: list[Plan]) -> None:
    fitting = [true_response.uplift(plan, 200, SMS, plan.customer.stage_at(200).top).orders for plan in plans]
    missing = [true_response.uplift(plan, 200, SMS, "no topic at all").orders for plan in plans]
    assert mean(fitting) > 0.02
    assert mean(missing) < 0


def test_the_end_of_the_log_has_an_uplift_too(shop: DemoShop, true_response: TrueResponse, plans: list[Plan]) -> None:
    plan = max(plans, key=lambda plan: plan.customer.orders_per_day)
    last_day = shop.calendar.days - 1
    near, end = (true_response.uplift(plan, day, SMS, "no topic at all").orders for day in (last_day - 10, last_day))
    assert end == pytest.approx(near, rel=0.5)
    assert end < 0
