"""Outcomes from real events: lifts as counted by hand, refunds, late arrivals, merges, reports of a sending tool."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from app.access.schemas import Workspace
from app.bootstrap import App, build
from app.config import Settings
from app.errors import Conflict
from app.events.schemas import IncomingEvent
from app.retrieval.schemas import Offer, OfferType, Outcome
from app.strategy.running.schemas import Member, Result, RollUp
from app.strategy.running.store import campaign_members
from tests.factories import START, an_incoming
from tests.factories_running import BEGIN, NOW, a_shop_of, begin, campaign_of, handed_out, order, take

DAY = (BEGIN - START).days
CLOSED = BEGIN + timedelta(days=15)


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    app = build(Settings(data_dir=tmp_path, llm_url=""))
    yield app
    app.database.close()


def rolled(app: App, shop: Workspace, *, as_of: datetime = CLOSED, campaign_id: str = "spring") -> RollUp:
    return app.pipeline.campaigns.measuring.roll_up(shop, campaign_id, as_of=as_of)


def of_all(found: RollUp, arm_id: str = "sms-plain") -> Result:
    return next(r for r in found.results if r.arm_id == arm_id and r.segment == "all")


def sides(members: dict[str, Member]) -> tuple[list[int], list[int]]:
    """Numbers of those who were given the campaign, and of those held out."""
    numbers = {int(user[1:]): member.held for user, member in members.items()}
    return [n for n, held in numbers.items() if not held], [n for n, held in numbers.items() if held]


def test_sums_are_those_of_the_orders_in_the_window_of_everybody_drawn(app: App) -> None:
    shop = a_shop_of(app, 60)
    given, held = sides(begin(app, shop, campaign_of()))
    assert len(handed_out(app, shop, limit=7).rows) == 7
    take(app, shop, [order(given[0], DAY + 1, 9_000), order(given[0], DAY + 2, 1_000), order(given[1], DAY + 13, 500)])
    take(
        app, shop, [order(held[0], DAY + 3, 4_000), order(held[1], DAY + 30, 99_000), order(given[2], DAY - 5, 77_000)]
    )
    outcome = of_all(rolled(app, shop)).outcome
    assert (outcome.treated_n, outcome.control_n) == (len(given), len(held))
    assert (outcome.treated_conversions, outcome.treated_sum, outcome.treated_sumsq) == (2, 10_500, 1e8 + 500.0**2)
    assert (outcome.control_conversions, outcome.control_sum, outcome.control_sumsq) == (1, 4_000, 16e6)
    assert outcome.sent == 7


def test_where_nobody_bought_there_is_no_lift_but_a_reason(app: App) -> None:
    shop = a_shop_of(app, 60)
    given, _ = sides(begin(app, shop, campaign_of()))
    result = of_all(rolled(app, shop))
    assert (result.lift, result.adjusted, result.no_lift) == (None, None, "nobody bought yet")
    take(app, shop, [order(given[0], DAY + 1, 9_000)])
    result = of_all(rolled(app, shop))
    assert result.lift
    assert result.lift.low < result.lift.high
    assert result.no_lift is None


def test_refunds_are_taken_off_and_late_events_correct_the_next_roll_up(app: App) -> None:
    shop = a_shop_of(app, 40)
    given, _ = sides(begin(app, shop, campaign_of()))
    who = given[0]
    take(app, shop, [order(who, DAY + 1, 9_000)])
    first = rolled(app, shop)
    names = {"identifiers": {"user_id": f"u{who:04d}"}, "order_id": f"o{who}-{DAY + 1}", "amount_minor": 2_500}
    late = [an_incoming("refund", DAY + 5, **names), order(given[1], DAY + 2, 700)]
    take(app, shop, late, now=NOW + timedelta(days=1))
    corrected = of_all(rolled(app, shop)).outcome
    assert (of_all(first).outcome.treated_sum, corrected.treated_sum) == (9_000, 6_500 + 700)
    assert corrected.treated_conversions == 2
    assert rolled(app, shop) == rolled(app, shop)


def test_looking_before_the_window_has_closed_is_preliminary(app: App) -> None:
    shop = a_shop_of(app, 30)
    begin(app, shop, campaign_of())
    early, closed = rolled(app, shop, as_of=BEGIN + timedelta(days=2)), rolled(app, shop)
    assert early.preliminary
    assert "preliminary" in early.cautions
    assert not closed.preliminary
    assert "nothing_handed_out" in closed.cautions
    with pytest.raises(Conflict, match="preliminary"):
        app.pipeline.campaigns.measuring.learn(shop, "spring", now=NOW)


def test_each_segment_is_the_class_at_the_start_and_segments_add_up(app: App) -> None:
    shop = a_shop_of(app, 80)
    members = begin(app, shop, campaign_of())
    take(app, shop, [order(n, DAY + 1 + n % 9, 1_000 * n) for n in range(80)])
    found = rolled(app, shop)
    parts = [r.outcome for r in found.results if r.segment != "all"]
    both = {m.segment for m in members.values() if m.held} & {m.segment for m in members.values() if not m.held}
    assert {part.segment for part in parts} == both
    inside = [int(user[1:]) for user, m in members.items() if m.segment in both and not m.held]
    assert sum(part.treated_sum for part in parts) == sum(1_000 * n for n in inside)


def test_what_was_bought_before_sharpens_the_lift(app: App) -> None:
    shop = a_shop_of(app, 120)
    begin(app, shop, campaign_of())
    # everybody buys again what they bought before: all the noise is known beforehand
    take(app, shop, [order(n, DAY + 1, 5_000 + 100 * (n % 50)) for n in range(120)])
    result = of_all(rolled(app, shop))
    assert result.adjusted
    assert result.lift
    assert result.adjusted.theta == pytest.approx(1.0, abs=0.01)
    assert result.adjusted.variance_reduction > 0.99
    assert abs(result.adjusted.lift.mean) < 1.0
    assert result.adjusted.lift.high - result.adjusted.lift.low < 0.1 * (result.lift.high - result.lift.low)


def test_the_cost_is_the_messages_and_the_offer_where_the_basket_was_large_enough(app: App) -> None:
    shop = a_shop_of(app, 40)
    offer = Offer(type=OfferType.COUPON, amount_minor=1_000, threshold_minor=5_000)
    given, _ = sides(begin(app, shop, campaign_of(offer=offer)))
    handed_out(app, shop)
    take(app, shop, [order(given[0], DAY + 1, 5_000), order(given[1], DAY + 1, 4_999)])
    price = app.pipeline.policy.contact_cost_minor["sms"]
    assert of_all(rolled(app, shop)).outcome.cost_minor == round(price * len(given) + 1_000)


def test_somebody_on_both_sides_is_left_out_and_said_to_be(app: App) -> None:
    shop = a_shop_of(app, 40)
    given, held = sides(begin(app, shop, campaign_of()))
    take(app, shop, [order(given[0], DAY + 1, 9_000)])
    app.pipeline.merging.merge(shop, f"u{given[0]:04d}", f"u{held[0]:04d}", by="Bo", reason="one person", now=NOW)
    app.pipeline.catch_up(shop)
    found = rolled(app, shop)
    outcome = of_all(found).outcome
    assert (found.contaminated, "merged" in found.cautions) == (1, True)
    assert (outcome.treated_n, outcome.control_n, outcome.treated_sum) == (len(given) - 1, len(held) - 1, 0)
    assert all(f"u{given[0]:04d}" != row.to for row in handed_out(app, shop).rows)


def test_two_on_one_side_who_are_one_person_count_once_with_all_that_they_bought(app: App) -> None:
    shop = a_shop_of(app, 40)
    given, _ = sides(begin(app, shop, campaign_of()))
    take(app, shop, [order(given[0], DAY + 1, 9_000), order(given[1], DAY + 1, 1_000)])
    app.pipeline.merging.merge(shop, f"u{given[0]:04d}", f"u{given[1]:04d}", by="Bo", reason="one person", now=NOW)
    outcome = of_all(rolled(app, shop)).outcome
    assert (outcome.treated_n, outcome.treated_conversions, outcome.treated_sum) == (len(given) - 1, 1, 10_000)
    assert len(handed_out(app, shop).rows) == len(given) - 1


def test_groups_that_are_not_as_drawn_are_a_warning_and_no_result(app: App) -> None:
    shop = a_shop_of(app, 80)
    begin(app, shop, campaign_of())
    with app.database.write() as connection:  # as if a fault had lost most of those held out
        lost = campaign_members.c.held & (campaign_members.c.customer_id > "c_3")
        connection.execute(campaign_members.delete().where(lost))
    take(app, shop, [order(0, DAY + 40, 100)])
    found = rolled(app, shop)
    assert not found.balance.ok
    assert "unbalanced" in found.cautions
    with pytest.raises(Conflict, match="not as large as they were drawn"):
        app.pipeline.campaigns.measuring.learn(shop, "spring", now=NOW)


def report(member: Member, day: float, **changes: object) -> IncomingEvent:
    fields = {"identifiers": {"email": "somebody@tool.example"}, "amount_minor": 3_000, **changes}
    return an_incoming("outcome", day, decision_id=member.decision_id, **fields)


def test_outcomes_that_a_tool_reports_join_by_decision_and_count_once(app: App) -> None:
    shop = a_shop_of(app, 40)
    members = begin(app, shop, campaign_of())
    given, held = sides(members)
    one, two, three = (members[f"u{n:04d}"] for n in (given[0], given[1], held[0]))
    take(app, shop, [order(given[1], DAY + 2, 8_000)])
    take(
        app,
        shop,
        [
            report(one, DAY + 1),
            report(two, DAY + 2, amount_minor=8_000, order_id=f"o{given[1]}-{DAY + 2}"),  # the log has this order
            report(three, DAY + 1, amount_minor=500),
            report(one, DAY + 60),
        ],
    )
    outcome = of_all(rolled(app, shop)).outcome
    assert (outcome.treated_conversions, outcome.treated_sum) == (2, 11_000)
    assert (outcome.control_conversions, outcome.control_sum) == (1, 500)


def test_planned_arms_are_each_compared_with_those_held_out_from_them(app: App) -> None:
    shop = a_shop_of(app, 60)
    arms = {f"u{n:04d}": ("one", "two")[n % 2] for n in range(60)}
    members = begin(app, shop, campaign_of(arms=("one", "two")), arms=arms)
    take(app, shop, [order(n, DAY + 1, 1_000 * (1 + n % 2)) for n in range(60)])
    outcomes: dict[str, Outcome] = {arm: of_all(rolled(app, shop), arm).outcome for arm in ("one", "two")}
    for arm, value in (("one", 1_000), ("two", 2_000)):
        held = [m for m in members.values() if m.arm_id == arm and m.held]
        assert (outcomes[arm].control_n, outcomes[arm].control_sum) == (len(held), value * len(held))
        assert outcomes[arm].treated_sum == value * outcomes[arm].treated_n


def test_a_roll_up_after_late_events_is_that_of_a_shop_that_knew_them_in_time(tmp_path: Path) -> None:
    found = []
    for folder, late in (("early", False), ("late", True)):
        app = build(Settings(data_dir=tmp_path / folder, llm_url=""))
        shop = a_shop_of(app, 40)
        begin(app, shop, campaign_of())
        orders = [order(n, DAY + 1 + n % 12, 1_000 + n) for n in range(40)]
        if late:
            take(app, shop, orders[20:])
            rolled(app, shop)
            take(app, shop, orders[:20], now=NOW + timedelta(days=3))
        else:
            take(app, shop, orders)
        found.append(rolled(app, shop))
        app.database.close()
    assert found[0] == found[1]
