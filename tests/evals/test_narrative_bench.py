"""The benches of the narrative and of the fold, on small histories: what they report, and what their gates refuse."""

from datetime import timedelta

import pytest

from app.profile.seen import Context
from evals.benchmarks import peer_story
from evals.benchmarks.harness import GateFailedError, Size, measure, weigh
from evals.benchmarks.histories import ZONE, history, taxonomy
from evals.benchmarks.narrative import NarrativeBench
from evals.benchmarks.profile import ProfileBench


@pytest.mark.parametrize("length", [1, 20, 400])
def test_a_history_has_its_length_and_comes_in_order(length: int) -> None:
    found = history(length)
    keys = [event.order_key for event in found.events]
    assert len(keys) == length == len(set(keys))
    assert keys == sorted(keys)
    assert all(event.text_ref is None or found.texts[event.text_ref] for event in found.events)
    assert found == history(length)


def test_the_narrative_bench_reports_price_and_size() -> None:
    report = measure([NarrativeBench(lengths=(20, 200, 400), times=1, rounds=1)], lambda _: None)
    paths = {path.path: path for path in report.paths}
    assert paths.keys() == {
        "narrative.render", "narrative.flatness", "narrative.tokens_20", "narrative.tokens_200", "narrative.tokens_400",
    }  # fmt: skip
    assert paths["narrative.render"].ahead is not None
    assert "template" in paths["narrative.render"].peer_name
    assert paths["narrative.flatness"].peer is None
    assert all(0 < path.ours <= 1 for name, path in paths.items() if "tokens" in name)


def test_the_profile_bench_reports_price_and_flatness() -> None:
    report = measure([ProfileBench(customers=2, depths=(1, 30), rounds=1)], lambda _: None)
    flatness, fold = report.paths
    assert (flatness.path, flatness.unit, flatness.peer) == ("profile.fold_flatness", "ratio", None)
    assert (fold.path, fold.unit) == ("profile.fold", "us/event")
    assert flatness.ours > 0 < fold.ours


def test_what_is_larger_than_its_limit_fails_the_bench() -> None:
    assert weigh(Size(path="x", unit="y", size=lambda: 1.0, limit=1.0)).within == 1.0
    with pytest.raises(GateFailedError, match="the limit is 1"):
        weigh(Size(path="x", unit="y", size=lambda: 1.01, limit=1.0))


def test_the_peer_tells_every_event_and_counts_the_orders() -> None:
    found = history(300)
    context = Context(taxonomy(), ZONE, found.items, found.texts)
    as_of = found.events[-1].occurred_at + timedelta(hours=1)
    orders = {event.order_id for event in found.events if event.kind == "order"}
    counted = peer_story.head(found.events, context, as_of).orders
    assert counted is not None
    assert counted.number == len(orders)
    told = peer_story.story(found, context, as_of)
    assert told.count(", they") == 300
