"""Visits, found again in the rows: a visit ends with its session, or after half an hour of silence where there is none.

What is done to a customer belongs to no visit; nor does what is written or allowed later, unless it carries the
session of the visit that goes on.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from app.events.schemas import PASSIVE_KINDS
from evals.scorers.ledger import Row

SILENCE = timedelta(minutes=30)
_BESIDE = frozenset({"review", "support_message", "campaign_opened", "consent"})


class Placed(NamedTuple):
    """One row and its visit."""

    row: Row
    active: bool
    """The customer did it."""
    visit: int
    """Number of the visit it belongs to, from 1; 0 for none."""
    begins: bool
    """The visit begins with it."""
    invited: bool
    """A campaign brought the visit that goes on about."""


def placed(rows: Iterable[Row]) -> list[Placed]:
    """Every row with its visit."""
    found: list[Placed] = []
    number, session, invited = 0, None, False
    last: datetime | None = None
    for row in rows:
        active = row.kind not in PASSIVE_KINDS
        moves = active and not (row.kind in _BESIDE and row.session_id is None)
        begins = moves and not _goes_on(row, session, last)
        if moves:
            last = row.at
            number, invited = number + begins, invited and not begins
            session = row.session_id if begins else row.session_id or session
            invited = invited or row.properties.get("entry") == "campaign"
        inside = active and (row.kind not in _BESIDE or (row.session_id is not None and row.session_id == session))
        found.append(Placed(row, active, number if inside else 0, begins, invited))
    return found


def _goes_on(row: Row, session: str | None, last: datetime | None) -> bool:
    if last is None:
        return False
    return row.session_id == session if row.session_id and session else row.at - last <= SILENCE
