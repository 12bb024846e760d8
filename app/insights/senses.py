"""What a sentence asserts besides figures: directions, negations, offers, ranks, certainty; and of what."""

import re
from collections.abc import Collection
from typing import NamedTuple

from app.insights.content import content
from app.insights.lexicon import lexicon
from app.insights.quantities import figures, undated
from app.narrative.schemas import Claim, ClaimKind, Predicate, Unit

HEDGED = (ClaimKind.INFERENCE, ClaimKind.PREDICTION)
MOST_FROM = 0.5
"""From this share on, something may be said to be most of a whole."""
_SUBJECTS = {
    Predicate.ORDER_COUNT_CHANGE: frozenset({"order"}),
    Predicate.ORDER_VALUE_CHANGE: frozenset({"spend"}),
    Predicate.TOPIC_CHANGE: frozenset({"interest", "view"}),
    Predicate.INTEREST_SHIFT: frozenset({"interest"}),
}
"""What each change is about, in the terms of lexicon.yaml."""
CLAUSES = re.compile(r"[;!?，；：。、]|[,:.](?!\d)|\b(?:and|but|while|whereas)\b|而|但|同时")


class Change(NamedTuple):
    """A direction that a claim has, and of what."""

    direction: str
    subjects: frozenset[str]


class Senses(NamedTuple):
    """What the claims behind a sentence assert."""

    found: frozenset[str]
    needed: frozenset[str]
    """Those that may not be left out."""
    hedged: bool
    inferred: bool
    """Whether one of the claims is read from words."""
    changes: tuple[Change, ...]


def senses_of(plain: Collection[str], claims: Collection[Claim | None], tellings: Collection[str]) -> Senses:
    """The senses of claims, by what is said of them and by themselves where they are known."""
    changes = tuple(
        Change(claim.direction, _moved_by(claim, text))
        for text, claim in zip(plain, claims, strict=True)
        if claim and claim.direction
    )
    needed = frozenset().union(*map(senses_in, plain)) & {"negation"}
    moved = [claim for claim in claims if claim is not None and claim.predicate in _COUNTED]
    needed |= {"nothing now"} if any(claim.value == 0 for claim in moved) else frozenset()
    needed |= {"nothing before"} if any(claim.compared_to == 0 for claim in moved) else frozenset()
    found = frozenset().union(*map(senses_in, (*plain, *tellings)), (change.direction for change in changes))
    if any(claim is not None and _is_most(claim) for claim in claims):
        found |= {"most"}
    hedged = any(claim is not None and claim.kind in HEDGED for claim in claims)
    hedged = hedged or any(lexicon().hedges.search(undated(text)) for text in plain)
    inferred = any(claim is not None and claim.kind is ClaimKind.INFERENCE for claim in claims)
    return Senses(found, needed, hedged, inferred, changes)


def senses_in(plain: str) -> frozenset[str]:
    """The senses of a normalised text."""
    text = lexicon().not_senses.sub(" ", plain)
    return frozenset(name for name, pattern in lexicon().senses.items() if pattern.search(text))


def wrong_sense(plain: str, given: Senses, text: str) -> str | None:
    """Directions, negations, offers, ranks and certainty of `plain` that its claims, whose `text` is given, lack."""
    found = senses_in(plain)
    if new := sorted(found - given.found):
        return f"it speaks of {new[0]!r}, its claims do not"
    if any(_misdirected(clause, given) for clause in CLAUSES.split(plain)):
        return "it gives a direction to something that its claims do not"
    if any(match[0] not in text for match in lexicon().verbatim.finditer(plain)):
        return "it names a time or rank that its claims do not name"
    if _leaves_out_nothing(plain, given, found):
        return "it leaves out that there is, or was, nothing"
    if "negation" in given.needed - found:
        return "it leaves out a negation of its claims"
    if given.inferred and not lexicon().inference_hedges.search(undated(plain)):
        return "it tells an inference as a fact"
    if given.hedged and not lexicon().hedges.search(undated(plain)):
        return "it tells an inference or a prediction as a fact"
    return None


def wrong_polarity(plain: str, grounds: Collection[str]) -> str | None:
    """Whether a word is denied that its claims only affirm, or affirmed that they only deny."""
    denied, affirmed = _by_polarity(grounds)
    said_denied, said_affirmed = _by_polarity([plain])
    if said_affirmed & (denied - affirmed):
        return "it affirms what its claims deny"
    if said_denied & (affirmed - denied):
        return "it denies what its claims affirm"
    return None


def _by_polarity(texts: Collection[str]) -> tuple[frozenset[str], frozenset[str]]:
    """The content of clauses with a negation, and of those without."""
    found: dict[bool, set[str]] = {True: set(), False: set()}
    for text in texts:
        for clause in CLAUSES.split(lexicon().not_senses.sub(" ", text)):
            found[bool(lexicon().senses["negation"].search(clause))] |= (
                content(clause) | _counts(clause) | _acts(clause)
            )
    return frozenset(found[True]), frozenset(found[False])


def _counts(clause: str) -> frozenset[str]:
    """Its numbers that count something: no stretches of time, no shares."""
    return frozenset(f"{q.value:f}" for q in figures(clause).quantities if q.unit not in _UNCOUNTED)


def _acts(clause: str) -> frozenset[str]:
    return frozenset(name for name, words in lexicon().acts.items() if words.search(clause))


_UNCOUNTED = ("day", "week", "month", "year", "hour", "minute", "percent")


_COUNTED = frozenset({Predicate.ORDER_COUNT_CHANGE, Predicate.ORDER_VALUE_CHANGE, Predicate.TOPIC_CHANGE})


def _leaves_out_nothing(plain: str, given: Senses, found: frozenset[str]) -> bool:
    if "negation" in found or _has_zero(plain):
        return False
    before = "nothing before" in given.needed and lexicon().roles["when"]["then"].search(plain)
    return "nothing now" in given.needed or bool(before)


def _has_zero(plain: str) -> bool:
    return any(quantity.value == 0 for quantity in figures(plain).quantities)


def _is_most(claim: Claim) -> bool:
    return claim.unit in (Unit.SHARE, Unit.PROBABILITY) and (claim.value or 0) >= MOST_FROM


def _misdirected(clause: str, given: Senses) -> bool:
    """Whether a clause says that orders rise when it is something else that does."""
    subjects, found = subjects_in(clause), senses_in(clause)
    moved = {change.direction: change.subjects for change in given.changes if change.subjects & subjects}
    return bool(given.changes and subjects) and any(d in found and d not in moved for d in ("up", "down"))


def _moved_by(claim: Claim, plain: str) -> frozenset[str]:
    """What a change is about, by its predicate and by the words of its plain sentence."""
    return _SUBJECTS.get(claim.predicate, frozenset()) | subjects_in(plain)


def subjects_in(plain: str) -> frozenset[str]:
    """What a normalised text names that can rise or fall."""
    return frozenset(name for name, pattern in lexicon().subjects.items() if pattern.search(plain))
