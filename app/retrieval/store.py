"""The knowledge base in the database: every workspace's past campaigns in versions, apart from every other's."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection

from app.database.engine import Database
from app.errors import InvalidInput, NotFound
from app.retrieval.knowledge import records
from app.retrieval.knowledge.faults import faults_of
from app.retrieval.knowledge.records import Stamp
from app.retrieval.knowledge.schemas import CaseEntry, CaseState, CaseVersion, Ruling, WantedRuling
from app.retrieval.knowledge.standing import Approved, approved
from app.retrieval.knowledge.versions import Versions, unknown
from app.retrieval.schemas import Case, KnowledgeBaseReport

DEMO_WORKSPACE = "demo"
"""The only workspace that may hold simulated cases."""
MAX_NAME = 80
"""Characters of the name of somebody who decides."""


class _Seen(NamedTuple):
    """The approved cases as they were after so many rulings."""

    turn: int
    cases: tuple[Case, ...]
    read: Mapping[tuple[str, Approved], Case]
    """The same by campaign and approved version: a version never changes, so it is read once."""


class KnowledgeBase:
    """Bring past campaigns in, decide on them, and read those that a person has approved."""

    def __init__(self, database: Database) -> None:
        """Read and write through `database`."""
        self._database = database
        self._seen: dict[str, _Seen] = {}

    # --- in ------------------------------------------------------------------------------------------------

    def import_cases(
        self, workspace_id: str, incoming: Sequence[Case], *, approved_by: str | None, now: datetime, by: str = ""
    ) -> KnowledgeBaseReport:
        """Add cases, or new versions of them, in one transaction; importing the same again changes nothing.

        With `approved_by` None they wait until a person approves them; what was approved before is retrieved until
        then. `by` says who brought them in. The workspace comes from the caller, whatever the cases say.
        InvalidInput for what was simulated outside the demo workspace: fiction must not be cited.
        """
        _refuse(workspace_id, incoming)
        stamp = Stamp(_name(by or approved_by or "unknown"), now)
        with self._database.write() as connection:
            versions = Versions(connection, workspace_id)
            taken = versions.take(incoming, stamp)
            if approved_by is not None:
                versions.rule(taken.standing, "approved", Stamp(_name(approved_by), now))
            states = versions.states(taken.standing)
        return KnowledgeBaseReport(
            imported=taken.counts["imported"],
            replaced=taken.counts["replaced"],
            unchanged=taken.counts["unchanged"],
            waiting=sum(state is CaseState.PENDING for state in states.values()),
            outcomes=sum(len(case.outcomes) for case in incoming),
            at=now,
        )

    def rule(
        self,
        workspace_id: str,
        wanted: Sequence[WantedRuling],
        ruling: Ruling,
        *,
        by: str,
        now: datetime,
        note: str = "",
    ) -> int:
        """Approve or reject the newest version of each of these cases, all or none; returns how many decisions are new.

        Rejecting an approved version takes it out of retrieval. NotFound for a case that there is not, Conflict when
        a newer version has come in since the one that was looked at.
        """
        stamp = Stamp(_name(by), now)
        with self._database.write() as connection:
            versions = Versions(connection, workspace_id)
            return versions.rule(versions.looked_at(wanted), ruling, stamp, note)

    # --- out -----------------------------------------------------------------------------------------------

    def cases(self, workspace_id: str) -> tuple[Case, ...]:
        """The approved cases of a workspace, sorted by campaign_id; the same tuple until a decision changes it."""
        with self._database.read() as connection:
            turn = records.last_turn(connection, workspace_id)
            seen = self._seen.get(workspace_id)
            if seen is None or seen.turn != turn:
                live = approved(records.rulings(connection, workspace_id))
                read = _approved(connection, workspace_id, live, seen.read if seen else {})
                seen = self._seen[workspace_id] = _Seen(turn, tuple(read.values()), read)
        return seen.cases

    def cases_at(self, workspace_id: str, moment: datetime) -> tuple[Case, ...]:
        """What was retrievable at an earlier moment: what a decision of that time stood on."""
        with self._database.read() as connection:
            live = approved(records.rulings(connection, workspace_id, until=moment))
            return tuple(_approved(connection, workspace_id, live, {}).values())

    def entry_at(self, workspace_id: str, campaign_id: str, moment: datetime) -> CaseEntry:
        """One case as it was cited at an earlier moment; NotFound when it was not retrievable then."""
        with self._database.read() as connection:
            live = approved(records.rulings(connection, workspace_id, [campaign_id], until=moment))
        if campaign_id not in live:
            raise NotFound(f"campaign {campaign_id!r} was not approved at {moment.isoformat()}: nothing cited it then")
        return self.entry_of(workspace_id, campaign_id, live[campaign_id].version)

    def entries(self, workspace_id: str) -> tuple[CaseEntry, ...]:
        """All cases in their newest versions, by campaign_id, whatever was decided on them."""
        with self._database.read() as connection:
            return _entries(connection, workspace_id, None)

    def entry(self, workspace_id: str, campaign_id: str) -> CaseEntry:
        """One case in its newest version; NotFound when there is none."""
        with self._database.read() as connection:
            found = _entries(connection, workspace_id, [campaign_id])
        if not found:
            raise unknown(campaign_id)
        return found[0]

    def history(self, workspace_id: str, campaign_id: str) -> tuple[CaseVersion, ...]:
        """All versions of a case, oldest first; NotFound when there is none."""
        with self._database.read() as connection:
            found = Versions(connection, workspace_id).told([campaign_id])
        if campaign_id not in found:
            raise unknown(campaign_id)
        return tuple(found[campaign_id])

    def last_ruling(self, workspace_id: str, campaign_id: str) -> Ruling | None:
        """What was decided last on any version of a case; None where nothing was."""
        with self._database.read() as connection:
            found = records.rulings(connection, workspace_id, [campaign_id])
        return found[-1].ruling.ruling if found else None

    def entry_of(self, workspace_id: str, campaign_id: str, version: int) -> CaseEntry:
        """One case as a version of it said, now or long ago; NotFound when there is no such version."""
        with self._database.read() as connection:
            known = Versions(connection, workspace_id).told([campaign_id]).get(campaign_id, [])
            found = records.contents(connection, workspace_id, {campaign_id: version})
        if campaign_id not in found:
            raise NotFound(f"campaign {campaign_id!r} has no version {version}; `understory kb history` lists them")
        return _entry(workspace_id, found[campaign_id], known, version)


def _approved(
    connection: Connection, workspace_id: str, live: Mapping[str, Approved], read: Mapping[tuple[str, Approved], Case]
) -> dict[tuple[str, Approved], Case]:
    """The cases of these versions by campaign_id, as far as they are not `read` already."""
    fresh = {name: one.version for name, one in live.items() if (name, one) not in read}
    found = records.contents(connection, workspace_id, fresh)
    new = {(name, live[name]): records.owned(case, workspace_id, live[name].by) for name, case in found.items()}
    known = {**read, **new}
    return {(name, live[name]): known[name, live[name]] for name in sorted(live)}


def _entries(connection: Connection, workspace_id: str, names: Sequence[str] | None) -> tuple[CaseEntry, ...]:
    known = Versions(connection, workspace_id).told(names)
    found = records.contents(connection, workspace_id, {name: versions[-1].version for name, versions in known.items()})
    return tuple(_entry(workspace_id, found[name], known[name]) for name in sorted(found))


def _entry(workspace_id: str, case: Case, versions: Sequence[CaseVersion], wanted: int | None = None) -> CaseEntry:
    """One version of a case, the newest unless another is wanted."""
    shown = next((version for version in versions if version.version == wanted), versions[-1])
    live = next((version for version in versions if version.state is CaseState.APPROVED), None)
    approver = live.rulings[-1].by if live is shown and live else None
    owned = records.owned(case, workspace_id, approver)
    return CaseEntry(case=owned, version=shown, approved_version=live.version if live else None)


def _refuse(workspace_id: str, incoming: Sequence[Case]) -> None:
    ids = [case.campaign.campaign_id for case in incoming]
    if len(set(ids)) < len(ids):
        raise InvalidInput("two cases have the same campaign_id: keep one of them")
    for case in incoming:
        campaign = case.campaign
        if fiction := _fiction(campaign.evidence_kind, campaign.workspace_id) if workspace_id != DEMO_WORKSPACE else "":
            raise InvalidInput(
                f"campaign {campaign.campaign_id!r} {fiction} and may only enter workspace "
                f"{DEMO_WORKSPACE!r}, not {workspace_id!r}: import campaigns that really ran"
            )
        if faults := faults_of(case):
            first = faults[0]
            raise InvalidInput(f"campaign {campaign.campaign_id!r}, field {first.field}: {first.remedy}")


def _fiction(evidence_kind: str, home: str) -> str:
    """Why a case is not about real customers; empty when it may be."""
    if evidence_kind == "simulated":
        return "is simulated"
    return "was exported from the demo shop" if home == DEMO_WORKSPACE else ""


def _name(who: str) -> str:
    name = who.strip()
    if not 0 < len(name) <= MAX_NAME or not name.isprintable():
        raise InvalidInput(f"say who decides: a name of 1 to {MAX_NAME} printable characters")
    return name
