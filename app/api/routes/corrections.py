"""What people say against or beside a profile, and asking for a reflection upon it."""

from typing import Annotated, Literal, NoReturn

from fastapi import APIRouter, Depends, Query
from pydantic import Field, ValidationError

from app.access.schemas import Role
from app.api.answers import READ_PROBLEMS, Answer, AnswerProvenance, fallback_warning
from app.api.body_schema import takes
from app.api.deps import Body, Caller, CustomerRef, allowed
from app.correcting import MAX_REASON, Action, By
from app.errors import InvalidInput
from app.profile.known.attributes import MAX_NAME, MAX_VALUE
from app.profile.schemas import UpdateMode
from app.reflecting import Reflected
from app.schema import Frozen, Lang

router = APIRouter(prefix="/v1/customers/{customer_id}", tags=["corrections"], responses=READ_PROBLEMS)

Editor = Annotated[Caller, Depends(allowed(Role.EDITOR))]


class Correction(Frozen):
    """One word about one attribute."""

    attribute: Annotated[str, Field(min_length=1, max_length=MAX_NAME)]
    """Its name as the profile shows it."""
    value: Annotated[str, Field(min_length=1, max_length=MAX_VALUE)] | None = None
    """What it is; null to say that nothing is known, or to reject whatever is inferred under the name."""
    action: Action = Action.SET
    """`set` it, `reject` an inference for good, or `withdraw` an earlier correction."""
    by: By
    """Who says so: the customer, or an operator."""
    reason: Annotated[str, Field(min_length=1, max_length=MAX_REASON)]
    """Kept in the log."""


class Corrected(Frozen):
    """What was written."""

    event_id: str
    customer_id: str
    attribute: str
    value: str | None
    action: Action


Trigger = Literal[UpdateMode.TRIGGERED, UpdateMode.PERIODIC]


@router.post("/corrections", status_code=201, openapi_extra=takes(Correction))
def correct(customer_id: CustomerRef, body: Body, asking: Editor) -> Answer[Corrected]:
    """Correct an attribute, reject an inference, or withdraw a correction. It is an event, and wins over all others."""
    said = _correction(body)
    pipeline, workspace = asking.pipeline, asking.workspace
    event_id = pipeline.correcting.apply(
        workspace,
        customer_id,
        said.action,
        said.attribute,
        said.value,
        by=said.by,
        reason=said.reason,
        now=asking.now,
        who=f"key {asking.key_id}",
    )
    pipeline.catch_up(workspace)
    customer = pipeline.identity.customer(workspace.workspace_id, customer_id)
    made = Corrected(
        event_id=event_id,
        customer_id=customer.customer_id,
        attribute=said.attribute.strip(),
        value=said.value,
        action=said.action,
    )
    return Answer(data=made, as_of=asking.now, provenance=AnswerProvenance(identity_version=customer.identity_version))


@router.post("/reflections", status_code=201)
def reflect(
    customer_id: CustomerRef,
    asking: Editor,
    trigger: Annotated[
        Trigger | None,
        Query(description="The cause on record; by default `triggered` when the profile has moved enough"),
    ] = None,
    lang: Annotated[Lang | None, Query(description="Language of the inferences; the workspace's when absent")] = None,
) -> Answer[Reflected]:
    """Read what may lie behind the newest words now, whatever the score says. Inferences are marked as such."""
    found = asking.pipeline.reflecting.reflect(
        asking.workspace, customer_id, trigger=trigger, now=asking.now, lang=lang
    )
    asking.pipeline.catch_up(asking.workspace)
    return Answer(data=found, as_of=found.as_of, warnings=fallback_warning(found.fallback_reason))


def _correction(body: object) -> Correction:
    try:
        return Correction.model_validate(body)
    except ValidationError as error:
        _refuse(error, "attribute, value (or null), action (set, reject, withdraw), by (customer, operator) and reason")


def _refuse(error: ValidationError, wanted: str) -> NoReturn:
    first = error.errors(include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"]) or "body"
    raise InvalidInput(f"{where}: {first['msg']}; send {wanted}") from None
