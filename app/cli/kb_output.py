"""How past campaigns look in a terminal."""

from collections.abc import Sequence
from datetime import UTC, datetime

from rich.console import Console
from rich.table import Column, Table

from app.access.schemas import Workspace
from app.cli.output import money
from app.retrieval.knowledge.derived import detail_of, measured
from app.retrieval.knowledge.schemas import CaseDetail, CaseEntry, CaseVersion, MeasuredOutcome
from app.retrieval.schemas import KnowledgeBaseReport, Lift, Outcome
from app.schema import Lang


def print_imported(report: KnowledgeBaseReport, workspace: str) -> None:
    """What an import did, and what to do next."""
    print(f"{report.imported} new, {report.replaced} changed, {report.unchanged} unchanged; {report.outcomes} outcomes")
    if report.waiting:
        print(
            f"{report.waiting} wait for a person's approval: understory kb list --pending -w {workspace}, "
            "then understory kb approve ID... --by NAME"
        )


def print_entries(entries: Sequence[CaseEntry], shop: Workspace, lang: Lang) -> None:
    """One line a campaign; the lift is that of each arm over everybody."""
    table = Table(
        Column("id", no_wrap=True),
        "title",
        "objective",
        "evidence",
        "ended",
        "lift per customer",
        "90% interval",
        "n",
        "state",
    )
    for entry in entries:
        campaign, found = entry.case.campaign, detail_of(entry, as_of=datetime.now(UTC))
        table.add_row(
            campaign.campaign_id, campaign.title_in(lang), campaign.objective, campaign.evidence_kind,
            f"{campaign.ends_at.astimezone(shop.zone):%Y-%m-%d}",
            "\n".join(_mean(one.lift, shop) for one in found.overall),
            "\n".join(_interval(one.lift, shop) for one in found.overall),
            "\n".join(f"{one.outcome.treated_n:,} : {one.outcome.control_n:,}" for one in found.overall),
            _state(entry),
        )  # fmt: skip
    Console(width=190, markup=False, emoji=False).print(table)
    print(f"{len(entries)} campaigns")


def print_entry(found: CaseDetail, shop: Workspace, lang: Lang) -> None:
    """One campaign with its arms and what they did to each segment."""
    campaign = found.case.campaign
    print(f"{campaign.campaign_id}  {campaign.title_in(lang)}  (version {found.version.version}, {_state(found)})")
    rows = {
        "objective": campaign.objective,
        "evidence": campaign.evidence_kind,
        "audience": ", ".join((*campaign.audience.rfm_classes, *campaign.audience.topics)) or "everybody",
        "ran": f"{campaign.starts_at.isoformat()} to {campaign.ends_at.isoformat()}, {found.age_days} days ago",
        "window": f"{campaign.window_days} days, holdout {campaign.holdout_share:.0%}, {campaign.metric}",
    }
    for name, value in rows.items():
        print(f"  {name}: {value}")
    for arm in campaign.arms:
        offer = f"{arm.offer.type} {money(arm.offer.amount_minor, shop.currency)}" if arm.offer else "no offer"
        print(
            f"  arm {arm.arm_id}: {arm.channel}, {offer}, {arm.timing or 'any time'}; {' / '.join(arm.themes_in(lang))}"
        )
    if found.case.outcomes:
        print_outcomes(found.case.outcomes, shop)
    else:
        print("  no outcomes yet; `understory kb outcomes FILE --campaign ID` takes them from a sending tool's report")


def print_outcomes(outcomes: Sequence[Outcome], shop: Workspace) -> None:
    """One line for each arm and segment, with its lift."""
    table = Table("arm", "segment", "treated", "bought", "held out", "bought", "lift per customer", "90% interval")
    for outcome in outcomes:
        table.add_row(*_outcome_cells(measured(outcome), shop))
    Console(width=160, markup=False, emoji=False).print(table)


def print_history(versions: Sequence[CaseVersion]) -> None:
    """One line a version, with its decisions below."""
    for found in versions:
        when = found.imported_at.isoformat(timespec="seconds")
        print(f"version {found.version}  {found.state}  {when} by {found.imported_by}  sha256 {found.content_hash}")
        for said in found.rulings:
            note = f": {said.note}" if said.note else ""
            print(f"  {said.ruling} {said.at.isoformat(timespec='seconds')} by {said.by}{note}")


def _outcome_cells(one: MeasuredOutcome, shop: Workspace) -> tuple[str, ...]:
    outcome = one.outcome
    rates = [f"{rate:.1%}" if rate is not None else "" for rate in (one.treated_rate, one.control_rate)]
    return (
        outcome.arm_id, outcome.segment, f"{outcome.treated_n:,}", rates[0], f"{outcome.control_n:,}", rates[1],
        _mean(one.lift, shop), _interval(one.lift, shop),
    )  # fmt: skip


def _mean(lift: Lift | None, shop: Workspace) -> str:
    return money(round(lift.mean), shop.currency) if lift else "not measured"


def _interval(lift: Lift | None, shop: Workspace) -> str:
    return f"{money(round(lift.low), shop.currency)} to {money(round(lift.high), shop.currency)}" if lift else ""


def _state(entry: CaseEntry) -> str:
    older = entry.approved_version not in (None, entry.version.version)
    return f"{entry.version.state}; version {entry.approved_version} is retrieved" if older else entry.version.state
