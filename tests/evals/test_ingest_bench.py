"""The ingest bench at toy size: its gate, its shape. Its figures are no test."""

from pathlib import Path

import pytest

from evals.benchmarks.harness import GateFailedError, measure
from evals.benchmarks.ingest import Ingest, Known, same
from evals.benchmarks.shopping import workload


def test_peer_and_ours_agree_and_one_path_is_reported(tmp_path: Path) -> None:
    said: list[str] = []
    found = measure([Ingest(customers=20, rounds=1, depth=30, folder=tmp_path)], said.append)
    assert [path.path for path in found.paths] == ["ingest.durable", "ingest.flatness"]
    assert found.paths[0].ahead is not None
    assert (found.paths[1].peer, found.paths[1].limit) == (None, 1.0)
    assert any("answers agree" in line for line in said)
    assert list(tmp_path.iterdir()) == []


def test_the_workload_is_the_same_for_the_same_seed() -> None:
    assert workload(customers=5) == workload(customers=5)
    assert workload(customers=5).batches != workload(customers=5, seed=8).batches
    assert workload(customers=5).events == 60


def test_different_counts_close_the_gate() -> None:
    with pytest.raises(GateFailedError):
        same("u1", Known({"order": 2}, 1, 500), Known({"order": 2}, 2, 500))
    same("u1", Known({"order": 2}, 1, 500), Known({"order": 2}, 1, 500))
