"""A day's queue as people read it: names, amounts, reasons. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from app.access.schemas import Workspace
from app.predict.reckoning import HORIZON_DAYS
from app.schema import Lang
from app.strategy.acting.day import Day
from app.strategy.acting.queueing import Candidate, Filled, Held, Reached
from app.strategy.acting.rule import Team
from app.strategy.acting.schemas import Hold, QueueItem, TeamDay, WaitingItem
from app.strategy.acting.words import Speaker


def speaker_of(workspace: Workspace, lang: Lang) -> Speaker:
    """Words for one workspace."""
    return Speaker(lang=lang, currency=workspace.currency, zone=workspace.zone, horizon_days=HORIZON_DAYS)


@dataclass(frozen=True)
class Telling:
    """Says who is on the queue and who waits."""

    day: Day
    speaker: Speaker
    names: Mapping[str, str]

    def item(self, found: Candidate, team: Team, reached: Reached) -> QueueItem:
        """Somebody to reach."""
        rhythm = self.day.rhythms[found.customer_id]
        return QueueItem(
            customer_id=found.customer_id,
            name=self.names.get(found.customer_id, found.customer_id),
            level=found.level,
            team=team.team,
            churn_risk=found.churn_risk,
            threshold=found.threshold,
            value_minor=found.value_minor,
            gain_minor=round(found.gain_minor),
            days_since_order=rhythm.since_order,
            usual_gap_days=rhythm.usual_gap,
            channels=reached.channels,
            reason=self.speaker.why(found),
        )

    def waiting(self, found: Candidate, team: Team, held: Held) -> WaitingItem:
        """Somebody who waits."""
        rhythm, name = self.day.rhythms[found.customer_id], team.name(self.speaker.lang)
        return WaitingItem(
            **dict(self.item(found, team, Reached(()))),
            hold=held.hold,
            until=held.until,
            hold_reason=self.speaker.held(held, rhythm, name),
        )


def team_day(team: Team, done: int, filled: Filled, lang: Lang) -> TeamDay:
    """How full a team's day is."""
    return TeamDay(
        team=team.team,
        name=team.name(lang),
        level=team.level,
        per_day=team.per_day,
        done=done,
        queued=sum(taken == team for _, taken, _ in filled.taken),
        waiting=sum(c.level is team.level and h.hold is Hold.CAPACITY for c, h in filled.held),
    )
