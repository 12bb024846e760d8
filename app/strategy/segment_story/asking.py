"""Aggregates of a segment: every number is a question to everybody's columns, asked again when it is verified."""

import hashlib
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import resources
from math import sqrt
from typing import NamedTuple, Protocol

import numpy as np
import yaml
from numpy.typing import NDArray

from app.narrative.schemas import QueryRef
from app.profile.segments.evaluate import Bools
from app.schema import Frozen
from app.strategy.segment_story.schemas import LEAST, Measure, Part, SegmentClaim

_MOST_TOPICS = 3
_MOST_DIFFERENCES = 3
_UNLIKE = 2.5
"""A share differs from that of all when it lies so many standard errors away ..."""
_FAR = 0.05
"""... and by so much."""


class Asked(Frozen):
    """A question of the file."""

    part: Part
    expression: str


class Questions(Frozen):
    """questions.yaml."""

    shares: dict[str, Asked]
    medians: dict[str, Asked]
    interests: str
    moves: str


@cache
def questions() -> Questions:
    """The questions, read once."""
    text = (resources.files("app.strategy.segment_story") / "questions.yaml").read_text(encoding="utf-8")
    return Questions.model_validate(yaml.safe_load(text))


class Everybody(Protocol):
    """All customers of a workspace at one moment."""

    @property
    def ids(self) -> Sequence[str]:
        """customer_ids, sorted."""
        ...

    @property
    def topics(self) -> Sequence[str]:
        """Topic ids that can be asked for."""
        ...

    def who(self, expression: str) -> Bools:
        """Who an expression means, row by row."""
        ...

    def numbers(self, field: str) -> NDArray[np.float64]:
        """A column of numbers; nan where nothing is known."""
        ...


class Segment(NamedTuple):
    """Some of everybody, and the expression that means them."""

    everybody: Everybody
    expression: str
    members: Bools

    @classmethod
    def of(cls, everybody: Everybody, expression: str) -> "Segment":
        """The segment that an expression means."""
        return cls(everybody, expression, everybody.who(expression))

    @property
    def size(self) -> int:
        """How many they are."""
        return int(self.members.sum())

    @property
    def compares(self) -> bool:
        """Whether saying what holds for all would not give away the few who are not in it."""
        return len(self.everybody.ids) - self.size >= LEAST

    def claims(self) -> tuple[SegmentClaim, ...]:
        """All that may be told of a segment of at least LEAST customers; nothing of a smaller one."""
        if self.size < LEAST:
            return ()
        asked = questions()
        told = [self.sized(), *filter(None, (self.share(name) for name, q in asked.shares.items() if _always(q)))]
        told += filter(None, map(self.median, asked.medians))
        told += self._by_topic("interests", Part.WANTS)
        unlike = [c for c in (self.share(name) for name, q in asked.shares.items() if not _always(q)) if c]
        told += sorted(filter(_differs, unlike), key=_distance, reverse=True)[:_MOST_DIFFERENCES]
        return (*told, *self._by_topic("moves", Part.CHANGED))

    def sized(self) -> SegmentClaim:
        """How many they are, and of how many."""
        all_ = len(self.everybody.ids) if self.compares else None
        return self._claim("size", "size", Part.WHO, self.size, self.members, self.expression, of_all=all_)

    def share(self, name: str, topic: str | None = None) -> SegmentClaim | None:
        """The share of the segment for whom a question holds; None where either side is too few to be told."""
        asked = _asked(name, topic)
        holds = self.everybody.who(asked.expression)
        these = holds & self.members
        n = int(these.sum())
        if not _tellable(n, self.size) or n == self.size:  # what holds for all of them is mostly how they were chosen
            return None
        of_all = float(holds.mean()) if self.compares and _tellable(int(holds.sum()), len(self.everybody.ids)) else None
        query = f"({self.expression}) and {asked.expression}"
        return self._claim(
            "share", name, asked.part, n / self.size, these, query, of_all=of_all, topic=topic, out_of=self.size
        )

    def median(self, name: str) -> SegmentClaim | None:
        """The median of a field among those members for whom it means something."""
        asked = questions().medians[name]
        values, holds = self.everybody.numbers(name), self.everybody.who(asked.expression)
        known = holds & np.isfinite(values)
        these = known & self.members
        if int(these.sum()) < LEAST:
            return None
        rest = int((known & ~self.members).sum())
        of_all = float(np.median(values[known])) if self.compares and (rest == 0 or rest >= LEAST) else None
        query = f"({self.expression}) and {asked.expression}"
        return self._claim("median", name, asked.part, float(np.median(values[these])), these, query, of_all=of_all)

    def again(self, claim: SegmentClaim) -> SegmentClaim | None:
        """A claim as it is counted now; None when it cannot be told any more."""
        match claim.measure:
            case "size":
                return self.sized() if self.size >= LEAST else None
            case "share":
                return self.share(claim.about, claim.topic)
            case "median":
                return self.median(claim.about)
        return None

    def _by_topic(self, name: str, part: Part) -> Iterator[SegmentClaim]:
        """The topics of which a question holds for most."""
        found = [claim for topic in self.everybody.topics if (claim := self.share(name, topic))]
        yield from sorted(found, key=lambda c: (-c.value, c.topic or ""))[:_MOST_TOPICS]

    def _claim(
        self,
        measure: Measure,
        about: str,
        part: Part,
        value: float,
        rows: Bools,
        query: str,
        *,
        of_all: float | None = None,
        topic: str | None = None,
        out_of: int | None = None,
    ) -> SegmentClaim:
        ids = [self.everybody.ids[int(place)] for place in rows.nonzero()[0]]
        return SegmentClaim(
            claim_id="s_" + _hash(f"{self.expression}|{measure}|{about}|{topic or ''}")[:10],
            part=part,
            measure=measure,
            about=about,
            topic=topic,
            value=value,
            of_all=of_all,
            n=len(ids),
            out_of=out_of,
            query_ref=QueryRef(query=query, count=len(ids), hash=_hash("\n".join(ids))),
        )


def _asked(name: str, topic: str | None) -> Asked:
    if topic is None:
        return questions().shares[name]
    if name == "interests":
        return Asked(part=Part.WANTS, expression=questions().interests.format(topic=topic))
    return Asked(part=Part.CHANGED, expression=questions().moves.format(topic=topic))


def _always(asked: Asked) -> bool:
    return asked.part is not Part.DIFFERS


def _tellable(n: int, of: int) -> bool:
    """Whether neither those who are counted nor the others are so few that somebody could be recognised."""
    return n >= LEAST and (of - n == 0 or of - n >= LEAST)


def _differs(claim: SegmentClaim) -> bool:
    return claim.of_all is not None and abs(claim.value - claim.of_all) >= _FAR and _distance(claim) >= _UNLIKE


def _distance(claim: SegmentClaim) -> float:
    """Standard errors between the share and that of all customers; one proportion against a known one."""
    if claim.of_all is None or not claim.out_of:
        return 0.0
    error = sqrt(max(claim.of_all * (1 - claim.of_all), 1e-6) / claim.out_of)
    return abs(claim.value - claim.of_all) / error


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
