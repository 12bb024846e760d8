"""Sources with what they sent, and the cleaning report of one of them."""

from collections.abc import Sequence
from urllib.parse import urlencode

from nicegui import ui

from app.console.frame import Page, card, text
from app.console.table import Column, Link, plain_table
from app.events.findings import CleaningReport, Finding, SourceSummary

PATH = "/data"
_GROUPS = ("impossible", "outlier", "duplicate", "missing", "unreadable", "identity", "time", "kind")


def source_url(page: Page, source: str) -> str:
    """The address of this page about one source."""
    return f"{page.url(PATH)}&{urlencode({'source': source})}"


def sources_card(page: Page, found: Sequence[SourceSummary], chosen: str) -> None:
    """One line per source."""
    say, show = page.say, page.show
    names = ("records", "accepted", "duplicates", "conflicts", "quarantined")
    columns = [
        Column(say("data.source")),
        *(Column(say(f"data.{name}"), "number") for name in names),
        Column(say("data.newest")),
        Column(say("data.arrival")),
        Column(say("data.times")),
    ]
    with card(say("data.sources"), say("data.sources_note"), "sources"):
        plain_table(
            columns,
            [
                (
                    Link(s.source, source_url(page, s.source), here=s.source == chosen),
                    *(show.number(getattr(s, name)) for name in names),
                    show.time(s.newest_event) if s.newest_event else "–",
                    show.time(s.last_arrival) if s.last_arrival else "–",
                    _times(page, s),
                )
                for s in found
            ],
        )


def cleaning_card(page: Page, report: CleaningReport) -> None:
    """What was wrong with one source, the gravest first, and what was done about each."""
    say, show = page.say, page.show
    with card(say("data.report", source=report.source), say("data.report_note"), "cleaning"):
        with ui.element("div").classes("who-facts"):
            text(say("data.looked_at", events=show.number(report.events)), "muted")
            if late := report.lateness:
                spans = {"p50": late.p50, "p95": late.p95, "longest": late.longest}
                words = {name: span(page, seconds) for name, seconds in spans.items()}
                text(say("data.arrived", **words), "muted")
        if not report.faults:
            text(say("data.no_faults", count=len(report.findings)), "strong")
            return
        _faults(page, report)
        _unknown_kinds(page, report)
        faulty = {f.check for f in report.faults}
        clean = sorted({say(f"data.checks.{f.check}") for f in report.findings if f.check not in faulty})
        if clean:
            joined = ("、" if page.lang == "zh" else ", ").join(clean)
            text(say("data.clean", count=len(clean), checks=joined), "muted small clean-checks")


def _faults(page: Page, report: CleaningReport) -> None:
    say, show = page.say, page.show
    headings = (("found", ""), ("about", ""), ("count", "number"), ("share", "number"), ("treatment", ""))
    rows, group = [], ""
    for f in sorted(report.faults, key=lambda f: (_GROUPS.index(f.group), -f.count, f.check)):
        rows.append(
            (
                "" if f.group == group else say(f"data.groups.{f.group}"),
                say(f"data.checks.{f.check}"),
                _about(page, f),
                show.number(f.count),
                show.percent(f.count / f.of if f.of else None, 1),
                say(f"data.done.{f.done}"),
            )
        )
        group = f.group
    plain_table([Column(""), *(Column(say(f"data.{name}"), classes) for name, classes in headings)], rows, "faults")


def _about(page: Page, finding: Finding) -> str:
    words = page.say.of("identifier" if finding.check == "blocked" else "kinds", finding.about or "")
    if finding.low is None or finding.high is None:
        return words
    low, high = (_bound(page, finding, value) for value in (finding.low, finding.high))
    return " · ".join(part for part in (words, page.say("data.usual", low=low, high=high)) if part)


def _bound(page: Page, finding: Finding, value: float) -> str:
    if finding.check == "amount_outlier":
        return page.show.exact(round(value), page.workspace.currency)
    return page.show.number(round(value, 1))


def _unknown_kinds(page: Page, report: CleaningReport) -> None:
    if report.unknown_kinds:
        text(page.say("data.unknown_kinds"), "sub")
        words = (f"{kind} {page.show.number(count)}" for kind, count in report.unknown_kinds.items())
        text(" · ".join(words), "unknown-kinds")


def _times(page: Page, summary: SourceSummary) -> str:
    settings = summary.settings
    written = settings.time_format or (settings.mapping.occurred_at.format if settings.mapping else "")
    zone = settings.timezone or (settings.mapping.timezone if settings.mapping else page.workspace.timezone)
    return f"{zone} · {written or page.say('data.auto')}"


def span(page: Page, seconds: float) -> str:
    """A length of time in the unit that suits it."""
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if abs(seconds) >= size:
            return page.say(f"data.units.{unit}", n=page.show.number(round(seconds / size, 1)))
    return page.say("data.units.s", n=page.show.number(round(seconds, 1)))
