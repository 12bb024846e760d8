"""An answer of the assistant as server-sent events: what was understood at once, the rest once it is kept.

    understood, then sentence ..., table ..., pending?, done (the whole answer, as without a stream); or error

While the answer is worked out a comment is sent now and then, so that nothing between here and the reader hangs up.
Who hangs up loses nothing: the turn is finished and kept all the same.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import TypeVar

from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from app.api.answers import Answer
from app.api.problems import problem_response
from app.assistant.one_turn import Heard
from app.assistant.schemas import Reply, Understood
from app.errors import UnderstoryError

R = TypeVar("R", bound=Reply)
MEDIA_TYPE = "text/event-stream"
HEARTBEAT_S = 10.0


async def streamed(
    request: Request, work: Callable[[Heard], Answer[R]], *, heartbeat_s: float = HEARTBEAT_S
) -> AsyncIterator[str]:
    """The events of one answer; `work` makes it, in a thread of its own, and tells what it understood."""
    loop, understood = asyncio.get_running_loop(), asyncio.Queue[Understood]()

    def heard(found: Understood) -> None:
        loop.call_soon_threadsafe(understood.put_nowait, found)

    working = asyncio.ensure_future(run_in_threadpool(work, heard))
    working.add_done_callback(_let_go)
    while not working.done():
        hearing = asyncio.ensure_future(understood.get())
        await asyncio.wait({working, hearing}, timeout=heartbeat_s, return_when=asyncio.FIRST_COMPLETED)
        if hearing.done():
            yield _event("understood", hearing.result())
        elif not working.done():
            yield ": still at it\n\n"
        hearing.cancel()
    while not understood.empty():
        yield _event("understood", understood.get_nowait())
    try:
        for event in _events(working.result()):
            yield event
    except UnderstoryError as error:
        problem = problem_response(request, error.status, str(error), problem=error.problem)
        yield _line("error", bytes(problem.body).decode())


def _let_go(working: asyncio.Future[Answer[R]]) -> None:
    """Look at what became of it, though the reader may be gone."""
    if not working.cancelled():
        working.exception()


def _events(answer: Answer[R]) -> Iterator[str]:
    reply = answer.data
    for sentence in reply.sentences:
        yield _event("sentence", sentence)
    for table in reply.tables:
        yield _event("table", table)
    if reply.pending:
        yield _event("pending", reply.pending)
    yield _event("done", answer)


def _event(name: str, value: BaseModel) -> str:
    return _line(name, value.model_dump_json())


def _line(name: str, data: str) -> str:
    return f"event: {name}\ndata: {data}\n\n"
