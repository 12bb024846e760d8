"""One story against the raw rows: are its citations real, its claims right, its numbers its claims'?"""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from app.insights.schemas import ProfileStory
from app.narrative.schemas import Claim, ClaimKind, Sentence
from app.predict.model import CustomerModel
from evals.scorers import numbers, predictions, recompute
from evals.scorers.ledger import Cited, Ledger, Row
from evals.scorers.meanings.known import Known
from evals.scorers.meanings.standings import Standings, standings
from evals.scorers.recompute import MEANINGS

Refit = Callable[[int], CustomerModel]
"""horizon_days -> the estimator fitted again from raw rows, as of the story's moment."""


class Grounding(NamedTuple):
    """What was counted in one story, with a remark for every fault."""

    citations: int
    fabricated: int
    foreign: int
    future: int
    claims: int
    checked: Counter[str]
    """Claims recomputed, by predicate."""
    wrong: Counter[str]
    unchecked: Counter[str]
    numbers: int
    numbers_unsupported: int
    sentences: int
    sentences_cited: int
    remarks: tuple[str, ...]
    faulty: frozenset[str] = frozenset()
    """Ids of the claims that do not hold, or cite what is not this customer's."""


def known_of(ledger: Ledger, customer_id: str, rows: Sequence[Row], as_of: datetime) -> Known:
    """What the claims about one customer are judged by."""
    return Known(
        rows,
        as_of,
        ledger.zone,
        ledger.taxonomy,
        customer_id=customer_id,
        standings=lambda: _standings(ledger, as_of),
    )


@lru_cache(maxsize=4)
def _standings(ledger: Ledger, as_of: datetime) -> Standings:
    return standings(ledger.orders(as_of), as_of, ledger.zone)


class _Ids(NamedTuple):
    fabricated: list[str]
    foreign: list[str]
    future: list[str]


def check(story: ProfileStory, ledger: Ledger, refit: Refit) -> Grounding:
    """Count what holds and what does not."""
    known = known_of(ledger, story.customer_id, ledger.rows(story.customer_id, story.as_of), story.as_of)
    cited = sorted({event_id for claim in story.claims for event_id in claim.evidence})
    ids = _check_ids(cited, ledger.cited(cited), story)
    checkable = [claim for claim in story.claims if claim.predicate in MEANINGS or claim.kind is ClaimKind.PREDICTION]
    found = {claim.claim_id: _faults(claim, story, known, refit) for claim in checkable}
    by_id = {claim.claim_id: claim for claim in story.claims}
    foreign = words_of_others(story, ledger)
    loose = [_loose_numbers(sentence, by_id, foreign, ledger) for sentence in story.sentences]
    unchecked = [c for c in story.claims if c.claim_id not in found and c.kind is not ClaimKind.LINK]
    return Grounding(
        citations=len(cited),
        fabricated=len(ids.fabricated),
        foreign=len(ids.foreign),
        future=len(ids.future),
        claims=len(story.claims),
        checked=Counter(str(claim.predicate) for claim in checkable),
        wrong=Counter(str(claim.predicate) for claim in checkable if found[claim.claim_id]),
        unchecked=Counter(str(claim.predicate) for claim in unchecked),
        numbers=sum(numbers.count(sentence.text, foreign=foreign) for sentence in story.sentences),
        numbers_unsupported=sum(map(len, loose)),
        sentences=len(story.sentences),
        sentences_cited=sum(_is_cited(sentence, by_id) for sentence in story.sentences),
        remarks=(*_id_remarks(ids), *_claim_remarks(found, by_id), *_number_remarks(story.sentences, loose)),
        faulty=_faulty(story.claims, found, ids),
    )


def _faulty(claims: Sequence[Claim], found: dict[str, list[str]], ids: _Ids) -> frozenset[str]:
    bad = {event_id for events in ids for event_id in events}
    return frozenset(c.claim_id for c in claims if found.get(c.claim_id, True) or bad & set(c.evidence))


def _check_ids(cited: Sequence[str], log: dict[str, Cited], story: ProfileStory) -> _Ids:
    return _Ids(
        fabricated=[i for i in cited if i not in log],
        foreign=[i for i in cited if i in log and log[i].customer_id != story.customer_id],
        future=[i for i in cited if i in log and log[i].at > story.as_of],
    )


def _faults(claim: Claim, story: ProfileStory, known: Known, refit: Refit) -> list[str]:
    if claim.subject != story.customer_id:
        return [f"is about {claim.subject}"]
    if claim.predicate in MEANINGS:
        return recompute.faults(claim, known)
    return predictions.faults(claim, refit(claim.horizon_days or 0))


def words_of_others(story: ProfileStory, ledger: Ledger) -> list[str]:
    """Quotations, item titles and the taxonomy's readings: text in which digits are not ours."""
    words = [claim.quote for claim in story.claims if claim.quote]
    words += [title for claim in story.claims if claim.item_id and (title := ledger.title(claim.item_id, story.as_of))]
    words += [claim.item_id for claim in story.claims if claim.item_id]
    for claim in story.claims:
        if reading := ledger.taxonomy.readings.get(claim.reading or ""):
            words += [reading.zh, reading.en]
    return words


def _loose_numbers(sentence: Sentence, by_id: dict[str, Claim], foreign: list[str], ledger: Ledger) -> list[str]:
    claims = [by_id[claim_id] for claim_id in sentence.claim_ids if claim_id in by_id]
    return numbers.unsupported(sentence.text, claims, foreign=foreign, zone=ledger.zone)


def _is_cited(sentence: Sentence, by_id: dict[str, Claim]) -> bool:
    """A sentence is covered when all its claims are in the story and each stands on events or an estimator.

    Sentences of kind link state nothing and need no citation.
    """
    if not sentence.claim_ids:
        return sentence.kind is ClaimKind.LINK
    claims = [by_id.get(claim_id) for claim_id in sentence.claim_ids]
    return all(c is not None and (c.evidence or c.query_ref or c.kind is ClaimKind.PREDICTION) for c in claims)


def _id_remarks(ids: _Ids) -> list[str]:
    return [f"{name} event {event_id}" for name, found in ids._asdict().items() for event_id in found]


def _claim_remarks(found: dict[str, list[str]], by_id: dict[str, Claim]) -> list[str]:
    return [f"{by_id[claim_id].predicate}: {fault}" for claim_id, faults in found.items() for fault in faults]


def _number_remarks(sentences: Sequence[Sentence], loose: Sequence[list[str]]) -> list[str]:
    pairs = zip(sentences, loose, strict=True)
    return [f"number {number} stands on no claim: {sentence.text}" for sentence, found in pairs for number in found]
