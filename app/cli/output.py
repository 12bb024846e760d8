"""How results look in a terminal. Progress goes to stderr, so that stdout can be piped."""

import json
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from app.access.schemas import Workspace
from app.events.quality import IngestReport
from app.llm.ladder import Origin
from app.narrative.schemas import Narrative
from app.narrative.speech import amount_in_words
from app.strategy.schemas import Strategy
from app.views import CustomerList, CustomerReading


def progress(text: str) -> None:
    """Progress for a person."""
    sys.stderr.write(f"understory: {text}\n")


def print_json(value: object) -> None:
    """One JSON object."""
    print(json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False))


def money(minor: int | None, currency: str) -> str:
    """An amount as people write it; nothing for None."""
    return "" if minor is None else amount_in_words(minor, currency, "en")


def print_report(report: IngestReport, workspace: str, as_json: bool) -> None:
    """What became of an import, and what to try next."""
    if as_json:
        print_json(report.model_dump(mode="json"))
        return
    print(
        f"{report.records:,} records: {report.accepted:,} accepted, {report.duplicates:,} duplicates, "
        f"{report.conflicts:,} conflicts, {report.quarantined:,} quarantined; {report.items:,} catalogue items"
    )
    for reason, count in report.reasons.items():
        print(f"  {count:,} x {reason} (first on line {report.first_lines[reason]})")
    print(f"next: understory customers --workspace {workspace} --top ltv")


def print_reading(reading: CustomerReading) -> None:
    """The story with numbered citations, the claims behind the numbers, and who told it."""
    print(f"{reading.customer_id}  ({', '.join(reading.identifiers)})  as of {reading.as_of.isoformat()}")
    numbers = {claim.claim_id: n for n, claim in enumerate(reading.story.claims, start=1)}
    print()
    for sentence in reading.story.sentences:
        print(sentence.text, "".join(f"[{numbers[c]}]" for c in sentence.claim_ids))
    print()
    for claim in reading.story.claims:
        ref = claim.query_ref
        cited = f"{ref.count} events: {ref.query} #{ref.hash}" if ref else ", ".join(claim.evidence) or "estimator"
        print(f"[{numbers[claim.claim_id]}] ({claim.kind}) {reading.spoken[claim.claim_id]}  <- {cited}")
    print()
    print_origin(reading.story.provenance)
    if reading.ltv.status != "ok":
        print(f"no estimates: not enough data ({', '.join(reading.ltv.missing)})")
    elif reading.ltv.calibration:
        measured = reading.ltv.calibration
        print(f"interval measured: {measured.above_q90:.1%} above q90 on {measured.set} (n={measured.n})")
    if churn := reading.churn.calibration:
        shares = f"{churn.predicted:.0%} predicted, {churn.observed:.0%} observed"
        print(f"no purchase measured: {shares} on {churn.set} (n={churn.n})")


def print_origin(origin: Origin, dropped: Sequence[str] = ()) -> None:
    """Who told it, why not a higher rung, and what of a model's answer was left out."""
    print(f"told by: {origin.rung}" + (f" ({origin.model})" if origin.model else ""))
    if origin.fallback_reason:
        print(f"  because: {origin.fallback_reason}")
    for reason in dropped:
        print(f"  left out: {reason}")


def print_narrative(found: Narrative) -> None:
    """Paragraphs, then what each mark stands for."""
    print("\n\n".join(found.paragraphs), end="\n\n")
    for marker in found.evidence:
        ref = marker.query
        print(f"[{marker.marker}]", f"{ref.count} events: {ref.query}" if ref else ", ".join(marker.events))


def print_strategy(found: Strategy, shop: Workspace) -> None:
    """The proposal, or why there is none."""
    print(f"{found.status}: {found.status_reason or ''}".rstrip(": "))
    rows = {
        "channel": found.channel or "none",
        "timing": f"{found.timing.at.astimezone(shop.zone):%Y-%m-%d %H:%M} {found.timing.reason}"
        if found.timing
        else "",
        "offer": f"{found.offer.type} {money(found.offer.amount_minor, shop.currency)}" if found.offer else "none",
        "holdout": f"{found.holdout_share:.0%}",
        "metric": f"{found.metric.name}, baseline {found.metric.baseline:.3g}, {found.metric.sample_size:,} per arm"
        if found.metric
        else "",
        "campaigns": ", ".join(found.campaigns) or "none",
        "risk": found.risk,
        "confidence": found.confidence,
        "why (customer)": found.why_for_customer,
        "label": found.ai_label,
        "decision": found.decision_id,
    }
    for name, value in rows.items():
        if value:
            print(f"  {name}: {value}")
    for reason in found.rationale_told:
        print(f"  because: {reason.text} [{', '.join((*reason.claim_ids, *reason.campaign_ids)) or 'policy'}]")
    for theme in found.themes:
        print(f"  theme: {theme.title}\n    {theme.draft}")
    for rule in found.rules_fired:
        print(f"  rule {rule.rule}: {rule.effect}")


def print_customers(found: CustomerList) -> None:
    """A table of customers, best first."""
    table = Table("customer", "id", "orders", "spent", "last order", "class", "LTV 90 d", "80% interval", "churn risk")
    for row in found.rows:
        interval = f"{money(row.ltv.q10, row.currency)} to {money(row.ltv.q90, row.currency)}"
        table.add_row(
            row.name, row.customer_id, str(row.orders), money(row.total_minor, row.currency),
            "" if row.days_since_last is None else f"{row.days_since_last} d ago",
            row.rfm_class or "", money(row.ltv.value, row.currency), interval if row.ltv.value is not None else "",
            "" if row.churn.churn_risk is None else f"{row.churn.churn_risk:.0%}",
        )  # fmt: skip
    Console(width=None if sys.stdout.isatty() else 160, markup=False, emoji=False).print(table)
    print(f"{len(found.rows)} of {found.total} customers as of {found.as_of.isoformat()}")
    if found.rows and (missing := found.rows[0].ltv.missing):
        print(f"no estimates: not enough data ({', '.join(missing)})")
