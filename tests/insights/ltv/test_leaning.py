"""A lean is one of five words; code maps it into the estimate's own interval and writes it to `leaned_value` alone."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import InvalidInput
from app.insights.ltv.lean import with_lean
from app.insights.ltv.leaning import Lean, ToldLean, evaluated, leaned_value
from app.predict.schemas import LtvEstimate

AMOUNTS = st.integers(0, 10**9)


def an_estimate(value: int | None, q10: int | None, q90: int | None) -> LtvEstimate:
    return LtvEstimate(
        value=value, median=q10, q10=q10, q90=q90, horizon_days=90, currency="CNY", model_card_id="card",
        calibration=None, confidence="medium",
    )  # fmt: skip


def test_the_five_words_are_the_ends_the_value_and_half_way_between() -> None:
    ltv = an_estimate(10_000, 2_000, 30_000)
    assert [leaned_value(ltv, lean) for lean in Lean] == [2_000, 6_000, 10_000, 20_000, 30_000]


@given(AMOUNTS, AMOUNTS, AMOUNTS)
def test_a_higher_word_never_means_less_and_none_leaves_the_interval(value: int, one: int, other: int) -> None:
    ltv = an_estimate(value, min(one, other), max(one, other))
    found = [leaned_value(ltv, lean) or 0 for lean in Lean]
    assert found == sorted(found)
    assert found[2] == value
    assert min(value, one, other) <= found[0]
    assert found[-1] <= max(value, one, other)


@given(AMOUNTS, st.sampled_from(Lean))
def test_a_lean_changes_nothing_but_the_leaned_value(value: int, lean: Lean) -> None:
    ltv = an_estimate(value, value // 2, value * 2)
    leaned = with_lean(ltv, ToldLean(lean=lean))
    assert leaned.model_copy(update={"leaned_value": None}) == ltv
    assert with_lean(ltv, ToldLean(reason="off")) == ltv


def test_without_an_estimate_there_is_nothing_to_lean_on() -> None:
    assert leaned_value(an_estimate(None, None, None), Lean.MUCH_HIGHER) is None


def a_summary(folder: Path, **changes: Any) -> Path:
    helps = {"value": 0.06, "low": 0.02, "high": 0.1, "n": 237} | changes.pop("helps", {})
    summary = {
        "task": "lean", "seed": 7, "metrics": {"helps": helps, "rmse": helps},
        "provenance": {"model": "m", "prompt_fingerprint": "abc", "cut": "2026-08-02"},
    } | changes  # fmt: skip
    path = folder / "summary.json"
    path.write_text(json.dumps(summary), encoding="utf-8")
    return path


def test_an_evaluation_that_shows_that_leaning_helps_switches_it_on(tmp_path: Path) -> None:
    found = evaluated(a_summary(tmp_path))
    assert (found.model, found.prompt_fingerprint, found.helps, found.low) == ("m", "abc", 0.06, 0.02)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"helps": {"low": 0.0}}, "does not show that leaning helps"),
        ({"helps": {"low": -0.01}}, "does not show that leaning helps"),
        ({"helps": {"value": None, "low": None, "high": None, "n": 0}}, "does not show that leaning helps"),
        ({"provenance": {"model": None, "prompt_fingerprint": None}}, "with --base-url and --model"),
        ({"task": "ltv"}, "use a run of `python -m evals run lean`"),
        ({"metrics": {}}, "is no summary"),
    ],
)
def test_any_other_file_leaves_it_off_and_says_why(tmp_path: Path, changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(InvalidInput, match=reason):
        evaluated(a_summary(tmp_path, **changes))


def test_a_file_that_is_not_there_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="is no summary"):
        evaluated(tmp_path / "nothing.json")
