"""Errors as RFC 9457 problem details, with stable relative `type`s and the id of the request."""

from http import HTTPStatus
from typing import Any

from fastapi.responses import JSONResponse
from starlette.requests import Request

from app.api.request_id import HEADER
from app.errors import (
    Conflict,
    Forbidden,
    InvalidInput,
    ModelOutputError,
    ModelUnavailable,
    NotFound,
    TooLarge,
    Unauthorized,
    UnderstoryError,
)
from app.schema import Frozen

MEDIA_TYPE = "application/problem+json"


class InvalidField(Frozen):
    """One part of a request that cannot be used. What was sent is not repeated."""

    location: str
    """Where it stood: `query.limit`, `path.customer_id` ..."""
    message: str


class Problem(Frozen):
    """What went wrong, for people and programs (RFC 9457)."""

    type: str
    """Stable: `/problems/<name>`; programs decide by this."""
    title: str
    status: int
    detail: str
    """What happened and what to do about it."""
    request_id: str
    errors: tuple[InvalidField, ...] = ()
    """The fields at fault, when the request as a whole could be read."""


_OF_STATUS = {e.status: e.problem for e in (UnderstoryError, InvalidInput, TooLarge, Unauthorized, Forbidden)} | {
    e.status: e.problem for e in (NotFound, Conflict, ModelOutputError, ModelUnavailable)
}
_OF_STATUS |= {400: "bad-request", 405: "method-not-allowed", 415: "unsupported-media-type"}


def problem_response(
    request: Request,
    status: int,
    detail: str,
    *,
    problem: str = "",
    errors: tuple[InvalidField, ...] = (),
    headers: dict[str, str] | None = None,
    members: dict[str, str] | None = None,
) -> JSONResponse:
    """The answer for an error; its type follows from the status unless `problem` names it.

    `members` are extension members (RFC 9457, section 3.2), for clients that look for names of their own.
    """
    request_id = getattr(request.state, "request_id", "")
    body = Problem(
        type=f"/problems/{problem or _OF_STATUS.get(status, 'http')}",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        request_id=request_id,
        errors=errors,
    )
    return JSONResponse(
        body.model_dump(exclude_defaults=True) | (members or {}),
        status_code=status,
        media_type=MEDIA_TYPE,
        headers={HEADER: request_id} | (headers or {}),
    )


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """OpenAPI `responses` for these statuses."""
    schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schema.pop("$defs", None)
    schema["properties"]["errors"] = {"type": "array", "items": InvalidField.model_json_schema()}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": {MEDIA_TYPE: {"schema": schema}}}
        for status in statuses
    }
