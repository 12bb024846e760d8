"""What the oracle knows: more than counting, and only from the past."""

import numpy as np
import pytest

from app.demo.shop import DemoShop
from evals.ceilings.cases import Case, cases
from evals.ceilings.measure import Ceilings, ceilings
from evals.ceilings.oracle import Oracle
from evals.ceilings.queries import queries
from evals.ceilings.visits import Visits, visits
from evals.ceilings.watching import Log, watch

FIGURES = ("interest_accuracy", "shift_accuracy", "shift_f1", "churn_auc")


@pytest.fixture(scope="module")
def shop() -> DemoShop:
    return DemoShop(11, 160)


@pytest.fixture(scope="module")
def found(shop: DemoShop) -> Ceilings:
    return ceilings(shop, lambda _: None)


def test_the_oracle_beats_counting(found: Ceilings) -> None:
    for name in FIGURES:
        oracle, naive = found["oracle"][name].value, found["naive"][name].value
        assert oracle is not None
        assert naive is not None
        assert oracle > naive + 0.05, name


def test_counting_stays_below_its_mark(found: Ceilings) -> None:
    naive = found["naive"]["interest_accuracy"].value
    assert naive is not None
    assert naive <= 0.75


def test_ceilings_repeat(shop: DemoShop, found: Ceilings) -> None:
    small = DemoShop(11, 12)
    one, two = (Oracle(small, watch(small).topics).answer(*_questions(small)) for _ in range(2))
    assert all(np.array_equal(a.leaving, b.leaving) for a, b in zip(one, two, strict=True))
    assert ceilings(DemoShop(11, 160), lambda _: None) == found


def test_nothing_after_the_cut_changes_an_answer(shop: DemoShop) -> None:
    seen, asked = _questions(DemoShop(11, 30))
    early = [case for case in asked if case.cut == 120]
    past = seen.day <= 120
    cut_off = Visits._make(column[past] for column in seen)
    oracle = Oracle(shop, watch(DemoShop(11, 1)).topics)
    (whole,), (part,) = oracle.answer(seen, early), oracle.answer(cut_off, early)
    assert np.array_equal(whole.topic, part.topic)
    assert np.allclose(whole.leaving, part.leaving)


def _questions(shop: DemoShop) -> tuple[Visits, list[Case]]:
    log: Log = watch(shop)
    return visits(log, *queries(shop)), cases(shop, log)
