import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.database.types import to_micros
from app.profile.segments.evaluate import Entries, Verdict, evaluate
from tests.factories_segments import AS_OF, FIELDS, MEANINGFUL, Rows, a_plan, numbers, tables, words


def verdict(expression: str, table: Rows) -> Verdict:
    return evaluate(a_plan(expression), table)


def said(expression: str, table: Rows) -> str:
    """One letter for each row: yes, no, or unknown."""
    found = verdict(expression, table)
    return "".join("y" if yes else "n" if no else "?" for yes, no in zip(found.yes, found.no, strict=True))


@given(MEANINGFUL, tables())
def test_every_expression_has_a_verdict_over_every_table(expression: str, table: Rows) -> None:
    found = verdict(expression, table)
    assert found.yes.shape == found.no.shape == (table.size,)
    assert not (found.yes & found.no).any()


@given(MEANINGFUL, MEANINGFUL, tables())
def test_the_laws_of_three_valued_logic_hold(a: str, b: str, table: Rows) -> None:
    assert said(f"not not {a}", table) == said(a, table)
    assert said(f"not ({a} and {b})", table) == said(f"not {a} or not {b}", table)
    assert said(f"{a} and {b}", table) == said(f"{b} and {a}", table)


@given(MEANINGFUL, MEANINGFUL, MEANINGFUL, tables(), st.sets(st.sampled_from([field.name for field in FIELDS])))
def test_what_is_read_for_few_only_changes_no_verdict(a: str, b: str, c: str, table: Rows, dear: set[str]) -> None:
    expression = f"{a} and {b} and ({c} or {a})"
    assert said(expression, table.with_dear(*dear)) == said(expression, table)


PEOPLE = Rows(
    4,
    {
        "orders": numbers(0, 1, 2, 5),
        "churn_risk": numbers(None, 0.2, 0.6, 0.9),
        "rfm": words(None, "general_keep", "important_keep", "important_value"),
        "spend": numbers(0, 1_000, 25_000, 25_001),
        "last_seen": numbers(None, *(to_micros(AS_OF) - hours * 3_600_000_000 for hours in (1, 24, 24 * 40))),
    },
)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("orders >= 2", "nnyy"),
        ("orders between 1 and 2", "nyyn"),
        ("orders in (0, 5)", "ynny"),
        ("orders != 1", "ynyy"),
        ("spend <= 250", "yyyn"),
        ("churn_risk >= 60%", "?nyy"),
        ("not churn_risk >= 60%", "?ynn"),
        ("churn_risk is unknown", "ynnn"),
        ("not (churn_risk is known)", "ynnn"),
        ("churn_risk >= 60% or orders = 0", "ynyy"),
        ("churn_risk >= 60% and orders = 0", "?nnn"),
        ("rfm = 重要保持", "?nyn"),
        ("rfm != 重要保持", "?yny"),
        ("rfm contains keep", "?yyn"),
        ("rfm not in (important_keep, general_keep)", "?nny"),
        ("last_seen = today", "?ynn"),
        ("last_seen >= this_month", "?yyn"),
        ("last_seen < 30d ago", "?nny"),
    ],
)
def test_what_is_unknown_never_matches_unless_asked_for(expression: str, expected: str) -> None:
    assert said(expression, PEOPLE) == expected


def test_one_and_the_same_entry_has_to_meet_all() -> None:
    of = Rows(3, {"to": words("baby_care", "travel", None), "confidence": numbers(0.2, 0.9, 0.9)})
    table = Rows(3, {}, {"shift": Entries(np.array([0, 0, 1]), of)})
    assert said("any shift(to = 母婴)", table) == "ynn"
    assert said("any shift(to = 母婴 and confidence > 50%)", table) == "nnn"
    assert said("any shift(to = travel and confidence > 50%)", table) == "ynn"
    assert said("not any shift(to = 母婴)", table) == "nyy"
    assert said("any shift(to is unknown)", table) == "nyn"
