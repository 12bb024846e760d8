"""Audiences leave the house here: members of a segment who may be contacted, with what the channel needs to reach them.

Consent, suppression and frequency are those of now, by the policy gate's own rules, whatever moment the segment is of.
Telephone numbers and the like are opened for the rows of the file only, and every export is on record: who, when,
what for, how many, and the hash of the file. The record names no customer.
"""

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from secrets import token_hex
from typing import BinaryIO, NamedTuple

import numpy as np

from app.access.schemas import Workspace
from app.audiences import Audiences
from app.errors import Conflict
from app.events.store import EventLog
from app.identity.store import IdentityStore
from app.privacy.consent import latest_word
from app.profile.schemas import ConsentState
from app.profile.segments.fields import value_name
from app.profile.segments.plan import Wanted
from app.reaching import Reaching, Refusal
from app.retrieval.schemas import Channel
from app.schema import Lang
from app.strategy.addresses import ADDRESSES, addresses_of
from app.strategy.audiences import files
from app.strategy.audiences.cells import told, words_in
from app.strategy.audiences.counting import members
from app.strategy.audiences.crowd import Crowd
from app.strategy.audiences.saying import consent_states
from app.strategy.audiences.schemas import AudienceMember, ExportFormat, ExportRecord, LeftOut
from app.strategy.audiences.store import SegmentStore
from app.strategy.gate.policy import Policy

_FACTS = (
    "rfm_class", "rfm_name", "orders", "spend_minor", "days_since_order", "ltv_minor", "churn_risk", "top_interest",
    "currency",
)  # fmt: skip
_WHY = ("purpose", "channels", "basis", "basis_at", "basis_event")
_REASONS: Mapping[Refusal, LeftOut] = {
    "unknown": LeftOut.NO_CONSENT,
    "suppression": LeftOut.SUPPRESSED,
    "consent": LeftOut.NO_CONSENT,
    "frequency": LeftOut.FREQUENCY,
}
_FIRST = (LeftOut.SUPPRESSED, LeftOut.FREQUENCY, LeftOut.NO_CONSENT).index
"""Of several channels' reasons the one that says most is told."""
_OUTGOING = tuple(channel for channel in Channel if channel is not Channel.ONSITE)
"""They need the customer's own word; who may only be shown a card has not agreed to be on a list."""
_OWNER_ONLY = 0o600
_PART = 2_000
"""Customers whose addresses are opened at once."""


class Asked(NamedTuple):
    """What is to be handed out, and who asks."""

    expression: str
    channel: Channel | None
    """None: no contact data; everybody who agreed to be contacted on some channel."""
    format: ExportFormat
    as_of: datetime
    now: datetime
    lang: Lang
    by: str


class Exporting:
    """Writes audiences to files and keeps a record of it."""

    def __init__(
        self,
        *,
        log: EventLog,
        identity: IdentityStore,
        audiences: Audiences,
        segments: SegmentStore,
        reaching: Reaching,
        policy: Policy,
    ) -> None:
        """All parts share one database."""
        self._log, self._identity, self._audiences = log, identity, audiences
        self._segments, self._reaching, self._policy = segments, reaching, policy

    def export(self, workspace: Workspace, asked: Asked, out: BinaryIO) -> ExportRecord:
        """Write the audience to `out` and note it. ExpressionFault, in the asked language, for a bad expression."""
        workspace_id = workspace.workspace_id
        saved = self._segments.find(workspace_id, asked.expression)
        expression = saved.expression if saved else asked.expression
        expression = self._audiences.checked(workspace, expression, as_of=asked.as_of, lang=asked.lang)
        crowd = self._audiences.crowd(workspace, as_of=asked.as_of)
        verdict = self._audiences.verdict(workspace, expression, crowd, lang=asked.lang)
        found = [crowd.ids[place] for place in verdict.yes.nonzero()[0]]
        open_, closed = self._sorted_out(workspace, found, asked)
        left_out = Counter(closed.values())
        columns = ("customer_id", *(ADDRESSES[asked.channel] if asked.channel else ()), *_FACTS, *_WHY)
        rows = self._rows(workspace, crowd, open_, asked, left_out)
        written = files.write(out, asked.format, columns, rows, workspace.currency)
        record = ExportRecord(
            export_id=f"exp_{token_hex(8)}", exported_at=asked.now, exported_by=asked.by, expression=expression,
            segment_id=saved.segment_id if saved else None, as_of=asked.as_of, channel=asked.channel,
            purpose=self._policy.purpose, format=asked.format, members=len(found), customers=written.rows,
            left_out={reason: left_out[reason] for reason in LeftOut if left_out[reason]}, sha256=written.sha256,
        )  # fmt: skip
        self._segments.record(workspace_id, record)
        return record

    def exports(self, workspace: Workspace, *, limit: int) -> tuple[ExportRecord, ...]:
        """What was handed out, newest first."""
        return self._segments.exports(workspace.workspace_id, limit=limit)

    def _sorted_out(
        self, workspace: Workspace, found: Sequence[str], asked: Asked
    ) -> tuple[dict[str, tuple[Channel, ...]], dict[str, LeftOut]]:
        """Who may be contacted, and on which of the channels; and why the others may not."""
        wanted = (asked.channel,) if asked.channel else _OUTGOING
        open_: dict[str, tuple[Channel, ...]] = dict.fromkeys(found, ())
        closed: dict[str, LeftOut] = {}
        for channel in wanted:
            refused = self._reaching.refusals(
                workspace, dict.fromkeys(found, (channel,)), as_of=asked.as_of, now=asked.now
            )
            for customer_id in found:
                if (reason := refused.get(customer_id)) is None:
                    open_[customer_id] += (channel,)
                else:
                    closed[customer_id] = min(closed.get(customer_id, LeftOut.NO_CONSENT), _REASONS[reason], key=_FIRST)
        left = {customer_id: channels for customer_id, channels in open_.items() if channels}
        return left, {customer_id: reason for customer_id, reason in closed.items() if customer_id not in left}

    def _rows(
        self,
        workspace: Workspace,
        crowd: Crowd,
        open_: Mapping[str, tuple[Channel, ...]],
        asked: Asked,
        left_out: "Counter[LeftOut]",
    ) -> Iterator[files.Line]:
        ids = sorted(open_)
        latest = self._log.latest(workspace.workspace_id) or asked.as_of
        today = self._audiences.crowd(workspace, as_of=max(asked.as_of, latest))
        facts = _Facts(crowd, today, ids, workspace.currency, asked.lang)
        for start in range(0, len(ids), _PART):
            part = ids[start : start + _PART]
            addresses, known = self._addresses(workspace, part, asked.channel), facts.of(part)
            for customer_id in part:
                if asked.channel and customer_id not in addresses:
                    left_out[LeftOut.NO_ADDRESS] += 1
                    continue
                yield {
                    "customer_id": customer_id,
                    **addresses.get(customer_id, {}),
                    **known[customer_id],
                    **facts.why(customer_id, open_[customer_id], self._policy.purpose),
                }

    def _addresses(
        self, workspace: Workspace, customer_ids: Sequence[str], channel: Channel | None
    ) -> dict[str, dict[str, str]]:
        """customer_id -> type -> value as the channel's tool needs it; who has none is absent."""
        if channel is None:
            return {}
        workspace_id = workspace.workspace_id
        customers = self._identity.customers(workspace_id, customer_ids)
        keys = {c.customer_id: addresses_of(c.members, channel) for c in customers}
        raw = self._identity.raw(workspace_id, [key for theirs in keys.values() for key in theirs.values()])
        return {
            customer_id: {kind: raw.get(key, key.partition(":")[2]) for kind, key in theirs.items()}
            for customer_id, theirs in keys.items()
            if theirs
        }


class _Facts:
    """What the file says of each customer."""

    def __init__(self, crowd: Crowd, today: Crowd, ids: Sequence[str], currency: str, lang: Lang) -> None:
        """Values are those of `crowd`, for `ids` only; what was agreed to is that of `today`."""
        self._crowd, self._currency, self._lang = crowd, currency, lang
        self._said = dict(zip(today.ids, consent_states(today), strict=True))
        few = crowd.among(np.array([crowd.place[customer_id] for customer_id in ids], np.int64))
        self._interests = dict(zip(ids, told(words_in(few.column(Wanted("top_interest")))), strict=True))

    def of(self, customer_ids: Sequence[str]) -> dict[str, dict[str, files.Value]]:
        """Class and values of customers at the moment of the segment."""
        places = [self._crowd.place[customer_id] for customer_id in customer_ids]
        rows = members(self._crowd, places, {})
        return {row.customer_id: self._told(row) for row in rows}

    def _told(self, row: AudienceMember) -> dict[str, files.Value]:
        topic = self._interests[row.customer_id]
        return {
            **row.model_dump(mode="json", exclude={"customer_id", "name"}),
            "rfm_name": value_name("rfm", row.rfm_class, self._lang) if row.rfm_class else None,
            "top_interest": self._crowd.taxonomy.name(topic, self._lang) if topic else None,
            "currency": self._currency,
        }

    def why(self, customer_id: str, channels: Sequence[Channel], purpose: str) -> dict[str, files.Value]:
        """What the row may be used for, and by which word of the customer."""
        word = _word(self._said.get(customer_id, ()), channels, purpose)
        return {
            "purpose": purpose,
            "channels": " ".join(channels),
            "basis": "consent" if word else "no_objection",
            "basis_at": word.at.isoformat() if word else None,
            "basis_event": word.event_id if word else None,
        }


def _word(said: Sequence[ConsentState], channels: Sequence[Channel], purpose: str) -> ConsentState | None:
    """The newest word that opens one of the channels."""
    found = (latest_word(said, purpose=purpose, channel=channel) for channel in channels)
    return max((word for word in found if word and word.granted), key=lambda word: word.at, default=None)


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """A file that gets its name only when it is whole and on disk, for its owner alone. Conflict for a taken name."""
    if path.exists():
        raise Conflict(f"{path} is there already: an export never overwrites, so name a new file")
    draft = path.with_name(f".{path.name}.{token_hex(4)}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY), "wb") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        draft.rename(path)
    finally:
        draft.unlink(missing_ok=True)
