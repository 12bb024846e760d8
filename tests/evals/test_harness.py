"""The bench harness: order of rounds, gate, ratios. No test looks at how long anything took."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import msgspec
import pytest

from evals.benchmarks.harness import Contest, GateFailedError, Side, measure, report

CONTRACT = {"path", "unit", "ours", "peer", "peer_name", "limit", "ahead", "within", "spread"}


def say(_: str) -> None:
    pass


def a_side(name: str, seen: list[str]) -> Side:
    @contextmanager
    def side() -> Iterator[Callable[[], int]]:
        def work() -> int:
            seen.append(name)
            return 1

        yield work

    return side


def a_contest(seen: list[str], *, with_peer: bool = True, gate: Callable[[], None] = lambda: None) -> Contest:
    return Contest(
        path="toy.path",
        unit="things/s",
        ours=a_side("ours", seen),
        peer=a_side("peer", seen) if with_peer else None,
        peer_name="naive",
        limit=a_side("limit", seen),
        gate=gate,
        rounds=2,
    )


class ToyBench:
    purpose = "nothing"

    def __init__(self, name: str, *contests: Contest) -> None:
        self.name, self._contests = name, contests

    @contextmanager
    def prepare(self) -> Iterator[Sequence[Contest]]:
        yield self._contests


def test_rounds_of_peer_ours_and_limit_alternate() -> None:
    seen: list[str] = []
    measure([ToyBench("toy", a_contest(seen))], say)
    assert seen == ["peer", "ours", "limit"] * 2


def test_the_report_has_every_key_of_the_contract() -> None:
    found = measure([ToyBench("toy", a_contest([])), ToyBench("two", a_contest([]))], say)
    printed = msgspec.json.decode(msgspec.json.encode(found))
    assert printed["bench"] == "toy,two"
    assert [path.keys() for path in printed["paths"]] == [CONTRACT, CONTRACT]
    assert "ahead of the peer" in found.as_text()


def test_ratios_are_of_medians_and_above_one_is_better() -> None:
    found = report(a_contest([]), {"ours": [10.0, 30.0, 20.0], "peer": [2.0, 2.0, 9.0], "limit": [40.0]})
    assert (found.ours, found.peer, found.ahead, found.within, found.spread) == (20.0, 2.0, 10.0, 2.0, 1.0)


def test_without_its_package_the_peer_is_null() -> None:
    found = measure([ToyBench("toy", a_contest([], with_peer=False))], say).paths[0]
    assert (found.peer, found.ahead, found.peer_name) == (None, None, "naive")


def test_nothing_is_timed_when_the_answers_differ() -> None:
    seen: list[str] = []

    def gate() -> None:
        raise GateFailedError("they differ")

    with pytest.raises(GateFailedError):
        measure([ToyBench("toy", a_contest(seen, gate=gate))], say)
    assert seen == []
