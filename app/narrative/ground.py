"""Ground claims that were made of a state: measure each on the events, cite them, and drop whatever differs."""

import math
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from app.narrative.book import Book
from app.narrative.measures import recompute
from app.narrative.schemas import Claim

_NUMERIC: Final = (
    "value", "compared_to", "low", "high", "confidence", "out_of", "compared_out_of", "size", "weight",
)  # fmt: skip
_CITED: Final = ("evidence", "query_ref")
_EXACT: Final = tuple(name for name in Claim.model_fields if name not in (*_NUMERIC, *_CITED, "claim_id"))


class Ungrounded(NamedTuple):
    """A claim that the events do not give, and in what they differ."""

    claim: Claim
    reason: str


class Grounded(NamedTuple):
    """The claims that the events give, with all their evidence, and the others."""

    claims: tuple[Claim, ...]
    dropped: tuple[Ungrounded, ...]


def ground(claims: Iterable[Claim], book: Book) -> Grounded:
    """The claims with the events that they stand on; those that the events give otherwise are dropped."""
    kept: list[Claim] = []
    dropped: list[Ungrounded] = []
    for claim in claims:
        truth = recompute(claim, book)
        if truth is None:
            dropped.append(Ungrounded(claim, "the events do not support it"))
        elif fault := next(_faults(claim, truth), None):
            dropped.append(Ungrounded(claim, f"its {fault} is not what the events give"))
        else:
            kept.append(truth.model_copy(update={"claim_id": claim.claim_id}))
    return Grounded(tuple(kept), tuple(dropped))


def _faults(claim: Claim, truth: Claim) -> Iterator[str]:
    yield from differences(claim, truth)
    if claim.evidence and truth.evidence and sorted(claim.evidence) != sorted(truth.evidence):
        yield "evidence"


def differences(claim: Claim, truth: Claim) -> Iterator[str]:
    """Names of what two claims say differently (floats to 1e-9), whatever evidence they cite."""
    yield from (name for name in _NUMERIC if not _close(getattr(claim, name), getattr(truth, name)))
    yield from (name for name in _EXACT if getattr(claim, name) != getattr(truth, name))


def _close(given: float | None, true: float | None) -> bool:
    if given is None or true is None:
        return given is true
    return math.isclose(given, true, rel_tol=1e-9, abs_tol=1e-9)
