"""Claims that tell what a profile holds: interests and how they moved, signs, prices, rhythm, attributes, position.

One definition for both uses: claims are made of the profile of the stored state, and checked with the profile that
the events give when they are folded anew.
"""

from collections.abc import Container, Iterator
from datetime import datetime
from typing import Final

from app.events.schemas import PASSIVE_KINDS, EventKind
from app.narrative.book import INSTANT, Query
from app.narrative.making import made
from app.narrative.schemas import Claim, ClaimKind, Period, Predicate, QueryRef, Unit
from app.profile.schemas import Attribute, Interest, InterestShift, PriceBehaviour, Profile, ShiftKind, Signal
from app.profile.sums.prices import EXACT_ORDERS

LIKELY: Final = 0.5
"""A change of interest is stated in words when it is likelier than not ..."""
POSSIBLE: Final = 0.35
"""... and from here on as one that may have been."""
OF_PROFILE: Final = frozenset(
    {
        Predicate.INTEREST,
        Predicate.INTEREST_SHIFT,
        Predicate.SIGNAL,
        Predicate.DISCOUNT_SHARE,
        Predicate.BASKET,
        Predicate.USUAL_HOUR,
        Predicate.USUAL_WEEKDAY,
        Predicate.VISIT_GAP,
        Predicate.ATTRIBUTE,
        Predicate.RFM_POSITION,
    }
)
"""Predicates that are measured on a profile."""
_UNITS: Final = {
    "seconds": Unit.SECONDS,
    "pages": Unit.PAGES,
    "days": Unit.DAYS,
    "share": Unit.SHARE,
    "characters": Unit.CHARACTERS,
    "rating": Unit.RATING,
    "count": Unit.COUNT,
}


def profile_claims(profile: Profile, *, currency: str, most: int | None = None) -> tuple[Claim, ...]:
    """What can be claimed of a profile, of its lists the first `most`; whatever has no evidence is left out.

    That an interest faded is not claimed once it is there again. Changes from one topic to another go first.
    """
    alive = {interest.topic for interest in profile.interests}
    shifts = sorted((shift for shift in profile.shifts if _is_told(shift, alive)), key=_weight)
    found = (
        *(_interest(profile, interest) for interest in profile.interests[:most]),
        *(_shift(profile, shift) for shift in shifts[:most]),
        *(_signal(profile, signal) for signal in profile.signals[:most]),
        *(_prices(profile, profile.prices, currency) if profile.prices else ()),
        *_rhythm(profile),
        *(_attribute(profile, attribute) for attribute in profile.attributes[:most]),
        *_position(profile),
    )
    return tuple(claim for claim in found if claim.evidence or claim.query_ref)


def _is_told(shift: InterestShift, alive: Container[str]) -> bool:
    """Whether a change is told: a live interest has not faded, and unlikely changes are only shown as such."""
    if shift.kind is ShiftKind.FADING:
        return shift.from_topic not in alive
    return shift.confidence >= POSSIBLE


def _weight(shift: InterestShift) -> tuple[bool, bool, bool]:
    """What says most goes first, else in the profile's order: from one topic to another, then what came up or faded."""
    return shift.kind is ShiftKind.FADING, shift.from_topic is None, shift.confidence < LIKELY


def _interest(profile: Profile, interest: Interest) -> Claim:
    return made(
        kind=ClaimKind.AGGREGATE,
        predicate=Predicate.INTEREST,
        subject=profile.customer_id,
        value=interest.own_share,
        unit=Unit.SHARE,
        as_of=profile.as_of,
        topic=interest.topic,
        weight=interest.weight,
        at=interest.last_event_at,
        evidence=interest.evidence,
    )


def _shift(profile: Profile, shift: InterestShift) -> Claim:
    return made(
        kind=ClaimKind.CHANGE,
        predicate=Predicate.INTEREST_SHIFT,
        subject=profile.customer_id,
        value=shift.reason.visits_to,
        unit=Unit.COUNT,
        as_of=profile.as_of,
        direction="down" if shift.kind is ShiftKind.FADING else "up",
        period=_since(shift.since, profile.as_of),
        compared_to=shift.reason.before_to,
        out_of=shift.reason.visits,
        compared_out_of=shift.reason.before,
        topic=shift.from_topic,
        to_topic=shift.to_topic,
        name=shift.kind.value,
        at=shift.since,
        confidence=shift.confidence,
        evidence=shift.evidence,
    )


def _signal(profile: Profile, signal: Signal) -> Claim:
    return made(
        kind=ClaimKind.FACT if signal.usual is None else ClaimKind.CHANGE,
        predicate=Predicate.SIGNAL,
        subject=profile.customer_id,
        value=signal.now,
        unit=_UNITS[signal.unit],
        as_of=profile.as_of,
        direction=signal.direction,
        period=_since(signal.since, profile.as_of),
        compared_to=signal.usual,
        out_of=signal.n_now,
        compared_out_of=signal.n_usual,
        size=signal.size,
        name=signal.name.value,
        detail=signal.detail,
        at=signal.raised_at,
        evidence=signal.evidence,
    )


def _prices(profile: Profile, prices: PriceBehaviour, currency: str) -> Iterator[Claim]:
    yield made(
        kind=ClaimKind.AGGREGATE,
        predicate=Predicate.DISCOUNT_SHARE,
        subject=profile.customer_id,
        value=prices.discount_share,
        unit=Unit.SHARE,
        as_of=profile.as_of,
        out_of=prices.orders,
        query_ref=_query(EventKind.ORDER, EventKind.COUPON),
    )
    if prices.orders > EXACT_ORDERS:
        return  # the profile's quantiles are good estimates then, but a claim is exact or not made
    yield made(
        kind=ClaimKind.AGGREGATE,
        predicate=Predicate.BASKET,
        subject=profile.customer_id,
        value=prices.basket_median,
        low=prices.basket_low,
        high=prices.basket_high,
        unit=Unit.MONEY_MINOR,
        currency=currency,
        as_of=profile.as_of,
        out_of=prices.orders,
        query_ref=_query(EventKind.ORDER),
    )


def _rhythm(profile: Profile) -> Iterator[Claim]:
    rhythm = profile.rhythm
    found = (
        (Predicate.USUAL_HOUR, rhythm.usual_hour, Unit.HOUR, sum(rhythm.hours)),
        (Predicate.USUAL_WEEKDAY, rhythm.usual_weekday, Unit.WEEKDAY, sum(rhythm.weekdays)),
        (Predicate.VISIT_GAP, rhythm.visit_gap_days, Unit.DAYS, None),
    )
    cites = _query(*sorted(kind for kind in profile.counts if kind not in PASSIVE_KINDS))
    for predicate, value, unit, out_of in found:
        if value is not None:
            yield made(
                kind=ClaimKind.AGGREGATE,
                predicate=predicate,
                subject=profile.customer_id,
                value=value,
                unit=unit,
                as_of=profile.as_of,
                out_of=out_of,
                query_ref=cites,
            )


def _attribute(profile: Profile, attribute: Attribute) -> Claim:
    return made(
        kind=ClaimKind.INFERENCE if attribute.inferred else ClaimKind.FACT,
        predicate=Predicate.ATTRIBUTE,
        subject=profile.customer_id,
        value=None,
        unit=Unit.NONE,
        as_of=profile.as_of,
        name=attribute.name,
        detail=attribute.value,
        authority=attribute.authority.value,
        at=attribute.at,
        quote=attribute.quote,
        confidence=attribute.confidence,
        evidence=attribute.evidence,
    )


def _position(profile: Profile) -> Iterator[Claim]:
    if profile.rfm_class and profile.rfm_scores:
        scores = profile.rfm_scores
        yield made(
            kind=ClaimKind.AGGREGATE,
            predicate=Predicate.RFM_POSITION,
            subject=profile.customer_id,
            value=None,
            unit=Unit.NONE,
            as_of=profile.as_of,
            name=profile.rfm_class.value,
            scores=(scores.recency, scores.frequency, scores.monetary),
            query_ref=_query(EventKind.ORDER),
        )


def _query(*kinds: str) -> QueryRef:
    return QueryRef(query=str(Query(kinds)))


def _since(moment: datetime, as_of: datetime) -> Period:
    return Period(start=moment - INSTANT, end=as_of)
