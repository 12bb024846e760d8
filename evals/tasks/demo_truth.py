"""Is the demo shop a laboratory? Its statistics beside those of real logs, and how hard its truth is to find.

`ceilings` hold what counting reaches and what an oracle could know: what a product scores lies between the two.
"""

from collections.abc import Sequence
from pathlib import Path

from pydantic import Field

from app.demo.shop import DEFAULT_CUSTOMERS, DEFAULT_SEED, DemoShop
from app.demo.synonyms import Vocabulary
from app.errors import InvalidInput
from app.schema import Frozen
from evals import references
from evals.ceilings.measure import WHY, ceilings
from evals.provenance import file_hash
from evals.references import Reference
from evals.shop_record import shop_statistics
from evals.shop_statistics import statistics
from evals.task import Plain, Say, TaskResult

MOST_CUSTOMERS = 20_000
"""Each takes some 35 kB of memory, since the ceilings look at the whole log at once."""


class DemoTruthOptions(Frozen):
    """Options of `run demo-truth`."""

    seed: int = Field(default=DEFAULT_SEED, ge=0)
    """seed of the demo shop"""
    customers: int = Field(default=DEFAULT_CUSTOMERS, ge=10, le=MOST_CUSTOMERS)
    """customers of the demo shop, at most 20,000"""
    wording: Vocabulary = "A"
    """words that its customers use: A, or the held-out B"""
    reference: tuple[Path, ...] = ()
    """logs of real shops, Parquet or CSV, to compare with; several files, or a folder of them"""


class DemoTruth:
    """The task."""

    name = "demo-truth"
    purpose = "The demo shop's own statistics beside those of real logs, and how hard its truth is to find."
    options = DemoTruthOptions

    def run(self, options: DemoTruthOptions, say: Say) -> TaskResult:
        """Read the references first, so that a wrong file is told at once."""
        known = _references(options.reference, say)
        shop = DemoShop(options.seed, options.customers, options.wording)
        say(f"counting in the log of {options.customers:,} customers")
        return TaskResult(
            task=self.name,
            seed=options.seed,
            n=options.customers,
            metrics=shop_statistics(shop),
            baselines={r.label: statistics(r.behaviour, seed=options.seed) for r in known},
            ceilings=ceilings(shop, say),
            provenance=_provenance(options, known),
        )


def _references(given: Sequence[Path], say: Say) -> list[Reference]:
    """Every file that was named; in a named folder, the tables that are logs of a shop."""
    found = []
    for path, chosen in references.files(given):
        try:
            found.append(references.read(path))
        except InvalidInput as error:
            if chosen:
                raise
            say(f"left out {error}")
            continue
        say(f"read {path}")
    labels = [reference.label for reference in found]
    if len(set(labels)) < len(labels):
        raise InvalidInput("--reference names a file twice, or two with the same folder and name; name each once")
    return found


def _provenance(options: DemoTruthOptions, known: Sequence[Reference]) -> dict[str, Plain]:
    return {
        "data": f"demo shop, seed {options.seed}, {options.customers} customers, wording {options.wording}",
        "ceilings": WHY,
        **{f"sha256 of {r.label}": file_hash(r.path) for r in known},
    }
