"""What a customer, or an operator for them, says against or beside what the profile shows.

Corrections and rejections are events in the log: they win over everything in the fold, whatever came before or comes
later, and a rebuild repeats them.
"""

from datetime import datetime
from enum import StrEnum

from app.access.schemas import Workspace
from app.errors import InvalidInput
from app.events.schemas import EventKind
from app.identity.store import IdentityStore
from app.privacy.personal_names import personal_kind
from app.privacy.redaction import redact
from app.profile.known.attributes import MAX_NAME, MAX_VALUE
from app.profile.known.sensitivity import may_be_kept
from app.recording import Recorder, Saying, message_id
from app.text.taxonomy import Taxonomy

MAX_REASON = 500


class Action(StrEnum):
    """What is done to an attribute."""

    SET = "set"
    """It has this value; without one, nothing is to be said of it."""
    REJECT = "reject"
    """What was inferred is wrong: this value, or without one whatever is inferred under this name."""
    WITHDRAW = "withdraw"
    """The correction no longer stands; the next best word shows again."""


class By(StrEnum):
    """Who says so."""

    CUSTOMER = "customer"
    OPERATOR = "operator"


class Correcting:
    """Writes corrections to the log."""

    def __init__(self, *, identity: IdentityStore, recorder: Recorder, taxonomy: Taxonomy) -> None:
        """`taxonomy` has the list of what is never written."""
        self._identity, self._recorder, self._taxonomy = identity, recorder, taxonomy

    def correct(
        self,
        workspace: Workspace,
        ref: str,
        attribute: str,
        value: str | None,
        *,
        by: By,
        reason: str,
        now: datetime,
        who: str = "",
    ) -> str:
        """Say what an attribute is; None: that nothing is to be said of it. Returns the event's id."""
        return self.apply(workspace, ref, Action.SET, attribute, value, by=by, reason=reason, now=now, who=who)

    def reject(
        self,
        workspace: Workspace,
        ref: str,
        attribute: str,
        value: str | None = None,
        *,
        by: By,
        reason: str,
        now: datetime,
        who: str = "",
    ) -> str:
        """Bury an inference for good: one value, or whatever is inferred under this name. Facts stay."""
        return self.apply(workspace, ref, Action.REJECT, attribute, value, by=by, reason=reason, now=now, who=who)

    def withdraw(
        self, workspace: Workspace, ref: str, attribute: str, *, by: By, reason: str, now: datetime, who: str = ""
    ) -> str:
        """Take a correction back; rejections stay."""
        return self.apply(workspace, ref, Action.WITHDRAW, attribute, None, by=by, reason=reason, now=now, who=who)

    def apply(
        self,
        workspace: Workspace,
        ref: str,
        action: Action,
        attribute: str,
        value: str | None,
        *,
        by: By,
        reason: str,
        now: datetime,
        who: str = "",
    ) -> str:
        """Any of the three. InvalidInput says what cannot be written; NotFound when nobody is called `ref`."""
        name, said = _name(attribute), _value(value, action)
        if not may_be_kept(self._taxonomy, name, said or "", now):
            raise InvalidInput("this subject is on the list of what is never stored about anybody; nothing was written")
        customer = self._identity.customer(workspace.workspace_id, ref)
        properties = {"attribute": name, "value": said, "action": str(action), "by": str(by), "reason": _reason(reason)}
        names = (workspace.workspace_id, customer.customer_id, action, name, said or "", now.isoformat())
        saying = Saying(
            EventKind.CORRECTION, message_id("correction", *names, now=now), properties | ({"who": who} if who else {})
        )
        at = self._recorder.moment(workspace, now=now)
        fresh = self._recorder.write(workspace, customer, [saying], at=at, now=now)
        if not fresh:
            raise InvalidInput("the same was said at this very moment; look at the profile before saying it again")
        return fresh[0]


def _name(attribute: str) -> str:
    name = attribute.strip()
    if not name or not name.isprintable() or len(name) > MAX_NAME:
        raise InvalidInput(f"attribute: give a printable name of 1 to {MAX_NAME} characters, for example `city`")
    if personal_kind(name) or redact(name) != name:
        raise InvalidInput("attribute: phone numbers, ID numbers and mail addresses are identifiers, not attributes")
    return name


def _value(value: str | None, action: Action) -> str | None:
    if value is None:
        return None
    if action is Action.WITHDRAW:
        raise InvalidInput("value: leave it out to withdraw a correction")
    said = value.strip()
    if not said or not said.isprintable() or len(said) > MAX_VALUE:
        raise InvalidInput(f"value: give one printable line of 1 to {MAX_VALUE} characters, or null")
    if redact(said) != said:
        raise InvalidInput("value: it holds a personal number or address; those are identifiers, not attributes")
    return said


def _reason(reason: str) -> str:
    """Why, without personal numbers."""
    text = redact(reason.strip())[:MAX_REASON]
    if not text or not text.isprintable():
        raise InvalidInput("reason: say why, in one line; it is kept in the log")
    return text
