"""How sources, cleaning reports and the quarantine look in a terminal."""

from collections.abc import Iterable, Sequence

from app.access.schemas import Workspace
from app.cli.output import money
from app.console.wording import Wording, wording
from app.events.findings import CleaningReport, Finding, SourceSummary
from app.events.quarantine import ReasonCount
from app.events.quarantine_view import QuarantinePage
from app.replay import Replayed
from app.schema import Lang


def print_sources(found: Sequence[SourceSummary], shop: Workspace) -> None:
    """One source a line."""
    for s in found:
        newest = f"{s.newest_event.astimezone(shop.zone):%Y-%m-%d %H:%M}" if s.newest_event else "nothing yet"
        print(
            f"{s.source}: {s.records:,} records, {s.accepted:,} accepted, {s.duplicates:,} duplicates, "
            f"{s.conflicts:,} conflicts, {s.quarantined:,} quarantined ({s.waiting:,} waiting); newest event {newest}; "
            f"zone {s.settings.timezone or shop.timezone}, time format {s.settings.time_format or 'auto'}"
        )
    if not found:
        print("no source has sent anything yet; `understory ingest` reads a file")


def print_cleaning(report: CleaningReport, shop: Workspace, lang: Lang) -> None:
    """The counts, then every check that found something, then how many were clean."""
    say = wording(lang)
    print(
        f"{report.source}: {report.records:,} records = {report.accepted:,} accepted "
        f"+ {report.duplicates:,} duplicates + {report.conflicts:,} conflicts + {report.quarantined:,} quarantined"
    )
    print(
        f"  quarantine: {report.waiting:,} waiting, {report.replayed:,} replayed, {report.discarded:,} discarded; "
        f"{report.events:,} events in the log"
    )
    if late := report.lateness:
        print(f"  arrived after {_span(late.p50)} (half), {_span(late.p95)} (95%), {_span(late.longest)} (longest)")
    for finding in report.faults:
        print(f"  {_line(finding, shop, say)}")
    for kind, count in report.unknown_kinds.items():
        print(f"    {kind}: {count:,}")
    print(f"  {len(report.findings) - len(report.faults)} other checks found nothing")


def print_records(page: QuarantinePage) -> None:
    """Record by record."""
    for record in page.records:
        print(
            f"{record.source} line {record.line}: {record.reason} [{record.code}, {record.state}, {record.record_id}]"
        )
        print(f"    {record.content[:200]}")
    print(f"{len(page.records)} of {page.total} records in quarantine")
    if page.next:
        print(f"next page: --after {page.next}")


def print_counts(counts: Iterable[ReasonCount]) -> None:
    """One source, reason and state a line."""
    found = list(counts)
    for line in found:
        print(f"{line.count:,} x {line.source} {line.code} {line.state}")
    if not found:
        print("the quarantine is empty")


def print_replayed(done: Replayed) -> None:
    """What became of a replay."""
    print(
        f"{done.records:,} records taken up: {done.accepted:,} accepted, {done.duplicates:,} in the log already, "
        f"{done.failed:,} still waiting"
    )
    for code, count in done.reasons.items():
        print(f"  {count:,} x {code}")


def _line(finding: Finding, shop: Workspace, say: Wording) -> str:
    about = f" ({finding.about})" if finding.about else ""
    bounds = f", {_usual(finding, shop)}" if finding.low is not None and finding.high else ""
    what = say(f"data.checks.{finding.check}")
    return f"{finding.count:,} of {finding.of:,}: {what}{about}{bounds} -> {say(f'data.done.{finding.done}')}"


def _usual(finding: Finding, shop: Workspace) -> str:
    low, high = round(finding.low or 0), round(finding.high or 0)
    if finding.check == "amount_outlier":
        return f"usual {money(low, shop.currency)} to {money(high, shop.currency)}"
    return f"usual {finding.low:,g} to {finding.high:,g}"


def _span(seconds: float) -> str:
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if abs(seconds) >= size:
            return f"{seconds / size:,.1f} {unit}"
    return f"{seconds:.1f} s"
