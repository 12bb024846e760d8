"""Connectives between the sentences of a story, from a closed list: code puts one where two neighbours call for it.

Which relation holds follows from what the claims of both say, never from a model. A connective states nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Final, Literal
from zlib import crc32

import yaml
from pydantic import TypeAdapter

from app.narrative.schemas import Claim, Predicate, Sentence
from app.schema import Lang

Relation = Literal["however", "even_so", "meanwhile"]
_Words = Mapping[Lang, Mapping[Relation, tuple[str, ...]]]

_ORDERS: Final = frozenset({Predicate.ORDER_COUNT_CHANGE, Predicate.ORDER_VALUE_CHANGE})
_LIKING: Final = frozenset({Predicate.INTEREST, Predicate.TOPIC_SHARE, Predicate.INTENT, Predicate.ITEM_ORDERS})
"""What somebody likes: it makes leaving a surprise."""
_CONCESSIVE: Final = ("虽然", "尽管", "although", "even", "yet")
"""Sentences that open so need no connective."""


def joined(sentences: Sequence[Sentence], claims: Mapping[str, Claim], lang: Lang) -> tuple[Sentence, ...]:
    """The sentences with a connective before those that follow from, or stand against, the one before."""
    return tuple(_joined(sentences, claims, lang))


def _joined(sentences: Sequence[Sentence], claims: Mapping[str, Claim], lang: Lang) -> Iterator[Sentence]:
    before: list[Claim] = []
    for sentence in sentences:
        cited = [claims[claim_id] for claim_id in sentence.claim_ids if claim_id in claims]
        relation = _relation(before, cited)
        if relation is None or sentence.text.lower().startswith(_CONCESSIVE):
            yield sentence
        else:
            variants = _words()[lang][relation]
            word = variants[crc32(f"{cited[0].subject} {relation}".encode()) % len(variants)]
            yield sentence.model_copy(update={"text": word + _lowered(sentence.text)})
        before = cited


def _relation(before: Sequence[Claim], now: Sequence[Claim]) -> Relation | None:
    level = next((claim.name for claim in now if claim.predicate is Predicate.CHURN_RISK), None)
    if level in ("drifting", "leaving"):
        return "however" if any(claim.predicate in _LIKING for claim in before) else None
    if level == "calm" and any(claim.predicate is Predicate.USUAL_GAP for claim in now):
        return "even_so" if any(_falls(claim) for claim in before) else None
    if any(claim.predicate in _ORDERS for claim in now) and any(_turned(claim) for claim in before):
        return "meanwhile"
    return None


def _falls(claim: Claim) -> bool:
    return claim.predicate in _ORDERS and claim.direction == "down"


def _turned(claim: Claim) -> bool:
    return claim.predicate is Predicate.INTEREST_SHIFT and claim.to_topic is not None


def _lowered(text: str) -> str:
    """The sentence as it goes on after a connective; what opens with a figure, a name or a quotation stays."""
    return text[:1].lower() + text[1:] if text[1:2].islower() or text[:2] in ("A ", "I ") else text


@cache
def _words() -> _Words:
    text = (resources.files("app.insights") / "joining.yaml").read_text(encoding="utf-8")
    return TypeAdapter(_Words).validate_python(yaml.safe_load(text))
