"""Whose interests moved, from what to what, and which moves are frequent."""

from collections import Counter
from typing import Annotated

from pydantic import Field

from app.assistant.asking import Asking
from app.assistant.tools.customer import CustomerRef, person
from app.assistant.tools.periods import span_of
from app.moves import MoveQuery
from app.pipeline import Pipeline
from app.profile.schemas import InterestShift
from app.schema import Frozen, Lang
from app.views import Move

SHOWN = 10
_ALL = 1_000_000


class FindShifts(Frozen):
    """Which moves are meant; what is absent does not filter."""

    customer: CustomerRef | None = None
    topic: str | None = None
    """Where interest came from."""
    to_topic: str | None = None
    period: str | None = None
    """When it began."""
    limit: Annotated[int, Field(ge=1, le=100)] = SHOWN


class TopicMoves(Frozen):
    """One way that interests went."""

    from_topic: str | None
    to_topic: str | None
    customers: int


class FoundShifts(Frozen):
    """Moves."""

    customer_id: str | None
    total: int
    """Customers."""
    turned: int
    """Customers among them who turned to something, the others only left something."""
    rows: tuple[Move, ...]
    """Those who turned to something first."""
    ways: tuple[TopicMoves, ...]
    """The most frequent ones."""


def find_shifts(pipeline: Pipeline, asking: Asking, lang: Lang, asked: FindShifts) -> FoundShifts:
    """The customers who moved so; a change that was noticed later than the moment is not told."""
    ref = person(pipeline, asking, asked.customer).customer_id if asked.customer else None
    moves = [move for move in _moves(pipeline, asking, lang, asked) if ref in (None, move.customer_id)]
    span = span_of(asked.period, as_of=asking.as_of, zone=asking.workspace.zone)
    if span:
        start, end = span.moments(asking.workspace.zone)
        moves = [move for move in moves if start <= move.shift.since <= end]
    moves.sort(key=lambda move: move.shift.to_topic is None)
    turned = [move for move in moves if move.shift.to_topic is not None]
    return FoundShifts(
        customer_id=ref,
        total=len({move.customer_id for move in moves}),
        turned=len({move.customer_id for move in turned}),
        rows=tuple(moves[: asked.limit]),
        ways=_ways([move.shift for move in turned or moves]),
    )


def _moves(pipeline: Pipeline, asking: Asking, lang: Lang, asked: FindShifts) -> tuple[Move, ...]:
    query = MoveQuery(from_topic=asked.topic, to_topic=asked.to_topic)
    return pipeline.moves.find(asking.workspace, query, as_of=asking.as_of, lang=lang, limit=_ALL).rows


def _ways(shifts: list[InterestShift]) -> tuple[TopicMoves, ...]:
    counts = Counter((shift.from_topic, shift.to_topic) for shift in shifts)
    best = sorted(counts.items(), key=lambda pair: (-pair[1], str(pair[0])))[:5]
    return tuple(TopicMoves(from_topic=a, to_topic=b, customers=n) for (a, b), n in best)
