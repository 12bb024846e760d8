"""What could be done: a strategy for one customer, a plan for a group, a list to export.

Nothing here creates anything. What would be created comes back as a `Pending`; `carrying_out.py` does it once a person
has said so.
"""

import hashlib
import json
from typing import Annotated

import numpy as np
from pydantic import Field

from app.assistant.asking import Asking
from app.assistant.schemas import Pending
from app.assistant.tools.audience import Audience, Who, audience_of
from app.assistant.tools.counting import OUTGOING
from app.assistant.tools.customer import CustomerRef, person
from app.events.amounts import minor_units
from app.pipeline import Pipeline
from app.retrieval.schemas import Channel
from app.schema import Frozen, Lang
from app.strategy.audiences.crowd import numbers
from app.strategy.batch.schemas import PlanPage, PlanWish
from app.strategy.generate import propose
from app.strategy.schemas import Decision, Strategy
from app.viewing import names_of

Arguments = dict[str, str | int | float | bool | None]
_SHOWN = 10
LOOKED_AT = 60
"""Customers of a group that a sketch is made for: those of highest expected spend. The plan page takes them all."""
AMPLE_MINOR = 10**12
"""A budget that limits nothing."""


class DraftStrategy(Frozen):
    """One customer."""

    customer: CustomerRef


class DraftedStrategy(Frozen):
    """A strategy to look at: nothing was logged."""

    strategy: Strategy
    decision: Decision
    name: str
    """The customer as they may be called."""


class DraftPlan(Who):
    """A group and what may be spent on it."""

    budget_minor: Annotated[int, Field(ge=0, le=10**12)] = AMPLE_MINOR
    """Minor units of the workspace's currency; as much as pays when it is not said."""


class DraftedPlan(Frozen):
    """A plan to look at: nothing was kept."""

    audience: Audience
    members: int
    page: PlanPage
    """Of all of them, or of those of highest expected spend where they are many."""


class ExportAudience(Who):
    """A group, and the channel that its list is for."""


class ExportCount(Frozen):
    """Who would be on a list, as consent stands."""

    audience: Audience
    channel: Channel | None
    members: int
    agreed: int


def draft_strategy(pipeline: Pipeline, asking: Asking, lang: Lang, asked: DraftStrategy) -> DraftedStrategy:
    """What to do about one customer, or why nothing: from past outcomes, through the policy gate."""
    customer = person(pipeline, asking, asked.customer)
    wanted = (asking.workspace, customer.customer_id)
    if asking.ask_model:
        found = pipeline.recommender.propose(*wanted, as_of=asking.as_of, now=asking.now, lang=lang)
    else:
        found = propose(pipeline.recommender.request(*wanted, as_of=asking.as_of, now=asking.now, lang=lang))
    names = names_of(pipeline.identity, asking.workspace.workspace_id, [customer.customer_id])
    return DraftedStrategy(strategy=found.strategy, decision=found.decision, name=names[customer.customer_id])


def draft_plan(pipeline: Pipeline, asking: Asking, lang: Lang, asked: DraftPlan) -> DraftedPlan:
    """Who of a group would get what for a budget, and what that should bring."""
    audience = audience_of(pipeline, asking, asked.model_copy(update={"channel": None}))
    members, expression = _foremost(pipeline, asking, audience)
    channels = (asked.channel,) if asked.channel else ()
    wish = PlanWish(segment=expression, budget_minor=asked.budget_minor, channels=channels)
    page = pipeline.planning.sketch(asking.workspace, wish, now=asking.now, lang=lang, rows=_SHOWN)
    return DraftedPlan(audience=audience, members=members, page=page)


def _foremost(pipeline: Pipeline, asking: Asking, audience: Audience) -> tuple[int, str]:
    """How many they are, and whom to look at: all of them, or those of highest expected spend."""
    crowd = pipeline.audiences.crowd(asking.workspace, as_of=asking.as_of)
    rows = pipeline.audiences.verdict(asking.workspace, audience.expression, crowd, lang="en").yes
    ltv = numbers(crowd, "ltv")[rows]
    known = np.sort(ltv[np.isfinite(ltv)])[::-1]
    if len(ltv) <= LOOKED_AT or len(known) <= LOOKED_AT:
        return len(ltv), audience.expression
    least = float(known[LOOKED_AT - 1]) / minor_units(asking.workspace.currency)
    return len(ltv), f"{audience.expression} and ltv >= {least:.2f}"


def count_export(pipeline: Pipeline, asking: Asking, lang: Lang, asked: ExportAudience) -> ExportCount:
    """How many of a group agreed to be written to; caps and addresses are looked at when the file is made."""
    audience = audience_of(pipeline, asking, asked.model_copy(update={"channel": None}))
    open_ = " or ".join(f"consent({channel})" for channel in ((asked.channel,) if asked.channel else OUTGOING))
    counted = (audience.expression, f"{audience.expression} and ({open_})")
    members, agreed = (
        pipeline.audiences.count(asking.workspace, expression, as_of=asking.as_of, lang=lang).customers
        for expression in counted
    )
    return ExportCount(audience=audience, channel=asked.channel, members=members, agreed=agreed)


def pending_of(asking: Asking, action: str, said: str, arguments: Arguments) -> Pending:
    """Something that waits for a person; the same thing asked for at the same moment has the same id."""
    told = json.dumps([asking.workspace.workspace_id, action, arguments, asking.now.isoformat()], sort_keys=True)
    digest = hashlib.blake2s(told.encode(), digest_size=8).hexdigest()
    return Pending.model_validate(
        {"pending_id": f"pending_{digest}", "action": action, "said": said, "arguments": arguments}
    )
