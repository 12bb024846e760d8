"""A campaign's life as events of ours: approved or rejected, drawn, handed out, stopped; and read back from them.

Approvals and stops are about nobody in particular and stand in nobody's history; draws and messages are about one
customer each. All that the tables hold follows from these events.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from app.events.schemas import CAMPAIGN, OUR_SOURCE, Event, EventKind, IncomingEvent
from app.retrieval.schemas import Arm, Channel
from app.strategy.running.schemas import HOLDOUT, Member, Run, Said
from app.strategy.schemas import Decision, Strategy


def approval_of(run: Run) -> IncomingEvent:
    """A campaign begins, with all that it is; by a strategy, or by a plan."""
    return _about_nobody(
        verdict_id(run.decision_id or run.campaign.campaign_id),
        EventKind.APPROVAL,
        run.campaign.campaign_id,
        run.approved,
        {"verdict": "approved", "run": run.model_dump(mode="json")},
        decision_id=run.decision_id,
    )


def rejection_of(decision_id: str, said: Said) -> IncomingEvent:
    """A strategy is turned down."""
    return _about_nobody(
        verdict_id(decision_id), EventKind.APPROVAL, None, said, {"verdict": "rejected"}, decision_id=decision_id
    )


def stop_of(campaign_id: str, said: Said) -> IncomingEvent:
    """A campaign is stopped, for good."""
    return _about_nobody(f"stopped-{campaign_id}", EventKind.CAMPAIGN_STOPPED, campaign_id, said, {})


def draw_of(
    campaign_id: str, member: Member, decision: Decision, strategy: Strategy | None, at: datetime
) -> IncomingEvent:
    """One customer's draw, as the decision that it is."""
    properties = decision.model_dump(mode="json") | {"member": member.model_dump(mode="json")}
    if strategy is not None:
        properties["strategy"] = strategy.model_dump(mode="json")
    return _about(member, member.decision_id, EventKind.DECISION, campaign_id, at, properties)


def sent_of(campaign_id: str, member: Member, arm: Arm, at: datetime) -> IncomingEvent:
    """A message is handed to the sending tool; it counts as a contact from then on."""
    properties: dict[str, object] = {"channel": str(arm.channel)}
    if arm.channel is not Channel.ONSITE:  # a card waits: it leaves nobody in need of a rest
        properties["contact"] = "light"
    return _about(member, f"sent-{member.decision_id}", EventKind.CAMPAIGN_SENT, campaign_id, at, properties)


def verdict_id(of: str) -> str:
    """The message id of what was said to a strategy or a plan: there is one, for ever."""
    return f"approval-{of}"


def said_in(event: Event) -> Said:
    """Who decided it, when and why."""
    return Said(by=str(event.properties["by"]), at=event.received_at, reason=str(event.properties["reason"]))


@dataclass
class Replayed:
    """All campaigns of a workspace as its log tells them."""

    runs: dict[str, Run] = field(default_factory=dict)
    members: dict[str, dict[str, Member]] = field(default_factory=dict)
    """campaign_id -> decision_id -> member."""

    def apply(self, event: Event) -> None:
        """Take in one event, in the order of the log; what is not about campaigns changes nothing."""
        if event.source != OUR_SOURCE:
            return
        if event.kind == EventKind.APPROVAL and event.campaign_id:
            run = Run.model_validate(event.properties["run"])
            self.runs[event.campaign_id] = run
        elif event.kind == EventKind.CAMPAIGN_STOPPED and event.campaign_id in self.runs:
            stopped = self.runs[event.campaign_id].model_copy(update={"stopped": said_in(event)})
            self.runs[event.campaign_id] = stopped
        elif event.kind == EventKind.DECISION and event.campaign_id and event.decision_id:
            member = Member.model_validate(event.properties["member"])
            self.members.setdefault(event.campaign_id, {})[event.decision_id] = member
        elif event.kind == EventKind.CAMPAIGN_SENT and event.campaign_id and event.decision_id:
            theirs = self.members[event.campaign_id]
            theirs[event.decision_id] = theirs[event.decision_id].model_copy(update={"handed_at": event.occurred_at})


def replay(events: Iterable[Event]) -> Replayed:
    """The campaigns of a whole log."""
    found = Replayed()
    for event in events:
        found.apply(event)
    return found


def _about(
    member: Member, message_id: str, kind: EventKind, campaign_id: str, at: datetime, properties: dict[str, object]
) -> IncomingEvent:
    name, _, value = member.subject.partition(":")
    return IncomingEvent(
        message_id=message_id,
        kind=kind,
        occurred_at=at,
        identifiers={name: value},
        campaign_id=campaign_id,
        arm_id=HOLDOUT if member.held else member.arm_id,
        decision_id=member.decision_id,
        properties=properties,
    )


def _about_nobody(
    message_id: str,
    kind: EventKind,
    campaign_id: str | None,
    said: Said,
    properties: dict[str, object],
    *,
    decision_id: str | None = None,
) -> IncomingEvent:
    name = campaign_id or decision_id or message_id
    return IncomingEvent(
        message_id=message_id,
        kind=kind,
        occurred_at=said.at,
        identifiers={CAMPAIGN: name},
        campaign_id=campaign_id,
        decision_id=decision_id,
        properties={"by": said.by, "reason": said.reason} | properties,
    )
