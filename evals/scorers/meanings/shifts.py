"""Changes of interest again: the visits counted on either side of the moment at which a change is said to have begun.

A visit is about every topic that is the main one of its first act for it; visits that a campaign brought about do not
count. A change is told by the visits that showed it: the first so many from its beginning, and the last so many before;
how many is the product's choice. What faded is told by all visits since.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

from app.narrative.schemas import Claim
from evals.scorers.ledger import Row
from evals.scorers.meanings.interests import ACTS, FORGOTTEN_AFTER, impact, replayed
from evals.scorers.meanings.known import INSTANT, Found, Known

_NEAR = timedelta(seconds=1)


class Wish(NamedTuple):
    """One topic of one visit, with the act that spoke for it first."""

    topic: str
    visit: int
    row: Row


def shift(claim: Claim, known: Known) -> Found | None:
    """The visits counted from the moment on and before it, and the events about the topic that it is about."""
    if claim.at is None or claim.out_of is None or claim.compared_out_of is None:
        return None
    fading = claim.to_topic is None
    topic = claim.topic if fading else claim.to_topic
    if fading and not _sank(claim, known):
        return None
    wishes = _wishes(known)
    begins = _beginning(claim, wishes)
    after, before = _visits(wishes[begins:]), _visits(wishes[:begins])
    after = after if fading else after[: claim.out_of]
    before = before[max(len(before) - claim.compared_out_of, 0) :]
    return Found(
        value=_among(claim.value, after, topic),
        before=_among(claim.compared_to, before, topic),
        rows=[row for row in known.rows if topic in row.topics],
        newest=True,
        direction="down" if fading else "up",
        also={
            "out_of": len(after),
            "compared_out_of": len(before),
            "period.start": claim.at - INSTANT,
            "period.end": known.as_of,
        },
    )


def _sank(claim: Claim, known: Known) -> bool:
    """Whether the weight of a fading interest fell below the threshold at the moment of the claim, for two weeks."""
    topic = replayed(known).get(claim.topic or "")
    if topic is None or claim.at is None or claim.at + FORGOTTEN_AFTER > known.as_of:
        return False
    return any(abs(sank - claim.at) <= _NEAR for sank in (*topic.sunk, topic.sank()))


def _beginning(claim: Claim, wishes: Sequence[Wish]) -> int:
    """Place of the first wish from the moment on, to the minute; what emerges begins with its own first wish."""
    for place, wish in enumerate(wishes):
        late = claim.at is None or wish.row.at.replace(second=0, microsecond=0) >= claim.at
        if late and (claim.name != "emerging" or wish.topic == claim.to_topic):
            return place
    return len(wishes)


def _wishes(known: Known) -> list[Wish]:
    """In order; an act that speaks for a second topic only is no wish for it, nor are those that follow it."""
    found: dict[tuple[int, str], Wish | None] = {}
    for placed in known.placed:
        row = placed.row
        if placed.visit and row.kind in ACTS and row.topics and impact(placed, known.taxonomy) > 0:
            for topic in row.topics:
                own = topic == row.topics[0] and not placed.invited
                found.setdefault((placed.visit, topic), Wish(topic, placed.visit, row) if own else None)
    return [wish for wish in found.values() if wish]


def _visits(wishes: Sequence[Wish]) -> list[set[str]]:
    """The topics of each visit."""
    visits: dict[int, set[str]] = {}
    for wish in wishes:
        visits.setdefault(wish.visit, set()).add(wish.topic)
    return list(visits.values())


def _among(said: float | None, visits: Sequence[set[str]], topic: str | None) -> int:
    """Visits about the topic. Of the visit at which counting ended only a part may have been looked at."""
    about = [topic in visit for visit in visits]
    parts = {sum(about), sum(about[1:]), sum(about[:-1])}
    return next((part for part in parts if part == said), sum(about))
