"""`python -m evals.train`: simulated shops -> pairs -> a small model in a folder that vLLM serves.

Pairs are made here; the fit runs in the environment that holds torch (`make vllm`). An interrupted run goes on where it
stopped when the same command is given again.
"""

import subprocess
import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from app.config import ROOT
from app.errors import InvalidInput, UnderstoryError
from evals.cli import Parser, say
from evals.train.pairs import Plan, write_pairs

SEEDS = (101, 102, 103, 104)
"""Of the shops that are learned from; evaluations draw others."""
HELD_OUT = Plan(seeds=(190,), customers=11, days_before_end=(20,))
"""The shop that the learning curve is measured on."""


def main(arguments: Sequence[str]) -> int:
    """Make the pairs unless they are there, then fit: 0 when the model is written, 2 with one line on bad input."""
    try:
        given = _parser().parse_args(arguments)
        if not given.python.exists():
            raise InvalidInput(f"no interpreter at {given.python}: run `make vllm`, or name one with --python")
        if kept := sorted({*given.seeds} & {*HELD_OUT.seeds}):
            raise InvalidInput(f"seed {kept[0]} is kept for the learning curve; give --seeds others")
        plan = Plan(seeds=tuple(given.seeds), customers=given.customers)
        pairs = _made(given.work / "pairs.jsonl", plan)
        held_out = _made(given.work / "held-out.jsonl", HELD_OUT)
        return _fit(given, pairs, held_out)
    except UnderstoryError as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        return 2


def _parser() -> Parser:
    parser = Parser(prog="python -m evals.train", description="Train the small model that chooses what is told.")
    parser.add_argument("--python", type=Path, default=ROOT / ".venv-vllm" / "bin" / "python", help="holds torch")
    parser.add_argument("--out", type=Path, default=ROOT / ".models" / "small", help="folder of the model")
    parser.add_argument("--work", type=Path, default=ROOT / ".models" / "train", help="folder of the pairs")
    parser.add_argument("--name", default="understory-small", help="name under which it will be served")
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS, help="shops to learn from")
    parser.add_argument("--customers", type=int, default=100, help="customers of each shop")
    parser.add_argument("--minutes", type=float, default=60, help="stop then; the same command goes on later")
    parser.add_argument("--steps", type=int, default=3300, help="steps until the model is done")
    parser.add_argument("--threads", type=int, default=2, help="of the processor")
    parser.add_argument("--seed", type=int, default=7, help="of weights and draws")
    return parser


def _made(path: Path, plan: Plan) -> Path:
    """The pairs of a plan: kept ones when the plan beside them is the same, else made now."""
    note = path.with_suffix(".plan.json")
    if not (path.exists() and note.exists() and note.read_text(encoding="utf-8") == plan.model_dump_json()):
        note.unlink(missing_ok=True)
        write_pairs(path, plan, say)
        note.write_text(plan.model_dump_json(), encoding="utf-8")
    return path


def _fit(given: Namespace, pairs: Path, held_out: Path) -> int:
    options = {"--held-out": held_out, "--out": given.out} | {
        f"--{name}": getattr(given, name) for name in ("name", "minutes", "steps", "threads", "seed")
    }
    words = [str(word) for option in options.items() for word in option]
    return subprocess.run([given.python, "-m", "evals.train.fit", pairs, *words], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
