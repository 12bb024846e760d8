from collections import Counter
from datetime import date, timedelta
from statistics import mean, median

from app.demo.shop import DemoShop
from app.demo.truth import CustomerTruth, truth
from tests.demo.logbook import Entry, Logbook

Truths = tuple[CustomerTruth, ...]


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
    assert all(t.shift is None and t.arc_started_on is None and t.noise for t in arcless)
    assert set(Counter(t.noise for t in arcless)) == {"browser", "seasonal", "gifts", "one_off"}


def test_every_truth_names_a_customer_of_the_log(log: Logbook, truths: Truths) -> None:
    named = {
        (e.customer, f"user_id:{e.event.identifiers['user_id']}")
        for e in log.of_kind("identify")
        if "user_id" in e.event.identifiers
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


def test_slowing_spenders_order_less_often_but_not_for_less(log: Logbook, shop: DemoShop, truths: Truths) -> None:
    rates, baskets = [], []
    for t in with_arc(truths, "slowing_spender"):
        before, since = parted(log, shop, t)
        started = t.arc_started_on or date.max
        if (shop.ends_at.date() - started).days < 60:
            continue
        orders = [{e.event.order_id for e in kind(part, "order")} for part in (before, since)]
        days = [(started - t.joined_on).days, (shop.ends_at.date() - started).days]
        rates.append((len(orders[1]) / days[1]) / (len(orders[0]) / days[0]))
        spent = [sum(e.event.amount_minor or 0 for e in kind(part, "order")) for part in (before, since)]
        baskets.append((spent[1] / len(orders[1])) / (spent[0] / len(orders[0])))
    assert len(rates) > 20
    assert 0.5 < median(rates) < 0.7
    assert 0.85 < median(baskets) < 1.15


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
            if entry.at.astimezone(shop.workspace.zone).hour >= 22:
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
