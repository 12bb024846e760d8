"""Who moved from one interest to another: a question over all customers of a workspace."""

from collections.abc import Iterator
from datetime import datetime
from itertools import islice

from app.access.schemas import Workspace
from app.errors import InvalidInput
from app.identity.store import IdentityStore
from app.profile.schemas import InterestShift, ShiftKind
from app.profile.store import ProfileStore
from app.profile.wants import shifts
from app.profile.wants.peers import Peers
from app.schema import Frozen, Lang
from app.text.normalise import normalise
from app.text.taxonomy import Taxonomy
from app.viewing import names_of
from app.views import Move, MoveList

_PART = 500
"""Customers that are read at once."""


class MoveQuery(Frozen):
    """Which changes of interest are asked for; absent parts do not filter."""

    from_topic: str | None = None
    """Topic id or its name in either language."""
    to_topic: str | None = None
    kind: ShiftKind | None = None
    since: datetime | None = None
    """Only changes that began at this moment or later."""


class Moves:
    """Answers from the followed states; a change that was noticed after `as_of` is not told."""

    def __init__(self, identity: IdentityStore, profiles: ProfileStore, peers: Peers, taxonomy: Taxonomy) -> None:
        """Names come from `identity`, states from `profiles`, and what others went through from `peers`."""
        self._identity, self._profiles, self._peers, self._taxonomy = identity, profiles, peers, taxonomy

    def find(self, workspace: Workspace, wanted: MoveQuery, *, as_of: datetime, lang: Lang, limit: int) -> MoveList:
        """The customers who moved so, the newest change first. InvalidInput for a topic that there is not."""
        asked = wanted.model_copy(
            update={"from_topic": self._topic(wanted.from_topic), "to_topic": self._topic(wanted.to_topic)}
        )
        found = sorted(self._matching(workspace, asked, as_of), key=lambda pair: (pair[1].since, pair[0]))
        newest = found[::-1][:limit]
        names = names_of(self._identity, workspace.workspace_id, [customer_id for customer_id, _ in newest])
        rows = tuple(
            Move(
                customer_id=customer_id,
                name=names.get(customer_id, customer_id),
                shift=shift,
                from_name=self._name(shift.from_topic, lang),
                to_name=self._name(shift.to_topic, lang),
            )
            for customer_id, shift in newest
        )
        return MoveList(as_of=as_of, total=len({customer_id for customer_id, _ in found}), rows=rows)

    def _matching(self, workspace: Workspace, asked: MoveQuery, as_of: datetime) -> Iterator[tuple[str, InterestShift]]:
        hearts = self._profiles.hearts(workspace.workspace_id)
        likeness = self._peers.at(workspace, as_of)
        while part := list(islice(hearts, _PART)):
            of = [(heart.shifts, heart.interests) for _, heart in part]
            told = shifts.view_many(of, as_of, self._taxonomy, likeness)
            for (customer_id, _), found in zip(part, told, strict=True):
                for shift in found:
                    if shift.noticed_at <= as_of and _fits(shift, asked):
                        yield customer_id, shift

    def _topic(self, name: str | None) -> str | None:
        if name is None or name in self._taxonomy.topics:
            return name
        wanted = normalise(name)
        for topic, known in self._taxonomy.topics.items():
            if wanted in (normalise(known.zh), normalise(known.en), *map(normalise, known.words)):
                return topic
        raise InvalidInput(f"no topic {name!r}; topics are {', '.join(sorted(self._taxonomy.topics))}")

    def _name(self, topic: str | None, lang: Lang) -> str | None:
        return self._taxonomy.name(topic, lang) if topic else None


def _fits(shift: InterestShift, asked: MoveQuery) -> bool:
    return (
        asked.from_topic in (None, shift.from_topic)
        and asked.to_topic in (None, shift.to_topic)
        and asked.kind in (None, shift.kind)
        and (asked.since is None or shift.since >= asked.since)
    )
