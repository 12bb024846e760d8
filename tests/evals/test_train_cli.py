"""`python -m evals.train` on bad input: one line that says what to do, and exit code 2."""

import sys
from pathlib import Path

import pytest

from evals.train.__main__ import HELD_OUT, SEEDS, main


def test_without_the_environment_that_holds_torch_it_says_how_to_make_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--python", str(tmp_path / "python"), "--work", str(tmp_path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_the_shop_of_the_learning_curve_cannot_be_learned_from(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = str(HELD_OUT.seeds[0])
    assert main(["--python", sys.executable, "--work", str(tmp_path), "--seeds", "101", kept]) == 2
    assert f"seed {kept}" in capsys.readouterr().err


def test_shops_that_are_learned_from_are_not_those_of_evaluations() -> None:
    assert not {*SEEDS} & {7, *HELD_OUT.seeds}
