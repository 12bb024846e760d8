"""What routes ask for: who calls, in which workspace, as of when, in which language."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, NamedTuple

from fastapi import Depends, Path, Query, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBasic, HTTPBasicCredentials, HTTPBearer
from pydantic import AfterValidator

from app.access.schemas import Role, Workspace
from app.api.bodies import read_json
from app.api.folding import Folding
from app.api.strict_json import Json
from app.bootstrap import App
from app.errors import Forbidden, Unauthorized
from app.events.timestamps import parse_as_of
from app.pipeline import Pipeline
from app.schema import Lang

_bearer = HTTPBearer(auto_error=False, description="An API key: `Authorization: Bearer uk_...`")
_basic = HTTPBasic(auto_error=False, description="The API key as user name; the password is ignored.")


def the_app(request: Request) -> App:
    """What `create_app` was given."""
    parts: App = request.app.state.parts
    return parts


def the_folding(request: Request) -> Folding:
    """The one folding run of this process."""
    folding: Folding = request.app.state.folding
    return folding


def the_time() -> datetime:
    """Now. The only clock of the API."""
    return datetime.now(UTC)


Parts = Annotated[App, Depends(the_app)]
Folder = Annotated[Folding, Depends(the_folding)]
Now = Annotated[datetime, Depends(the_time)]


class Caller(NamedTuple):
    """Who asks. The workspace is the key's; nothing in a path or body can name another."""

    pipeline: Pipeline
    workspace: Workspace
    role: Role
    now: datetime
    key_id: str
    """Names the key in what it decides."""


class View(NamedTuple):
    """A reader's question: whose data, as of when, in which language."""

    pipeline: Pipeline
    workspace: Workspace
    as_of: datetime
    lang: Lang
    now: datetime


Bearer = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
Basic = Annotated[HTTPBasicCredentials | None, Depends(_basic)]


def key_given(bearer: HTTPAuthorizationCredentials | None, basic: HTTPBasicCredentials | None) -> str:
    """The API key of the Authorization header; empty without one."""
    return bearer.credentials if bearer else basic.username if basic else ""


def caller_of(parts: App, key: str, now: datetime) -> Caller:
    """The caller behind a key; Unauthorized when it is none."""
    if not key:
        raise Unauthorized("send an API key: `Authorization: Bearer KEY`; `understory keys create` issues one")
    access = parts.pipeline.access
    credential = access.credential(key)
    return Caller(parts.pipeline, access.workspace(credential.workspace_id), credential.role, now, credential.key_id)


def caller(parts: Parts, now: Now, bearer: Bearer, basic: Basic) -> Caller:
    """The caller behind the key of the Authorization header; Unauthorized without a valid one."""
    return caller_of(parts, key_given(bearer, basic), now)


def permitted(asking: Caller, role: Role) -> Caller:
    """The caller itself, when its key includes `role`; Forbidden otherwise."""
    if not asking.role.allows(role):
        raise Forbidden(f"this key has the role {asking.role.value!r}; this needs {role.value!r}")
    return asking


def allowed(role: Role) -> Callable[[Caller], Caller]:
    """A dependency that lets only callers through whose key includes `role`."""

    def check(asking: Annotated[Caller, Depends(caller)]) -> Caller:
        return permitted(asking, role)

    return check


def view(
    asking: Annotated[Caller, Depends(caller)],
    as_of: Annotated[
        str,
        Query(max_length=40, description="A date (the end of that day in the workspace's zone) or an ISO 8601 time"),
    ] = "",
    lang: Annotated[Lang | None, Query(description="Language of the answer; the workspace's when absent")] = None,
) -> View:
    """The caller's question; without `as_of`, as far as the data reach."""
    pipeline, workspace, now = asking.pipeline, asking.workspace, asking.now
    moment = parse_as_of(as_of, workspace.zone) if as_of else pipeline.clock(workspace, now=now)
    return View(pipeline, workspace, moment, lang or workspace.language, now)


def plain_text(text: str) -> str:
    """The text itself; ValueError when it holds control characters, which no store should be asked for."""
    if not text.isprintable():
        raise ValueError("use printable characters only")
    return text


Sender = Annotated[Caller, Depends(allowed(Role.INGEST))]
"""A caller who may write events."""
Viewing = Annotated[View, Depends(view)]
Body = Annotated[Json, Depends(read_json)]
CustomerRef = Annotated[
    str,
    Path(max_length=300, description="Our id, `type:value`, or a bare source id"),
    AfterValidator(plain_text),
]
