"""Ask for a strategy. Each answer is a logged decision, so this writes and needs an editor's key."""

from fastapi import APIRouter, BackgroundTasks, Depends

from app.access.schemas import Role
from app.api.answers import READ_PROBLEMS, Answer, AnswerProvenance, strategy_warnings
from app.api.deps import CustomerRef, Folder, Viewing, allowed
from app.llm.ladder import Origin
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
        provenance=AnswerProvenance.model_validate(decision.model_dump(include=set(Origin.model_fields))),
        warnings=strategy_warnings(found),
    )
