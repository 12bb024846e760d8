"""Make evidence and identifiers fit to be seen: named, priced, masked, redacted."""

from collections.abc import Iterable, Mapping, Sequence

from app.identity.schemas import Customer
from app.identity.store import IdentityStore
from app.narrative.book import Book
from app.narrative.schemas import Claim, Narrative
from app.predict.schemas import IntentEstimate
from app.privacy.quoting import quotable
from app.privacy.redaction import redact
from app.privacy.sealing import is_sealed
from app.profile.schemas import Profile
from app.schema import Lang
from app.views import EvidenceEvent, NextPurchase

_CONTACT = {"phone", "mobile", "tel", "email", "openid", "unionid", "id_number"}
_NOTHING: Mapping[str, str] = {}


def masked(key: str, raw: Mapping[str, str] = _NOTHING) -> str:
    """`phone:13912345678` -> `phone:139****78`; ids that are not contact data stay whole.

    `raw` has the values of identifiers that are kept as hashes, by key; a hash without its value is hidden whole.
    """
    kind, _, value = key.partition(":")
    shown = raw.get(key, value)
    if kind.lower() not in _CONTACT and redact(shown) == shown:
        return key
    return f"{kind}:{shown[:3]}****{shown[-2:]}" if len(shown) > 6 and not is_sealed(shown) else f"{kind}:****"


def names_of(identity: IdentityStore, workspace_id: str, customer_ids: Sequence[str]) -> dict[str, str]:
    """customer_id -> the name people know them by, masked where it is contact data."""
    known = {c.customer_id: c.identifiers[0] for c in identity.customers(workspace_id, customer_ids)}
    raw = identity.raw(workspace_id, list(known.values()))
    return {customer_id: masked(key, raw) for customer_id, key in known.items()}


def evidence_of(claims: Iterable[Claim], narrative: Narrative, book: Book) -> dict[str, EvidenceEvent]:
    """The events that the claims and the narrative's markers list, by id."""
    wanted = {event_id for claim in claims for event_id in claim.evidence}
    wanted |= {event_id for marker in narrative.evidence for event_id in marker.events}
    return {event_id: _view(event_id, book) for event_id in sorted(wanted)}


def next_purchase(customer: Customer, intent: IntentEstimate, book: Book, lang: Lang) -> NextPurchase:
    """An intent with the names of its categories and the events that its reasons list."""
    spoken = [*(one.category for one in intent.categories), *(one.category for one in intent.replenishments)]
    wanted = {event_id for one in intent.categories for reason in one.reasons for event_id in reason.evidence}
    return NextPurchase(
        customer_id=customer.customer_id,
        canonical_id=customer.canonical_id,
        as_of=book.as_of,
        intent=intent,
        names={category: book.taxonomy.name(category, lang) for category in spoken},
        evidence={event_id: _view(event_id, book) for event_id in sorted(wanted)},
    )


def topics_of(profile: Profile) -> list[str]:
    """Every topic that a profile speaks of."""
    moved = [topic for shift in profile.shifts for topic in (shift.from_topic, shift.to_topic) if topic]
    return list(dict.fromkeys([*(interest.topic for interest in profile.interests), *moved]))


def latest_events(book: Book, limit: int) -> tuple[EvidenceEvent, ...]:
    """The newest events of a customer up to the book's moment, newest first; unknown kinds as they came."""
    return tuple(_view(event.event_id, book) for event in reversed(book.history.events[-limit:]))


def _view(event_id: str, book: Book) -> EvidenceEvent:
    event = book.by_id[event_id]
    text = book.history.texts.get(event.text_ref or "")
    title = book.title(event.item_id) if event.item_id else None
    return EvidenceEvent(
        event_id=event_id,
        kind=event.kind,
        source=event.source,
        occurred_at=event.occurred_at,
        item_id=event.item_id,
        item_title=quotable(title) if title and not book.taxonomy.forbidden_in(title) else None,
        order_id=event.order_id,
        amount_minor=event.money.amount_minor if event.money else None,
        currency=event.money.currency if event.money else None,
        topic=book.topic(event),
        text=quotable(text) if text and not book.taxonomy.forbidden_in(text) else None,
    )
