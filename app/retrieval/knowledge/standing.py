"""Which version of each case is retrieved, worked out from the rulings in their order. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from app.retrieval.knowledge.schemas import CaseRuling, CaseState, CaseVersion


class RuledRow(NamedTuple):
    """One ruling, and on which version of which case it was made."""

    campaign_id: str
    version: int
    ruling: CaseRuling


class Approved(NamedTuple):
    """The version that retrieval sees, and who approved it."""

    version: int
    by: str


class VersionRow(NamedTuple):
    """A version as it is stored, without its content."""

    campaign_id: str
    version: int
    content_hash: str
    imported_at: datetime
    imported_by: str


def approved(rulings: Iterable[RuledRow]) -> dict[str, Approved]:
    """campaign_id -> the version approved last, unless that approval was taken back."""
    found: dict[str, Approved] = {}
    for campaign_id, version, said in rulings:
        if said.ruling == "approved":
            found[campaign_id] = Approved(version, said.by)
        elif campaign_id in found and found[campaign_id].version == version:
            del found[campaign_id]
    return found


def told(rows: Sequence[VersionRow], rulings: Sequence[RuledRow]) -> dict[str, list[CaseVersion]]:
    """campaign_id -> all versions, oldest first, each with where it stands."""
    current = approved(rulings)
    said: dict[tuple[str, int], list[CaseRuling]] = defaultdict(list)
    for campaign_id, version, ruling in rulings:
        said[campaign_id, version].append(ruling)
    newest: dict[str, int] = {}
    for row in rows:
        newest[row.campaign_id] = max(row.version, newest.get(row.campaign_id, 0))
    found: dict[str, list[CaseVersion]] = defaultdict(list)
    for row in sorted(rows):
        own, live = said[row.campaign_id, row.version], current.get(row.campaign_id)
        state = _state(
            own, live=live is not None and live.version == row.version, newest=newest[row.campaign_id] == row.version
        )
        found[row.campaign_id].append(CaseVersion(**row._asdict(), state=state, rulings=tuple(own)))
    return found


def _state(rulings: Sequence[CaseRuling], *, live: bool, newest: bool) -> CaseState:
    if live:
        return CaseState.APPROVED
    if rulings and rulings[-1].ruling == "rejected":
        return CaseState.REJECTED
    return CaseState.PENDING if newest and not rulings else CaseState.REPLACED
