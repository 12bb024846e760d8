"""How little counting finds out in the demo shop: most viewed category, days since the last visit."""

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from statistics import mean
from typing import NamedTuple

import pytest

from app.demo.catalogue import products
from app.demo.plans import Plan
from app.demo.shop import DemoShop
from app.events.timestamps import parse_moment

CUSTOMERS = 600
WINDOW = 30
HORIZON = 45
CUTS = (120, 180, 225)


class Seen(NamedTuple):
    """What the log shows of one customer, by day of the shop, beside the plan that they truly follow."""

    plan: Plan
    visits: list[int]
    views: list[tuple[int, str]]
    recommended: list[tuple[int, bool]]
    """When something was recommended (False), and when a view followed from it (True)."""


@cache
def seen(seed: int) -> list[Seen]:
    shop = DemoShop(seed, CUSTOMERS)
    topic_of = {product.item.item_id: product.topic for product in products(seed)}
    return [see(shop, index, topic_of) for index in range(CUSTOMERS)]


def see(shop: DemoShop, index: int, topic_of: dict[str, str]) -> Seen:
    found = Seen(shop.plan_of(index), [], [], [])
    for _, event in shop.events_of(index):
        if event.kind not in ("session", "view", "impression"):
            continue
        day = (parse_moment(event.occurred_at, zone=shop.workspace.zone) - shop.calendar.midnight).days
        if event.kind == "session":
            found.visits.append(day)
        if event.kind == "view":
            found.views.append((day, topic_of[event.item_id or ""]))
        if event.kind == "impression" or "referrer" in event.properties:
            found.recommended.append((day, event.kind == "view"))
    return found


def most_viewed_is_wanted(customers: Iterable[Seen], cut: int) -> Iterator[bool]:
    for customer in customers:
        views = Counter(topic for day, topic in customer.views if cut - WINDOW < day <= cut)
        if views:
            most = max(views, key=lambda topic: (views[topic], topic))
            yield most == customer.plan.customer.stage_at(cut).top


def days_away(customers: Iterable[Seen], cut: int) -> Iterator[tuple[int, bool]]:
    """(Days since the last visit, leaves within the horizon) of those who were there lately."""
    for customer in customers:
        away = cut - max((day for day in customer.visits if day <= cut), default=-WINDOW)
        leaving = customer.plan.leaving
        if away < WINDOW and not customer.plan.has_left(cut):
            yield away, leaving is not None and leaving.day <= cut + HORIZON


def area_under_roc(scored: list[tuple[int, bool]]) -> float:
    """P(a leaver scores higher than a stayer), ties counting half."""
    leavers, stayers = (Counter(score for score, leaves in scored if leaves is side) for side in (True, False))
    higher = sum(a * b * ((x > y) + 0.5 * (x == y)) for x, a in leavers.items() for y, b in stayers.items())
    return higher / (leavers.total() * stayers.total())


@pytest.mark.parametrize("seed", [7, 8])
@pytest.mark.parametrize("cut", [120, 180, 240, 272])
def test_the_most_viewed_category_of_thirty_days_is_no_more_than_a_hint(seed: int, cut: int) -> None:
    hits = list(most_viewed_is_wanted(seen(seed), cut))
    assert len(hits) > 200
    assert 0.25 < mean(hits) <= 0.75


@pytest.mark.parametrize("seed", [7, 8])
def test_days_since_the_last_visit_do_not_tell_who_is_about_to_leave(seed: int) -> None:
    scored = [pair for cut in CUTS for pair in days_away(seen(seed), cut)]
    assert sum(leaves for _, leaves in scored) > 60
    assert 0.42 < area_under_roc(scored) < 0.6


@pytest.mark.parametrize("seed", [7, 8])
def test_who_drifts_away_keeps_coming_but_looks_at_less_and_no_longer_at_what_is_recommended(seed: int) -> None:
    days, visits, views, shown, taken = ([0, 0] for _ in range(5))
    for customer in seen(seed):
        leaving, who = customer.plan.leaving, customer.plan.customer
        if leaving is None or leaving.reason != "drift":
            continue
        cooling = next(stage.first for stage in who.stages if stage.cool)
        for side, span in enumerate((range(who.joined, cooling), range(cooling, leaving.day))):
            days[side] += len(span)
            visits[side] += sum(day in span for day in customer.visits)
            views[side] += sum(day in span for day, _ in customer.views)
            shown[side] += sum(day in span and not followed for day, followed in customer.recommended)
            taken[side] += sum(day in span and followed for day, followed in customer.recommended)
    pace, depth, followed = (
        (part[1] / whole[1]) / (part[0] / whole[0]) for part, whole in ((visits, days), (views, visits), (taken, shown))
    )
    assert 0.65 < pace < 1.1
    assert depth < 0.85
    assert followed < 0.3


@pytest.mark.parametrize("seed", [7, 8])
def test_those_who_stay_have_quiet_months_too(seed: int) -> None:
    staying = [c for c in seen(seed) if c.plan.leaving is None and c.plan.customer.joined < 60]
    quiet = [any(all(not cut - 21 < day <= cut for day in c.visits) for cut in CUTS) for c in staying]
    assert 0.2 < mean(quiet) < 0.9
