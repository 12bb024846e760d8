"""The deterministic rung: a story made of the narrative's own sentences. True by construction, always there.

What fits into a story, and the words that join its sentences, are the same for the small rung.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from app.insights.joining import joined
from app.narrative.schemas import Claim, Narrative, Predicate, Sentence

MOST: Final = 9
"""Sentences of a story: more is a list."""
ENOUGH: Final = 7
"""Sentences up to which what matters less is told as well."""
PER_SUBJECT: Final = 2
"""Sentences that may open with the same kind of claim, so that many searches do not drown the rest."""
_ONCE: Final = frozenset({Predicate.INTEREST, Predicate.ATTRIBUTE})
"""Subjects of which a story says one sentence."""
_MATTERS: Final[Sequence[frozenset[Predicate]]] = (
    frozenset({Predicate.ORDER_COUNT, Predicate.VIEW_COUNT, Predicate.CHURN_RISK, Predicate.DAYS_SINCE_LAST_ORDER}),
    frozenset({Predicate.INTEREST, Predicate.INTEREST_SHIFT, Predicate.LTV, Predicate.NO_PURCHASE}),
    frozenset({Predicate.INTENT, Predicate.SIGNAL, Predicate.ORDER_COUNT_CHANGE, Predicate.ORDER_VALUE_CHANGE}),
    frozenset({Predicate.TOPIC_SHARE, Predicate.SUPPORT_CONTACT, Predicate.CARTED_NOT_BOUGHT}),
)
"""What stories are about, most important first; whatever is in none of these matters less."""
_CHANGES: Final = 2
"""The place of what changed."""


def compose(narrative: Narrative, claims: Collection[Claim]) -> tuple[Sentence, ...]:
    """The narrative's sentences that stand on nothing but `claims` and matter most, in its telling order.

    That order is a story's already: who this is, what they want, what changed and why, whether they are drifting away,
    what may come next.
    """
    held = {claim.claim_id: claim for claim in claims}
    known = [s for s in narrative.sentences if all(claim_id in held for claim_id in s.claim_ids)]
    return joined(fitting(known, held), held, narrative.lang)


def fitting(sentences: Sequence[Sentence], claims: Mapping[str, Claim]) -> tuple[Sentence, ...]:
    """As many of the sentences as a story holds, those that matter most, in the order in which they were given."""
    ranks = _ranks([[claims[claim_id] for claim_id in sentence.claim_ids] for sentence in sentences])
    chosen: list[int] = []
    for rank, place in sorted((rank, place) for place, rank in enumerate(ranks) if rank is not None):
        if len(chosen) < (MOST if rank < len(_MATTERS) else ENOUGH):
            chosen.append(place)
    return tuple(sentences[place] for place in sorted(chosen))


def _ranks(cited: Sequence[Sequence[Claim]]) -> list[int | None]:
    """How little each sentence matters: by its weightiest claim, less when its subject was told; None for too much."""
    told: Counter[str] = Counter()
    moved = any(_is_move(claim) for claims in cited for claim in claims)
    found: list[int | None] = []
    for claims in cited:
        subject = claims[0].predicate if claims else None
        told[subject or ""] += 1
        if told[subject or ""] > (1 if subject in _ONCE else PER_SUBJECT):
            found.append(None)
        else:
            weight = min((_weight(claim, moved=moved) for claim in claims), default=0)
            found.append(weight + (len(_MATTERS) if told[subject or ""] > 1 else 0))
    return found


def _is_move(claim: Claim) -> bool:
    """Whether it names what somebody turned to."""
    return claim.predicate is Predicate.INTEREST_SHIFT and claim.to_topic is not None


def _weight(claim: Claim, *, moved: bool) -> int:
    """A place in _MATTERS. Where no turn is known, what is dealt with more or less than before tells what changed."""
    if claim.predicate is Predicate.INTEREST_SHIFT and not _is_move(claim):
        return len(_MATTERS)
    if claim.predicate is Predicate.TOPIC_CHANGE:
        return len(_MATTERS) if moved else _CHANGES
    found = (place for place, predicates in enumerate(_MATTERS) if claim.predicate in predicates)
    return next(found, len(_MATTERS))
