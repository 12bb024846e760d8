"""When to act: today's queue of a workspace, where one customer stands, and taking somebody off the queue.

The queue is worked out anew whenever it is asked for, from the estimates and the log alone; what an operator says of
somebody on it is an event in the log.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from app.access.schemas import Workspace
from app.database.engine import Database
from app.errors import Conflict, InvalidInput
from app.events.schemas import EventKind
from app.events.timestamps import FOREVER, start_of_day
from app.identity.schemas import NO_BONDS, Customer
from app.identity.store import IdentityStore
from app.predict.reckoning import HORIZON_DAYS, Reckoner
from app.privacy.redaction import redact
from app.profile.fold import consents_of
from app.profile.known import attributes
from app.profile.store import ProfileStore
from app.recording import Recorder, Saying, message_id
from app.retrieval.schemas import Channel
from app.schema import Lang
from app.strategy.acting.contacts import LONGEST_SNOOZE_DAYS, Contact, by_customer, done_by, read_contacts, rests_until
from app.strategy.acting.day import Day
from app.strategy.acting.queueing import Candidate, Filled, Held, Reached, fill, rank
from app.strategy.acting.rule import Level, Team
from app.strategy.acting.schemas import (
    ActingStanding,
    Hold,
    Queue,
    TakenOff,
    Verdict,
)
from app.strategy.acting.told import Telling, speaker_of, team_day
from app.strategy.gate.contact import suppressed, with_consent
from app.strategy.gate.policy import Policy
from app.viewing import names_of

MAX_LINE = 200
_OUTGOING = tuple(channel for channel in Channel if channel is not Channel.ONSITE)
"""A card on the site reaches nobody who stays away."""
_FOR_GOOD = (Hold.NOT_DUE, Hold.RESTING, Hold.NO_CONSENT, Hold.SUPPRESSED)
"""What keeps a contact from being made at all; the others only from being made today."""


class Acting:
    """Answers from the estimates of a moment and the log up to it."""

    def __init__(
        self,
        *,
        database: Database,
        reckoner: Reckoner,
        identity: IdentityStore,
        profiles: ProfileStore,
        recorder: Recorder,
        policy: Policy,
    ) -> None:
        """All parts share one database; `policy` declares levels, rests and teams."""
        self._database, self._reckoner, self._identity = database, reckoner, identity
        self._profiles, self._recorder, self._policy = profiles, recorder, policy

    def day(self, workspace: Workspace, *, as_of: datetime) -> Day:
        """What the queue of a moment is made from. Where the data end then, all that was done since counts too."""
        owners, rule = self._identity.owners(workspace.workspace_id), self._policy.acting
        until = as_of if as_of < self._recorder.moment(workspace, now=as_of) else FOREVER
        with self._database.read() as connection:
            found = read_contacts(connection, workspace.workspace_id, owners, rule, as_of=as_of, until=until)
        return Day(as_of, self._reckoner.at(workspace, as_of), by_customer(found), self._policy)

    def queue(
        self, workspace: Workspace, *, as_of: datetime, lang: Lang, team: str = "", most_waiting: int = 100
    ) -> Queue:
        """Whom to reach on the local day of `as_of`, of one team or of all. InvalidInput for a team there is not."""
        day, wanted = self.day(workspace, as_of=as_of), self._teams(team)
        standing = [(candidate, day.hold(candidate)) for candidate in day.candidates]
        ready = [candidate for candidate, hold in standing if hold is None]
        since = start_of_day(as_of.astimezone(workspace.zone).date(), workspace.zone)
        made = [contact for contacts in day.contacts.values() for contact in contacts]
        done = {t: done_by(made, t.team, since=since) for t in self._policy.acting.teams}
        room = {t: max(0, t.per_day - done[t]) for t in self._policy.acting.teams}
        filled = fill(ready, room, lambda ids: self._reach(workspace, ids, as_of))
        filled.held.extend((candidate, hold) for candidate, hold in standing if hold is not None)
        return self._told(workspace, day, filled, wanted, done, lang, most_waiting)

    def standing(self, workspace: Workspace, ref: str, *, as_of: datetime, lang: Lang) -> ActingStanding:
        """Where one customer stands: level, thresholds, and what stands in the way."""
        customer = self._identity.customer(workspace.workspace_id, ref)
        day, speaker = self.day(workspace, as_of=as_of), speaker_of(workspace, lang)
        model = day.reckoning.model
        risk, value = model.churn(customer.customer_id).churn_risk, model.ltv(customer.customer_id).value
        if risk is None or value is None:
            return ActingStanding(
                customer_id=customer.customer_id, as_of=as_of, level=Level.NONE, churn_risk=risk, value_minor=value,
                light=None, strong=None, told=speaker.unknown(),
            )  # fmt: skip
        light, strong = (float(at[0]) for at in day.curve.thresholds(value))
        found = next((c for c in day.candidates if c.customer_id == customer.customer_id), None)
        hold = found and self._hold(workspace, day, found)
        told = speaker.why(found) if found else speaker.below(risk, value, light, strong)
        if found and hold:
            told = f"{told} {speaker.held(hold, day.rhythms[found.customer_id], '')}"
        return ActingStanding(
            customer_id=customer.customer_id, as_of=as_of, level=found.level if found else Level.NONE,
            churn_risk=risk, value_minor=value, light=light, strong=strong, hold=hold.hold if hold else None,
            until=hold.until if hold else None, told=told,
        )  # fmt: skip

    def done(self, workspace: Workspace, ref: str, *, by: str, now: datetime, team: str = "") -> TakenOff:
        """Note that somebody was contacted. Conflict when they must not be, or were not long ago."""
        customer, day, found = self._candidate(workspace, ref, now=now)
        hold = self._hold(workspace, day, found)
        if hold and hold.hold in _FOR_GOOD:
            said = speaker_of(workspace, "en").held(hold, day.rhythms[found.customer_id], "")
            raise Conflict(f"not on the queue: {said}")
        who = self._teams(team, level=found.level)[0].team
        contact = Contact(customer.customer_id, day.as_of, found.level)
        until = rests_until(contact, day.rhythms[found.customer_id].usual_gap, self._policy.acting)
        said_of = {"contact": str(found.level), "team": who}
        event_id = self._write(workspace, customer, Verdict.DONE, said_of, by, at=day.as_of, now=now)
        return _taken_off(event_id, found, Verdict.DONE, who, until)

    def later(
        self, workspace: Workspace, ref: str, *, days: int, reason: str, by: str, now: datetime, team: str = ""
    ) -> TakenOff:
        """Put somebody off for some days, because. InvalidInput without a reason, or for longer than is allowed."""
        if not 1 <= days <= LONGEST_SNOOZE_DAYS:
            raise InvalidInput(f"days: put somebody off for 1 to {LONGEST_SNOOZE_DAYS} days")
        customer, day, found = self._candidate(workspace, ref, now=now)
        until = day.as_of + timedelta(days=days)
        who = self._teams(team, level=found.level)[0].team
        said_of = {"until": until.isoformat(), "team": who, "reason": _line("reason", reason)}
        event_id = self._write(workspace, customer, Verdict.LATER, said_of, by, at=day.as_of, now=now)
        return _taken_off(event_id, found, Verdict.LATER, who, until)

    def _candidate(self, workspace: Workspace, ref: str, *, now: datetime) -> tuple[Customer, Day, Candidate]:
        customer = self._identity.customer(workspace.workspace_id, ref)
        day = self.day(workspace, as_of=self._recorder.moment(workspace, now=now))
        found = next((c for c in day.candidates if c.customer_id == customer.customer_id), None)
        if found is None:
            raise Conflict(f"{customer.customer_id} is not on the queue: no level of contact pays for them now")
        return customer, day, found

    def _hold(self, workspace: Workspace, day: Day, found: Candidate) -> Held | None:
        """What stands in the way of one candidate, consent included."""
        if hold := day.hold(found):
            return hold
        reached = self._reach(workspace, [found.customer_id], day.as_of)[found.customer_id]
        if reached.suppressed:
            return Held(Hold.SUPPRESSED)
        return None if reached.channels else Held(Hold.NO_CONSENT)

    def _reach(self, workspace: Workspace, customer_ids: Sequence[str], as_of: datetime) -> dict[str, Reached]:
        """On which channels these may be reached, as they stand now."""
        name, policy = workspace.workspace_id, self._policy
        states, bonds = self._profiles.states(name, customer_ids), self._identity.bonds_of(name, customer_ids)
        found = dict.fromkeys(customer_ids, Reached(()))
        for customer_id, state in states.items():
            known = attributes.view(state.attributes, as_of)[0]
            channels = with_consent(_OUTGOING, consents_of(state, bonds.get(customer_id, NO_BONDS)), policy).value
            found[customer_id] = Reached(channels, bool(suppressed(known, policy).value))
        return found

    def _teams(self, team: str, *, level: Level | None = None) -> list[Team]:
        """The team that is named, or all that make contacts of a level."""
        known = [t for t in self._policy.acting.teams if level in (None, t.level)]
        found = [t for t in known if team in ("", t.team)]
        if not found:
            raise InvalidInput(f"team: use one of {', '.join(t.team for t in known) or 'those declared in the policy'}")
        return found

    def _write(
        self,
        workspace: Workspace,
        customer: Customer,
        verdict: Verdict,
        said: Mapping[str, str],
        by: str,
        *,
        at: datetime,
        now: datetime,
    ) -> str:
        properties = {"about": "queue", "verdict": str(verdict), "by": _line("by", by), **said}
        names = (workspace.workspace_id, customer.customer_id, str(verdict), now.isoformat())
        saying = Saying(EventKind.APPROVAL, message_id("queue", *names, now=now), properties)
        fresh = self._recorder.write(workspace, customer, [saying], at=at, now=now)
        if not fresh:
            raise Conflict("the same was said at this very moment; look at the queue before saying it again")
        return fresh[0]

    def _told(
        self,
        workspace: Workspace,
        day: Day,
        filled: Filled,
        wanted: Sequence[Team],
        done: Mapping[Team, int],
        lang: Lang,
        most_waiting: int,
    ) -> Queue:
        """The day in words, of the teams that are wanted."""
        levels = {team.level for team in wanted}
        taken = [row for row in filled.taken if row[1] in wanted]
        held = sorted(((c, h) for c, h in filled.held if c.level in levels), key=lambda row: rank(row[0]))
        shown = [row[0].customer_id for row in taken] + [row[0].customer_id for row in held[:most_waiting]]
        names = names_of(self._identity, workspace.workspace_id, shown)
        telling = Telling(day, speaker_of(workspace, lang), names)
        first = {team.level: team for team in reversed(wanted)}
        return Queue(
            as_of=day.as_of,
            day=day.as_of.astimezone(workspace.zone).date(),
            currency=workspace.currency,
            horizon_days=HORIZON_DAYS,
            teams=tuple(team_day(team, done[team], filled, lang) for team in wanted),
            items=tuple(telling.item(*row) for row in sorted(taken, key=lambda row: rank(row[0]))),
            waiting=tuple(telling.waiting(c, first[c.level], h) for c, h in held[:most_waiting]),
            held=dict(sorted(Counter(hold.hold for _, hold in held).items())),
            below=day.below,
            unknown=day.unknown(),
            curve=day.shown_curve(),
            assumptions=telling.speaker.assumptions(day.curve),
        )


def _taken_off(event_id: str, found: Candidate, verdict: Verdict, team: str, until: datetime) -> TakenOff:
    return TakenOff(
        event_id=event_id, customer_id=found.customer_id, verdict=verdict, level=found.level, team=team, until=until
    )


def _line(name: str, text: str) -> str:
    """One printable line without personal numbers."""
    said = redact(text.strip())
    if not said or not said.isprintable() or len(said) > MAX_LINE:
        raise InvalidInput(f"{name}: write one printable line of 1 to {MAX_LINE} characters")
    return said
