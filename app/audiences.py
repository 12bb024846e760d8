"""Segments of all customers: counted, listed and looked into, as far as the profiles are folded.

The columns of a moment are kept while nothing changes: the same question, or another one about the same facts, then
takes milliseconds. A moment before the newest event folds those anew who did something since.
"""

from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from functools import cached_property
from threading import Lock

from app.access.schemas import Workspace
from app.events.amounts import minor_units
from app.events.schemas import EventKind
from app.events.store import EventLog
from app.identity.schemas import Bonds
from app.identity.store import IdentityStore
from app.predict.fitted import Estimates
from app.predict.reckoning import Reckoner
from app.profile.fold import State
from app.profile.parts import Parts
from app.profile.refold import Refold
from app.profile.segments.evaluate import Verdict, evaluate
from app.profile.segments.faults import ExpressionFault
from app.profile.segments.fields import Names, Values, catalogue
from app.profile.segments.parse import parse
from app.profile.segments.render import render
from app.profile.segments.resolve import Scope, resolve
from app.profile.segments.times import Clock
from app.profile.store import ProfileStore
from app.profile.wants.likeness import Likeness
from app.profile.wants.peers import Peers
from app.schema import Lang
from app.strategy.audiences import counting
from app.strategy.audiences.crowd import Crowd
from app.strategy.audiences.readers import READERS
from app.strategy.audiences.schemas import (
    CountedSegment,
    FieldList,
    MemberPage,
    RfmMatrix,
    SavedSegment,
    SegmentCount,
)
from app.strategy.audiences.store import SegmentStore
from app.strategy.audiences.telling import field_list
from app.text.taxonomy import Taxonomy
from app.viewing import names_of

KEPT = 4
"""Moments whose columns are kept, of all workspaces together."""
_Key = tuple[str, datetime, object, str]


class Audiences:
    """Answers from the followed states; every answer holds for one moment."""

    def __init__(
        self,
        *,
        log: EventLog,
        identity: IdentityStore,
        profiles: ProfileStore,
        reckoner: Reckoner,
        peers: Peers,
        taxonomy: Taxonomy,
        segments: SegmentStore,
    ) -> None:
        """All parts share one database; `segments` keeps expressions under names."""
        self._log, self._identity, self._profiles = log, identity, profiles
        self._reckoner, self._peers, self._taxonomy = reckoner, peers, taxonomy
        self._segments = segments
        self._refold = Refold(log, identity, taxonomy)
        self._kept: OrderedDict[_Key, Crowd] = OrderedDict()
        self._keeping = Lock()

    # --- what may be asked --------------------------------------------------------------------------------

    @cached_property
    def values(self) -> Values:
        """Closed lists of values, those of the taxonomy and the log among them."""
        topics: Names = {name: (topic.zh, topic.en, *topic.words) for name, topic in self._taxonomy.topics.items()}
        kinds: Names = {kind.value: () for kind in EventKind}
        hours: Names = {str(hour): () for hour in range(24)}
        return Values({"topic": topics, "event_kind": kinds, "hour": hours})

    def fields(self, lang: Lang) -> FieldList:
        """Every field with its type, unit, meaning and an example."""
        return field_list(self.values, self._taxonomy, lang)

    def checked(self, workspace: Workspace, expression: str, *, as_of: datetime, lang: Lang) -> str:
        """The expression in its plain form. ExpressionFault, in this language, when it cannot be read."""
        try:
            tree = parse(expression)
            resolve(tree, self._scope(workspace, as_of))
        except ExpressionFault as fault:
            raise fault.told(lang) from None
        return render(tree)

    # --- under names ----------------------------------------------------------------------------------------

    def save(
        self, workspace: Workspace, name: str, expression: str, *, by: str, now: datetime, as_of: datetime, lang: Lang
    ) -> CountedSegment:
        """Keep an expression under a new name, and count it. Conflict when the name is taken."""
        plain = self.checked(workspace, expression, as_of=as_of, lang=lang)
        made = self._segments.create(workspace.workspace_id, name, plain, by=by, now=now)
        return self._counted(workspace, made, as_of, lang)

    def change(
        self, workspace: Workspace, ref: str, *, name: str | None, expression: str | None, now: datetime,
        as_of: datetime, lang: Lang,
    ) -> CountedSegment:  # fmt: skip
        """Another name or expression for a segment, called by id or name."""
        plain = None if expression is None else self.checked(workspace, expression, as_of=as_of, lang=lang)
        made = self._segments.change(workspace.workspace_id, ref, name=name, expression=plain, now=now)
        return self._counted(workspace, made, as_of, lang)

    def forget(self, workspace: Workspace, ref: str) -> SavedSegment:
        """Delete a saved segment, called by id or name."""
        return self._segments.delete(workspace.workspace_id, ref)

    def saved(self, workspace: Workspace, *, as_of: datetime, lang: Lang) -> tuple[CountedSegment, ...]:
        """Every saved segment with its count at a moment, by name."""
        found = self._segments.all(workspace.workspace_id)
        return tuple(self._counted(workspace, segment, as_of, lang) for segment in found)

    def named(self, workspace: Workspace, ref: str) -> SavedSegment:
        """The saved segment of an id or a name; NotFound when there is none."""
        return self._segments.of(workspace.workspace_id, ref)

    def expression_of(self, workspace: Workspace, ref: str) -> str:
        """The expression of a saved segment, called by id or name; anything else is an expression itself."""
        found = self._segments.find(workspace.workspace_id, ref)
        return found.expression if found else ref

    def _counted(self, workspace: Workspace, segment: SavedSegment, as_of: datetime, lang: Lang) -> CountedSegment:
        try:
            count = self.count(workspace, segment.expression, as_of=as_of, lang=lang)
        except ExpressionFault as fault:
            return CountedSegment(segment=segment, count=None, fault=str(fault))
        return CountedSegment(segment=segment, count=count, fault=None)

    # --- who is in it -------------------------------------------------------------------------------------

    def members(self, workspace: Workspace, expression: str, *, as_of: datetime, lang: Lang = "en") -> tuple[str, ...]:
        """customer_ids of everybody in the segment, sorted."""
        crowd = self.crowd(workspace, as_of=as_of)
        found = self.verdict(workspace, expression, crowd, lang=lang)
        return tuple(crowd.ids[place] for place in found.yes.nonzero()[0])

    def count(self, workspace: Workspace, expression: str, *, as_of: datetime, lang: Lang) -> SegmentCount:
        """How many are in the segment, what they spent, and of which classes they are."""
        crowd = self.crowd(workspace, as_of=as_of)
        found = self.verdict(workspace, expression, crowd, lang=lang)
        return counting.count(crowd, found, render(parse(expression)), workspace.currency)

    def page(
        self, workspace: Workspace, expression: str, *, as_of: datetime, lang: Lang, limit: int, after: str = ""
    ) -> MemberPage:
        """Some members from behind `after` on, by customer_id."""
        crowd = self.crowd(workspace, as_of=as_of)
        found = self.verdict(workspace, expression, crowd, lang=lang)
        places = [int(place) for place in found.yes.nonzero()[0] if crowd.ids[place] > after]
        shown = places[:limit]
        names = names_of(self._identity, workspace.workspace_id, [crowd.ids[place] for place in shown])
        return MemberPage(
            expression=render(parse(expression)),
            as_of=as_of,
            currency=workspace.currency,
            total=int(found.yes.sum()),
            rows=counting.members(crowd, shown, names),
            next_after=crowd.ids[shown[-1]] if len(places) > limit else None,
        )

    def matrix(self, workspace: Workspace, *, as_of: datetime) -> RfmMatrix:
        """The eight RFM classes with their shares of customers, of what was spent and of what is expected."""
        return counting.matrix(self.crowd(workspace, as_of=as_of), workspace.currency)

    def verdict(self, workspace: Workspace, expression: str, crowd: Crowd, *, lang: Lang) -> Verdict:
        """Who of a crowd is in the segment. ExpressionFault, in this language, when it cannot be read."""
        try:
            plan = resolve(parse(expression), self._scope(workspace, crowd.as_of))
        except ExpressionFault as fault:
            raise fault.told(lang) from None
        return evaluate(plan, crowd)

    def crowd(self, workspace: Workspace, *, as_of: datetime) -> Crowd:
        """Everybody who had come by a moment, as columns."""
        name = workspace.workspace_id
        key = (name, as_of, self._profiles.offset(name), self._identity.revision(name))
        with self._keeping:
            if key not in self._kept:
                self._kept[key] = self._gathered(workspace, as_of)
            self._kept.move_to_end(key)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
            return self._kept[key]

    def _scope(self, workspace: Workspace, as_of: datetime) -> Scope:
        clock = Clock(as_of, workspace.zone)
        return Scope(catalogue(), self.values, clock, minor_units(workspace.currency), self._taxonomy.forbidden_in)

    def _gathered(self, workspace: Workspace, as_of: datetime) -> Crowd:
        name = workspace.workspace_id
        latest = self._log.latest(name)
        past = latest is not None and as_of < latest
        known = {found.customer_id: found.last_key for found in self._profiles.parts(name, ())}
        later = [c for c, last in known.items() if past and (last is None or last[0] > as_of)]
        again = self._refold.of(workspace, later, position=self._log.position(name), until=as_of)
        states = {found.customer_id: found.state for found in again}
        ids = sorted(known.keys() - set(later) | states.keys())
        facts = _Facts(self, workspace, as_of, states)
        return Crowd(ids, as_of=as_of, zone=workspace.zone, taxonomy=self._taxonomy, sources=facts, how=READERS)


class _Facts:
    """Where a crowd's columns come from; implements `Sources`."""

    def __init__(self, of: Audiences, workspace: Workspace, as_of: datetime, states: Mapping[str, State]) -> None:
        self._of, self._workspace, self._as_of, self._states = of, workspace, as_of, states

    def parts(self, names: tuple[str, ...]) -> Iterable[Parts]:
        for found in self._of._profiles.parts(self._workspace.workspace_id, names):
            if found.customer_id not in self._states:
                yield found
        for customer_id, state in self._states.items():
            yield Parts(customer_id, state.last_key, tuple([getattr(state, name) for name in names]))

    def likeness(self) -> Likeness | None:
        return self._of._peers.at(self._workspace, self._as_of)

    def estimates(self) -> Estimates:
        return self._of._reckoner.at(self._workspace, self._as_of).model.all()

    def bonds(self, customer_ids: Collection[str]) -> Mapping[str, Bonds]:
        return self._of._identity.bonds_of(self._workspace.workspace_id, customer_ids)

    def identifiers(self) -> Iterable[tuple[str, str]]:
        return self._of._identity.kinds(self._workspace.workspace_id)
