"""`evals run policy`: logged sends through the engine's own choice, valued by inverse propensity."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from evals.cli import main
from evals.scorers.logged_policy import Judged, figures

N = 6000


def a_log(folder: Path, *, personal: bool, seed: int = 1) -> list[str]:
    """Two kinds of customers and three actions, drawn uniformly; returns the command that reads the log."""
    random = np.random.default_rng(seed)
    kind, action, time = random.integers(0, 2, N), random.integers(0, 3, N), np.sort(random.integers(0, 100, N))
    chance = np.array([[0.6, 0.2, 0.1], [0.2, 0.5, 0.1]]) if personal else np.array([[0.5, 0.3, 0.1]] * 2)
    answered = random.random(N) < chance[kind, action]
    names = np.array(["letter", "call", "card"])
    sends = pl.DataFrame(
        {
            "who": [f"c{place}" for place in range(N)],
            "when": time,
            "what": names[action],
            "gain": np.where(answered, 10.0, 0.0),
            "gained": np.where(answered, time + 3, -1),
        }
    )
    sends.write_parquet(folder / "log.parquet")
    pl.DataFrame({"who": sends["who"], "kind": np.array(["old", "new"])[kind]}).write_csv(folder / "people.csv")
    return [
        "run", "policy", "--logged", str(folder / "log.parquet"), "--customer", "who", "--time", "when",
        "--action", "what", "--reward", "gain", "--reward-time", "gained", "--train-until", "70",
        "--features", str(folder / "people.csv"), "--json", "--out", str(folder / "run"),
    ]  # fmt: skip


def result(command: list[str], capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    assert main(command) == 0
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


def test_what_suits_each_beats_what_suits_most(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = result(a_log(tmp_path, personal=True), capsys)
    more = found["metrics"]["more_than_best_single_action"]  # type: ignore[index]
    assert more["value"] > 0.2
    assert more["low"] > 0.05
    assert set(found["baselines"]) == {"logged", "random", "best_single_action", "best_single_action_before"}  # type: ignore[call-overload]


def test_where_all_are_alike_it_takes_the_best_single_action(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = result(a_log(tmp_path, personal=False), capsys)
    assert found["counts"]["chosen"] == {"letter": found["n"]}  # type: ignore[index]
    assert found["metrics"]["more_than_best_single_action"]["value"] == 0.0  # type: ignore[index]


def test_columns_that_may_not_be_read_change_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = [*a_log(tmp_path, personal=True), "--leave-out", "kind"]
    first = result(command, capsys)
    people = pl.read_csv(tmp_path / "people.csv")
    people.with_columns(kind=pl.lit("old")).write_csv(tmp_path / "people.csv")
    assert result(command, capsys)["counts"] == first["counts"]


def test_rewards_after_the_moment_teach_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = a_log(tmp_path, personal=True)
    first = result(command, capsys)
    log = pl.read_parquet(tmp_path / "log.parquet")
    late = (pl.col("gained") >= 70) & (pl.col("when") < 70)
    log.with_columns(gained=pl.when(late).then(10_000).otherwise(pl.col("gained"))).write_parquet(
        tmp_path / "log.parquet"
    )
    assert result(command, capsys)["counts"]["chosen"] == first["counts"]["chosen"]  # type: ignore[index]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (["--train-until", "1000"], "both sides"),
        (["--train-until", "soon"], "no number"),
        (["--reward", "profit"], "no column 'profit'"),
        (["--propensity", "gain"], "must lie above 0"),
        (["--leave-out", "income"], "no column 'income'"),
        (["--reward-time", "kind"], "no column 'kind'"),
    ],
)
def test_what_is_wrong_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change: list[str], said: str
) -> None:
    assert main([*a_log(tmp_path, personal=True), *change]) == 2
    errors = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error:")]
    assert len(errors) == 1
    assert said in errors[0]


def test_the_value_of_the_logged_actions_is_their_mean() -> None:
    random = np.random.default_rng(5)
    action, reward = random.integers(0, 4, 1000), random.random(1000)
    tested = Judged(np.arange(1000), action, reward, np.full(1000, 0.25))
    found = figures({"ours": tested.earned(action) / 4, "logged": reward}, tested, ours="ours", seed=1)
    assert found["logged"]["value"].value == pytest.approx(reward.mean())
    assert found["logged"]["ours_more"].value == pytest.approx(0.0)
    assert found["logged"]["ours_more"].low == found["logged"]["ours_more"].high == pytest.approx(0.0)
