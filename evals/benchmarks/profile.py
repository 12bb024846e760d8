"""The fold: what an event costs, and whether it costs the same after a long history as after none.

- `profile.fold`: ours takes events in turn from many customers with 200 events each, as the follower does with states
  at hand, checkpoints included. limit: the same events into decayed weights alone, one number and one time per topic.
- `profile.fold_flatness`: the same further events folded after 1,200 events of each customer over those after one.
Gate: folding event by event, or in the follower's steps, gives the same bytes.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial

import msgspec

from app.events.schemas import Event, History
from app.profile.checkpoints import advance_noting, encoded
from app.profile.fold import State, fold
from app.profile.seen import Context, topics_of
from app.text.taxonomy import Taxonomy
from evals.benchmarks.harness import Contest, Flatness, GateFailedError, Work
from evals.benchmarks.histories import ZONE, history, taxonomy

CUSTOMERS = 60
MORE = 40
"""Events of each customer that are timed ..."""
STEP = 5
"""... so many at a time."""
DEPTHS = (1, 1_200)
USUAL = 200
ROUNDS = 9

_DECODER = msgspec.msgpack.Decoder(State)


class Crowd:
    """Customers whose newest events are to be folded onto states of a given depth."""

    def __init__(self, histories: Sequence[History], depth: int, known: Taxonomy) -> None:
        """`depth` events of each are folded beforehand: the last ones before those that are timed."""
        self.contexts = [Context(known, ZONE, h.items, h.texts) for h in histories]
        self.more = [h.events[-MORE:] for h in histories]
        before = (h.events[-MORE - depth : -MORE] for h in histories)
        self.states = [encoded(fold(None, events, c)) for events, c in zip(before, self.contexts, strict=True)]

    @contextmanager
    def folding(self) -> Iterator[Work]:
        """Fresh states outside the clock; the work is to fold the rest, customers in turn."""
        states = [_DECODER.decode(state) for state in self.states]

        def work() -> int:
            for start in range(0, MORE, STEP):
                for state, events, context in zip(states, self.more, self.contexts, strict=True):
                    advance_noting("c", state, events[start : start + STEP], context)
            return MORE * len(states)

        yield work

    @contextmanager
    def decaying(self) -> Iterator[Work]:
        """The least that decay costs: fade the topic's weight to now and add the event's impact."""
        weights: list[dict[str, tuple[float, datetime]]] = [{} for _ in self.more]

        def work() -> int:
            for start in range(0, MORE, STEP):
                for held, events, context in zip(weights, self.more, self.contexts, strict=True):
                    for event in events[start : start + STEP]:
                        _decay(held, event, context)
            return MORE * len(weights)

        yield work

    def check(self) -> None:
        """One by one or step by step: the same state."""
        for state, events, context in zip(self.states, self.more, self.contexts, strict=True):
            steps, single = _DECODER.decode(state), _DECODER.decode(state)
            for start in range(0, MORE, STEP):
                advance_noting("c", steps, events[start : start + STEP], context)
            for event in events:
                advance_noting("c", single, [event], context)
            if encoded(steps) != encoded(single):
                raise GateFailedError("profile: folding event by event differs from folding several at a time")


def _decay(weights: dict[str, tuple[float, datetime]], event: Event, context: Context) -> None:
    impact = context.taxonomy.impact(event.kind)
    for topic in topics_of(event, context):
        weight, at = weights.get(topic, (0.0, event.occurred_at))
        age = (event.occurred_at - at).total_seconds() / 86_400
        weights[topic] = weight * 2.0 ** (-age / context.taxonomy.half_life_days(topic)) + impact, event.occurred_at


class ProfileBench:
    """The bench."""

    name = "profile"
    purpose = "The price of folding an event, and that it stays the same as histories grow."

    def __init__(self, *, customers: int = CUSTOMERS, depths: tuple[int, int] = DEPTHS, rounds: int = ROUNDS) -> None:
        """Sizes that end within a minute; tests take smaller ones."""
        self._customers, self._depths, self._rounds = customers, depths, rounds

    @contextmanager
    def prepare(self) -> Iterator[Sequence[Contest | Flatness]]:
        """Histories of the greatest depth, the same ones for all sides."""
        known = taxonomy()
        histories = [history(self._depths[1] + MORE, seed) for seed in range(self._customers)]
        crowds = {depth: Crowd(histories, depth, known) for depth in {*self._depths, min(USUAL, self._depths[1])}}
        yield [self._flatness(crowds), self._fold(crowds[min(USUAL, self._depths[1])])]

    def _flatness(self, crowds: Mapping[int, Crowd]) -> Flatness:
        low, high = (crowds[depth] for depth in self._depths)
        return Flatness(
            path="profile.fold_flatness",
            unit="ratio",
            low=low.folding,
            high=high.folding,
            gate=partial(_check, low, high),
            rounds=self._rounds,
        )

    def _fold(self, crowd: Crowd) -> Contest:
        return Contest(
            path="profile.fold",
            unit="us/event",
            ours=crowd.folding,
            limit=crowd.decaying,
            peer=None,
            peer_name="",
            gate=crowd.check,
            rounds=self._rounds,
            micros=True,
        )


def _check(*crowds: Crowd) -> None:
    for crowd in crowds:
        crowd.check()
