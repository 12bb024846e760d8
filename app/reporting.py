"""What a sending tool reports becomes outcomes of a campaign in the knowledge base, for each arm and RFM class."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Literal, NamedTuple

from app.access.schemas import Workspace
from app.errors import InvalidInput
from app.identity.store import IdentityStore
from app.predict.inputs.gathering import Gatherer
from app.profile.sums.rfm import classify
from app.retrieval.knowledge.report import Report, read_report
from app.retrieval.knowledge.report_rows import Reading
from app.retrieval.knowledge.tally import Reached, Tally, tally_contacts, tally_totals
from app.retrieval.schemas import Case, KnowledgeBaseReport, Outcome
from app.retrieval.store import KnowledgeBase
from app.schema import Frozen


class ReportWarning(Frozen):
    """What outcomes from a report cannot say, or what they rest on."""

    code: Literal["no_holdout", "no_revenue", "no_squares"]
    arms: tuple[str, ...]
    message: str
    """The same in English."""


class OutcomesTaken(Frozen):
    """What became of a sending tool's report."""

    campaign_id: str
    outcomes: tuple[Outcome, ...]
    reached: tuple[Reached, ...]
    columns: dict[str, str]
    """Field -> column of the file that was read for it."""
    rows: int
    passed_over: int
    """Rows about other campaigns."""
    recipients_known: int
    """Customers of ours whose RFM class at the campaign's start is known; only these have outcomes by class."""
    warnings: tuple[ReportWarning, ...]
    knowledge_base: KnowledgeBaseReport


class Told(NamedTuple):
    """What the caller says about a report."""

    columns: dict[str, str]
    """Column -> field, where the column's name says too little."""
    arms: dict[str, str]
    """What the report calls an arm -> its arm_id."""
    named: str = ""
    """What the report calls the campaign."""
    in_minor: bool = False
    """Amounts are in minor units."""
    suffix: str = ""
    """`.csv`, `.tsv`, `.jsonl` or `.parquet`, where the file's name does not tell."""


def pairs_of(given: Sequence[str] | None, shape: str) -> dict[str, str]:
    """`NAME=MEANING` texts as a mapping; InvalidInput says the `shape` that they must have."""
    found: dict[str, str] = {}
    for pair in given or ():
        name, _, meaning = (part.strip() for part in pair.rpartition("="))
        if not name or not meaning:
            raise InvalidInput(f"{pair[:80]!r} is not of the form {shape}")
        found[name] = meaning
    return found


class Reporting:
    """Takes reports in. Recipients are found by our ids or theirs; their class is that at the campaign's start."""

    def __init__(self, identity: IdentityStore, gatherer: Gatherer, knowledge_base: KnowledgeBase) -> None:
        """Recipients are known to `identity`, their orders to `gatherer`."""
        self._identity, self._gatherer, self._knowledge_base = identity, gatherer, knowledge_base

    def take(
        self,
        workspace: Workspace,
        path: Path,
        campaign_id: str,
        told: Told,
        *,
        approved_by: str | None,
        by: str,
        now: datetime,
    ) -> OutcomesTaken:
        """A new version of the campaign with what the report says of its arms: all of the report or nothing.

        Outcomes of arms that the report does not speak of stay. NotFound when there is no such campaign, InvalidInput
        when a line cannot be read.
        """
        case = self._knowledge_base.entry(workspace.workspace_id, campaign_id).case
        how = Reading(
            case.campaign, workspace.currency, workspace.zone, told.columns, told.arms, told.named, told.in_minor
        )
        report = read_report(path, how, told.suffix)
        tally = self._tally(workspace, path.name, report, case, now)
        if not tally.outcomes:
            raise InvalidInput(f"{path.name} says nothing of customers who were written to, so there is no outcome")
        imported = self._knowledge_base.import_cases(
            workspace.workspace_id, [_with(case, tally.outcomes)], approved_by=approved_by, by=by, now=now
        )
        return OutcomesTaken(
            campaign_id=campaign_id,
            outcomes=tally.outcomes,
            reached=tally.reached,
            columns=dict(report.columns),
            rows=len(report.contacts) or len({total.line for total in report.totals}),
            passed_over=report.passed_over,
            recipients_known=tally.segmented,
            warnings=tuple(_warnings(tally)),
            knowledge_base=imported,
        )

    def _tally(self, workspace: Workspace, name: str, report: Report, case: Case, now: datetime) -> Tally:
        if report.totals:
            return tally_totals(report.totals, case.campaign, now=now)
        customers = self._customers(workspace, {contact.recipient for contact in report.contacts})
        cohort = self._gatherer.at(workspace, case.campaign.starts_at).cohort
        limits = cohort.limits
        segments = {who: classify(buyer, limits).value for who, buyer in cohort.buyers.items()} if limits else {}
        return tally_contacts(name, report.contacts, case.campaign, customers=customers, segments=segments, now=now)

    def _customers(self, workspace: Workspace, recipients: Iterable[str]) -> dict[str, str]:
        """Recipient -> customer_id, for those who name exactly one customer of ours."""
        owners = self._identity.owners(workspace.workspace_id)
        everyone = owners.everyone()
        found: dict[str, str] = {}
        for recipient in recipients:
            known = {owners[key] for key in self._identity.exact(workspace.workspace_id, recipient) if key in owners}
            if len(known) == 1:
                found[recipient] = known.pop()
            elif recipient in everyone:
                found[recipient] = recipient
        return found


def _with(case: Case, fresh: tuple[Outcome, ...]) -> Case:
    spoken = {outcome.arm_id for outcome in fresh}
    kept = tuple(outcome for outcome in case.outcomes if outcome.arm_id not in spoken)
    return case.model_copy(update={"outcomes": (*kept, *fresh)})


def _warnings(tally: Tally) -> Iterable[ReportWarning]:
    overall = [outcome for outcome in tally.outcomes if outcome.segment == "all"]
    if bare := tuple(o.arm_id for o in overall if o.control_n < 2):
        said = f"no holdout for {', '.join(bare)}: without one the lift cannot be measured"
        yield ReportWarning(code="no_holdout", arms=bare, message=said)
    if counted := tuple(o.arm_id for o in overall if o.treated_conversions and not o.treated_sum):
        said = f"no revenue for {', '.join(counted)}: buyers are counted, but the lift in money cannot be measured"
        yield ReportWarning(code="no_revenue", arms=counted, message=said)
    if tally.spread_assumed:
        said = "no sums of squares: the interval assumes that what buyers spend varies as much as its mean"
        yield ReportWarning(code="no_squares", arms=tuple(o.arm_id for o in overall), message=said)
