"""Use and budgets in the database: exact under many writers, late rather than lost, apart by workspace."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest

from app.database.engine import Database
from app.errors import ModelUnavailable
from app.llm.budgets import UNLIMITED, Budget, told_cost
from app.llm.usage import Amount, Usage
from tests.factories_models import TODAY, books_of

DAY = TODAY.date()
ONE = Usage(day=DAY, model="m-1", calls=1, prompt_tokens=10, completion_tokens=5, cost_micros=7)


def test_many_writers_at_once_are_all_counted(database: Database) -> None:
    usage = books_of(database).usage
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: usage.count("shop", ONE), range(40)))
    (row,) = usage.by_day("shop", DAY)
    assert row == Usage(day=DAY, model="m-1", calls=40, prompt_tokens=400, completion_tokens=200, cost_micros=280)
    assert usage.spent("shop", DAY) == Amount(600, 280)


def test_days_models_and_workspaces_are_apart_and_the_newest_day_comes_first(database: Database) -> None:
    usage, before = books_of(database).usage, DAY - timedelta(days=1)
    for used in (ONE, ONE.model_copy(update={"model": "a"}), ONE.model_copy(update={"day": before})):
        usage.count("shop", used)
    usage.count("other", ONE)
    assert [(row.day, row.model) for row in usage.by_day("shop", date.min)] == [
        (DAY, "a"), (DAY, "m-1"), (before, "m-1"),
    ]  # fmt: skip
    assert len(usage.by_day("shop", DAY)) == 2
    assert usage.spent("shop", DAY) == Amount(30, 14)


def test_while_another_writes_an_answer_does_not_wait_and_its_use_is_counted_later(database: Database) -> None:
    books, counted = books_of(database), threading.Event()
    with database.write():
        threading.Thread(target=lambda: (books.usage.count("shop", ONE), counted.set())).start()
        assert counted.wait(20)
        assert books.usage.by_day("shop", DAY) == ()
        assert books.usage.spent("shop", DAY) == Amount(15, 7)
    books.usage.count("shop", ONE)
    assert books.usage.spent("shop", DAY) == Amount(30, 14)


def test_what_the_database_refused_is_counted_with_the_next_call(database: Database) -> None:
    usage, database.patience_s = books_of(database).usage, 0.01
    with database.write():
        usage.count("shop", ONE)
    database.patience_s = 30.0
    usage.count("shop", ONE)
    (row,) = usage.by_day("shop", DAY)
    assert row.calls == 2


def test_calls_at_the_same_time_cannot_overrun_a_budget(database: Database) -> None:
    budgets = books_of(database, budget=Budget(daily_tokens=250)).budgets
    with budgets.held("shop", DAY, Amount(100, 0)), budgets.held("shop", DAY, Amount(100, 0)):
        with pytest.raises(ModelUnavailable, match="leaves too little"), budgets.held("shop", DAY, Amount(100, 0)):
            pass
        with budgets.held("other", DAY, Amount(100, 0)):
            pass
    with budgets.held("shop", DAY, Amount(250, 0)):
        pass


def test_a_workspace_has_the_budget_of_settings_until_it_is_given_its_own(database: Database) -> None:
    budgets, usual, own = books_of(database, budget=Budget(daily_tokens=1)).budgets, Budget(daily_tokens=1), UNLIMITED
    assert budgets.of("shop") == usual
    budgets.give("shop", own)
    assert (budgets.of("shop"), budgets.of("other")) == (own, usual)
    budgets.give("shop", None)
    assert budgets.of("shop") == usual


def test_a_new_day_is_a_new_budget(database: Database) -> None:
    books = books_of(database, budget=Budget(daily_tokens=15))
    books.usage.count("shop", ONE)
    with pytest.raises(ModelUnavailable), books.budgets.held("shop", DAY, Amount(1, 0)):
        pass
    with books.budgets.held("shop", DAY + timedelta(days=1), Amount(15, 0)):
        pass


@pytest.mark.parametrize(("micros", "said"), [(0, "0"), (18, "0.000018"), (2_500_000, "2.5"), (10**10, "10,000")])
def test_costs_are_told_exactly(micros: int, said: str) -> None:
    assert told_cost(micros) == said
