"""Who is who, and why: look at a customer's links, merge and unmerge.

The graph is shown as it stands now. Only profiles are read as of an earlier moment.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import AfterValidator, Field, ValidationError

from app.access.schemas import Role
from app.api.answers import READ_PROBLEMS, Answer, AnswerProvenance
from app.api.body_schema import takes
from app.api.deps import Body, Caller, CustomerRef, allowed, plain_text
from app.errors import InvalidInput
from app.identity.schemas import IdentityView, Why
from app.merging import MAX_REASON, Remade
from app.schema import Frozen

router = APIRouter(prefix="/v1", tags=["identity"], responses=READ_PROBLEMS)

Name = Annotated[
    str, Query(max_length=300, description="Our id, `type:value`, or a bare source id"), AfterValidator(plain_text)
]
Viewer = Annotated[Caller, Depends(allowed(Role.VIEWER))]
Editor = Annotated[Caller, Depends(allowed(Role.EDITOR))]


class Pair(Frozen):
    """Two names, and why something is done about them."""

    a: Annotated[str, Field(min_length=1, max_length=300), AfterValidator(plain_text)]
    """Our id, an alias, or `type:value`."""
    b: Annotated[str, Field(min_length=1, max_length=300), AfterValidator(plain_text)]
    reason: Annotated[str, Field(min_length=1, max_length=MAX_REASON), AfterValidator(plain_text)]
    """Kept in the log."""


@router.get("/customers/{customer_id}/identity")
def identity(customer_id: CustomerRef, viewer: Viewer) -> Answer[IdentityView]:
    """A customer's identifiers, the links that hold them together (bridges flagged), and refused links with reasons."""
    found = viewer.pipeline.merging.view(viewer.workspace, customer_id)
    provenance = AnswerProvenance(identity_version=found.customer.identity_version)
    return Answer(data=found, as_of=viewer.now, provenance=provenance)


@router.get("/identity/why")
def why(a: Name, b: Name, viewer: Viewer) -> Answer[Why]:
    """The strongest way from one name to another, link by link."""
    return Answer(data=viewer.pipeline.merging.why(viewer.workspace, a, b), as_of=viewer.now)


@router.post("/identity/merge", openapi_extra=takes(Pair))
def merge(body: Body, asking: Editor) -> Answer[Remade]:
    """Make two customers one. The older id stays; the other becomes an alias."""
    pair, merging = _pair(body), asking.pipeline.merging
    made = merging.merge(
        asking.workspace, pair.a, pair.b, by=f"key {asking.key_id}", reason=pair.reason, now=asking.now
    )
    return _answer(made, asking)


@router.post("/identity/unmerge", openapi_extra=takes(Pair))
def unmerge(body: Body, asking: Editor) -> Answer[Remade]:
    """Take two names apart, for good: later events do not join them again."""
    pair, merging = _pair(body), asking.pipeline.merging
    made = merging.unmerge(
        asking.workspace, pair.a, pair.b, by=f"key {asking.key_id}", reason=pair.reason, now=asking.now
    )
    return _answer(made, asking)


def _answer(made: Remade, asking: Caller) -> Answer[Remade]:
    asking.pipeline.catch_up(asking.workspace)
    shown = asking.pipeline.merging.shown(asking.workspace, made)
    provenance = AnswerProvenance(identity_version=shown.customers[0].identity_version)
    return Answer(data=shown, as_of=asking.now, provenance=provenance)


def _pair(body: object) -> Pair:
    try:
        return Pair.model_validate(body)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "body"
        raise InvalidInput(f"{where}: {first['msg']}; send a, b and reason") from None
