"""Which contacts the log holds, and until when each customer is therefore left alone.

A message that a campaign sent is a light touch; a card on the site went nowhere. Events of ours (approvals, decisions)
count when they say so: `contact` names the level of a contact, `until` the moment before which somebody does not want
to see the customer on the queue again. So the log alone says who rests, also after a rebuild.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection

from app.database.statements import query
from app.database.types import from_micros, to_micros
from app.events.schemas import OUR_SOURCE
from app.identity.schemas import Owners
from app.retrieval.schemas import Channel
from app.strategy.acting.rule import ActingRule, Level

LONGEST_SNOOZE_DAYS = 90
"""Somebody who is put off comes back at the latest then."""
_SQL = (
    "SELECT subject, occurred_at, source, properties FROM events WHERE workspace_id = ?"
    " AND kind IN ('approval', 'campaign_sent', 'decision') AND occurred_at > ? AND occurred_at <= ?"
    " ORDER BY occurred_at, event_id"
)


class Contact(NamedTuple):
    """Something that keeps a customer off the queue."""

    customer_id: str
    at: datetime
    level: Level
    """`none` for one who was put off without a contact."""
    until: datetime | None = None
    """For one who was put off."""
    team: str = ""
    """Who took them off the queue; empty for what a campaign sent."""


class _Properties(msgspec.Struct):
    """What of an event's properties is read; sources may put anything there."""

    channel: object = None
    contact: object = None
    until: object = None
    team: object = None


_decoder = msgspec.json.Decoder(_Properties)


def read_contacts(
    connection: Connection, workspace_id: str, owners: Owners, rule: ActingRule, *, as_of: datetime, until: datetime
) -> list[Contact]:
    """Everything up to `until` that may still keep somebody off the queue of `as_of`, oldest first."""
    since = as_of - timedelta(days=max(rule.longest_rest_days, LONGEST_SNOOZE_DAYS) + 1)
    rows = query(connection, _SQL, (workspace_id, to_micros(since), to_micros(until)))
    return [found for row in rows if row[0] in owners and (found := _contact(owners, *row)) is not None]


def _contact(owners: Owners, subject: str, at_micros: int, source: str, properties: str) -> Contact | None:
    at, said = from_micros(at_micros), _decoder.decode(properties)
    customer_id = owners.of(subject, at)
    if source != OUR_SOURCE:
        return None if said.channel == Channel.ONSITE else Contact(customer_id, at, Level.LIGHT)
    if said.contact is None and said.until is None:
        return None
    put_off = datetime.fromisoformat(str(said.until)) if said.until else None
    return Contact(customer_id, at, Level(str(said.contact or Level.NONE)), put_off, str(said.team or ""))


def by_customer(contacts: Iterable[Contact]) -> dict[str, list[Contact]]:
    """The contacts of each customer, oldest first."""
    found: dict[str, list[Contact]] = {}
    for contact in contacts:
        found.setdefault(contact.customer_id, []).append(contact)
    return found


def rests_until(contact: Contact, gap_days: float | None, rule: ActingRule) -> datetime:
    """When the customer may be contacted again, by their own rhythm; at once after no contact."""
    if contact.level is Level.NONE:
        return contact.at
    rest = rule.touch(contact.level).rest
    days = min(max(rest.least_days, rest.gaps * (gap_days or 0.0)), max(rule.longest_rest_days, rest.least_days))
    return contact.at + timedelta(days=days)


def done_by(contacts: Iterable[Contact], team: str, *, since: datetime) -> int:
    """How many customers a team has contacted from the queue since a moment."""
    return len({c.customer_id for c in contacts if c.team == team and c.level is not Level.NONE and c.at >= since})
