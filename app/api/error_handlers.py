"""The one place where exceptions become answers."""

from typing import cast

from fastapi import FastAPI, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request

from app.api.problems import InvalidField, problem_response
from app.errors import UnderstoryError


def handle_errors(app: FastAPI) -> None:
    """Answer every error of `app` as problem+json."""
    app.add_exception_handler(UnderstoryError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)


def _ours(request: Request, error: Exception) -> Response:
    known = cast(UnderstoryError, error)
    return problem_response(request, known.status, str(known), problem=known.problem, headers=_advice(known))


def _advice(error: UnderstoryError) -> dict[str, str]:
    """What the caller's client should do next, in the words of HTTP."""
    if error.status == 401:
        return {"WWW-Authenticate": 'Bearer realm="understory"'}
    return {"Retry-After": str(error.retry_after_s)} if error.retry_after_s else {}


def _invalid(request: Request, error: Exception) -> Response:
    faults = cast(RequestValidationError, error).errors()
    fields = tuple(InvalidField(location=".".join(map(str, f["loc"])), message=f["msg"]) for f in faults)
    detail = "; ".join(f"{field.location}: {field.message}" for field in fields)
    return problem_response(request, 422, detail, errors=fields)


def _http(request: Request, error: Exception) -> Response:
    known = cast(HTTPException, error)
    headers = dict(known.headers) if known.headers else None
    return problem_response(request, known.status_code, known.detail, headers=headers)


def _unexpected(request: Request, _error: Exception) -> Response:
    # The server logs the traceback after this answer; the caller only needs the id to ask about it.
    return problem_response(request, 500, "something failed here; the server's log has it under this request id")
