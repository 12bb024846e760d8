"""What a word of a person may be about: a plan nobody confirmed, a logged strategy, a campaign of ours."""

from typing import Annotated, Literal

from pydantic import Field

from app.assistant.asking import Asking
from app.errors import NotFound
from app.pipeline import Pipeline
from app.schema import Frozen, Lang
from app.strategy.running.schemas import Status
from app.text.normalise import normalise

_ENDED = (Status.STOPPED, Status.FINISHED)


class FindDecidable(Frozen):
    """What is meant, by id or title; without one, all that waits for a word."""

    campaign: Annotated[str, Field(max_length=200)] | None = None


class Decidable(Frozen):
    """One thing that may be approved, rejected or stopped."""

    kind: Literal["plan", "strategy", "campaign"]
    ref: str
    """Its id."""
    title: str
    status: Status
    given: int | None = None
    """Who would get something, or got it."""
    held: int | None = None
    cost_minor: float | None = None


class FoundDecidable(Frozen):
    """What may have been meant, newest first."""

    found: tuple[Decidable, ...]


def find_decidable(pipeline: Pipeline, asking: Asking, lang: Lang, asked: FindDecidable) -> FoundDecidable:
    """What a name means; everything open without one."""
    if asked.campaign is None:
        return FoundDecidable(found=tuple(one for one in _all(pipeline, asking) if one.status not in _ENDED))
    wanted = normalise(asked.campaign)
    known = _all(pipeline, asking)
    exact = [one for one in known if wanted in (normalise(one.ref), normalise(one.title))]
    found = exact or [one for one in known if wanted and wanted in normalise(one.title)]
    return FoundDecidable(found=tuple(found or _strategy(pipeline, asking, asked.campaign)))


def _all(pipeline: Pipeline, asking: Asking) -> list[Decidable]:
    plans = [
        Decidable(
            kind="plan", ref=plan.plan_id, title=plan.wish.segment, status=Status.PROPOSED, given=plan.given,
            held=plan.held, cost_minor=plan.cost_minor,
        )
        for plan in pipeline.planning.newest(asking.workspace)
        if plan.status == "draft"
    ]  # fmt: skip
    runs = []
    for run in pipeline.campaigns.every(asking.workspace, now=asking.now):
        *arms, held = run.counts
        campaign = run.run.campaign
        given = sum(arm.assigned for arm in arms)
        runs.append(
            Decidable(
                kind="campaign", ref=campaign.campaign_id, title=campaign.title, status=run.status, given=given,
                held=held.assigned,
            )
        )  # fmt: skip
    return [*runs, *plans]


def _strategy(pipeline: Pipeline, asking: Asking, ref: str) -> list[Decidable]:
    try:
        known = pipeline.campaigns.proposed(asking.workspace, ref, now=asking.now)
    except NotFound:
        return []
    title = known.strategy.themes[0].title
    return [Decidable(kind="strategy", ref=known.strategy.decision_id, title=title, status=known.status)]
