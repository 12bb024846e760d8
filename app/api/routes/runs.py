"""Decide on strategies, watch the campaigns that they became, hand out, stop. Deciding needs an editor's key."""

from typing import Annotated, TypeVar

from fastapi import APIRouter, Depends, Path
from pydantic import AfterValidator, AwareDatetime, Field, ValidationError

from app.access.schemas import Role
from app.api.answers import Answer
from app.api.body_schema import takes
from app.api.deps import Body, Caller, Folder, Viewing, allowed, plain_text
from app.api.problems import documented
from app.errors import InvalidInput
from app.loop.campaigning import MAX_REASON
from app.loop.handing_out import MOST
from app.retrieval.schemas import KnowledgeBaseReport
from app.schema import Frozen
from app.strategy.running.planning import Terms
from app.strategy.running.schemas import HandOut, Proposed, RollUp, RunView

PROBLEMS = documented(401, 403, 404, 409, 422, 500)
router = APIRouter(prefix="/v1", tags=["campaigns"], responses=PROBLEMS)

Viewer = Annotated[Caller, Depends(allowed(Role.VIEWER))]
Editor = Annotated[Caller, Depends(allowed(Role.EDITOR))]
CampaignId = Annotated[str, Path(max_length=120), AfterValidator(plain_text)]
DecisionId = Annotated[str, Path(max_length=120), AfterValidator(plain_text)]
B = TypeVar("B", bound=Frozen)


class Approval(Frozen):
    """What is said when a strategy is approved; all of it may be left out."""

    audience: Annotated[str, Field(min_length=1, max_length=4_000)] | None = None
    """A segment expression; by default everybody in the strategy's situation."""
    holdout_share: Annotated[float, Field(gt=0, lt=1)] | None = None
    """Share that is left in peace."""
    window_days: Annotated[int, Field(ge=1, le=365)] | None = None
    """For how long outcomes count."""
    starts_at: AwareDatetime | None = None
    """By default now; no earlier than the data reach."""
    reason: Annotated[str, Field(max_length=MAX_REASON)] = ""


class Reason(Frozen):
    """Why something is decided."""

    reason: Annotated[str, Field(min_length=1, max_length=MAX_REASON)]
    """Kept in the log."""


class HandOutWish(Frozen):
    """How much is handed out."""

    limit: Annotated[int, Field(ge=1, le=MOST)] = MOST


class Stopped(Frozen):
    """What was stopped."""

    campaign_ids: tuple[str, ...]


@router.get("/decisions/{decision_id}", dependencies=[Depends(allowed(Role.VIEWER))])
def proposed(decision_id: DecisionId, view: Viewing) -> Answer[Proposed]:
    """A strategy that was proposed, and what became of it."""
    found = view.pipeline.campaigns.proposed(view.workspace, decision_id, now=view.now)
    return Answer(data=found, as_of=view.as_of)


@router.post("/decisions/{decision_id}/approval", status_code=201, openapi_extra=takes(Approval))
def approve(decision_id: DecisionId, body: Body, asking: Editor, folding: Folder) -> Answer[RunView]:
    """Approve a strategy: its campaign begins, with a holdout; everybody in it is drawn, and each draw is logged."""
    said = _read(Approval, body, "audience, holdout_share, window_days, starts_at and reason, or {}")
    made = asking.pipeline.campaigns.approve(
        asking.workspace,
        decision_id,
        by=_who(asking),
        now=asking.now,
        terms=Terms(said.audience, said.holdout_share, said.window_days, said.starts_at),
        reason=said.reason,
    )
    folding.follow(asking.workspace)
    return Answer(data=made, as_of=asking.now)


@router.post("/decisions/{decision_id}/rejection", status_code=201, openapi_extra=takes(Reason))
def reject(decision_id: DecisionId, body: Body, asking: Editor) -> Answer[Proposed]:
    """Turn a strategy down."""
    reason = _read(Reason, body, "reason").reason
    made = asking.pipeline.campaigns.reject(
        asking.workspace, decision_id, by=_who(asking), reason=reason, now=asking.now
    )
    return Answer(data=made, as_of=asking.now)


@router.get("/runs")
def runs(viewer: Viewer) -> Answer[list[RunView]]:
    """All campaigns that were approved here, newest first."""
    return Answer(data=viewer.pipeline.campaigns.every(viewer.workspace, now=viewer.now), as_of=viewer.now)


@router.get("/runs/{campaign_id}")
def run(campaign_id: CampaignId, viewer: Viewer) -> Answer[RunView]:
    """One campaign: whom it addresses, its arms, how many were drawn."""
    found = viewer.pipeline.campaigns.show(viewer.workspace, campaign_id, now=viewer.now)
    return Answer(data=found, as_of=viewer.now)


@router.get("/runs/{campaign_id}/outcomes", dependencies=[Depends(allowed(Role.VIEWER))])
def outcomes(campaign_id: CampaignId, view: Viewing) -> Answer[RollUp]:
    """What it did so far: each arm against its holdout, with 90% intervals, for everybody and each segment."""
    found = view.pipeline.campaigns.measuring.roll_up(view.workspace, campaign_id, as_of=view.as_of)
    return Answer(data=found, as_of=view.as_of, warnings=tuple(f"{name}: read it first" for name in found.cautions))


@router.post("/runs/{campaign_id}/handout", openapi_extra=takes(HandOutWish))
def hand_out(campaign_id: CampaignId, body: Body, asking: Editor, folding: Folder) -> Answer[HandOut]:
    """The messages that were not handed out yet, each once, for those who may be written to now."""
    limit = _read(HandOutWish, body, "limit, or {}").limit
    handing = asking.pipeline.campaigns.handing
    handed = handing.hand_out(asking.workspace, campaign_id, lambda _: None, now=asking.now, limit=limit)
    folding.follow(asking.workspace)
    return Answer(data=handed, as_of=asking.now)


@router.post("/runs/{campaign_id}/stop", openapi_extra=takes(Reason))
def stop(campaign_id: CampaignId, body: Body, asking: Editor) -> Answer[RunView]:
    """Stop a campaign for good: once this is answered nothing more of it is handed out."""
    reason = _read(Reason, body, "reason").reason
    made = asking.pipeline.campaigns.stop(asking.workspace, campaign_id, by=_who(asking), reason=reason, now=asking.now)
    return Answer(data=made, as_of=asking.now)


@router.post("/runs/stop", openapi_extra=takes(Reason))
def stop_all(body: Body, asking: Editor) -> Answer[Stopped]:
    """Stop every campaign of the workspace at once."""
    reason = _read(Reason, body, "reason").reason
    ids = asking.pipeline.campaigns.stop_all(asking.workspace, by=_who(asking), reason=reason, now=asking.now)
    return Answer(data=Stopped(campaign_ids=tuple(ids)), as_of=asking.now)


@router.post("/runs/{campaign_id}/case", status_code=201)
def learn(campaign_id: CampaignId, asking: Editor) -> Answer[KnowledgeBaseReport]:
    """Put the result of a campaign whose window has closed into the knowledge base; again, to correct it."""
    report = asking.pipeline.campaigns.measuring.learn(asking.workspace, campaign_id, now=asking.now)
    return Answer(data=report, as_of=asking.now)


def _who(asking: Caller) -> str:
    return f"key {asking.key_id}"


def _read(kind: type[B], body: object, wanted: str) -> B:
    try:
        return kind.model_validate(body)
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "body"
        raise InvalidInput(f"{where}: {first['msg']}; send {wanted}") from None
