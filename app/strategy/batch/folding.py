"""Arms that too few would get cannot be measured: their customers move to a larger arm that surely pays for them. Pure.

Everybody else keeps what the single choice gives them. Who of a small arm is offered nothing by the larger ones, for
want of consent, of a channel or of an arm that surely pays, is left out with that reason.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace

from app.strategy.batch.arms import Kind, kind_of
from app.strategy.batch.offering import Nothing, Offering, offering_of, on_channels
from app.strategy.request import StrategyRequest


def fold_small(found: Sequence[Offering | Nothing], *, least: int) -> Sequence[Offering | Nothing]:
    """Arms of at least `least` customers; the largest alone where there is none.

    Sizes are those before any budget: an arm that only the budget or a channel's limit makes small is what was asked
    for. Each round has fewer kinds of messages than the one before, so it ends.
    """
    while True:
        offered = [one for one in found if isinstance(one, Offering)]
        kept = _large(Counter(kind_of(one) for one in offered), least)
        if all(kind_of(one) in kept for one in offered):
            return found
        found = [_moved(one, kept) if isinstance(one, Offering) and kind_of(one) not in kept else one for one in found]


def _large(sizes: "Counter[Kind]", least: int) -> frozenset[Kind]:
    large = frozenset(kind for kind, n in sizes.items() if n >= least)
    return large or frozenset(sorted(sizes, key=lambda kind: (-sizes[kind], kind))[:1])


def _moved(one: Offering, kept: Collection[Kind]) -> Offering | Nothing:
    """What the single choice would give of these arms only."""
    channels = {channel for channel, _ in kept}
    chosen = offering_of(one.customer_id, _among(on_channels(one.request, channels), kept), channels)
    fits = isinstance(chosen, Offering) and kind_of(chosen) in kept
    return chosen if fits else Nothing(one.customer_id, "small_arm")


def _among(request: StrategyRequest, kept: Collection[Kind]) -> StrategyRequest:
    """The request with past arms of these kinds only."""
    matches = tuple(match for match in request.retrieval.matches if kind_of(match.arm) in kept)
    return replace(request, retrieval=request.retrieval.model_copy(update={"matches": matches}))
