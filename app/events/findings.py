"""What a cleaning report says: what came in, what was wrong with it, and what was done about each."""

from datetime import date, datetime
from enum import StrEnum
from typing import Literal

from app.events.source_settings import SourceSettings
from app.schema import Frozen

Group = Literal["duplicate", "missing", "outlier", "impossible", "unreadable", "time", "identity", "kind"]


class Done(StrEnum):
    """What was done about records with one fault."""

    KEPT = "kept"
    """Taken as it came: it takes nothing from what the record says."""
    FLAGGED = "flagged"
    """Taken as it came, and shown here: somebody should look at the source."""
    QUARANTINED = "quarantined"
    """Not used: it waits in quarantine for a fix and a replay."""
    LEFT_OUT = "left_out"
    """The value was left out, the rest of the record was taken."""
    FIRST_KEPT = "first_kept"
    """The first record stands, the later one changed nothing."""
    ASSUMED = "assumed"
    """The workspace's own value was put in."""
    CORRECTED = "corrected"
    """The value was corrected; what was added is kept with the event."""
    REFOLDED = "refolded"
    """Taken, and whatever had been computed without it is computed anew in the order of events."""


class Finding(Frozen):
    """One check of one source."""

    group: Group
    check: str
    """Stable code of the check."""
    about: str | None = None
    """The event kind or identifier type that it is about, when there are several."""
    count: int
    of: int
    """How many records were looked at."""
    done: Done
    low: float | None = None
    """Of outliers: values below are beyond the robust bounds (amounts in minor units)."""
    high: float | None = None


class Lateness(Frozen):
    """How long after they happened events arrived, in seconds."""

    p50: float
    p95: float
    longest: float


class SourceSummary(Frozen):
    """One source in a line. Records are those that arrived: accepted, duplicate, conflicting or quarantined."""

    source: str
    records: int
    accepted: int
    duplicates: int
    conflicts: int
    quarantined: int
    waiting: int
    """Records in quarantine about which nothing is decided."""
    events: int
    """Events in the log, replayed ones included."""
    newest_event: datetime | None
    last_arrival: datetime | None
    settings: SourceSettings


class CleaningReport(Frozen):
    """One source's records over some days of arrival. `records` is the sum of the four counts below it."""

    source: str
    since: date | None
    """First local day of arrival that counts; None: from the beginning."""
    until: date | None
    records: int
    accepted: int
    duplicates: int
    conflicts: int
    quarantined: int
    waiting: int
    replayed: int
    discarded: int
    events: int
    """Events in the log that the checks below looked at."""
    kinds: dict[str, int]
    """Event kinds with their counts, commonest first."""
    unknown_kinds: dict[str, int]
    """Those that the product does not interpret; they are kept and shown as they came."""
    lateness: Lateness | None
    findings: tuple[Finding, ...]
    """Every check that applied, the clean ones with count 0."""

    @property
    def faults(self) -> tuple[Finding, ...]:
        """The checks that found something."""
        return tuple(finding for finding in self.findings if finding.count)
