"""Is what was acknowledged still there? A real server is killed again and again while two clients write to it."""

import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

from pydantic import Field

from app.errors import InvalidInput
from app.schema import Frozen
from evals.durability.loop import Plan, Run, kill_loop
from evals.durability.served import Place, prepare
from evals.durability.witness import Witnessed, watched
from evals.intervals import count
from evals.task import Metric, Plain, Sample, Say, Score, TaskResult


class DurabilityOptions(Frozen):
    """Options of `run durability`."""

    seed: int = Field(default=7, ge=0)
    """seed of the moments of the kills and of what is sent"""
    kills: int = Field(default=100, ge=1, le=1_000)
    """times that the server is killed"""
    events: int = Field(default=100_000, ge=1, le=2_000_000)
    """events that must be acknowledged before the run ends"""
    batch: int = Field(default=50, ge=1, le=500)
    """events in one request"""
    witnessed: int = Field(default=1_000, ge=0, le=10_000)
    """requests to a server under strace that follow; 0 leaves them out"""
    database: str = ""
    """URL of an empty PostgreSQL database; empty means a SQLite file"""
    keep: Path | None = None
    """folder for the data, which must be empty; without one they are removed in the end"""


class Durability:
    """The task."""

    name = "durability"
    purpose = "Kill the server at random moments while clients write: what was acknowledged must be there, once."
    options = DurabilityOptions

    def run(self, options: DurabilityOptions, say: Say) -> TaskResult:
        """The kill loop, then the same server under strace."""
        with ExitStack() as held:
            folder = options.keep or Path(held.enter_context(tempfile.TemporaryDirectory(prefix="understory-kills-")))
            say(f"{options.kills} kills over at least {options.events:,} events in {folder}")
            place = _place(folder / "loop", options.database)
            plan = Plan(options.kills, options.events, options.batch, options.seed)
            run = kill_loop(place, plan, say)
            seen = _witnessed(folder / "traced", options, say)
        return TaskResult(
            task=self.name,
            seed=options.seed,
            n=run.acknowledged,
            metrics=_metrics(run, plan, seen),
            provenance=_provenance(options, run),
            samples=_samples(run),
        )


def _place(folder: Path, database_url: str) -> Place:
    if folder.exists():
        raise InvalidInput(f"{folder} is there already: choose another --keep")
    folder.mkdir(parents=True)
    return prepare(folder, database_url or f"sqlite:///{folder / 'understory.db'}", now=datetime.now(UTC))


def _witnessed(folder: Path, options: DurabilityOptions, say: Say) -> Witnessed | None:
    """Only where our own process flushes: PostgreSQL does it in another."""
    if not options.witnessed or options.database or sys.platform != "linux":
        return None
    say(f"{options.witnessed:,} requests to a server under strace")
    return watched(_place(folder, ""), requests=options.witnessed, seed=options.seed)


def _metrics(run: Run, plan: Plan, seen: Witnessed | None) -> dict[str, Metric]:
    found = run.found
    batches = run.acknowledged // plan.size
    metrics = {
        "kills": Metric(float(len(run.killed_at)), None, None, len(run.killed_at)),
        "events_per_kill": Metric(run.killed_at[-1] / len(run.killed_at), None, None, len(run.killed_at)),
        "most_events_without_a_kill": Metric(float(_longest(run.killed_at)), None, None, len(run.killed_at)),
        "acknowledged_lost": count(found.lost, run.acknowledged),
        "duplicates": count(found.duplicates, found.stored),
        "conflicts": count(found.conflicts, found.stored),
        "torn_batches": count(found.torn, batches),
        "position_gaps": count(found.gaps, found.stored),
        "ready_p100_s": Metric(max(run.ready_s), None, None, len(run.ready_s)),
        "profiles_equal_log": Metric(float(found.profiles_equal_log), None, None, 1),
        "events_per_s": Metric(run.acknowledged / run.seconds, None, None, 1),
    }
    if found.integrity_ok is not None:
        metrics["integrity_ok"] = Metric(float(found.integrity_ok), None, None, 1)
    if seen:
        metrics["acks_before_fsync"] = count(seen.early, seen.acknowledged)
    return metrics


def _longest(killed_at: Sequence[int]) -> int:
    return max(later - earlier for earlier, later in pairwise((0, *killed_at)))


def _samples(run: Run) -> list[Sample]:
    """When each kill came, and how long each start took that was let be."""
    kills = [Sample(id=f"kill-{n}", scores={"acknowledged": Score(float(at))}) for n, at in enumerate(run.killed_at)]
    starts = [Sample(id=f"start-{n}", scores={"ready_s": Score(seconds)}) for n, seconds in enumerate(run.ready_s)]
    return kills + starts


def _provenance(options: DurabilityOptions, run: Run) -> dict[str, Plain]:
    return {
        "database": "PostgreSQL" if options.database else "SQLite",
        "kills": options.kills,
        "events_per_request": options.batch,
        "events_stored": run.found.stored,
        "loop_seconds": round(run.seconds, 1),
    }
