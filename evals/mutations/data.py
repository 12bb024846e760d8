"""False claims as data: every field that a claim has, changed to what the events do not give."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from random import Random
from typing import NamedTuple

from app.narrative.schemas import Claim, ClaimKind, Period, Unit

Change = Callable[[Claim, "World"], Claim | None]
"""A false claim made of a true one; None where it cannot be made so."""


class World(NamedTuple):
    """What a false claim may borrow."""

    topics: Sequence[str]
    items: Sequence[str]
    foreign: Sequence[str]
    """Events of other customers."""
    later: Sequence[str]
    """Events of this customer after the reading."""
    dice: Random


def _value(claim: Claim, world: World) -> Claim | None:
    if claim.value is None:
        return None
    whole = isinstance(claim.value, int) and claim.unit not in (Unit.SHARE, Unit.PROBABILITY)
    return claim.model_copy(update={"value": claim.value + (world.dice.choice((1, -1)) if whole else 0.05)})


def _compared(claim: Claim, world: World) -> Claim | None:
    return None if claim.compared_to is None else claim.model_copy(update={"compared_to": claim.compared_to + 1})


def _direction(claim: Claim, world: World) -> Claim | None:
    turned = {"up": "down", "down": "up", "flat": "up"}
    return claim.model_copy(update={"direction": turned[claim.direction]}) if claim.direction else None


def _period(claim: Claim, world: World) -> Claim | None:
    """Of changes alone: a longer stretch may hold the same orders."""
    if claim.period is None or not claim.compared_to:
        return None
    start = claim.period.start - timedelta(days=400)
    return claim.model_copy(update={"period": Period(start=start, end=claim.period.end)})


def _unit(claim: Claim, world: World) -> Claim:
    return claim.model_copy(update={"unit": Unit.DAYS if claim.unit is not Unit.DAYS else Unit.COUNT})


def _currency(claim: Claim, world: World) -> Claim | None:
    return claim.model_copy(update={"currency": "EUR"}) if claim.currency else None


def _topic(claim: Claim, world: World) -> Claim | None:
    others = [topic for topic in world.topics if topic not in (claim.topic, claim.to_topic)]
    return claim.model_copy(update={"topic": world.dice.choice(others)}) if claim.topic else None


def _item(claim: Claim, world: World) -> Claim | None:
    others = [item for item in world.items if item != claim.item_id]
    return claim.model_copy(update={"item_id": world.dice.choice(others)}) if claim.item_id and others else None


def _made_up(claim: Claim, world: World) -> Claim | None:
    return _with_evidence(claim, "0190c0de-0000-7000-8000-00000000dead")


def _foreign(claim: Claim, world: World) -> Claim | None:
    return _with_evidence(claim, world.dice.choice(world.foreign)) if world.foreign else None


def _later(claim: Claim, world: World) -> Claim | None:
    return _with_evidence(claim, world.dice.choice(world.later)) if world.later else None


def _with_evidence(claim: Claim, event_id: str) -> Claim | None:
    return claim.model_copy(update={"evidence": (*claim.evidence[1:], event_id)}) if claim.evidence else None


def _missing(claim: Claim, world: World) -> Claim | None:
    if claim.kind is ClaimKind.PREDICTION:
        return None
    return claim.model_copy(update={"evidence": (), "query_ref": None})


def _query_count(claim: Claim, world: World) -> Claim | None:
    if claim.query_ref is None:
        return None
    more = claim.query_ref.model_copy(update={"count": (claim.query_ref.count or 0) + 1})
    return claim.model_copy(update={"query_ref": more})


def _query_hash(claim: Claim, world: World) -> Claim | None:
    if claim.query_ref is None:
        return None
    return claim.model_copy(update={"query_ref": claim.query_ref.model_copy(update={"hash": "0" * 16})})


def _quote(claim: Claim, world: World) -> Claim | None:
    return claim.model_copy(update={"quote": claim.quote + "!!"}) if claim.quote else None


def _unquoted(claim: Claim, world: World) -> Claim | None:
    return claim.model_copy(update={"quote": None}) if claim.kind is ClaimKind.INFERENCE else None


def _sure(claim: Claim, world: World) -> Claim | None:
    return claim.model_copy(update={"kind": ClaimKind.FACT}) if claim.kind is ClaimKind.INFERENCE else None


def _confidence(claim: Claim, world: World) -> Claim | None:
    return claim.model_copy(update={"confidence": 0.99}) if claim.confidence is not None else None


def _prediction(claim: Claim, world: World) -> Claim | None:
    if claim.kind is not ClaimKind.PREDICTION or claim.value is None:
        return None
    if claim.high is not None:
        return claim.model_copy(update={"high": claim.high * 2 + 1})
    return claim.model_copy(update={"horizon_days": (claim.horizon_days or 0) + 30})


def _subject(claim: Claim, world: World) -> Claim | None:
    return None if claim.kind is ClaimKind.PREDICTION else claim.model_copy(update={"subject": "c_somebody_else"})


def _as_of(claim: Claim, world: World) -> Claim:
    return claim.model_copy(update={"as_of": claim.as_of + timedelta(days=1)})


def _moment(claim: Claim, world: World) -> Claim | None:
    return claim.model_copy(update={"at": claim.at - timedelta(days=1)}) if claim.at else None


def _link(claim: Claim, world: World) -> Claim:
    return claim.model_copy(update={"kind": ClaimKind.LINK})


DATA: dict[str, Change] = {
    "value": _value,
    "compared_to": _compared,
    "direction": _direction,
    "period": _period,
    "unit": _unit,
    "currency": _currency,
    "topic": _topic,
    "item": _item,
    "evidence_made_up": _made_up,
    "evidence_foreign": _foreign,
    "evidence_later": _later,
    "evidence_missing": _missing,
    "query_count": _query_count,
    "query_hash": _query_hash,
    "quote": _quote,
    "quote_missing": _unquoted,
    "inference_as_fact": _sure,
    "confidence": _confidence,
    "prediction": _prediction,
    "subject": _subject,
    "as_of": _as_of,
    "moment": _moment,
    "link_that_states": _link,
}
