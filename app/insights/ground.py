"""What a story may be made of, and what a rung of the ladder makes of it."""

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from app.insights.fitness import mentions
from app.insights.verify import Recompute, check_claims
from app.llm.ladder import Said
from app.llm.structured import Asked
from app.narrative.book import Book
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
    narrative: Narrative | None = None
    """The whole telling, whose markers claims of a model's own cite."""
    book: Book | None = None
    """What such claims are measured on; without it there are none."""
    campaigns: frozenset[str] = frozenset()
    """Ids of the campaigns that were retrieved for this request: no others may be named."""

    @property
    def story(self) -> str:
        """The telling's paragraphs, without those that touch the sensitivity list."""
        paragraphs = self.narrative.paragraphs if self.narrative else ()
        return "\n".join(" ".join(text.split()) for text in paragraphs if not mentions(text, self.forbidden))

    def beside(self, claims: Mapping[str, Claim], spoken: Mapping[str, str]) -> "Ground":
        """The same with further claims that hold."""
        new = tuple(claim for name, claim in claims.items() if name not in self.spoken)
        return self._replace(claims=(*self.claims, *new), spoken={**spoken, **self.spoken})

    def line(self, claim: Claim) -> str:
        """The plain sentence of a claim without line breaks: a second line could pose as a claim of its own."""
        return " ".join(self.spoken[claim.claim_id].split())


class Tale(NamedTuple):
    """Sentences, and the claims that a model made beside those it was given."""

    sentences: tuple[Sentence, ...]
    claims: tuple[Claim, ...] = ()


Told = Said[Tale]
"""A model's story: the sentences that kept to the claims, what was left out, and where they came from."""


def told(
    sentences: tuple[Sentence, ...], asked: Asked, dropped: tuple[str, ...], claims: tuple[Claim, ...] = ()
) -> Told:
    """The story of a rung, unfit when too few of its sentences kept to the claims."""
    few = f"{len(sentences)} of the model's sentences kept to the claims, {FEWEST} are needed"
    return Said(Tale(sentences, claims), asked, dropped, few if len(sentences) < FEWEST else None)


def ground_of(
    narrative: Narrative,
    spoken: Mapping[str, str],
    recompute: Recompute,
    forbidden: Collection[str],
    book: Book | None = None,
) -> Ground:
    """The claims of a narrative that `recompute` confirms and the sensitivity list allows."""
    checked = check_claims(narrative.claims, recompute)
    hidden = {c.claim_id for c in checked.kept if mentions(spoken[c.claim_id], forbidden)}
    kept = tuple(claim for claim in checked.kept if claim.claim_id not in hidden)
    dropped = [f"claim {claim_id}: {reason}" for claim_id, reason in checked.dropped]
    dropped += [f"claim {claim_id}: it touches the sensitivity list" for claim_id in sorted(hidden)]
    said = {claim.claim_id: spoken[claim.claim_id] for claim in kept}
    return Ground(kept, said, forbidden, tuple(dropped), narrative, book)


def kind_of(claims: Iterable[Claim]) -> ClaimKind:
    """A sentence is marked as the least certain of what it stands on; one that stands on nothing is a link."""
    return min((claim.kind for claim in claims), key=_LEAST_CERTAIN.index, default=ClaimKind.LINK)
