"""The name of a fit's inputs changes with everything that the fit may read, and with nothing else."""

from dataclasses import dataclass

import numpy as np
import pytest

from app.predict.inputs.purchases import Floats, PurchaseDays
from app.predict.kept.fingerprint import of_inputs
from app.predict.value.season import Calendar

ROWS = (("a", 1, 100), ("a", 5, 200), ("b", 3, 50))


def bought(*rows: tuple[str, int, int]) -> PurchaseDays:
    names, days, amounts = zip(*rows, strict=True)
    return PurchaseDays.from_rows(names, days, amounts)


@dataclass(frozen=True)
class Visits:
    """Days of visits by customer, told as the number of them so far."""

    of: tuple[tuple[int, ...], ...]
    names: tuple[str, ...] = ("visits",)

    def at(self, day: int) -> Floats:
        return np.array([[sum(one <= day for one in days)] for days in self.of], np.float64)


def name(purchases: PurchaseDays, **changes: object) -> str:
    asked = {"day": 10, "horizon_days": 90, "currency": "CNY", "basis": "gross", **changes}
    return of_inputs(purchases, **asked)  # type: ignore[arg-type]


def test_the_same_inputs_have_the_same_name_in_any_order() -> None:
    assert name(bought(*ROWS)) == name(bought(*ROWS[::-1]))


@pytest.mark.parametrize(
    "changes", [{"day": 11}, {"horizon_days": 30}, {"currency": "EUR"}, {"basis": "net_of_refunds"}]
)
def test_what_is_asked_for_is_part_of_it(changes: dict[str, object]) -> None:
    assert name(bought(*ROWS), **changes) != name(bought(*ROWS))


@pytest.mark.parametrize("row", [("a", 1, 101), ("a", 2, 100), ("c", 1, 100)])
def test_every_purchase_is_part_of_it(row: tuple[str, int, int]) -> None:
    assert name(bought(row, *ROWS[1:])) != name(bought(*ROWS))


def test_what_comes_later_is_not() -> None:
    assert name(bought(*ROWS, ("0", 11, 70), ("a", 12, 70))) == name(bought(*ROWS))
    seen, later = Visits(((4,), (9,))), Visits(((4, 12), (9, 11)))
    assert name(bought(*ROWS), beside=seen) == name(bought(*ROWS), beside=later)


def test_behaviour_and_calendar_are() -> None:
    names = {
        name(bought(*ROWS)),
        name(bought(*ROWS), beside=Visits(((4,), (9,)))),
        name(bought(*ROWS), beside=Visits(((4, 5), (9,)))),
        name(bought(*ROWS), beside=Visits(((4,), (9,)), names=("searches",))),
        name(bought(*ROWS), calendar=Calendar(months=(0.9, 1.1) * 6)),
    }
    assert len(names) == 5


def test_who_never_bought_is_not_part_of_it() -> None:
    """Nobody but buyers is learned from."""
    columns = bought(*ROWS, ("c", 11, 5))
    more = PurchaseDays(("a", "b", "c"), columns.customer, columns.day, columns.amount)
    assert name(more, beside=Visits(((4,), (9,), (1, 2)))) == name(bought(*ROWS), beside=Visits(((4,), (9,))))
