"""The command line of the evals. Progress goes to standard error; with --json exactly one object to standard output.

argparse rather than typer: a task's options come from its options model, and a usage error is one line.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn, get_origin

import msgspec
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from app.errors import InvalidInput, UnderstoryError
from app.schema import Frozen
from evals import runs
from evals.benchmarks.harness import Bench, GateFailedError, measure
from evals.benchmarks.identity import IdentityBench
from evals.benchmarks.ingest import Ingest
from evals.benchmarks.ltv import LtvBench
from evals.benchmarks.narrative import NarrativeBench
from evals.benchmarks.profile import ProfileBench
from evals.benchmarks.prompts import PromptsBench
from evals.benchmarks.retrieval import RetrievalBench
from evals.compare import compare
from evals.plain import comparison_text, result_text
from evals.provenance import environment
from evals.task import Task, summary
from evals.tasks.churn import Churn
from evals.tasks.claims import Claims
from evals.tasks.demo_truth import DemoTruth
from evals.tasks.drift import Drift
from evals.tasks.durability import Durability
from evals.tasks.faults import FaultsTask
from evals.tasks.grounding import Grounding
from evals.tasks.identity import Identity
from evals.tasks.intent import IntentTask
from evals.tasks.lean import LeanTask
from evals.tasks.leaving import Leaving
from evals.tasks.ltv import Ltv
from evals.tasks.next_item import NextItem
from evals.tasks.policy import PolicyTask
from evals.tasks.profile import ProfileTask
from evals.tasks.profit import ProfitTask
from evals.tasks.retrieval import RetrievalTask
from evals.tasks.router import RouterTask
from evals.tasks.small_model import SmallModel
from evals.tasks.story import StoryTask
from evals.tasks.structured_output import StructuredOutput
from evals.tasks.verify import VerifyTask

TASKS: dict[str, Task[Any]] = {
    task.name: task
    for task in (
        Grounding(),
        Ltv(),
        Churn(),
        Leaving(),
        LeanTask(),
        IntentTask(),
        DemoTruth(),
        Drift(),
        StructuredOutput(),
        SmallModel(),
        StoryTask(),
        Durability(),
        FaultsTask(),
        Identity(),
        NextItem(),
        Claims(),
        ProfileTask(),
        PolicyTask(),
        ProfitTask(),
        RetrievalTask(),
        RouterTask(),
        VerifyTask(),
    )
}
BENCHES: dict[str, Bench] = {
    bench.name: bench
    for bench in (
        Ingest(),
        IdentityBench(),
        NarrativeBench(),
        ProfileBench(),
        LtvBench(),
        RetrievalBench(),
        PromptsBench(),
    )
}


_SEVERAL: dict[str, Any] = {"action": "extend", "nargs": "+"}
"""`--x A B` and `--x A --x B` mean the same."""


class Parser(argparse.ArgumentParser):
    """argparse whose complaints are one line and which takes no abbreviations."""

    def __init__(self, **settings: Any) -> None:
        """As argparse, without abbreviations."""
        super().__init__(**(settings | {"allow_abbrev": False}))

    def error(self, message: str) -> NoReturn:
        """Raise instead of printing the usage."""
        raise InvalidInput(f"{message}; see `{self.prog} --help`")


def main(arguments: Sequence[str]) -> int:
    """Run one command: 0 when it worked, 1 when a bench's gate failed, 2 with one line when the input is at fault."""
    try:
        given = _parser().parse_args(arguments)
        given.command(given)
    except UnderstoryError as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        return 1 if isinstance(error, GateFailedError) else 2
    return 0


def say(message: str) -> None:
    """Progress, apart from the answer."""
    print(message, file=sys.stderr, flush=True)


def _parser() -> Parser:
    parser = Parser(prog="python -m evals", description="Measure the product: how true, how sure, how fast.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    commands.add_parser("list", help="name every task and bench").set_defaults(command=_list)
    run = commands.add_parser("run", help="run one task").add_subparsers(required=True, metavar="TASK")
    for task in TASKS.values():
        _task_parser(run.add_parser(task.name, help=task.purpose, description=task.purpose), task)
    pair = commands.add_parser("compare", help="B minus A, with intervals")
    pair.add_argument("a", type=Path, metavar="A")
    pair.add_argument("b", type=Path, metavar="B")
    pair.add_argument("--json", action="store_true", help="print one JSON object")
    pair.set_defaults(command=_compare)
    bench = commands.add_parser("bench", help="time peer, ours and limit side by side")
    bench.add_argument("names", nargs="+", metavar="NAME", help=", ".join(BENCHES))
    bench.add_argument("--json", action="store_true", help="print one JSON object")
    bench.set_defaults(command=_bench)
    return parser


def _task_parser(parser: argparse.ArgumentParser, task: Task[Any]) -> None:
    parser.add_argument("--json", action="store_true", help="print the summary as one JSON object")
    parser.add_argument("--out", type=Path, help="folder for the run (default: evals/runs/<task>-<time>)")
    for name, field in task.options.model_fields.items():
        parser.add_argument(f"--{name.replace('_', '-')}", dest=name, **_argument(field))
    parser.set_defaults(command=_run, task=task)


def _argument(field: FieldInfo) -> dict[str, Any]:
    default = "" if field.default in (None, ()) else f" (default: {field.default})"
    shape: dict[str, Any] = {"help": (field.description or "").replace("%", "%%") + default, "default": None}
    if field.annotation is bool:
        return shape | {"action": "store_true"}
    return shape | {"metavar": "VALUE"} | (_SEVERAL if get_origin(field.annotation) is tuple else {})


def _options(model: type[Frozen], given: argparse.Namespace) -> Frozen:
    values = {name: getattr(given, name) for name in model.model_fields if getattr(given, name) is not None}
    try:
        return model.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        option = "--" + str(first["loc"][0]).replace("_", "-") if first["loc"] else "options"
        raise InvalidInput(f"{option}: {first['msg']} (got {first['input']!r})") from None


def _list(_given: argparse.Namespace) -> None:
    width = max(map(len, [*TASKS, *BENCHES]))
    for kind, things in (("task", TASKS), ("bench", BENCHES)):
        for name, thing in things.items():
            print(f"{kind:<5}  {name:<{width}}  {thing.purpose}")


def _run(given: argparse.Namespace) -> None:
    task: Task[Any] = given.task
    started, clock = datetime.now(UTC), time.monotonic()
    options, folder = _options(task.options, given), given.out or runs.folder_for(task.name, started)
    runs.make_room(folder)
    result = task.run(options, say)
    origin = environment(started, seconds=time.monotonic() - clock)
    result = msgspec.structs.replace(result, provenance=origin | result.provenance)
    runs.save(result, task.purpose, folder)
    print(runs.as_json(summary(result)).decode() if given.json else result_text(result))
    say(f"report: {folder / runs.REPORT}")


def _compare(given: argparse.Namespace) -> None:
    found = compare(given.a, given.b)
    print(msgspec.json.encode(found).decode() if given.json else comparison_text(found))


def _bench(given: argparse.Namespace) -> None:
    unknown = [name for name in given.names if name not in BENCHES]
    if unknown:
        raise InvalidInput(f"no bench {unknown[0]!r}; there are: {', '.join(BENCHES)}")
    report = measure([BENCHES[name] for name in given.names], say)
    report = msgspec.structs.replace(report, provenance=environment(datetime.now(UTC)))
    print(msgspec.json.encode(report).decode() if given.json else report.as_text())
