"""Whatever a model server does, is there an answer, in time, and how soon is it left alone and found well again?"""

import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from pydantic import Field

from app.errors import InvalidInput
from app.schema import Frozen
from evals.faults.outage import Outage, outage
from evals.faults.readers import readers
from evals.faults.server import FAULTS, MODEL, FaultServer
from evals.intervals import wilson
from evals.task import Metric, Sample, Say, Score, TaskResult

ALL = (*FAULTS, "refused")
SLOW = ("black_hole", "slow_drip", "slow_headers")
MANY = 50
"""Readers at once, in the second round of the slow faults."""


class FaultOptions(Frozen):
    """Options of `run faults`."""

    seed: int = Field(default=101, ge=0)
    """seed of the demo shop"""
    customers: int = Field(default=60, ge=20, le=1_000)
    """size of the demo shop"""
    deadline: float = Field(default=8.0, gt=0.2, le=60)
    """seconds that an answer may take, as UNDERSTORY_LLM_TIMEOUT_S"""
    lasts: float = Field(default=0.0, ge=0, le=600)
    """seconds that each outage goes on after the model is left alone, so that probes meet it, too"""
    only: tuple[str, ...] = ()
    """names of faults; all of them when absent"""


class FaultsTask:
    """The task."""

    name = "faults"
    purpose = "A model server fails in every way: answers go on, the model is left alone, and heard again when well."
    options = FaultOptions

    def run(self, options: FaultOptions, say: Say) -> TaskResult:
        """One outage after the other; those that are slow also with many readers at once."""
        chosen = options.only or ALL
        if unknown := sorted(set(chosen) - set(ALL)):
            raise InvalidInput(f"--only {', '.join(unknown)}: no such fault; there are {', '.join(ALL)}")
        rounds = [(fault, 1) for fault in chosen] + [(fault, MANY) for fault in chosen if fault in SLOW]
        seen: list[Outage] = []
        with tempfile.TemporaryDirectory(prefix="understory-faults-") as folder, FaultServer() as server:
            opened = readers(
                Path(folder), server.url, MODEL, seed=options.seed, customers=options.customers,
                deadline_s=options.deadline, say=say,
            )  # fmt: skip
            with opened as asking:
                for fault, at_once in rounds:
                    seen.append(outage(asking, server, fault, at_once=at_once, lasts_s=options.lasts))
                    say(_told(seen[-1]))
        return TaskResult(
            task=self.name,
            seed=options.seed,
            n=sum(len(one.heard) for one in seen),
            metrics=_metrics(seen, options.deadline),
            provenance={"deadline_s": options.deadline, "customers": options.customers, "lasts_s": options.lasts},
            samples=[_sample(one) for one in seen],
        )


def _metrics(seen: Sequence[Outage], deadline_s: float) -> dict[str, Metric]:
    """Over all outages, then the seconds of each; a worst case has no interval.

    Many readers at once share the processor, so only a lone one tells what the model's part adds to an answer.
    """
    heard = [one for each in seen for one in each.heard]
    valid, n = sum(one.valid for one in heard), len(heard)
    composed = [one for one in heard if one.question == "story" and one.rung == "composer"]
    alone = [one for each in seen if each.at_once == 1 for one in each.heard]
    whole = {
        "answers_5xx": Metric(float(sum(one.status >= 500 for one in heard)), None, None, n),
        "schema_valid": wilson(valid, n),
        "reason_told": wilson(sum(bool(one.reason) for one in composed), len(composed)),
        "over_deadline_s": _worst([max(0.0, one.seconds - deadline_s) for one in alone]),
        "opened_s": _worst([one.opened_s for one in seen]),
        "recovered_s": _worst([one.recovered_s for one in seen]),
        "while_open_s": _worst([one.while_open_s for one in seen]),
    }
    each = {f"{what}.{_name(one)}": Metric(getattr(one, what), None, None, 1)
            for one in seen for what in ("opened_s", "recovered_s")}  # fmt: skip
    return whole | each


def _worst(seconds: Sequence[float]) -> Metric:
    return Metric(max(seconds, default=0.0), None, None, len(seconds))


def _name(one: Outage) -> str:
    return one.fault if one.at_once == 1 else f"{one.fault}_at_{one.at_once}"


def _told(one: Outage) -> str:
    return (
        f"{_name(one)}: {len(one.heard)} answers, left alone after {one.opened_s:.1f} s, "
        f"heard again {one.recovered_s:.1f} s after it was well"
    )


def _sample(one: Outage) -> Sample:
    statuses = Counter(f"status_{heard.status}" for heard in one.heard)
    reasons = sorted({h.reason for h in one.heard if h.reason})
    return Sample(
        id=_name(one),
        input={"fault": one.fault, "readers": one.at_once},
        output={
            "answers": len(one.heard),
            "opened_s": round(one.opened_s, 2),
            "recovered_s": round(one.recovered_s, 2),
            "while_open_s": round(one.while_open_s, 3),
            **statuses,
            "reasons": " | ".join(reasons)[:500],
        },
        scores={"valid": Score(sum(h.valid for h in one.heard) / max(1, len(one.heard)))},
    )
