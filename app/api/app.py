"""The HTTP API as one FastAPI app: routes, error handling, request ids."""

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from app.api.cors import TrackingFromPages
from app.api.error_handlers import handle_errors
from app.api.folding import Folding
from app.api.in_flight import InFlight
from app.api.request_id import RequestId
from app.api.routes import (
    bulk,
    chat,
    corrections,
    customers,
    events,
    health,
    identity,
    items,
    knowledge,
    model_usage,
    models,
    moves,
    plans,
    quality,
    queue,
    reports,
    runs,
    sdk_settings,
    segments,
    strategies,
    tracking,
)
from app.bootstrap import App

PATHS = ("/v1", "/sourceConfig", "/beacon", "/healthz", "/readyz", "/docs", "/openapi.json")
"""Where the API answers."""


def create_app(parts: App) -> FastAPI:
    """The API over parts that bootstrap has built."""
    app = FastAPI(
        title="Understory",
        version="0.1.0",
        summary="Customer behaviour told as cited stories, honest numbers and strategies that stand on past outcomes.",
        redoc_url=None,
    )
    app.state.parts = parts
    app.state.folding = Folding(parts.pipeline)
    app.add_middleware(TrackingFromPages)
    app.add_middleware(InFlight)
    app.add_middleware(RequestId)
    handle_errors(app)
    taking_in = (events.router, bulk.router, tracking.router, sdk_settings.router, items.router)
    reading = (
        customers.router,
        corrections.router,
        moves.router,
        queue.router,
        plans.router,
        segments.router,
        models.router,
        model_usage.router,
        reports.router,
        knowledge.router,
        identity.router,
        strategies.router,
        runs.router,
        quality.router,
        chat.router,
        health.router,
    )
    for router in (*taking_in, *reading):
        app.include_router(router)
    return app


class Fronts:
    """API and another front on one port, each whole: a wrong path under /v1 is the API's problem+json, not a page."""

    def __init__(self, api: ASGIApp, front: ASGIApp) -> None:
        """`front` gets every path that is not the API's, websockets, and the lifespan."""
        self.api = api
        self.app = front  # NiceGUI finds its server by following `.app`

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        path = scope.get("path", "")
        ours = scope["type"] == "http" and any(path == p or path.startswith(f"{p}/") for p in PATHS)
        await (self.api if ours else self.app)(scope, receive, send)
