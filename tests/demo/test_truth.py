from collections import Counter
from datetime import date, timedelta
from itertools import pairwise
from statistics import mean, median

import pytest

from app.demo.shop import DemoShop
from app.demo.truth import CustomerTruth, true_response, truth
from app.demo.wording import wording
from app.retrieval.schemas import Channel, Offer, OfferType
from tests.demo.logbook import Entry, Logbook

Truths = tuple[CustomerTruth, ...]
HOME = {"home_decor", "home_textiles", "kitchen_dining"}


def day_of(entry: Entry, shop: DemoShop) -> date:
    return entry.at.astimezone(shop.workspace.zone).date()


def with_arc(truths: Truths, arc: str) -> list[CustomerTruth]:
    return [t for t in truths if t.arc == arc and t.arc_started_on is not None]


def parted(log: Logbook, shop: DemoShop, who: CustomerTruth) -> tuple[list[Entry], list[Entry]]:
    """A customer's entries before and since their arc began."""
    entries, started = log.of(who.index), who.arc_started_on or date.max
    before = [entry for entry in entries if day_of(entry, shop) < started]
    return before, entries[len(before) :]


def kind(entries: list[Entry], name: str) -> list[Entry]:
    return [entry for entry in entries if entry.event.kind == name]


def test_about_thirty_in_a_hundred_have_no_arc_and_so_no_shift() -> None:
    truths = truth(DemoShop(7, 1500))
    arcless = [t for t in truths if t.arc == "none"]
    assert 0.27 < len(arcless) / len(truths) < 0.33
    assert all(t.shift is None and t.arc_started_on is None for t in arcless)
    assert set(Counter(t.noise for t in arcless if t.noise)) == {"browser", "seasonal", "gifts", "one_off", "regular"}


def test_every_truth_names_a_customer_of_the_log(log: Logbook, truths: Truths) -> None:
    named = {
        (e.customer, f"user_id:{e.event.identifiers['user_id']}")
        for e in log.of_kind("identify")
        if e.event.identifiers.get("user_id", "null") != "null"
    }
    assert {(t.index, t.identifier) for t in truths} == named


def test_interests_are_shares_and_the_topic_is_the_largest(truths: Truths) -> None:
    for t in truths:
        assert abs(sum(t.interests.values()) - 1) < 1e-9
        assert t.interests[t.topic] == max(t.interests.values())


def test_a_shift_ends_in_the_present_topic(truths: Truths) -> None:
    shifts = [t for t in truths if t.shift]
    assert len(shifts) > 100
    for t in shifts:
        assert t.shift
        assert t.shift.to_topic == t.topic != t.shift.from_topic
        assert t.joined_on <= t.shift.on <= date(2026, 10, 31)


def test_who_has_left_orders_only_when_a_message_brings_them_back(log: Logbook, shop: DemoShop, truths: Truths) -> None:
    invited = {e.event.session_id for e in log.of_kind("session") if e.event.properties["entry"] == "campaign"}
    left = {t.index: t.churned_on for t in truths if t.churned_on}
    assert len(left) > 60
    for entry in log.of_kind("order"):
        if entry.customer in left and day_of(entry, shop) > left[entry.customer]:
            assert entry.event.session_id in invited


def test_slowing_spenders_order_less_often_but_not_for_less_and_furnish_a_home(
    log: Logbook, shop: DemoShop, truths: Truths, topic_of: dict[str, str]
) -> None:
    orders, days, home = [0, 0], [0, 0], [[], []]  # type: tuple[list[int], list[int], list[list[bool]]]
    baskets = []
    for t in with_arc(truths, "slowing_spender"):
        parts, started = parted(log, shop, t), t.arc_started_on or date.max
        lengths = ((started - t.joined_on).days, (shop.ends_at.date() - started).days)
        spent = []
        for side, part in enumerate(parts):
            lines = kind(part, "order")
            numbers = {e.event.order_id for e in lines}
            orders[side] += len(numbers)
            days[side] += lengths[side]
            home[side] += [topic_of[e.event.item_id or ""] in HOME for e in lines]
            spent.append(sum(e.event.amount_minor or 0 for e in lines) / max(1, len(numbers)))
        baskets += [spent[1] / spent[0]] if all(spent) else []
    assert 0.45 < (orders[1] / days[1]) / (orders[0] / days[0]) < 0.75
    assert len(baskets) > 15
    assert 0.8 < median(baskets) < 1.25
    assert mean(home[1]) > mean(home[0]) + 0.15


def test_drifting_customers_look_shorter_write_less_and_complain(log: Logbook, shop: DemoShop, truths: Truths) -> None:
    seconds: list[list[int]] = [[], []]
    lengths: list[list[int]] = [[], []]
    complaints = 0
    for t in with_arc(truths, "drifting_away"):
        for side, part in enumerate(parted(log, shop, t)):
            seconds[side] += [int(e.event.properties["dwell_s"]) for e in kind(part, "view")]
            lengths[side] += [len(e.event.text or "") for e in kind(part, "review")]
        complaints += any(not e.event.order_id for e in kind(log.of(t.index), "support_message"))
    assert mean(seconds[1]) < 0.7 * mean(seconds[0])
    # Reviews of earlier orders still arrive after the arc began.
    assert median(lengths[1]) < 8 < median(lengths[0])
    assert complaints > 10


def test_three_nights_running_the_same_item_is_carted_and_never_bought(
    log: Logbook, shop: DemoShop, truths: Truths
) -> None:
    found = 0
    for t in with_arc(truths, "skincare_nights"):
        entries = log.of(t.index)
        nights: dict[str, set[date]] = {}
        for entry in kind(entries, "cart_add"):
            if entry.at.astimezone(shop.workspace.zone).hour >= 20:
                nights.setdefault(entry.event.item_id or "", set()).add(day_of(entry, shop))
        wanted = [i for i, days in nights.items() if any({d, d + timedelta(1), d + timedelta(2)} <= days for d in days)]
        bought = (
            {
                e.event.item_id
                for e in kind(entries, "order")
                if day_of(e, shop) >= min(nights.get(wanted[0], {date.max}))
            }
            if wanted
            else set()
        )
        found += bool(wanted) and wanted[0] not in bought
    assert found >= 0.6 * len(with_arc(truths, "skincare_nights"))


def test_an_arc_shows_in_what_people_look_at(
    log: Logbook, shop: DemoShop, truths: Truths, topic_of: dict[str, str]
) -> None:
    shares: list[list[bool]] = [[], []]
    for t in with_arc(truths, "new_hobby"):
        for side, part in enumerate(parted(log, shop, t)):
            shares[side] += [topic_of[e.event.item_id or ""] == t.topic for e in kind(part, "view")]
    assert mean(shares[1]) > 0.4 > 0.15 > mean(shares[0])


def test_interests_over_time_run_without_gaps_from_joining_to_what_they_want_now(truths: Truths) -> None:
    for t in truths:
        stages = t.interests_over_time
        assert stages[0].since == t.joined_on
        assert all(a.until + timedelta(1) == b.since for a, b in pairwise(stages))
        assert stages[-1].until == (t.churned_on or date(2026, 10, 31))
        assert stages[-1].topics == t.interests
        assert all(abs(sum(stage.topics.values()) - 1) < 1e-9 for stage in stages)


def test_life_events_lie_where_the_arc_is_and_nobody_without_an_arc_has_any(truths: Truths) -> None:
    assert all(not t.life_events for t in truths if t.arc == "none")
    for t in truths:
        assert all(t.joined_on <= event.on <= (t.churned_on or date(2026, 10, 31)) for event in t.life_events)
        if t.arc.startswith("new_parent"):
            assert t.household == "child_0_1"
            assert t.life_events[0].what == "a child is born"
    assert len({event.what for t in truths for event in t.life_events}) >= 7


def test_some_become_parents_within_the_month_that_the_article_tells_of() -> None:
    months = [t for t in truth(DemoShop(7, 1000)) if t.arc == "new_parent_month" and t.arc_started_on]
    whole = [t for t in months if t.churned_on is None and (t.arc_started_on or date.max) <= date(2026, 10, 1)]
    assert len(whole) > 8
    for t in whole:
        start = t.arc_started_on or date.max
        phases = [s for s in t.interests_over_time if start <= s.since < start + timedelta(30)]
        tops = [max(stage.topics, key=lambda topic: stage.topics[topic]) for stage in phases]
        assert tops == ["baby_care", "early_education", "travel"]
        assert [(s.since - start).days for s in phases] == [0, 7, 15]


def test_a_fitting_message_brings_more_orders_than_a_strange_one_and_an_offer_more_than_none(truths: Truths) -> None:
    shop, coupon = DemoShop(customers=300), Offer(type=OfferType.COUPON, amount_minor=3000, expires_in=7)
    staying = [t for t in truths if t.churned_on is None and t.joined_on < date(2026, 6, 1)][:40]

    def mean_response(theme: str | None, offer: Offer | None, channel: Channel = Channel.SMS) -> float:
        return mean(true_response(shop, t.index, date(2026, 10, 5), channel, offer, theme or t.topic) for t in staying)

    assert -1 < mean_response("crafts", None) < mean_response(None, None) < mean_response(None, coupon) < 1
    assert mean_response("crafts", None, Channel.SMS) < mean_response("crafts", None, Channel.ONSITE)


def test_a_household_is_somewhere_between_alone_and_three_generations(truths: Truths) -> None:
    households = Counter(t.household for t in truths)
    known = {"single", "couple", "child_0_1", "child_2_6", "child_7_17", "three_generations"}
    assert set(households) == known
    assert households["single"] < 0.5 * len(truths)


def test_an_arc_is_what_was_lived_and_has_its_first_day(truths: Truths) -> None:
    assert all((t.arc == "none") == (t.arc_started_on is None) for t in truths)
    assert all(t.noise is None for t in truths if t.arc != "none")


def test_who_left_had_a_reason_and_shows_a_little_of_it(log: Logbook, truths: Truths) -> None:
    assert all((t.churn_cause is None) == (t.churned_on is None) for t in truths)
    assert len({t.churn_cause for t in truths if t.churn_cause}) == 6
    assert {t.churn_cause for t in truths if t.churn_reason == "one_off"} <= {"price", "need_over", "elsewhere"}
    searched = {e.customer for e in log.of_kind("search") if e.event.text in wording().bargain_searches}
    assert searched & {t.index for t in truths if t.churn_reason == "drift" and t.churn_cause == "price"}


def test_who_bought_again_after_leaving_was_won_back_on_that_day(log: Logbook, shop: DemoShop) -> None:
    orders = {(entry.customer, day_of(entry, shop)) for entry in log.of_kind("order")}
    for t in truth(shop):
        again = [day for who, day in orders if who == t.index and t.churned_on and day > t.churned_on]
        assert t.won_back_on == min(again, default=None)


@pytest.mark.parametrize(
    ("index", "on", "theme", "said"),
    [
        (300, date(2026, 10, 1), "pets", "customer 300 is not in the log"),
        (-1, date(2026, 10, 1), "pets", "customer -1 is not in the log"),
        (0, date(2026, 10, 1), "submarines", "'submarines' is no topic"),
        (0, date(2026, 1, 31), "pets", "can be written to from"),
        (0, date(2026, 11, 1), "pets", "not on 2026-11-01"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(shop: DemoShop, index: int, on: date, theme: str, said: str) -> None:
    with pytest.raises(ValueError, match=said) as refused:
        true_response(shop, index, on, Channel.SMS, None, theme)
    assert "\n" not in str(refused.value)


def test_whom_one_lives_with_shows_a_little_in_what_one_wants(truths: Truths) -> None:
    def share(household: str, topics: set[str]) -> float:
        lives = [t.interests_over_time[0].topics for t in truths if t.household == household]
        return mean(sum(life.get(topic, 0.0) for topic in topics) for life in lives)

    assert share("child_2_6", {"early_education", "toys"}) > 0.05 > share("single", {"early_education", "toys"})
