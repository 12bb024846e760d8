"""The deterministic rung: a story made of the narrative's own sentences. True by construction, always there."""

from collections import Counter
from collections.abc import Collection

from app.narrative.schemas import Claim, Narrative, Sentence

PER_SUBJECT = 2
"""Sentences that may open with the same kind of claim, so that many searches do not drown the rest."""


def compose(narrative: Narrative, claims: Collection[Claim]) -> tuple[Sentence, ...]:
    """The narrative's sentences that stand on nothing but `claims`, in its telling order.

    That order is a story's already: who this is, what they like, their rhythm, what changed, what may come next.
    """
    held = {claim.claim_id: claim for claim in claims}
    told: Counter[str] = Counter()
    chosen: list[Sentence] = []
    for sentence in narrative.sentences:
        if any(claim_id not in held for claim_id in sentence.claim_ids):
            continue
        subject = held[sentence.claim_ids[0]].predicate if sentence.claim_ids else ""
        told[subject] += 1
        if told[subject] <= PER_SUBJECT:
            chosen.append(sentence)
    return tuple(chosen)
