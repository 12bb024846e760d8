"""fold(state, events) -> state: the whole profile as a pure function of the log in canonical order.

Each event is worked out once (`seen.py`) and handed to every part of the state; a part is one file: what is wanted
(`wants/`), signs of leaving (`signs/`), running sums (`sums/`), remembered visits (`memory/`), what is known
(`known/`). Constant work per event, bounded size. A late event means folding that customer again from the newest
checkpoint before it, a merge or an unmerge from the start; the result is the same as if everything had come in order,
exactly.
What only time changes (decay, forgetting, silence) is worked out when a profile is read, from stored moments.
"""

import copy
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

import msgspec

from app.events.schemas import Event, EventKind
from app.identity.schemas import NO_BONDS, Bonds
from app.profile import history, rhythm
from app.profile.history import History
from app.profile.known import attributes, consents
from app.profile.known.attributes import Attributes
from app.profile.known.consents import Words, effective
from app.profile.memory import visits
from app.profile.memory.visits import Visits
from app.profile.rhythm import Rhythms
from app.profile.schemas import ConsentState, Profile
from app.profile.seen import Context, Seen, Visit, look
from app.profile.signs import days, engagement
from app.profile.signs.days import Days
from app.profile.signs.engagement import Engagement
from app.profile.sums import prices, purchases, tallies
from app.profile.sums.prices import Prices
from app.profile.sums.purchases import Purchases, rfm_summary, usual_gap
from app.profile.sums.rfm import Limits, classify, scores, standing
from app.profile.sums.tallies import Tallies
from app.profile.wants import interests, shifts
from app.profile.wants.interests import Interests
from app.profile.wants.likeness import Likeness
from app.profile.wants.shifts import Shifts

FOLD_VERSION = 4
"""Raised whenever the fold's meaning changes, so that stored states are folded anew."""


_BUYING: Final = frozenset({EventKind.ORDER.value, EventKind.REFUND.value, EventKind.COUPON.value})
_CONSENT: Final = EventKind.CONSENT.value


class Heart(msgspec.Struct, array_like=True, gc=False):
    """The first fields of a stored state, for questions over all customers: the rest need not be read."""

    fold_version: int = FOLD_VERSION
    taxonomy_hash: str = ""
    last_key: tuple[datetime, datetime, str] | None = None
    shifts: Shifts = msgspec.field(default_factory=Shifts)
    interests: Interests = msgspec.field(default_factory=Interests)


class State(Heart, array_like=True, gc=False):
    """What the fold remembers of one customer."""

    first_at: datetime | None = None
    last_at: datetime | None = None
    events: int = 0
    counts: dict[str, int] = msgspec.field(default_factory=dict)
    topical: int = 0
    untopical: int = 0
    visit: Visit = msgspec.field(default_factory=Visit)
    visits: Visits = msgspec.field(default_factory=Visits)
    purchases: Purchases = msgspec.field(default_factory=Purchases)
    prices: Prices = msgspec.field(default_factory=Prices)
    tallies: Tallies = msgspec.field(default_factory=Tallies)
    days: Days = msgspec.field(default_factory=Days)
    rhythm: Rhythms = msgspec.field(default_factory=Rhythms)
    engagement: Engagement = msgspec.field(default_factory=Engagement)
    consents: Words = msgspec.field(default_factory=dict)
    attributes: Attributes = msgspec.field(default_factory=Attributes)
    history: History = msgspec.field(default_factory=History)


def fold(state: State | None, events: Iterable[Event], context: Context) -> State:
    """The state after `events`, which come in canonical order and after everything in `state`. Pure."""
    new = copy.deepcopy(state) if state else State(taxonomy_hash=context.taxonomy.fingerprint)
    advance(new, events, context)
    return new


def advance(state: State, events: Iterable[Event], context: Context) -> None:
    """The same in place, for a caller that owns the state and saves the copy."""
    for event in events:
        _apply(state, event, context)


def _apply(state: State, event: Event, context: Context) -> None:
    key, kind = event.order_key, event.kind
    if state.last_key and key <= state.last_key:
        raise ValueError(f"event {event.event_id} is not after {state.last_key}: fold this customer from the start")
    state.last_key = key
    state.counts[kind] = state.counts.get(kind, 0) + 1
    seen = look(state.visit, event, context)
    state.events += not seen.ours
    if seen.active:
        _note_presence(state, seen, context)
    if kind in _BUYING:
        purchases.note(state.purchases, seen, context)
        prices.note(state.prices, seen, context)
    tallies.note(state.tallies, seen, context)
    visits.note(state.visits, seen, context)
    changes = _note_topics(state, seen, context)
    if kind == _CONSENT:
        consents.note(state.consents, event)
    elif kind in attributes.KINDS:
        changes = [f"attribute:{name}" for name in attributes.note(state.attributes, seen, context)] + changes
    history.note(state.history, seen, context, changes)


def _note_presence(state: State, seen: Seen, context: Context) -> None:
    """Take in what the customer did as a sign of life."""
    state.last_at = seen.at
    if state.first_at is None:
        state.first_at = seen.at
    days.note(state.days, seen, context)
    engagement.note(state.engagement, seen, context)
    if seen.fresh:
        rhythm.note(state.rhythm, seen, context)


def _note_topics(state: State, seen: Seen, context: Context) -> list[str]:
    """Take in what the event says of interests; returns codes of the changes that it brought to light."""
    if seen.impact and (seen.event.item_id or seen.event.text_ref):
        if seen.topics:
            state.topical += 1
        else:
            state.untopical += 1
    if not interests.note(state.interests, seen, context):
        return []
    found = shifts.note(state.shifts, state.interests, seen, context)
    return [] if found is None else [f"shift:{found.before}>{found.after}"]


def profile_at(
    state: State,
    *,
    workspace_id: str,
    customer_id: str,
    identity_version: int,
    as_of: datetime,
    context: Context,
    limits: Limits | None,
    likeness: Likeness | None = None,
    bonds: Bonds = NO_BONDS,
) -> Profile:
    """The profile that a state shows at `as_of`, which is not before its last event.

    `limits` and `likeness` say where this customer stands among the others; without them the profile says nothing of
    that. `bonds` comes from the identity graph.
    """
    rfm = rfm_summary(state.purchases, as_of, context.zone)
    judged = state.topical + state.untopical
    wanted = interests.view(state.interests, as_of, context.taxonomy, likeness)
    known, rejected = attributes.view(state.attributes, as_of)
    return Profile(
        workspace_id=workspace_id,
        customer_id=customer_id,
        as_of=as_of,
        fold_version=state.fold_version,
        taxonomy_hash=state.taxonomy_hash,
        identity_version=identity_version,
        events=state.events,
        first_seen_at=state.first_at,
        last_seen_at=state.last_at,
        interests=wanted.interests,
        own_weight=wanted.own_weight,
        segment=wanted.segment,
        shifts=shifts.view(state.shifts, state.interests, as_of, context.taxonomy, likeness),
        signals=engagement.view(state.engagement, state.days, state.purchases, as_of, context.zone),
        rhythm=rhythm.view(state.rhythm, state.purchases.gaps, str(context.zone)),
        prices=prices.view(state.prices),
        unclassified_share=state.untopical / judged if judged else 0.0,
        rfm=rfm,
        rfm_scores=scores(standing(rfm), limits) if rfm and limits else None,
        rfm_class=classify(standing(rfm), limits) if rfm and limits else None,
        usual_gap_days=usual_gap(state.purchases.gaps),
        counts=dict(sorted(state.counts.items())),
        consents=consents_of(state, bonds),
        attributes=known,
        tombstones=rejected,
        history=history.view(state.history, as_of, state.attributes),
    )


def covers(state: State, events: Sequence[Event]) -> bool:
    """Whether a state is the fold of exactly these events of its customer, which come in canonical order."""
    if not events or state.last_key != events[-1].order_key:
        return False
    return sum(state.counts.values()) == len(events)


def consents_of(state: State, bonds: Bonds) -> tuple[ConsentState, ...]:
    """What the customer allows as a whole; `bonds` comes from the identity graph."""
    return effective(state.consents, bonds)
