"""`run profit`: the truth behind it, the policies beside it, and the command."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from app.demo.response import Odds
from app.demo.shop import DemoShop
from app.demo.uplift import TrueResponse
from app.profile.schemas import RfmClass
from app.retrieval.schemas import Arm, Campaign, Case, Channel, Offer, OfferType, Outcome
from app.strategy.schemas import Theme
from evals.baselines.policies import HABITS, best_single, rfm8
from evals.ceilings.contacts import ContactOracle
from evals.cli import main
from evals.recommended import about
from evals.scorers.profit import WINDOW_DAYS, Contact, TrueProfit

CUSTOMERS = 12
NOW = datetime(2026, 11, 1, tzinfo=UTC)
COUPON = Offer(type=OfferType.COUPON, amount_minor=2000, threshold_minor=9900)
CHANNELS = (Channel.WECHAT, Channel.ONSITE)


@pytest.fixture(scope="module")
def shop() -> DemoShop:
    return DemoShop(101, CUSTOMERS)


@pytest.fixture(scope="module")
def truly(shop: DemoShop) -> TrueProfit:
    return TrueProfit(shop, 0.3)


def test_no_contact_earns_nothing_at_all(truly: TrueProfit) -> None:
    assert {truly.of(who, None).total for who in range(CUSTOMERS)} == {0.0}


def test_without_an_offer_profit_is_margin_on_the_true_uplift_less_sending(shop: DemoShop, truly: TrueProfit) -> None:
    arm = Arm(arm_id="x", channel=Channel.SMS)
    for who in range(5):
        uplift = TrueResponse(shop).uplift(
            shop.plan_of(who), shop.calendar.days - 1, arm, "skincare", window_days=WINDOW_DAYS
        )
        assert truly.of(who, Contact(Channel.SMS, None, "skincare")).total == pytest.approx(0.3 * uplift.value - 5.0)


@pytest.mark.parametrize("threshold", [0, 20_000, 45_000])
def test_redemptions_are_those_who_click_and_spend_the_threshold(truly: TrueProfit, threshold: int) -> None:
    odds, n, dice = (
        Odds(expected=0.6, basket=20_000.0, clicks=0.4, buys=0.33, put_off=0.2),
        400_000,
        np.random.default_rng(3),
    )
    clicked = dice.random(n) < odds.clicks
    orders = dice.poisson(odds.expected, n) + (dice.random(n) < odds.buys)
    baskets = odds.basket * dice.lognormal(0.0, 0.5, (8, n)) * (np.arange(8)[:, None] < orders)
    played = (clicked & (baskets.sum(axis=0) >= max(1, threshold))).mean()
    offer = Offer(type=OfferType.COUPON, amount_minor=1000, threshold_minor=threshold)
    assert truly.redeems(odds, offer) == pytest.approx(played, abs=0.003)


def test_an_offer_out_of_reach_costs_nothing(truly: TrueProfit) -> None:
    never = COUPON.model_copy(update={"threshold_minor": 10**9})
    assert truly.of(0, Contact(Channel.ONSITE, never, "skincare")).redeemed == pytest.approx(0.0, abs=1e-6)


def test_the_oracle_is_beaten_by_nobody_and_losses_add_up_to_the_distance(truly: TrueProfit) -> None:
    oracle = ContactOracle(truly)
    for who in range(CUSTOMERS):
        found = oracle.best(who, CHANNELS)
        best = found.profit.total
        topic = truly.wants(who)[-1]
        for contact in (None, Contact(Channel.WECHAT, COUPON, topic), Contact(Channel.ONSITE, None, topic)):
            ours = truly.of(who, contact).total
            assert ours <= best + 1e-9
            lost = oracle.lost(who, contact, CHANNELS, found)
            assert sum(lost) == pytest.approx(best - ours)
            assert min(lost) >= -1e-9


def test_the_oracle_writes_on_open_channels_only(truly: TrueProfit) -> None:
    oracle = ContactOracle(truly)
    assert oracle.best(0, ()).contact is None
    chosen = [oracle.best(who, (Channel.EMAIL,)).contact for who in range(CUSTOMERS)]
    assert {contact.channel for contact in chosen if contact} == {Channel.EMAIL}


def test_every_class_has_a_habit_and_who_never_ordered_has_none() -> None:
    assert set(HABITS) == set(RfmClass)
    assert rfm8(None, "pets", CHANNELS) is None


def test_the_habit_takes_its_first_open_channel_and_the_first_interest() -> None:
    assert rfm8(RfmClass.IMPORTANT_VALUE, "pets", (Channel.EMAIL, Channel.WECHAT)) == Contact(
        Channel.WECHAT, None, "pets"
    )
    assert rfm8(RfmClass.IMPORTANT_VALUE, "pets", (Channel.SMS,)) is None


def a_case(name: str, channel: Channel, lift: int, *, n: int = 600, ended: datetime = NOW) -> Case:
    """Treated customers spend so much more, of 10 yuan each."""
    starts = ended - timedelta(days=7)
    campaign = Campaign(
        campaign_id=name, evidence_kind="simulated", title=name, objective="grow", eligible_n=2 * n,
        arms=(Arm(arm_id="a", channel=channel),), window_days=7, starts_at=starts, ends_at=ended,
    )  # fmt: skip
    spent = 1000 + lift
    outcome = Outcome(
        campaign_id=name, arm_id="a", sent=n, treated_n=n, treated_conversions=n, treated_sum=spent * n,
        treated_sumsq=float(spent**2 * n), control_n=n, control_conversions=n, control_sum=1000 * n,
        control_sumsq=float(1000**2 * n), computed_at=ended,
    )  # fmt: skip
    return Case(campaign=campaign, outcomes=(outcome,))


def test_the_best_single_campaign_is_measured_reaches_many_and_is_over() -> None:
    cases = [
        a_case("few-agree", Channel.SMS, 300),
        a_case("best", Channel.WECHAT, 200),
        a_case("too-small", Channel.WECHAT, 900, n=40),
        a_case("not-over", Channel.WECHAT, 900, ended=NOW + timedelta(days=1)),
    ]
    reach = dict.fromkeys(Channel, 0.5) | {Channel.SMS: 0.1}
    assert best_single(cases, 0.3, reach, as_of=NOW) == "best/a"


def test_a_message_speaks_of_its_first_topic_else_of_what_the_arm_that_it_quotes_spoke_of(truly: TrueProfit) -> None:
    past = next(message for message in truly.past.values() if message.arm.themes)
    quoted, own = Theme(title=past.arm.themes[0], draft=""), Theme(title="来店里看看", draft="")
    assert about(quoted.model_copy(update={"topic": "pets"}), past) == "pets"
    for title in (quoted.title, past.arm.themes_in("zh")[0], past.arm.themes_in("en")[0]):
        assert about(quoted.model_copy(update={"title": title}), past) == past.about
    assert [about(own, past), about(quoted, None), about(None, past)] == ["", "", ""]


def test_the_command_prints_ours_the_baselines_and_the_ceilings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["run", "profit", "--seed", "7", "--customers", "20", "--json", "--out", str(tmp_path / "run")]
    assert main(given) == 0
    found = json.loads(capsys.readouterr().out)
    profit = {who: of["profit_per_customer"] for who, of in (found["baselines"] | found["ceilings"]).items() if of}
    ours = found["metrics"]["profit_per_customer"]
    assert profit["no_contact"] == {"value": 0.0, "low": 0.0, "high": 0.0, "n": 20}
    assert all(profit["oracle"]["value"] >= figure["value"] for figure in (ours, *profit.values()))
    assert profit["one_campaign"]["value"] >= profit["best_single_campaign"]["value"]
    for who in ("rfm8_policy", "best_single_campaign", "no_contact"):
        gap = found["differences"][who]["profit_per_customer"]
        assert gap["value"] == pytest.approx(ours["value"] - profit[who]["value"])
        assert gap["low"] <= gap["value"] <= gap["high"]
    lost = sum(figure["value"] for name, figure in found["metrics"].items() if name.startswith("lost_"))
    assert lost == pytest.approx(profit["oracle"]["value"] - ours["value"])
    assert sum(found["counts"]["ours"].values()) - found["counts"]["ours"]["refused"] == 20


def test_too_few_customers_are_refused_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "profit", "--customers", "5"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
