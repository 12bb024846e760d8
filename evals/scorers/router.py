"""Judging readings of questions: the intent, the stated slots by value, abstentions, and how honest the confidence is.

How somebody else writes a slot is met half-way: an expected value in words is read by the router's own slot reader, and
a slot that goes by another name counts as found when one of ours holds the value.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from app.assistant.schemas import ABSTAINS, Slots, Understood
from app.assistant.slots.found import Found
from app.text.normalise import normalise
from evals.intervals import draw, interval, wilson
from evals.question_file import Question, Stated
from evals.task import Metric

BINS = 10
ReadWords = Callable[[str], Sequence[Found]]
"""The slot reader, over a few words."""


class Judged(NamedTuple):
    """One question with its reading."""

    question: Question
    understood: Understood
    stated: int
    """Slots that the question is said to state."""
    found: int
    """Those of them that were read with the right value."""
    given: int
    """Slots that the reading holds."""
    wanted: int
    """Those of them that the question is said to state."""

    @property
    def right(self) -> bool:
        """Whether the intent is."""
        return self.question.intent is self.understood.intent

    @property
    def abstains(self) -> bool:
        """Whether the reading refuses or asks back."""
        return self.understood.intent in ABSTAINS

    @property
    def should_abstain(self) -> bool:
        """Whether the question is one to refuse or ask back on."""
        return self.question.intent in ABSTAINS


def judged(question: Question, understood: Understood, read: ReadWords) -> Judged:
    """Compare a reading with what was expected."""
    expected = {name: value for name, value in question.slots.items() if value not in (None, "", [])}
    ours = {name: str(value) for name, value in understood.slots.model_dump(exclude_none=True).items()}
    hits = {name: _holders(name, value, ours, read) for name, value in expected.items()}
    return Judged(
        question,
        understood,
        stated=len(expected),
        found=sum(bool(holders) for holders in hits.values()),
        given=len(ours),
        wanted=len(set().union(*hits.values())),
    )


def _holders(name: str, value: Stated | list[Stated], ours: Mapping[str, str], read: ReadWords) -> set[str]:
    """Which of our slots hold an expected value: the one of that name, for an unknown name any."""
    meant = {form for one in (value if isinstance(value, list) else [value]) for form in _forms(str(one), read)}
    holders = {slot for slot, held in ours.items() if meant & _held(held)}
    same = holders & {name}
    return same or (holders if name not in Slots.model_fields or name in _LOOSE else set())


_LOOSE = frozenset(
    ("segment", "other_segment", "value", "state", "topic", "to_topic", "campaign", "period", "horizon_days")
)
"""Slots that say nearly the same: a group may be described by any of them, a time by either."""


def _held(value: str) -> set[str]:
    """Our value, and the plain word of a described group (`state:new`)."""
    plain = normalise(value)
    return {plain, plain.rpartition(":")[2]}


def _forms(value: str, read: ReadWords) -> set[str]:
    """An expected value as written, in plain form, and as the slot reader reads it."""
    plain = normalise(value)
    plain = plain.removesuffix(".0")
    loose = {plain, plain.replace("-", "_").replace(" ", "_"), plain.strip("\"'「」“”《》")}
    found = read(value)
    times = {f"last_{one.value}_days" for one in found if one.slot == "within"}
    return loose | times | {normalise(str(one.value)) for one in found}


def metrics(cases: Sequence[Judged], seed: int) -> dict[str, Metric]:
    """The figures of a set of readings."""
    abstained = [case for case in cases if case.abstains]
    meant = [case for case in cases if case.should_abstain]
    slotted = [case for case in cases if case.stated]
    return {
        "accuracy": wilson(sum(case.right for case in cases), len(cases)),
        "slot_accuracy": wilson(sum(case.found for case in slotted), sum(case.stated for case in slotted)),
        "slot_precision": wilson(sum(case.wanted for case in cases), sum(case.given for case in cases)),
        "abstention_precision": wilson(sum(case.should_abstain for case in abstained), len(abstained)),
        "abstention_recall": wilson(sum(case.abstains for case in meant), len(meant)),
        **{f"accuracy_{lang}": _accuracy(cases, lang) for lang in ("zh", "en")},
        "calibration_error": _calibration(cases, seed),
    }


def _accuracy(cases: Sequence[Judged], lang: str) -> Metric:
    some = [case for case in cases if case.question.lang == lang]
    return wilson(sum(case.right for case in some), len(some))


def _calibration(cases: Sequence[Judged], seed: int) -> Metric:
    """Expected calibration error over ten equal bins of confidence (Naeini et al. 2015), redrawn with the questions."""
    said = np.array([case.understood.confidence for case in cases])
    right = np.array([case.right for case in cases], np.float64)
    place = np.minimum((said * BINS).astype(np.int64), BINS - 1)

    def error(weight: np.ndarray[tuple[int], np.dtype[np.float64]]) -> dict[str, float]:
        gaps = np.bincount(place, weight * (said - right), BINS)
        return {"error": float(np.abs(gaps).sum() / weight.sum())}

    return interval(draw(error, len(cases), rounds=400, seed=seed)["error"], len(cases))


def confusions(cases: Sequence[Judged]) -> dict[str, int]:
    """`wanted -> read` with how often, most often first."""
    counts: dict[str, int] = {}
    for case in cases:
        if not case.right:
            pair = f"{case.question.intent} -> {case.understood.intent}"
            counts[pair] = counts.get(pair, 0) + 1
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))
