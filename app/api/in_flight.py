"""A bound on what is answered at once, so that a crowd of senders meets a 503 and not a process without memory."""

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from app.api.problems import problem_response
from app.errors import Busy

MOST = 128
"""Requests in flight. Each may hold a body and its events, and waits for one of some 40 threads."""
RETRY_S = "1"


class InFlight:
    """Turn a request away, before its body is read, while `most` others are under way."""

    def __init__(self, app: ASGIApp, most: int = MOST) -> None:
        """Wrap an ASGI app."""
        self._app, self._most, self._now = app, most, 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or say when to come again."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        if self._now >= self._most:
            return await self._turn_away(scope, receive, send)
        self._now += 1
        try:
            return await self._app(scope, receive, send)
        finally:
            self._now -= 1

    async def _turn_away(self, scope: Scope, receive: Receive, send: Send) -> None:
        detail = f"{self._now} requests are under way; nothing was read of this one, send it again"
        answer = problem_response(
            Request(scope), Busy.status, detail, problem=Busy.problem, headers={"Retry-After": RETRY_S}
        )
        await answer(scope, receive, send)
