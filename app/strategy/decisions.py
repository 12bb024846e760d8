"""Decisions as events: what was chosen, from what and why goes into the log, so that outcomes can join it."""

from datetime import datetime

from app.events.intake import new_event_id
from app.events.schemas import EventKind, IncomingEvent
from app.strategy.schemas import Decision, Strategy


def new_decision_id(workspace_id: str, customer_id: str, *, now: datetime) -> str:
    """One id per customer and microsecond; the same request at the same moment gets the same one."""
    return "d_" + new_event_id(now, workspace_id, customer_id, now.isoformat())


def decision_event(decision: Decision, strategy: Strategy, identifier: str, *, now: datetime) -> IncomingEvent:
    """The decision, with the strategy that people may approve, as an event of who is known by `identifier`."""
    kind, _, value = identifier.partition(":")
    return IncomingEvent(
        message_id=decision.decision_id,
        kind=EventKind.DECISION,
        occurred_at=now,
        identifiers={kind: value},
        decision_id=decision.decision_id,
        properties=decision.model_dump(mode="json") | {"strategy": strategy.model_dump(mode="json")},
    )
