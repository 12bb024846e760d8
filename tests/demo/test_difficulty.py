"""How little counting finds out in the demo shop: most viewed category, days since the last visit."""

from functools import cache
from statistics import mean
from typing import NamedTuple

import pytest

from app.demo.plans import Plan
from app.demo.shop import DemoShop
from app.events.timestamps import parse_moment
from evals.ceilings.cases import CUTS
from evals.ceilings.naive import naive_ceilings
from evals.task import Metric

CUSTOMERS = 600


class Seen(NamedTuple):
    """What the log shows of one customer, by day of the shop, beside the plan that they truly follow."""

    plan: Plan
    visits: list[int]
    views: list[int]
    recommended: list[tuple[int, bool]]
    """When something was recommended (False), and when a view followed from it (True)."""


@cache
def seen(seed: int) -> list[Seen]:
    shop = DemoShop(seed, CUSTOMERS)
    return [see(shop, index) for index in range(CUSTOMERS)]


def see(shop: DemoShop, index: int) -> Seen:
    found = Seen(shop.plan_of(index), [], [], [])
    for _, event in shop.events_of(index):
        if event.kind not in ("session", "view", "impression"):
            continue
        day = (parse_moment(event.occurred_at, zone=shop.workspace.zone) - shop.calendar.midnight).days
        if event.kind == "session":
            found.visits.append(day)
        if event.kind == "view":
            found.views.append(day)
        if event.kind == "impression" or "referrer" in event.properties:
            found.recommended.append((day, event.kind == "view"))
    return found


@cache
def counted(seed: int) -> dict[str, Metric]:
    return naive_ceilings(DemoShop(seed, CUSTOMERS))


@pytest.mark.parametrize("seed", [7, 8])
def test_the_most_viewed_category_of_thirty_days_is_no_more_than_a_hint(seed: int) -> None:
    found = counted(seed)["interest_accuracy"]
    assert found.n is not None
    assert found.n > 800
    assert found.value is not None
    assert 0.25 < found.value <= 0.75


@pytest.mark.parametrize("seed", [7, 8])
def test_days_since_the_last_visit_do_not_tell_who_is_about_to_leave(seed: int) -> None:
    found = counted(seed)["churn_auc"]
    assert found.n is not None
    assert found.n > 400
    assert found.value is not None
    assert 0.42 < found.value < 0.62


@pytest.mark.parametrize("seed", [7])
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
            views[side] += sum(day in span for day in customer.views)
            shown[side] += sum(day in span and not followed for day, followed in customer.recommended)
            taken[side] += sum(day in span and followed for day, followed in customer.recommended)
    pace, depth, followed = (
        (part[1] / whole[1]) / (part[0] / whole[0]) for part, whole in ((visits, days), (views, visits), (taken, shown))
    )
    assert 0.65 < pace < 1.1
    assert depth < 0.85
    assert followed < 0.3


@pytest.mark.parametrize("seed", [7])
def test_those_who_stay_have_quiet_months_too(seed: int) -> None:
    staying = [c for c in seen(seed) if c.plan.leaving is None and c.plan.customer.joined < 60]
    quiet = [any(all(not cut - 21 < day <= cut for day in c.visits) for cut in CUTS) for c in staying]
    assert 0.2 < mean(quiet) < 0.9
