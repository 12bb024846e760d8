"""How each customer answers messages on each channel, learned from a workspace's own messages and clicks.

Only what was sent and how it was answered is read: nothing of what the customer is or spends. Like all models of a
workspace it is learned once a week, on Sunday night; a customer's own later messages count at once.
"""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import NamedTuple

import numpy as np

from app.access.schemas import Workspace
from app.database.engine import Database
from app.events.messages import Touch, touches
from app.events.timestamps import end_of_day
from app.identity.schemas import Owners
from app.identity.store import IdentityStore
from app.predict.inputs.purchases import Floats, Ints
from app.predict.reckoning import last_sunday
from app.predict.response.history import history
from app.predict.response.model import MIN_SENDS, Response, expected, learn
from app.predict.response.sends import Sends

MOST_SENDS = 300_000
"""Newest messages that are learned from."""
_LEAST = 1e-6
_KEPT = 4
_DAY = timedelta(days=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Habits(NamedTuple):
    """What a workspace's customers do with messages."""

    found: Response
    usual: Floats
    """Mean expectation of each channel over the messages it was learned from, shape [channels]."""

    def of(self, own: Sequence[Touch], *, as_of: datetime) -> dict[str, float]:
        """Channel -> the chance that this customer clicks there at `as_of`, over the usual one."""
        asked = Touch("", "", self.found.actions[0], clicked=False, at=as_of)
        sends = sends_of([*own, asked], np.zeros(len(own) + 1, np.int64), self.found.actions)
        last = len(sends.time) - 1
        nothing = np.zeros((last + 1, 0))
        past = history(sends, self.found.arrivals, self.found.worth)
        values = expected(self.found, nothing, past, np.array([last]))[0]
        return dict(zip(self.found.actions, (values / self.usual).tolist(), strict=True))


def sends_of(told: Sequence[Touch], customer: Ints, channels: Sequence[str]) -> Sends:
    """Messages in order of time with the first click on each; clicks without a message before them are left out.

    `customer` is whose each touch is, shape [touches]; messages on other than the `channels` are left out.
    """
    rows: list[tuple[int, float, int, float]] = []
    open_: dict[tuple[int, str], int] = {}
    places = {channel: place for place, channel in enumerate(channels)}
    for touch, who in zip(told, customer.tolist(), strict=True):
        at = (touch.at - _EPOCH) / _DAY
        if not touch.clicked and touch.channel in places:
            open_[who, touch.campaign_id] = len(rows)
            rows.append((who, at, places[touch.channel], np.nan))
        elif touch.clicked and (row := open_.pop((who, touch.campaign_id), None)) is not None:
            rows[row] = (*rows[row][:3], at)
    who_, time, action, clicked_at = (np.array(column) for column in zip(*rows, strict=True))
    return Sends(who_, time, action, tuple(channels), np.where(np.isnan(clicked_at), 0.0, 1.0), clicked_at)


class Answers:
    """Habits by workspace; the newest few are kept."""

    def __init__(self, database: Database, identity: IdentityStore) -> None:
        """Messages come from the log in `database`, their owners from `identity`."""
        self._database, self._identity = database, identity
        self._kept: OrderedDict[tuple[str, datetime, str], Habits | None] = OrderedDict()
        self._learning = Lock()

    def of(self, workspace: Workspace, own: Sequence[Touch], *, as_of: datetime) -> Mapping[str, float]:
        """Channel -> how this customer answers there over the average one; empty where too little was sent."""
        habits = self._habits(workspace, as_of)
        return habits.of(own, as_of=as_of) if habits else {}

    def _habits(self, workspace: Workspace, as_of: datetime) -> Habits | None:
        """Last Sunday's; two pages that ask at once wait for one learning."""
        today = (as_of.astimezone(workspace.zone).date() - _EPOCH.date()).days
        sunday = end_of_day(_EPOCH.date() + last_sunday(today) * _DAY, workspace.zone)
        key = (workspace.workspace_id, sunday, self._identity.revision(workspace.workspace_id))
        with self._learning:
            if key not in self._kept:
                self._kept[key] = self._learned(workspace.workspace_id, sunday)
            self._kept.move_to_end(key)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
            return self._kept[key]

    def _learned(self, workspace_id: str, until: datetime) -> Habits | None:
        with self._database.read() as connection:
            told = touches(connection, workspace_id, until=until)[-MOST_SENDS:]
        channels = sorted({touch.channel for touch in told if not touch.clicked and touch.channel})
        if len(told) < MIN_SENDS or not channels:
            return None
        sends = sends_of(told, _whose(told, self._identity.owners(workspace_id)), channels)
        nothing = np.zeros((len(sends.time), 0))
        found, past = learn(sends, nothing, until=(until - _EPOCH) / _DAY)
        usual = expected(found, nothing, past, found.learned_from).mean(axis=0)
        return Habits(found, np.maximum(usual, _LEAST))


def _whose(told: Sequence[Touch], owners: Owners) -> Ints:
    """Each touch's customer as a number; whoever is known to nobody stands for themselves."""
    names: dict[str, int] = {}
    found = (owners.of(t.subject, t.at) if t.subject in owners else t.subject for t in told)
    return np.array([names.setdefault(name, len(names)) for name in found], np.int64)
