"""Whether leaning helps: errors before and after, what an oracle would pick, and the task on a demo shop."""

import json
from datetime import UTC, date, datetime

import numpy as np
import pytest

from app.bootstrap import App
from app.errors import InvalidInput
from app.insights.ltv.leaning import Lean
from app.llm.scripted import ScriptedModel
from app.narrative.schemas import Predicate
from evals.scorers.lean import Forecasts, best_of, figures
from evals.shop import Open
from evals.task import TaskResult
from evals.tasks.lean import NOT_ASKED, LeanOptions, LeanTask, measured, rule
from tests.factories_explained import a_claim, a_sign

ACTUAL = np.array([0.0, 100.0, 50.0, 0.0, 10.0, 300.0])
VALUE = np.array([50.0, 60.0, 50.0, 20.0, 30.0, 100.0])


def test_a_lean_towards_the_truth_helps_and_one_away_from_it_harms() -> None:
    leaned = {"towards": (VALUE + ACTUAL) / 2, "away": VALUE + (VALUE - ACTUAL) / 2, "none": VALUE}
    found = figures(Forecasts(ACTUAL, VALUE, leaned), seed=1)
    assert found["towards"]["helps"].value == pytest.approx(0.5)
    assert found["away"]["helps"].value == pytest.approx(-0.5)
    assert found["none"]["helps"].value == 0
    assert found["towards"]["helps"].low == pytest.approx(0.5)
    assert found["value"].keys() == {"rmse", "mae", "spearman"}
    assert found["value"]["mae"].value == pytest.approx(float(np.abs(VALUE - ACTUAL).mean()))


def test_the_oracle_picks_the_nearest_amount() -> None:
    candidates = np.stack([VALUE * 0, VALUE, VALUE * 2], axis=1)
    assert best_of(ACTUAL, candidates).tolist() == [0.0, 120.0, 50.0, 0.0, 0.0, 200.0]


def test_the_rule_reads_closed_facts() -> None:
    first, second = a_sign("shallower_visits", 3), a_sign("shorter_dwell", 5)
    up = a_claim(Predicate.ORDER_COUNT_CHANGE, 4, direction="up", compared_to=1)
    assert rule(()) is Lean.AS_ESTIMATED
    assert rule((up,)) is Lean.HIGHER
    assert rule((first, up)) is Lean.LOWER
    assert rule((first, second)) is Lean.MUCH_LOWER


@pytest.fixture(scope="module")
def opened(demo: App) -> Open:
    workspace = demo.pipeline.access.workspace("demo")
    now = demo.pipeline.clock(workspace, now=datetime(2026, 11, 1, tzinfo=UTC))
    return Open(demo.pipeline, workspace, demo.settings.resolved_database_url(), now)


def run(opened: Open, model: ScriptedModel | None = None) -> TaskResult:
    return measured(opened, date(2026, 8, 2), LeanOptions(most=20), model, lambda _: None)


def test_without_a_model_it_says_so_and_measures_what_leaning_could_give(opened: Open) -> None:
    found = run(opened)
    assert found.warnings == [NOT_ASKED]
    assert found.metrics["helps"].value is None
    assert found.metrics["rmse"] == found.baselines["value"]["rmse"]
    helps = found.ceilings["oracle"]["helps"].value
    assert helps is not None
    assert helps > (found.baselines["rule"]["helps"].value or 0)
    assert found.provenance["model"] is None


def test_a_model_is_asked_and_its_leans_are_scored(opened: Open) -> None:
    model = ScriptedModel(lambda _: json.dumps({"lean": "as_estimated", "grounds": []}))
    found = run(opened, model)
    assert found.metrics["helps"].value == 0
    assert (found.provenance["model"], found.warnings) == ("scripted", [])
    assert 0 < len(model.requests) <= found.n
    assert sum(found.counts["leans"].values()) == len(model.requests)


@pytest.mark.parametrize(
    ("options", "reason"),
    [({"model": "m"}, "--base-url and --model belong together"), ({"cut": date(2030, 1, 1)}, "--cut: use a day after")],
)
def test_bad_options_are_one_clear_error(options: dict[str, object], reason: str) -> None:
    with pytest.raises(InvalidInput, match=reason):
        LeanTask().run(LeanOptions.model_validate(options), lambda _: None)
