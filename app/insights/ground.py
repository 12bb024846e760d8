"""What a story may be made of, and what a rung of the ladder makes of it."""

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from app.insights.schemas import Rung
from app.insights.verify import Recompute, check_claims, mentions
from app.narrative.schemas import Claim, ClaimKind, Narrative, Sentence

FEWEST = 3
"""A story of fewer good sentences is left to the rung below."""

_LEAST_CERTAIN = (ClaimKind.INFERENCE, ClaimKind.PREDICTION, ClaimKind.CHANGE, ClaimKind.AGGREGATE, ClaimKind.FACT)


class Ground(NamedTuple):
    """What may be told: claims that hold and may be shown, each with its plain sentence."""

    claims: tuple[Claim, ...]
    spoken: Mapping[str, str]
    forbidden: Collection[str]
    dropped: tuple[str, ...]

    def line(self, claim: Claim) -> str:
        """The plain sentence of a claim without line breaks: a second line could pose as a claim of its own."""
        return " ".join(self.spoken[claim.claim_id].split())


class Told(NamedTuple):
    """A model's story: what kept to the claims, what it had to leave out, and where it came from."""

    rung: Rung
    sentences: tuple[Sentence, ...]
    model: str
    prompt_fingerprint: str
    dropped: tuple[str, ...] = ()


def ground_of(
    narrative: Narrative, spoken: Mapping[str, str], recompute: Recompute, forbidden: Collection[str]
) -> Ground:
    """The claims of a narrative that `recompute` confirms and the sensitivity list allows."""
    checked = check_claims(narrative.claims, recompute)
    hidden = {c.claim_id for c in checked.kept if mentions(spoken[c.claim_id], forbidden)}
    kept = tuple(claim for claim in checked.kept if claim.claim_id not in hidden)
    dropped = [f"claim {claim_id}: {reason}" for claim_id, reason in checked.dropped]
    dropped += [f"claim {claim_id}: it touches the sensitivity list" for claim_id in sorted(hidden)]
    return Ground(kept, {c.claim_id: spoken[c.claim_id] for c in kept}, forbidden, tuple(dropped))


def kind_of(claims: Iterable[Claim]) -> ClaimKind:
    """A sentence is marked as the least certain of what it stands on."""
    return min((claim.kind for claim in claims), key=_LEAST_CERTAIN.index)
