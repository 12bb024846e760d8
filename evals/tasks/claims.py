"""Are the claims true? Every customer's claims, made by the product of its folded state, recomputed from raw rows.

Runs on a demo shop, or on any file of events that the product takes in by a mapping. Nothing of app/profile and
app/narrative is shared: the rows are read from the database once, and each claim is worked out again by what its
predicate means (evals/scorers/recompute.py).
"""

import random
import re
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from pydantic import Field

from app.access.schemas import Workspace
from app.config import Settings
from app.demo.shop import DEFAULT_CUSTOMERS
from app.demo.synonyms import Vocabulary
from app.errors import InvalidInput
from app.events.sources.mapping import Mapping, load_mapping, open_events, read_items
from app.events.timestamps import EARLIEST, parse_as_of
from app.narrative.claims import choose
from app.narrative.ground import Grounded, ground
from app.narrative.schemas import Claim, Narrative
from app.narrative.tell import tell
from app.narrative.telling import Telling
from app.profile.memory import visits
from app.schema import Frozen, Lang
from evals import shop
from evals.intervals import count
from evals.provenance import file_hash
from evals.scorers import recompute
from evals.scorers.grounding import known_of
from evals.scorers.ledger import Ledger
from evals.scorers.meanings.known import Known
from evals.task import Metric, Plain, Sample, Say, Score, TaskResult

WORKSPACE = "eval"
LANGUAGES: tuple[Lang, ...] = ("zh", "en")
_MARKER = re.compile(r"\[(e\d+)\]")


class ClaimsOptions(Frozen):
    """Options of `run claims`; without --events a demo shop is made."""

    events: Path | None = None
    """file of events: CSV, TSV, JSONL or Parquet"""
    mapping: Path | None = None
    """mapping file that says how the events are read; see app/events/sources/README.md"""
    items: Path | None = None
    """the product catalogue, read by the mapping's items section"""
    as_of: str | None = None
    """point of view: a date (the end of that day) or an ISO time; without it as far as the data reach"""
    limit: int | None = Field(default=None, ge=1)
    """take this many of the customers known by then, drawn at random; without it all"""
    seed: int = Field(default=7, ge=0)
    """seed of the demo shop and of the draw"""
    customers: int = Field(default=DEFAULT_CUSTOMERS, ge=10, le=100_000)
    """customers of the demo shop"""
    wording: Vocabulary = "A"
    """words that the demo shop's customers use: A, or the held-out B"""


class Made(NamedTuple):
    """What the product makes of one customer: grounded claims, and the narrative in each language."""

    claims: Grounded
    narratives: tuple[Narrative, ...]


class Checked(NamedTuple):
    """What was found of one customer's claims."""

    customer_id: str
    checked: Counter[str]
    """Claims recomputed, by predicate."""
    wrong: Counter[str]
    unchecked: Counter[str]
    dropped: Counter[str]
    markers: int
    """Markers in the narratives ..."""
    unresolved: tuple[str, ...]
    """... and those that lead to no event of the customer."""
    remarks: tuple[str, ...]


class Claims:
    """The task."""

    name = "claims"
    purpose = "Whether every claim made of the folded state is what the raw events say, recomputed by other code."
    options = ClaimsOptions

    def run(self, options: ClaimsOptions, say: Say) -> TaskResult:
        """Claim and recompute; every fault is a remark on its customer."""
        with opened(options, say) as open_:
            as_of = _as_of(open_, options)
            with Ledger(open_.database_url, open_.workspace.workspace_id, open_.pipeline.taxonomy) as ledger:
                chosen = _chosen(ledger.customers(as_of), options)
                say(f"claims of {len(chosen):,} customers as of {as_of.isoformat()}")
                found = list(_checked(open_, ledger, chosen, as_of, say))
        return TaskResult(
            task=self.name,
            seed=options.seed,
            n=len(found),
            metrics=_metrics(found),
            counts=_counts(found),
            provenance=_provenance(options, as_of),
            samples=[_sample(one) for one in found],
        )


@contextmanager
def opened(options: ClaimsOptions, say: Say) -> Iterator[shop.Open]:
    """The product over what the options name, in a temporary folder that is gone afterwards."""
    if options.events is None:
        if options.mapping or options.items:
            raise InvalidInput("--mapping and --items tell how --events FILE is read: name that file too")
        with shop.demo(seed=options.seed, customers=options.customers, say=say, wording=options.wording) as made:
            yield made
        return
    if options.mapping is None:
        raise InvalidInput("--events needs --mapping FILE, which says how its rows are read")
    how, now = load_mapping(options.mapping), datetime.now(UTC)
    with tempfile.TemporaryDirectory(prefix="understory-eval-") as folder:
        workspace = Workspace(workspace_id=WORKSPACE, timezone=how.timezone, currency=how.currency)
        with shop.empty(Path(folder), workspace) as pipeline:
            url = Settings(data_dir=Path(folder), database_url="").resolved_database_url()
            open_ = shop.Open(pipeline, workspace, url, now)
            _ingest(open_, options.events, how, options.items, now, say)
            yield open_


def _ingest(open_: shop.Open, events: Path, how: Mapping, items: Path | None, now: datetime, say: Say) -> None:
    """As `understory ingest` does it."""
    catalogue = read_items(items, how, valid_from=EARLIEST, now=now) if items else []
    pipeline, workspace = open_.pipeline, open_.workspace
    intake = pipeline.intake(workspace, how.source, now=now)._replace(
        zone=how.zone, time_unit=how.occurred_at.unit, time_format=how.occurred_at.format
    )
    say(f"reading {events}")
    report = pipeline.ingest(workspace, how.source, open_events(events, how), now=now, intake=intake, items=catalogue)
    if not report.accepted:
        raise InvalidInput(f"{events}: no row could be taken in ({', '.join(report.reasons) or 'it has none'})")
    say(f"{report.accepted:,} events taken in, {report.quarantined:,} set aside; folding")
    pipeline.catch_up(workspace)


def _as_of(open_: shop.Open, options: ClaimsOptions) -> datetime:
    if options.as_of:
        return parse_as_of(options.as_of, open_.workspace.zone)
    return open_.pipeline.clock(open_.workspace, now=open_.now)


def _chosen(customers: Sequence[str], options: ClaimsOptions) -> set[str]:
    if not customers:
        raise InvalidInput("nobody has an event by then; ask for a later moment with --as-of")
    if options.limit is None or options.limit >= len(customers):
        return set(customers)
    return set(random.Random(options.seed).sample(list(customers), options.limit))


def _checked(open_: shop.Open, ledger: Ledger, chosen: set[str], as_of: datetime, say: Say) -> Iterator[Checked]:
    for done, (customer_id, rows) in enumerate(ledger.histories(as_of, chosen), start=1):
        yield check(customer_id, made(open_, customer_id, as_of), known_of(ledger, customer_id, rows, as_of))
        if done % 200 == 0:
            say(f"{done:,} of {len(chosen):,}")


def made(open_: shop.Open, customer_id: str, as_of: datetime) -> Made:
    """One customer's claims as the product makes them of the stored state and grounds them, and what it tells."""
    reader, workspace = open_.pipeline.reader, open_.workspace
    customer = reader.customer(workspace, customer_id)
    book = reader.book(workspace, customer, as_of=as_of)
    state, context = reader.state(workspace, customer, book), reader.context(workspace, book)
    profile = reader.view(workspace, customer, state, as_of=as_of)
    found = ground(choose(state, profile, context, currency=workspace.currency), book)
    telling = Telling(
        profile=profile,
        claims=found.claims,
        visits=visits.view(state.visits),
        items=context.items,
        texts=context.texts,
        zone=context.zone,
        currency=workspace.currency,
        taxonomy=context.taxonomy,
    )
    return Made(found, tuple(tell(telling, lang) for lang in LANGUAGES))


def check(customer_id: str, product: Made, known: Known) -> Checked:
    """Recompute every claim and follow every marker; claims that the product itself dropped count apart."""
    claims, dropped = product.claims
    checkable = [claim for claim in claims if claim.predicate in recompute.MEANINGS]
    faults = {claim.claim_id: _faults(claim, customer_id, known) for claim in checkable}
    markers = [(narrative, name) for narrative in product.narratives for name in _MARKER.findall(narrative.text)]
    unresolved = tuple(
        f"[{name}] {narrative.lang}" for narrative, name in markers if not _leads(name, narrative, known)
    )
    return Checked(
        customer_id,
        checked=Counter(str(claim.predicate) for claim in checkable),
        wrong=Counter(str(claim.predicate) for claim in checkable if faults[claim.claim_id]),
        unchecked=Counter(str(claim.predicate) for claim in claims if claim.predicate not in recompute.MEANINGS),
        dropped=Counter(str(one.claim.predicate) for one in dropped),
        markers=len(markers),
        unresolved=unresolved,
        remarks=(
            *(f"{c.predicate} {c.name or c.topic or ''}: {fault}" for c in checkable for fault in faults[c.claim_id]),
            *(f"dropped {one.claim.predicate} {one.claim.name or ''}: {one.reason}" for one in dropped),
            *(f"unresolved marker {name}" for name in unresolved),
        ),
    )


def _faults(claim: Claim, customer_id: str, known: Known) -> list[str]:
    about = [] if claim.subject == customer_id else [f"is about {claim.subject}"]
    return [*about, *recompute.faults(claim, known)]


def _leads(name: str, narrative: Narrative, known: Known) -> bool:
    """Whether a marker stands for events, all of them the customer's, or for a query that finds some."""
    marker = next((marker for marker in narrative.evidence if marker.marker == name), None)
    if marker is None:
        return False
    if marker.query:
        return bool(recompute.run_query(marker.query.query, known.rows))
    return bool(marker.events) and set(marker.events) <= {row.event_id for row in known.rows}


def _metrics(found: Sequence[Checked]) -> dict[str, Metric]:
    checked = sum((one.checked for one in found), Counter[str]())
    wrong = sum((one.wrong for one in found), Counter[str]())
    unchecked, dropped = (sum(getattr(one, name).total() for one in found) for name in ("unchecked", "dropped"))
    by_predicate = {f"claims_wrong_{name}": count(wrong[name], n) for name, n in sorted(checked.items())}
    return {
        "claims_wrong": count(wrong.total(), checked.total()),
        "claims_unchecked": count(unchecked, checked.total() + unchecked),
        "claims_dropped": count(dropped, checked.total() + unchecked + dropped),
        "markers_unresolved": count(sum(len(one.unresolved) for one in found), sum(one.markers for one in found)),
        **by_predicate,
    }


def _counts(found: Sequence[Checked]) -> dict[str, dict[str, int]]:
    counters = {
        f"claims_{name}": [getattr(one, name) for one in found] for name in ("checked", "wrong", "unchecked", "dropped")
    }
    return {name: dict(sorted(sum(parts, Counter[str]()).items())) for name, parts in counters.items()}


def _provenance(options: ClaimsOptions, as_of: datetime) -> dict[str, Plain]:
    found: dict[str, Plain] = {"as_of": as_of.isoformat()}
    if options.events is None:
        return found | {"data": f"demo shop, {options.customers} customers, wording {options.wording}"}
    return found | {"data": options.events.name, "data_sha256": file_hash(options.events)}


def _sample(one: Checked) -> Sample:
    return Sample(
        id=one.customer_id,
        scores={
            "faults": Score(
                float(one.wrong.total() + one.dropped.total() + len(one.unresolved)), "; ".join(one.remarks) or None
            ),
            "claims": Score(float(one.checked.total())),
        },
    )
