"""Which customers are so: a segment expression, its members in the order of one number, and their signs."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from app.assistant.asking import Asking
from app.assistant.schemas import Number
from app.assistant.tools.audience import Audience, Who, audience_of
from app.assistant.tools.periods import span_of
from app.database.types import from_micros
from app.pipeline import Pipeline
from app.profile.schemas import SignalName
from app.profile.segments.plan import Wanted
from app.profile.stages import Stage
from app.schema import Frozen, Lang
from app.strategy.acting.rule import Level
from app.strategy.acting.schemas import Hold, Queue, QueueItem, WaitingItem
from app.strategy.audiences.cells import told, values_of, words_in
from app.strategy.audiences.counting import members
from app.strategy.audiences.crowd import Crowd
from app.strategy.audiences.schemas import AudienceMember
from app.viewing import names_of

SHOWN = 10
"""Customers that are listed unless more are asked for."""
_MOST_WAITING = 10_000
_FIELDS: Mapping[Number, str] = {
    "ltv": "ltv",
    "churn_risk": "churn_risk",
    "no_purchase": "p_no_purchase",
    "rfm_class": "spend",
    "orders": "orders",
    "spend": "spend",
    "average_order": "basket",
}


class FindCustomers(Who):
    """Customers by what they are, and how many of them."""

    number: Number | None = None
    """The number that they are ranked by; what the question is about when it is not said."""
    limit: Annotated[int, Field(ge=1, le=100)] = SHOWN
    """How many are listed."""


class Sign(Frozen):
    """An early sign of leaving that stands."""

    name: SignalName
    raised_at: datetime
    size: float
    """How far from their usual, in standard errors."""


class Step(Frozen):
    """What the queue says is to be done first."""

    level: Level
    hold: Hold | None
    told: str
    """Why, or what stands in the way, in words."""


class FoundCustomer(Frozen):
    """One customer of a list."""

    member: AudienceMember
    ranked: float | None
    """The number that the list is ordered by; None where it is not known."""
    sign: Sign | None
    """The strongest early sign of leaving that stands."""
    step: Step | None
    """None when no contact pays for them now."""


class FoundCustomers(Frozen):
    """A list of customers."""

    audience: Audience
    total: int
    of: int
    ranked_by: str
    """A field of the expression language."""
    rising: bool
    """Whether small numbers come first."""
    rows: tuple[FoundCustomer, ...]
    begun: int | None = None
    """Of whom a sign was raised in the period that was asked about; None without a period."""


def find_customers(pipeline: Pipeline, asking: Asking, lang: Lang, asked: FindCustomers) -> FoundCustomers:
    """The customers who are meant, first those for whom the number is most telling."""
    audience = audience_of(pipeline, asking, asked)
    workspace, as_of = asking.workspace, asking.as_of
    crowd = pipeline.audiences.crowd(workspace, as_of=as_of)
    places = pipeline.audiences.verdict(workspace, audience.expression, crowd, lang=lang).yes.nonzero()[0]
    wanted, rising = _ranking(asked)
    numbers = values_of(crowd.column(wanted))[places]
    order = np.lexsort((places, np.nan_to_num(numbers if rising else -numbers, nan=np.inf)))
    shown = [int(place) for place in places[order][: asked.limit]]
    return FoundCustomers(
        audience=audience,
        total=len(places),
        of=crowd.size,
        ranked_by=wanted.field,
        rising=rising,
        rows=_rows(pipeline, asking, lang, crowd, shown, values_of(crowd.column(wanted))),
        begun=_begun(pipeline, asking, audience, asked.period),
    )


def _ranking(asked: FindCustomers) -> tuple[Wanted, bool]:
    """The number that a question means, and whether small ones come first."""
    if asked.number in (None, "interest") and asked.topic and asked.state is None:
        return Wanted("interest", (asked.topic,)), False
    if asked.number and asked.number != "interest":
        return Wanted(_FIELDS[asked.number]), asked.number == "no_purchase"
    match asked.state:
        case "leaving":
            return Wanted("churn_risk"), False
        case Stage.NEW | Stage.VISITOR:
            return Wanted("days_since_seen"), True
        case Stage.SLOWING | Stage.AWAY:
            return Wanted("spend"), False
        case _:
            return Wanted("ltv"), False


def _rows(
    pipeline: Pipeline, asking: Asking, lang: Lang, crowd: Crowd, places: Sequence[int], ranked: NDArray[np.float64]
) -> tuple[FoundCustomer, ...]:
    name, ids = asking.workspace.workspace_id, [crowd.ids[place] for place in places]
    steps = steps_of(pipeline.acting.queue(asking.workspace, as_of=asking.as_of, lang=lang, most_waiting=_MOST_WAITING))
    signs = strongest_signs(crowd)
    return tuple(
        FoundCustomer(
            member=member,
            ranked=None if np.isnan(ranked[place]) else float(ranked[place]),
            sign=signs.get(place),
            step=steps.get(member.customer_id),
        )
        for place, member in zip(places, members(crowd, places, names_of(pipeline.identity, name, ids)), strict=True)
    )


def strongest_signs(crowd: Crowd) -> dict[int, Sign]:
    """Place of a customer -> the strongest early sign that stands."""
    places, sheet = crowd.entries("signal")
    names = told(words_in(sheet.column(Wanted("name"))))
    raised, sizes = (values_of(sheet.column(Wanted(field))) for field in ("raised", "size"))
    found: dict[int, Sign] = {}
    for row in np.argsort(sizes, kind="stable"):
        at, size = from_micros(int(raised[row])), float(sizes[row])
        found[int(places[row])] = Sign(name=SignalName(names[row]), raised_at=at, size=size)
    return found


def steps_of(queue: Queue) -> dict[str, Step]:
    """customer_id -> what is to be done, for everybody for whom a contact pays."""
    return {item.customer_id: _step(item) for item in (*queue.items, *queue.waiting)}


def _step(item: QueueItem) -> Step:
    if isinstance(item, WaitingItem):
        return Step(level=item.level, hold=item.hold, told=item.hold_reason)
    return Step(level=item.level, hold=None, told=item.reason)


def _begun(pipeline: Pipeline, asking: Asking, audience: Audience, period: str | None) -> int | None:
    """How many of them began to show a sign in a period."""
    span = span_of(period, as_of=asking.as_of, zone=asking.workspace.zone)
    if span is None:
        return None
    expression = f"{audience.expression} and any signal({span.asked('raised')})"
    return len(pipeline.audiences.members(asking.workspace, expression, as_of=asking.as_of))
