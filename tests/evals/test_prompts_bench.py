"""The layout of prompts: what the bench promises holds on a small shop too."""

from pathlib import Path

import pytest

from evals.benchmarks.harness import GateFailedError, Share, count
from evals.benchmarks.prompts import overheard, shares


def test_most_of_a_batch_is_cached_and_nothing_worth_speaking_of_when_the_customer_comes_first(tmp_path: Path) -> None:
    found = {share.path: count(share).ours for share in shares(tuple(overheard(tmp_path, 30)))}
    assert found["prompts.cached_share"] >= 0.6
    assert found["prompts.cached_share_by_segment"] >= 0.75
    assert found["prompts.cached_share_customer_first"] <= 0.15


def test_a_share_below_its_floor_fails_the_bench() -> None:
    with pytest.raises(GateFailedError, match="the floor is"):
        count(Share(path="x", share=lambda: 0.59, floor=0.6, bound=lambda: 1.0))
