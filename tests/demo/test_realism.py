"""What a close look at the log must not find: telling numbers, things bought unseen, winters without a season."""

from collections import Counter, defaultdict
from statistics import correlation, mean

from app.demo.plans import Plan
from app.demo.response import Message, chance_to_come_by, chance_to_read
from app.demo.shop import DemoShop
from app.demo.truth import CustomerTruth
from app.retrieval.schemas import Arm, Channel
from tests.demo.logbook import Entry, Logbook

CARD = Arm(arm_id="card", channel=Channel.ONSITE)


def month_of(entry: Entry, shop: DemoShop) -> int:
    return entry.at.astimezone(shop.workspace.zone).month


def test_most_of_what_is_bought_was_looked_at_before(log: Logbook) -> None:
    seen: set[tuple[int, str | None]] = set()
    known = []
    for entry in log.entries:
        if entry.event.kind == "view":
            seen.add((entry.customer, entry.event.item_id))
        if entry.event.kind == "order":
            known.append((entry.customer, entry.event.item_id) in seen)
    assert mean(known) > 0.85


def test_few_visits_end_with_an_order_and_many_pages_are_opened_for_one_line(log: Logbook) -> None:
    visits = {entry.event.session_id for entry in log.of_kind("session")}
    buying = {entry.event.session_id for entry in log.of_kind("order")}
    assert 0.08 < len(buying) / len(visits) < 0.15
    assert 0.06 < len(log.of_kind("order")) / len(log.of_kind("view")) < 0.12


def test_nobody_buys_twenty_pieces_or_three_of_what_lasts(
    log: Logbook, shop: DemoShop, topic_of: dict[str, str]
) -> None:
    rates = shop.parameters.behaviour
    pieces: dict[bool, list[int]] = defaultdict(list)
    for entry in log.of_kind("order"):
        lasts = topic_of[entry.event.item_id or ""] not in rates.used_up
        pieces[lasts].append(int(entry.event.properties["quantity"]))
    assert 3 <= max(pieces[False]) <= rates.pieces_most
    assert max(pieces[True]) <= rates.pieces_most_lasting


def test_swimwear_is_looked_at_in_summer_except_before_a_winter_journey(
    log: Logbook, shop: DemoShop, truths: tuple[CustomerTruth, ...], topic_of: dict[str, str]
) -> None:
    elsewhere = {t.index for t in truths if t.arc not in ("warm_trip", "new_parent", "new_parent_month")}
    views, swim = Counter[bool](), Counter[bool]()
    for entry in log.of_kind("view"):
        month = month_of(entry, shop)
        if entry.customer in elsewhere and month in (2, 3, 6, 7, 8):
            views[month >= 6] += 1
            swim[month >= 6] += topic_of[entry.event.item_id or ""] == "swim_beach"
    assert swim[True] / views[True] > 2 * swim[False] / views[False]


def test_mooncakes_are_seldom_seen_outside_their_months(log: Logbook, shop: DemoShop) -> None:
    cakes = {item.item_id for item in shop.items() if "月饼" in item.title}
    months = [month_of(entry, shop) for entry in log.of_kind("view") if entry.event.item_id in cakes]
    assert len(months) > 5
    assert mean(month in (8, 9) for month in months) > 0.6


def test_a_complaint_is_neither_needed_nor_enough_to_leave(log: Logbook, truths: tuple[CustomerTruth, ...]) -> None:
    loud = {entry.customer for entry in log.of_kind("support_message") if not entry.event.order_id}
    drifting = {t.index for t in truths if t.churn_reason == "drift"}
    assert 0.3 < len(loud & drifting) / len(drifting) < 0.8
    assert 0.02 < len(loud - drifting) / (len(truths) - len(drifting)) < 0.12


def test_others_too_put_a_thing_in_the_cart_on_three_days_running(
    log: Logbook, shop: DemoShop, truths: tuple[CustomerTruth, ...]
) -> None:
    days: dict[tuple[int, str], set[int]] = defaultdict(set)
    for entry in log.of_kind("cart_add"):
        day = (entry.at - shop.calendar.midnight).days
        days[entry.customer, entry.event.item_id or ""].add(day)
    running = {who for (who, _), of in days.items() if any({day, day + 1, day + 2} <= of for day in of)}
    assert len({truths[who].arc for who in running} - {"skincare_nights"}) >= 2


def test_who_minds_prices_buys_cheaper_things(log: Logbook, truths: tuple[CustomerTruth, ...]) -> None:
    paid: dict[int, list[int]] = defaultdict(list)
    for entry in log.of_kind("order"):
        paid[entry.customer].append(int(entry.event.properties["unit_price_minor"]))
    pairs = [(truths[who].price_sensitivity, mean(prices)) for who, prices in paid.items()]
    assert correlation(*map(list, zip(*pairs, strict=True))) < -0.15


def test_names_of_records_differ_and_share_nothing_that_would_tell_the_customer(log: Logbook) -> None:
    ids = [entry.event.message_id for entry in log.entries]
    assert len(set(ids)) == len(ids)
    visits = {entry.event.session_id or "" for entry in log.of_kind("session")}
    orders = {entry.event.order_id or "" for entry in log.of_kind("order")}
    for names in (set(ids), visits, orders):
        assert len({name[-6:] for name in names}) > 0.99 * len(names)


def test_a_card_is_read_only_by_who_comes_by(shop: DemoShop) -> None:
    def chances(plan: Plan, window: int | None) -> tuple[float, float]:
        message = Message(CARD, "skincare", 200, window=window)
        return chance_to_come_by(plan, message), chance_to_read(plan, message, shop.parameters.response)

    plans = [plan for plan in map(shop.plan_of, range(100)) if not plan.has_left(200)]
    for plan in plans:
        (seldom, few), (often, more), (there, most) = (chances(plan, window) for window in (2, 20, None))
        assert seldom < often < there == 1.0
        assert few < more < most
    gone = next(plan for plan in map(shop.plan_of, range(100)) if plan.has_left(200))
    assert chances(gone, 20) == (0.0, 0.0)
