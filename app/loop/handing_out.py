"""Messages leave the house here, and nowhere else: to people who may be written to, of campaigns that nobody stopped.

Writers take turns, so a hand-out and a stop meet in the database: a hand-out looks whether its campaign goes on, writes
what it sends to its sink and keeps that it did, all in one transaction. Once a stop is acknowledged nothing leaves.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from app.access.schemas import Workspace
from app.database.engine import Database
from app.errors import Conflict
from app.events.schemas import EventKind
from app.events.store import EventLog
from app.identity.schemas import Customer
from app.identity.store import IdentityStore
from app.loop.enrolling import Enrolling
from app.reaching import Reaching, Refusal
from app.retrieval.schemas import Arm, Channel
from app.strategy.addresses import addresses_of
from app.strategy.running.asked import spoke_after, written
from app.strategy.running.assigning import standing
from app.strategy.running.planning import sending_at
from app.strategy.running.record import sent_of
from app.strategy.running.schemas import HandOut, HandOutRow, Member, Run, Status
from app.strategy.running.store import RunStore
from app.strategy.schemas import Strategy
from app.strategy.wording import say_offer

Sink = Callable[[HandOut], None]
"""Takes what is handed out. When it raises, nothing was handed out."""
_MAY_CLOSE: Mapping[Refusal, tuple[EventKind, ...]] = {
    "frequency": (EventKind.CAMPAIGN_SENT,),
    "suppression": (EventKind.CORRECTION, EventKind.IDENTIFY),
    "consent": (EventKind.CONSENT,),
}
"""Events of a customer after which it has to be asked anew whether they may be written to, by what they may say."""
MOST = 100_000
"""Messages of one hand-out: while they are written nobody else writes."""


class HandingOut:
    """Gives a campaign's messages to a sending tool, each once."""

    def __init__(
        self, *, database: Database, log: EventLog, identity: IdentityStore, reaching: Reaching, enrolling: Enrolling
    ) -> None:
        """All parts share one database."""
        self._database, self._log, self._identity = database, log, identity
        self._reaching, self._enrolling = reaching, enrolling
        self._store = RunStore(database)

    def hand_out(
        self, workspace: Workspace, campaign_id: str, sink: Sink, *, now: datetime, limit: int = MOST
    ) -> HandOut:
        """Hand out what was not handed out yet, to those who may be written to now; returns what `sink` was given.

        Conflict when the campaign was stopped, has ended or has not begun.
        """
        clock = self._log.latest(workspace.workspace_id) or now
        moment = max(clock, now)
        run = self._store.run(workspace.workspace_id, campaign_id)
        _refuse_unless_running(run, clock, now)
        position = self._log.position(workspace.workspace_id)
        refusals = self._refusals(workspace, run, clock=clock, now=now)
        with self._database.write() as connection:
            run = self._store.run_in(connection, workspace.workspace_id, campaign_id)
            _refuse_unless_running(run, clock, now)
            waiting = self._waiting(connection, workspace, campaign_id)
            refusals |= self._spoke_since(connection, workspace, position)
            members = [m for name, m in waiting.items() if name not in refusals][:limit]
            withheld = Counter(str(refusals[name]) for name in waiting if name in refusals)
            rows = tuple(self._rows(connection, workspace, run, members, moment))
            events = [sent_of(campaign_id, m, _arm(run, m), moment) for m in members]
            appended = self._enrolling.append(connection, workspace, events, now=now)
            ids = [member.decision_id for member in members]
            self._store.hand_out(connection, workspace.workspace_id, campaign_id, ids, moment)
            handed = HandOut(campaign_id=campaign_id, rows=rows, withheld=dict(sorted(withheld.items())))
            sink(handed)
        self._log.committed(workspace.workspace_id, appended)
        return handed

    def _spoke_since(self, connection: Connection, workspace: Workspace, position: int) -> dict[str, Refusal]:
        """Of whom something was logged that may close a channel while it was being asked: left out this time."""
        found: dict[str, Refusal] = {}
        for reason, kinds in _MAY_CLOSE.items():
            subjects = spoke_after(connection, workspace.workspace_id, position, kinds)
            owners = self._identity.owners(workspace.workspace_id, sorted(subjects))
            found |= {owners[subject]: reason for subject in subjects if subject in owners}
        return found

    def _refusals(self, workspace: Workspace, run: Run, *, clock: datetime, now: datetime) -> dict[str, Refusal]:
        with self._database.read() as connection:
            waiting = self._waiting(connection, workspace, run.campaign.campaign_id)
        wanted = {name: [_arm(run, member).channel] for name, member in waiting.items()}
        return self._reaching.refusals(workspace, wanted, as_of=clock, now=now)

    def _waiting(self, connection: Connection, workspace: Workspace, campaign_id: str) -> dict[str, Member]:
        """Customer as they are now -> their place, of those whose message is still here.

        Who turned out to be on both sides is none of them.
        """
        members = self._store.members_in(connection, workspace.workspace_id, campaign_id)
        found = standing(members, self._identity.now_called(workspace.workspace_id, [m.customer_id for m in members]))
        return {
            name: member
            for name, member in sorted(found.members.items())
            if not member.held and member.handed_at is None and name not in found.contaminated
        }

    def _rows(
        self, connection: Connection, workspace: Workspace, run: Run, members: Sequence[Member], moment: datetime
    ) -> Iterator[HandOutRow]:
        ids = [member.decision_id for member in members]
        own = {
            event.message_id: Strategy.model_validate(event.properties["strategy"])
            for event in written(connection, workspace.workspace_id, ids)
            if "strategy" in event.properties
        }
        addresses = self._addresses(workspace, run, members)
        for member in members:
            arm, strategy = _arm(run, member), own.get(member.decision_id)
            themes = strategy.themes if strategy else run.texts.get(arm.arm_id, ())
            lang = strategy.lang if strategy else workspace.language
            yield HandOutRow(
                decision_id=member.decision_id,
                campaign_id=run.campaign.campaign_id,
                arm_id=arm.arm_id,
                customer_id=member.customer_id,
                to=addresses[member.customer_id],
                channel=arm.channel,
                offer=say_offer(arm.offer, workspace.currency, lang).strip(),
                offer_type=arm.offer.type if arm.offer else None,
                offer_amount_minor=arm.offer.amount_minor if arm.offer else None,
                offer_threshold_minor=arm.offer.threshold_minor if arm.offer else None,
                offer_expires_in_days=arm.offer.expires_in if arm.offer else None,
                title=themes[0].title if themes else "",
                text=themes[0].draft if themes else "",
                send_at=self._reaching.moment(
                    workspace,
                    sending_at(strategy, after=moment, zone=workspace.zone)
                    if strategy
                    else max(run.send_at or moment, moment),
                    channel=arm.channel,
                    with_offer=arm.offer is not None,
                ),
                ai_label=strategy.ai_label if strategy else run.ai_label,
            )

    def _addresses(self, workspace: Workspace, run: Run, members: Sequence[Member]) -> dict[str, str]:
        """customer_id -> where their message goes."""
        workspace_id = workspace.workspace_id
        called = self._identity.now_called(workspace_id, [m.customer_id for m in members])
        names = {m.customer_id: called.get(m.customer_id, m.customer_id) for m in members}
        customers = {c.customer_id: c for c in self._identity.customers(workspace_id, sorted(set(names.values())))}
        keys = {
            m.customer_id: _address(customers[names[m.customer_id]], _arm(run, m).channel, m.subject) for m in members
        }
        raw = self._identity.raw(workspace_id, keys.values())
        return {customer_id: raw.get(key, key.partition(":")[2]) for customer_id, key in keys.items()}


def _refuse_unless_running(run: Run, clock: datetime, now: datetime) -> None:
    campaign_id, status = run.campaign.campaign_id, run.status(clock, now)
    if run.stopped:
        raise Conflict(
            f"campaign {campaign_id!r} was stopped by {run.stopped.by}: {run.stopped.reason}; nothing is handed out"
        )
    if status is Status.FINISHED:
        raise Conflict(f"campaign {campaign_id!r} ended at {run.closes_at.isoformat()}; approve a new strategy")
    if status is Status.APPROVED:
        raise Conflict(f"campaign {campaign_id!r} begins at {run.campaign.starts_at.isoformat()}; hand it out then")


def _arm(run: Run, member: Member) -> Arm:
    return next(arm for arm in run.campaign.arms if arm.arm_id == member.arm_id)


def _address(customer: Customer, channel: Channel, otherwise: str) -> str:
    """The identifier that the channel needs, else the one that the draw was made under."""
    return next(iter(addresses_of(customer.members, channel).values()), otherwise)
