"""Ask for a strategy. Each answer is a logged decision, so this writes and needs an editor's key."""

from fastapi import APIRouter, BackgroundTasks, Depends

from app.access.schemas import Role
from app.api.answers import READ_PROBLEMS, Answer, AnswerProvenance, strategy_warnings
from app.api.deps import CustomerRef, Folder, Viewing, allowed
from app.views import Recommendation

router = APIRouter(tags=["strategies"], dependencies=[Depends(allowed(Role.EDITOR))], responses=READ_PROBLEMS)


@router.post("/v1/customers/{customer_id}/strategy")
def strategy(
    customer_id: CustomerRef, view: Viewing, after: BackgroundTasks, folding: Folder
) -> Answer[Recommendation]:
    """What to do about this customer, or why nothing should be done; grounded in past outcomes."""
    found = view.pipeline.recommend(view.workspace, customer_id, as_of=view.as_of, now=view.now, lang=view.lang)
    after.add_task(folding.follow, view.workspace)
    decision = found.decision
    return Answer(
        data=found,
        as_of=view.as_of,
        provenance=AnswerProvenance(
            rung=decision.rung,
            model=decision.model,
            prompt_fingerprint=decision.prompt_fingerprint,
            fallback_reason=decision.fallback_reason,
        ),
        warnings=strategy_warnings(found),
    )
