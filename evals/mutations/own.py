"""Claims as a model would make them itself: true ones, made of the product's, and false ones made of those."""

from collections.abc import Iterator, Sequence
from random import Random
from typing import Any, NamedTuple

from app.insights.ground import Ground
from app.insights.schemas import OwnClaim
from app.narrative.measures import SPECS
from app.narrative.schemas import Claim, ClaimKind, Marker
from app.narrative.speech import Speaker

HEDGE = {"zh": "可能", "en": "may"}
CITED, FOREIGN = "e900", "e901"
"""Markers of a claim's own evidence, and of somebody else's event."""


class Own(NamedTuple):
    """A claim of a model's own with the ground on which its markers stand."""

    claim: OwnClaim
    ground: Ground


def true_ones(ground: Ground, foreign: Sequence[str]) -> Iterator[Own]:
    """What a model that reads its material well would claim."""
    for claim in ground.claims:
        if claim.predicate in SPECS and claim.kind is not ClaimKind.LINK:
            yield Own(_as_own(claim, ground), _marked(claim, ground, foreign))


def _as_own(claim: Claim, ground: Ground) -> OwnClaim:
    book, narrative = ground.book, ground.narrative
    if book is None or narrative is None:
        raise ValueError("claims of a model's own need a book and a narrative")
    speaker = Speaker(book, narrative.lang)
    whole = claim.period is None or claim.period == book.all_time
    return OwnClaim.model_validate(
        {
            "kind": claim.kind.value,
            "predicate": claim.predicate,
            "value": "" if claim.value is None else speaker.measured(claim, claim.value),
            "direction": claim.direction or "none",
            "days": 0 if whole else round(speaker.period_days(claim)),
            "topic": book.taxonomy.name(claim.topic, narrative.lang) if claim.topic else "",
            "item": book.title(claim.item_id)[:80] if claim.item_id else "",
            "quote": (claim.quote or "") if claim.kind is ClaimKind.INFERENCE else "",
            "hedge": HEDGE[narrative.lang] if claim.kind is ClaimKind.INFERENCE else "",
            "events": (CITED,),
        }
    )


def _marked(claim: Claim, ground: Ground, foreign: Sequence[str]) -> Ground:
    """The ground with the claim's evidence, and somebody else's, behind markers."""
    mine = Marker(marker=CITED, events=claim.evidence, query=claim.query_ref)
    others = Marker(marker=FOREIGN, events=tuple(foreign[:1]))
    if ground.narrative is None:
        return ground
    return ground._replace(narrative=ground.narrative.model_copy(update={"evidence": (mine, others)}))


def false_ones(own: OwnClaim, claim: Claim, topics: Sequence[str], dice: Random) -> Iterator[tuple[str, OwnClaim]]:
    """The same claim with one thing wrong, each by the name of what is."""
    wrong: dict[str, dict[str, Any]] = {
        "kind": {"kind": "fact" if own.kind != "fact" else "aggregate"},
        "direction": {"direction": {"up": "down", "down": "up", "flat": "up", "none": "up"}[own.direction]},
        "marker": {"events": ("e9999",)},
        "foreign_event": {"events": (FOREIGN,)},
        "no_event": {"events": ()},
        "campaign": {"campaigns": ("cmp_8f21",)},
    }
    if claim.value is not None:
        wrong["value"] = {"value": _other(own.value)}
    if own.topic and claim.value:
        others = [topic for topic in topics if topic != own.topic]
        wrong["topic"] = {"topic": dice.choice(others)}
    if claim.kind is ClaimKind.INFERENCE:
        wrong |= {"quote": {"quote": "买买买买买"}, "no_quote": {"quote": ""}, "hedge": {"hedge": ""}}
        wrong["told_as_fact"] = {"kind": "fact"}
    yield from ((name, own.model_copy(update=changes)) for name, changes in wrong.items())


def _other(value: str) -> str:
    """The value with its last digit changed."""
    at = max(place for place, sign in enumerate(value) if sign.isdigit())
    return value[:at] + str((int(value[at]) + 1) % 10) + value[at + 1 :]
