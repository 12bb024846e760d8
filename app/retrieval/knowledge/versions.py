"""One workspace's versions of cases within a transaction: what stands, what is new, what a decision changes."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from app.errors import Conflict, NotFound
from app.retrieval.knowledge import records
from app.retrieval.knowledge.records import Numbered, Stamp
from app.retrieval.knowledge.schemas import CaseState, CaseVersion, Ruling, WantedRuling
from app.retrieval.knowledge.standing import told
from app.retrieval.schemas import Case


class Taken(NamedTuple):
    """What became of incoming cases: which version each now is, and how many were new."""

    standing: list[Numbered]
    counts: Counter[str]


class Versions:
    """Compares incoming cases with what is there, keeps what is different, and decides."""

    def __init__(self, connection: Connection, workspace_id: str) -> None:
        """Within the transaction of `connection`."""
        self._connection, self._workspace_id = connection, workspace_id

    def told(self, names: Sequence[str] | None = None) -> dict[str, list[CaseVersion]]:
        """All versions of these campaigns, or of all, oldest first."""
        rows = records.versions(self._connection, self._workspace_id, names)
        return told(rows, records.rulings(self._connection, self._workspace_id, names))

    def states(self, asked: Sequence[Numbered]) -> dict[Numbered, CaseState]:
        """Where each of these versions stands."""
        found = self.told([one.campaign_id for one in asked])
        known = {Numbered(v.campaign_id, v.version): v.state for versions in found.values() for v in versions}
        return {one: known[one] for one in asked}

    def take(self, incoming: Sequence[Case], stamp: Stamp) -> Taken:
        """Keep new versions; one that says what a standing version says is that one, whenever its sums were made."""
        cases = [records.owned(case, "", None) for case in incoming]
        known = self.told([case.campaign.campaign_id for case in cases])
        alike = self._alike(known)
        fresh: list[tuple[int, Case]] = []
        standing: list[Numbered] = []
        counts: Counter[str] = Counter()
        for case in cases:
            name = case.campaign.campaign_id
            same = next((version for version, other in alike.get(name, ()) if _said(other) == _said(case)), None)
            version = same or len(known.get(name, ())) + 1
            standing.append(Numbered(name, version))
            counts["unchanged" if same else "replaced" if name in known else "imported"] += 1
            fresh += [] if same else [(version, case)]
        records.add_versions(self._connection, self._workspace_id, fresh, stamp)
        return Taken(standing, counts)

    def rule(self, asked: Sequence[Numbered], ruling: Ruling, stamp: Stamp, note: str = "") -> int:
        """Decide on these versions; returns how many had not been decided so already."""
        states = self.states(asked)
        fresh = [one for one in asked if states[one] != ruling]
        records.add_rulings(self._connection, self._workspace_id, fresh, ruling, stamp, note)
        return len(fresh)

    def looked_at(self, wanted: Sequence[WantedRuling]) -> list[Numbered]:
        """The newest versions of these campaigns, each once; Conflict when an older one was looked at."""
        known = self.told([one.campaign_id for one in wanted])
        found: dict[Numbered, None] = {}
        for one in wanted:
            if one.campaign_id not in known:
                raise unknown(one.campaign_id)
            newest = known[one.campaign_id][-1].version
            if one.version not in (None, newest):
                raise Conflict(
                    f"campaign {one.campaign_id!r} is at version {newest}, and version {one.version} was looked at: "
                    "look at the newest, then decide"
                )
            found[Numbered(one.campaign_id, newest)] = None
        return list(found)

    def _alike(self, known: dict[str, list[CaseVersion]]) -> dict[str, list[tuple[int, Case]]]:
        """The versions that an incoming case may be: the newest, and where that was rejected the approved one."""
        newest = {name: versions[-1] for name, versions in known.items()}
        live = {
            name: version.version
            for name, versions in known.items()
            for version in versions
            if version.state is CaseState.APPROVED and newest[name].state is CaseState.REJECTED
        }
        found: dict[str, list[tuple[int, Case]]] = {}
        for wanted in ({name: version.version for name, version in newest.items()}, live):
            for name, case in records.contents(self._connection, self._workspace_id, wanted).items():
                found.setdefault(name, []).append((wanted[name], case))
        return found


def _said(case: Case) -> Case:
    """The case without the moments at which its sums were added up: the same sums say the same."""
    added_up = case.campaign.ends_at
    same = tuple(outcome.model_copy(update={"computed_at": added_up}) for outcome in case.outcomes)
    return case.model_copy(update={"outcomes": same})


def unknown(campaign_id: str) -> NotFound:
    """What to say of a campaign that is not there."""
    return NotFound(f"no campaign {campaign_id!r} in this workspace; `understory kb list` shows those there are")
