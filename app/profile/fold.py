"""fold(state, events) -> state: the whole profile as a pure function of the log in canonical order.

Constant work per event. A late event means folding that customer again from the newest checkpoint before it, a merge
or an unmerge from the start; the result is the same as if everything had come in order, exactly.
"""

import copy
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from app.events.schemas import OUR_SOURCE, PASSIVE_KINDS, Event, EventKind, Item
from app.identity.schemas import NO_BONDS, Bonds
from app.privacy.redaction import redact
from app.profile.consents import Words, effective, note
from app.profile.interests import Decayed, touch, view
from app.profile.purchases import Purchases, add_order, rfm_summary, usual_gap
from app.profile.rfm import Standing, classify, standing
from app.profile.schemas import ConsentState, Profile, Trait
from app.text.taxonomy import Taxonomy

FOLD_VERSION = 2
"""Raised whenever the fold's meaning changes, so that stored states are folded anew."""


class State(msgspec.Struct, array_like=True, gc=False):
    """What the fold remembers of one customer."""

    fold_version: int = FOLD_VERSION
    taxonomy_hash: str = ""
    last_key: tuple[datetime, datetime, str] | None = None
    first_at: datetime | None = None
    last_at: datetime | None = None
    events: int = 0
    interests: dict[str, Decayed] = msgspec.field(default_factory=dict)
    purchases: Purchases = msgspec.field(default_factory=Purchases)
    counts: dict[str, int] = msgspec.field(default_factory=dict)
    topical: int = 0
    untopical: int = 0
    consents: Words = msgspec.field(default_factory=dict)
    traits: dict[str, dict[str, Any]] = msgspec.field(default_factory=dict)


class Context(msgspec.Struct, frozen=True):
    """What the fold needs beside the events; the same context and events give the same state, always."""

    taxonomy: Taxonomy
    zone: ZoneInfo
    items: Mapping[str, Item]
    texts: Mapping[str, str]


def topics_of(event: Event, context: Context) -> tuple[str, ...]:
    """Topics that an event touches: its item's, else what its text names."""
    item = context.items.get(event.item_id) if event.item_id else None
    if item:
        return context.taxonomy.topics_of_item(item.title, item.category_path)
    text = context.texts.get(event.text_ref) if event.text_ref else None
    return context.taxonomy.topics_in(text) if text else ()


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
    key = event.order_key
    if state.last_key and key <= state.last_key:
        raise ValueError(f"event {event.event_id} is not after {state.last_key}: fold this customer from the start")
    state.last_key = key
    if event.kind not in PASSIVE_KINDS:
        state.first_at = state.first_at or event.occurred_at
        state.last_at = event.occurred_at
    state.events += event.source != OUR_SOURCE
    state.counts[event.kind] = state.counts.get(event.kind, 0) + 1
    _apply_interest(state, event, context)
    match event.kind:
        case EventKind.ORDER:
            add_order(state.purchases, event, context.zone)
        case EventKind.REFUND:
            state.purchases.refunded += event.money.amount_minor if event.money else 0
        case EventKind.CONSENT:
            note(state.consents, event)
        case EventKind.IDENTIFY:
            _apply_traits(state, event, context)


def _apply_interest(state: State, event: Event, context: Context) -> None:
    impact = context.taxonomy.impact(event.kind)
    if not impact or not (event.item_id or event.text_ref):
        return
    topics = topics_of(event, context)
    if topics:
        state.topical += 1
        touch(state.interests, topics, impact, event.occurred_at, context.taxonomy)
    else:
        state.untopical += 1


def _apply_traits(state: State, event: Event, context: Context) -> None:
    traits = event.properties.get("traits")
    for name, value in traits.items() if isinstance(traits, dict) else ():
        if isinstance(value, str | int | float) and not context.taxonomy.forbidden_in(f"{name} {value}"):
            state.traits[str(name)] = {
                "name": str(name),
                "value": redact(str(value)),
                "source": event.source,
                "event_id": event.event_id,
                "at": event.occurred_at.isoformat(),
            }


def profile_at(
    state: State,
    *,
    workspace_id: str,
    customer_id: str,
    identity_version: int,
    as_of: datetime,
    context: Context,
    limits: Standing | None,
    bonds: Bonds = NO_BONDS,
) -> Profile:
    """The profile that a state shows at `as_of`, which is not before its last event."""
    rfm = rfm_summary(state.purchases, as_of, context.zone)
    judged = state.topical + state.untopical
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
        interests=view(state.interests, as_of, context.taxonomy),
        unclassified_share=state.untopical / judged if judged else 0.0,
        rfm=rfm,
        rfm_class=classify(standing(rfm), limits) if rfm and limits else None,
        usual_gap_days=usual_gap(state.purchases.gaps),
        counts=dict(sorted(state.counts.items())),
        consents=consents_of(state, bonds),
        traits=tuple(Trait.model_validate(t) for _, t in sorted(state.traits.items())),
    )


def covers(state: State, events: Sequence[Event]) -> bool:
    """Whether a state is the fold of exactly these events of its customer, which come in canonical order."""
    if not events or state.last_key != events[-1].order_key:
        return False
    return sum(state.counts.values()) == len(events)


def consents_of(state: State, bonds: Bonds) -> tuple[ConsentState, ...]:
    """What the customer allows as a whole; `bonds` comes from the identity graph."""
    return effective(state.consents, bonds)
