"""Segment's and RudderStack's tracking API: their SDKs work with this server's address and an ingest key.

`POST /v1/batch` and one path for each call, with the short forms that browsers use. Faults of single messages never
fail a batch, because SDKs would drop their neighbours; `?verdicts=1` tells what became of each.
"""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, BackgroundTasks, Depends, Header, Query
from fastapi.concurrency import run_in_threadpool
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from app.access.schemas import Role
from app.api.bodies import expect_media, read_body
from app.api.deps import Basic, Bearer, Caller, Folder, Now, Parts, caller_of, key_given, permitted
from app.api.problems import documented, problem_response
from app.api.tracking_body import MAX_BATCH_BYTES, Acknowledged, Call, read_call, read_messages, verdicts_of
from app.errors import UnderstoryError
from app.events.sources.segment import SOURCE, TYPES, Arrival, without_format

BATCH_PATHS = ("batch", "import", "b")
SHORT = {"i": "identify", "t": "track", "p": "page", "s": "screen", "g": "group", "a": "alias"}
CALLS = {name: name for name in TYPES} | SHORT
"""Path -> type of the one message that is posted there."""
MEDIA = ("application/json", "text/plain", "application/x-www-form-urlencoded", "application/octet-stream", "")
"""What SDKs call their JSON: browsers avoid being asked first, and RudderStack's for Node.js names a zipped body so."""
METRICS = "m"
"""Where browser SDKs report on themselves."""
BEACON = "/beacon/v1/batch"
"""Where RudderStack's browser SDK leaves what a closing page has to say; a beacon's key stands in its query."""
PATHS = frozenset((BEACON, *(f"/v1/{name}" for name in (*BATCH_PATHS, *CALLS, METRICS))))
"""Every path here, without the slash that some SDKs put behind it."""


class SdkRoute(APIRoute):
    """Answers errors as SDKs read them: a body that cannot be used is 400, and `code` and `message` stand beside."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, with errors answered."""
        answer = super().get_route_handler()

        async def handler(request: Request) -> Response:
            try:
                return await answer(request)
            except UnderstoryError as error:
                status = 400 if error.status == 422 else error.status
                challenge = {"WWW-Authenticate": 'Basic realm="understory"'} if status == 401 else None
                return _problem(request, status, str(error), error.problem, challenge)
            except HTTPException as error:
                return _problem(request, error.status_code, error.detail, "", dict(error.headers or {}))

        return handler


def _problem(request: Request, status: int, detail: str, problem: str, headers: dict[str, str] | None) -> Response:
    members = {"code": problem or str(status), "message": detail}
    return problem_response(request, status, detail, problem=problem, headers=headers, members=members)


router = APIRouter(tags=["tracking"], route_class=SdkRoute)


class Tracked(NamedTuple):
    """Who calls, and with what."""

    sender: Caller
    call: Call
    kind: str | None
    """The type that the path names; None for batches."""


async def tracked(request: Request, parts: Parts, now: Now, bearer: Bearer, basic: Basic) -> Tracked:
    """Check the key, then read the body. A `writeKey` in body or query counts only when there is no such header."""
    kind = CALLS.get(request.url.path.removeprefix("/v1/").rstrip("/"))
    sender = None
    if "authorization" in request.headers:
        sender = await run_in_threadpool(caller_of, parts, key_given(bearer, basic), now)
    expect_media(request, *MEDIA)
    call = read_call(await read_body(request, limit=MAX_BATCH_BYTES), single=kind is not None)
    if sender is None:
        sender = await run_in_threadpool(
            caller_of, parts, call.write_key or request.query_params.get("writeKey", ""), now
        )
    return Tracked(permitted(sender, Role.INGEST), call, kind)


def post_messages(
    asked: Annotated[Tracked, Depends(tracked)],
    after: BackgroundTasks,
    folding: Folder,
    verdicts: Annotated[bool, Query(description="Also say what became of each message")] = False,
    x_verdicts: Annotated[bool, Header(description="The same, for SDKs that take headers only")] = False,
) -> Acknowledged:
    """Take the messages of a Segment or RudderStack SDK; when this answers, all of them are on disk.

    Basic auth with an ingest key as user name, gzip or not. A message that cannot be used lies in quarantine.
    """
    sender, call = asked.sender, asked.call
    if not call.messages:
        return Acknowledged()
    shop = sender.workspace
    intake = without_format(sender.pipeline.intake(shop, SOURCE, now=sender.now))
    reads = read_messages(call, Arrival.at(intake, sent_at=call.sent_at), kind=asked.kind)
    records = [record for read in reads for record in read.records]
    taken = sender.pipeline.take(shop, SOURCE, records, now=sender.now, intake=intake)
    after.add_task(folding.follow, shop)
    return Acknowledged(verdicts=verdicts_of(call, reads, taken.verdicts) if verdicts or x_verdicts else None)


def post_metrics() -> Acknowledged:
    """Browser SDKs report here how they fare themselves. That is no customer's behaviour: it is not kept."""
    return Acknowledged()


def _serve() -> None:
    problems = documented(400, 401, 403, 413, 415, 422, 500)
    for path in sorted(PATHS):
        name = path.removeprefix("/v1/").strip("/").replace("/", "_")
        answer = post_metrics if name == METRICS else post_messages
        for spelling in (path, f"{path}/"):
            router.add_api_route(
                spelling,
                answer,
                methods=["POST"],
                name=f"tracking_{name}",
                responses=problems if answer is post_messages else None,
                response_model_exclude_none=True,
                include_in_schema=spelling == path and name not in SHORT and path != BEACON,
                openapi_extra=_body_schema(name),
            )


def _body_schema(name: str) -> dict[str, Any]:
    message: dict[str, Any] = {"type": "object", "description": "A message of the Segment spec"}
    batch = {"type": "object", "required": ["batch"], "properties": {"batch": {"type": "array", "items": message}}}
    schema = batch if name in BATCH_PATHS else message
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


_serve()
