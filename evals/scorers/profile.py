"""The figures of the profile evaluation, from what was asked and what was answered.

Ours, naive and oracle are judged on the same questions and, in each bootstrap draw, on the same redrawn customers, so
the share of the gap that is closed is paired.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from evals import intervals
from evals.ceilings.asked import ENOUGH
from evals.ceilings.cases import Case
from evals.scorers.drift import ENOUGH as SIGNALS
from evals.scorers.shifts import Floats, Tally, gap_closed
from evals.task import Metric

Ints = NDArray[np.int64]
MANY = 10**9
BANDS = ((1, 9), (10, 20), (21, 50), (51, MANY))
"""Events seen by the cut, both ends included; the first are new and long-tail customers."""
_ROUNDS = 400

Figures = dict[str, dict[str, Metric]]
"""By who said it, by the figure's name."""
_Said = Mapping[tuple[str, str], float]


class TopAnswers(NamedTuple):
    """What was said at each cut, [cuts] of [C]; positions in the topics, -1 for no answer."""

    answers: dict[str, list[Ints]]
    """By who said it: `ours`, `naive`, `oracle` and perhaps others."""
    cases: Sequence[Case]
    events: Sequence[Ints]
    """Events of each customer by each cut."""

    def accuracy(self, who: str, least: int, most: int, weight: Floats) -> float:
        """Mean over the cuts of the share of right answers, among customers with so many events."""
        shares = [
            _share(answer == case.topic, weight * case.asked_interest * (events >= least) * (events <= most))
            for answer, case, events in zip(self.answers[who], self.cases, self.events, strict=True)
        ]
        known = [share for share in shares if np.isfinite(share)]
        return sum(known) / len(known) if known else float("nan")

    def questions(self, least: int, most: int) -> int:
        """How many there are over all cuts."""
        return sum(
            int((case.asked_interest & (events >= least) & (events <= most)).sum())
            for case, events in zip(self.cases, self.events, strict=True)
        )


def _share(right: NDArray[np.bool_], weight: Floats) -> float:
    return float(right @ weight / weight.sum()) if weight.any() else float("nan")


def top_figures(found: TopAnswers, *, seed: int) -> Figures:
    """`top_interest_accuracy`, the same by number of events seen, and of ours `top_interest_gap_closed`."""
    bands = {"top_interest_accuracy": (ENOUGH, MANY)} | {f"top_interest_accuracy_{_band(*b)}": b for b in BANDS}

    def statistic(weight: Floats) -> dict[tuple[str, str], float]:
        said = {
            (who, name): found.accuracy(who, *band, weight) for name, band in bands.items() for who in found.answers
        }
        return said | _gap(said, "top_interest_accuracy", "top_interest_gap_closed")

    sizes = {name: found.questions(*band) for name, band in bands.items()}
    sizes["top_interest_gap_closed"] = sizes["top_interest_accuracy"]
    return _figures(statistic, sizes, len(found.cases[0].topic), seed)


def _band(least: int, most: int) -> str:
    return f"from_{least}_events" if most >= MANY else f"{least}_{most}_events"


def shift_figures(found: Mapping[str, Tally], *, seed: int) -> Figures:
    """`shift_recall_10d` and `false_shifts_per_customer_quarter`, and of ours `shift_gap_closed`."""

    def statistic(weight: Floats) -> dict[tuple[str, str], float]:
        said = {(who, "shift_recall_10d"): tally.recall(weight) for who, tally in found.items()}
        false = {(who, "false_shifts_per_customer_quarter"): tally.false_rate(weight) for who, tally in found.items()}
        return said | false | _gap(said, "shift_recall_10d", "shift_gap_closed")

    ours = found["ours"]
    true, quiet = int(ours.true.sum()), int((ours.quarters > 0).sum())
    sizes = {"shift_recall_10d": true, "shift_gap_closed": true, "false_shifts_per_customer_quarter": quiet}
    return _figures(statistic, sizes, len(ours.true), seed)


def _gap(said: _Said, of: str, name: str) -> dict[tuple[str, str], float]:
    return {("ours", name): gap_closed(said["ours", of], said["naive", of], said["oracle", of])}


def _figures(statistic: Callable[[Floats], _Said], sizes: Mapping[str, int], customers: int, seed: int) -> Figures:
    drawn = intervals.draw(statistic, customers, rounds=_ROUNDS, seed=seed)
    found: Figures = {}
    for (who, name), values in drawn.items():
        found.setdefault(who, {})[name] = intervals.interval(values, sizes[name])
    return found


def drift_figures(told: Sequence[tuple[frozenset[str], frozenset[str]]]) -> dict[str, Metric]:
    """Of (signals of a leaver, signals of their double): who shows enough of them. Every customer is asked once."""
    leavers = [len(signals) >= SIGNALS for signals, _ in told]
    stayers = [len(signals) >= SIGNALS for _, signals in told]
    return {
        "drift_signals_14d": intervals.wilson(sum(leavers), len(leavers)),
        "drift_false_alarms": intervals.wilson(sum(stayers), len(stayers)),
    }


def middle(values: Sequence[Sequence[float]], *, seed: int) -> Metric:
    """The median over all values, which are listed by customer; n is their number."""
    flat = np.array([value for of in values for value in of])
    owner = np.array([customer for customer, of in enumerate(values) for _ in of], dtype=np.int64)

    def statistic(weight: Floats) -> dict[str, float]:
        drawn = np.repeat(flat, weight[owner].astype(np.int64))
        return {"middle": float(np.median(drawn)) if len(drawn) else float("nan")}

    return intervals.interval(intervals.draw(statistic, len(values), rounds=_ROUNDS, seed=seed)["middle"], len(flat))
