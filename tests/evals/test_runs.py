"""What a run leaves behind, and comparing two of them."""

from datetime import date
from pathlib import Path

import msgspec
import pytest

from app.errors import InvalidInput
from evals import runs
from evals.compare import compare
from evals.intervals import mean
from evals.task import Curve, CutResult, Metric, Sample, Score, TaskResult, scored, summary

CONTRACT = {"schema_version", "task", "seed", "n", "cuts", "metrics", "baselines", "ceilings", "provenance"}


def a_result(values: list[float | None], *, task: str = "toy", extra: float = 0.5) -> TaskResult:
    samples = [
        Sample(
            id=f"s{i}",
            input={"text": "<b>你好</b>"},
            scores={"right": Score(v, None if v else "missed <it>")},
        )
        for i, v in enumerate(values)
    ]
    metrics = {
        "right": mean(scored(samples, "right"), seed=1),
        "other": Metric(extra, extra - 0.1, extra + 0.1, 50),
    }
    return TaskResult(
        task=task,
        seed=1,
        n=len(values),
        metrics=metrics,
        cuts=[CutResult(cut=date(2026, 1, d), n=2, metrics=metrics, baselines={}) for d in (1, 2)],
        baselines={"naive": {"right": Metric(0.2, 0.1, 0.3, 4)}},
        samples=samples,
        curves=[Curve(title="t", x="x", y="y", lines={"ours": [(0.0, 0.0), (1.0, 2.0)]}, diagonal=True)],
    )


def saved(result: TaskResult, folder: Path) -> Path:
    runs.save(result, "Whether it works.", folder)
    return folder


def test_the_summary_has_every_key_of_the_contract() -> None:
    printed = msgspec.json.decode(runs.as_json(summary(a_result([1.0]))))
    assert printed.keys() >= CONTRACT
    assert printed["ceilings"] == {"oracle": {}, "naive": {}}
    assert printed["metrics"]["right"].keys() == {"value", "low", "high", "n"}
    assert printed["cuts"][0].keys() >= {"cut", "n", "metrics", "baselines"}


def test_an_unscored_sample_is_kept_but_is_not_a_zero() -> None:
    result = a_result([1.0, None, 1.0])
    assert (result.metrics["right"].value, result.metrics["right"].n, result.n) == (1.0, 2, 3)


def test_a_saved_run_reads_back_the_same(tmp_path: Path) -> None:
    result = a_result([1.0, 0.0, None])
    folder = saved(result, tmp_path / "run")
    assert runs.load_summary(folder) == summary(result)
    assert runs.load_samples(folder) == result.samples


def test_the_report_is_one_file_that_loads_nothing_and_escapes_data(tmp_path: Path) -> None:
    page = (saved(a_result([1.0, 0.0]), tmp_path) / runs.REPORT).read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert "<svg" in page
    assert "你好" in page
    assert "<b>你好" not in page
    assert "missed &lt;it&gt;" in page
    assert not any(mark in page for mark in ("src=", "href=", "<script", "@import", "url("))


def test_runs_over_the_same_samples_are_compared_in_pairs(tmp_path: Path) -> None:
    a = saved(a_result([0.0, 1.0, 2.0, None]), tmp_path / "a")
    b = saved(a_result([0.5, 1.5, 2.5, 9.0], extra=0.9), tmp_path / "b")
    found = {d.name: d for d in compare(a, b).differences}
    assert found["right"].ground == "paired"
    assert found["right"].difference == Metric(0.5, 0.5, 0.5, 3)
    assert found["other"].ground == "independent"
    assert found["other"].difference.low == pytest.approx(0.4 - 0.1 * 2**0.5)


def test_summaries_alone_compare_as_independent_runs(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_bytes(runs.as_json(summary(a_result([1.0, 0.0]))))
    assert {d.ground for d in compare(tmp_path / "a", tmp_path / "b").differences} == {"independent"}


def test_runs_of_two_tasks_cannot_be_compared(tmp_path: Path) -> None:
    a, b = saved(a_result([1.0]), tmp_path / "a"), saved(a_result([1.0], task="other"), tmp_path / "b")
    with pytest.raises(InvalidInput, match="two tasks"):
        compare(a, b)


def test_what_is_not_a_run_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("[]")
    for path in (tmp_path / "none", tmp_path / "x.json"):
        with pytest.raises(InvalidInput):
            runs.load_summary(path)
