"""The oracle's shifts: better than counting, within its own bound on false ones, and only from the past."""

from itertools import pairwise

import numpy as np
import pytest

from app.demo.shop import DemoShop
from evals.ceilings.asked import Asked, ask
from evals.ceilings.changes import naive_changes
from evals.ceilings.queries import queries
from evals.ceilings.shift_oracle import RARE, Guess, guesses, reports
from evals.ceilings.visits import Visits, visits
from evals.ceilings.watching import Log, watch
from evals.scorers.shifts import Change, tally

CUSTOMERS = 40


@pytest.fixture(scope="module")
def shop() -> DemoShop:
    return DemoShop(11, CUSTOMERS)


@pytest.fixture(scope="module")
def log(shop: DemoShop) -> Log:
    return watch(shop)


@pytest.fixture(scope="module")
def asked(shop: DemoShop, log: Log) -> Asked:
    return ask(shop, log)


@pytest.fixture(scope="module")
def told(shop: DemoShop, log: Log, asked: Asked) -> list[list[Guess]]:
    return guesses(shop, log.topics, visits(log, *queries(shop)), asked.ends, lambda _: None)


def test_the_oracle_finds_more_and_makes_up_less_than_counting(log: Log, asked: Asked, told: list[list[Guess]]) -> None:
    everybody = np.ones(CUSTOMERS)
    oracle, naive = (
        tally(asked.changes, said, asked.quiet_quarters)
        for said in (reports(told, asked.quiet_quarters), naive_changes(log, asked.ends))
    )
    assert oracle.recall(everybody) > naive.recall(everybody) + 0.3
    assert oracle.false_rate(everybody) <= RARE < naive.false_rate(everybody)


def test_a_guess_is_a_chance_and_guesses_of_one_change_lie_apart(told: list[list[Guess]]) -> None:
    found = [guess for of in told for guess in of]
    assert found
    assert all(0.05 <= guess.mass <= 1 + 1e-5 for guess in found)
    for of in told:
        days = sorted((guess.change.before, guess.change.after, guess.change.day) for guess in of)
        assert all(a[:2] != b[:2] or b[2] - a[2] > 10 for a, b in pairwise(days))


def test_what_comes_after_the_reading_changes_no_guess(shop: DemoShop, log: Log) -> None:
    first = visits(log, *queries(shop))
    seen = Visits._make(column[first.customer < 10] for column in first)
    ends = np.full(10, 150)
    past = Visits._make(column[seen.day <= 150] for column in seen)
    whole, part = (guesses(shop, log.topics, of, ends, lambda _: None) for of in (seen, past))
    assert [[g.change for g in of] for of in whole] == [[g.change for g in of] for of in part]


def test_the_oracle_tells_one_story_of_the_same_days() -> None:
    (of,) = reports([[Guess(Change("a", "b", 50), 0.4), Guess(Change("a", "c", 60), 0.5)]], {})
    assert of == [Change("a", "c", 60)]


def test_the_threshold_lets_as_many_false_reports_through_as_are_rare() -> None:
    told = [[Guess(Change("a", "b", day), mass)] for day, mass in enumerate((0.9, 0.8, 0.3, 0.7, 0.2))]
    assert reports(told, {0: 20.0, 1: 20.0}) == [[g.change for g in of] for of in told]
    assert [len(of) for of in reports(told, {1: 10.0, 2: 9.0})] == [1, 0, 0, 0, 0]
    assert [len(of) for of in reports(told, {1: 10.0, 2: 10.0})] == [1, 1, 0, 1, 0]
